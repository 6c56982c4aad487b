/* promise - an answer that a room is going to give, as all bridges of a
 * cluster can read it: `answers/ACCOUNT/NAME` in the directory.
 *
 * It is written before the mail that it answers leaves the mailbox. Whoever
 * owns the account from then on posts these bytes, and knows by the rest that
 * neither this mail nor its dialog is to be answered again.
 *
 * Control thread; pure. */
#ifndef BRIDGE_PROMISE_H
#define BRIDGE_PROMISE_H

#include <glib.h>

#include "bridge/store/store.h"
#include "signaling/ipsp.h"

struct promise {
	/* The mail to post, see struct store_post. */
	char name[128], envelope_from[400], recipient[321];
	GBytes *mail;
	gint64 expires;
	/* Unix seconds: from then on nobody can ask for it any more. */
	gint64 until;

	/* The mail that it answers, see struct store_mail; bytes, since others
	 * chose them. sender: NULL but for a person's mail. */
	GBytes *id, *sender;
	guint8 digest[STORE_DIGEST_SIZE];

	/* Its dialog, see struct store_dialog; did is "" for a person's. */
	char did[IPSP_DID_LENGTH + 1];
	char room[321], address[321], person[321], device[65];
	GBytes *invite, *answer;
	gint64 deadline;
	gboolean seated; /* the answer is OK */
};

/* Of what was decided; dialog NULL: a letter to a person. */
void promise_init(struct promise *prm_r, const struct store_post *post,
		  const struct store_mail *mail,
		  const struct store_dialog *dialog, gint64 now);
void promise_clear(struct promise *prm);
void promise_free(struct promise *prm);

/* As JSON. Caller frees. */
char *promise_write(const struct promise *prm);
/* promise_free() it. NULL and error when the text is no promise. */
struct promise *promise_read(const char *text, GError **error);

/* Into the store of who owns the account now, as if it had decided itself:
 * a post that is due, or `sent` already; a dialog; a mail dealt with. */
gboolean promise_keep(const struct promise *prm, const char *account,
		      gboolean sent, gint64 now, struct store *sto,
		      GError **error);

#endif
