/* dialogs - the open dialogs: who was answered OK and has not gone, with the
 * keys by which mails about it prove themselves.
 *
 * Control thread only; in memory, the store has what must survive. */
#ifndef BRIDGE_DIALOGS_H
#define BRIDGE_DIALOGS_H

#include <glib.h>

#include "bridge/room/room.h"
#include "signaling/ipsp.h"
#include "signaling/keys.h"

struct dialogs;

struct dialog {
	struct member *member;
	struct keys keys;
	guint8 cancel_hash[32];
	gboolean has_cancel_hash;
};

struct dialogs *dialogs_create(void);
/* All have been removed by then. */
void dialogs_destroy(struct dialogs **dlgsp);

/* keys are copied. */
void dialogs_add(struct dialogs *dlgs, struct member *mem,
		 const struct keys *keys, const struct ipsp_message *invite);
/* Wipes the keys. */
void dialogs_remove(struct dialogs *dlgs, const struct member *mem);

/* NULL: not open. */
const struct dialog *dialogs_find(const struct dialogs *dlgs, const char *did);
struct member *dialogs_member(const struct dialogs *dlgs, guint32 id);

#endif
