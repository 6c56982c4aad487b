/* expected - who is called into a room and is not there yet: by an INVITE that
 * the room mailed him, or out of another room, from which he was moved. Lock,
 * lobby and PIN are not for him; a ban is.
 *
 * A person is an address without its case and its +tag, as for a door. Who
 * declines, or whose mail comes back, is shown as such until his time is over.
 *
 * A part of its room, which creates it: room_expected(). No clock: times are
 * Unix seconds that are handed in. Of this run of the bridge alone. */
#ifndef ROOM_EXPECTED_H
#define ROOM_EXPECTED_H

#include "bridge/room/room.h"

#define EXPECTED_LIFE_S IPSP_INVITE_LIFE_S
#define EXPECTED_MAX	50

enum expected_how {
	EXPECTED_BY_PHONE, /* the room mailed an INVITE */
	EXPECTED_MOVED,	   /* from another room */
	EXPECTED_HOWS,
};

enum expected_state {
	EXPECTED_WAITING,
	EXPECTED_DECLINED,
	EXPECTED_FAILED, /* the mail was not taken, or came back */
	EXPECTED_STATES,
};

struct expected_guest {
	char did[IPSP_DID_LENGTH + 1]; /* of the INVITE; "": there is none */
	char *address, *name;	       /* name: "" if not known */
	enum expected_how how;
	enum expected_state state;
	char *by; /* the moderator */
	gint64 at, until;
};

struct expected;
struct room_link;

struct expected *expected_create(const struct room_link *link);
/* Accepts NULL. */
void expected_destroy(struct expected **expp);

/* struct expected_guest, the first called first; its own. */
const GPtrArray *expected_guests(const struct expected *exp);
/* Whether that person is called, and has not declined. */
gboolean expected_waits_for(const struct expected *exp, const char *address);
/* FALSE: so many are expected that nobody more can be, ROOM_ERROR_LIMIT. */
gboolean expected_has_room(const struct expected *exp, const char *address,
			   GError **error);

/* All is copied. Whoever is the same person was called before, and is not
 * again. There must be room. Without times: from the last expected_run() on. */
void expected_add(struct expected *exp, const struct expected_guest *guest);
/* He is there. */
void expected_came(struct expected *exp, const char *address);
/* What has become of an INVITE. address: whose word it is, NULL: the mail's own
 * way. FALSE: no such is open, or it was not mailed to him. */
gboolean expected_end(struct expected *exp, const char *did,
		      const char *address, enum expected_state state);
/* Once a second. */
void expected_run(struct expected *exp, gint64 now);

#endif
