/* command - one message of a panel's client, decoded (docs/panel-api.md,
 * "Commands"). */
#ifndef WEB_COMMAND_H
#define WEB_COMMAND_H

#include <glib.h>

#include "bridge/room/room.h"

#define COMMAND_MAX_SIZE   4096
#define COMMAND_MAX_KEY	   64  /* bytes */
#define COMMAND_MAX_REASON 200 /* bytes */
#define COMMAND_MAX_NAME   128 /* bytes */
#define COMMAND_MAX_ROWS   200 /* of the audit trail, in one answer */
#define COMMAND_MAX_BUT	   100
#define COMMAND_MIN_BAN_S  60
#define COMMAND_MAX_BAN_S  31536000 /* a year */

enum command_verb {
	COMMAND_WATCH,
	COMMAND_AUDIT,
	COMMAND_HISTORY,
	COMMAND_MUTE,
	COMMAND_UNMUTE,
	COMMAND_VOLUME,
	COMMAND_MUTE_ALL,
	COMMAND_ROLE,
	COMMAND_KICK,
	COMMAND_HAND,
	COMMAND_HANDS_DOWN,
	COMMAND_FLOOR,
	COMMAND_FLOOR_NEXT,
	COMMAND_FLOOR_EXTEND,
	COMMAND_FLOOR_END,
	COMMAND_ASK_UNMUTE,
	COMMAND_RECORD,
	COMMAND_RECORDINGS,
	COMMAND_RECORDING_DELETE,
	COMMAND_ANNOUNCEMENTS,
	COMMAND_ANNOUNCE,
	COMMAND_ANNOUNCE_END,
	COMMAND_BAN,
	COMMAND_UNBAN,
	COMMAND_LOCK,
	COMMAND_UNLOCK,
	COMMAND_LOBBY,
	COMMAND_ADMIT,
	COMMAND_ADMIT_ALL,
	COMMAND_REFUSE,
	COMMAND_PIN,
	COMMAND_END,
	COMMAND_DRAIN,
	COMMAND_INVITE,
	COMMAND_MOVE,
	COMMAND_VERBS,
};

struct command {
	gint64 id; /* the client's, > 0; 0 when it could not be read */
	enum command_verb verb;
	char *key;	/* the same when it is said again; NULL: none */
	char *room;	/* an address; NULL: the one that is watched */
	guint32 member; /* of what is done to one; 0: BAN has an address,
			 * HISTORY is of the room */
	char *address;	/* BAN, UNBAN, INVITE */
	guint percent;	/* VOLUME: 0 to ROOM_MAX_VOLUME */
	char *reason;	/* KICK, BAN, REFUSE, END: for people; NULL: none */
	gint64 seconds; /* BAN; FLOOR, FLOOR_NEXT, FLOOR_EXTEND; 0: no limit */
	gboolean on;	/* LOBBY; HAND: up; RECORD; DRAIN */
	char *pin;	/* PIN; "": none */
	char *name;	/* of a RECORDING_, its id; ANNOUNCE: of the file;
			 * DRAIN: of the gate; INVITE: of the person, or NULL;
			 * MOVE: the other room's address */
	gboolean link;	/* INVITE: by a link, not by phone */
	enum member_role role; /* ROLE */
	guint n_but;	       /* MUTE_ALL: who is not muted */
	guint32 but[COMMAND_MAX_BUT];
	gint64 before;	 /* AUDIT: rows before this one */
	guint limit;	 /* AUDIT: rows, 1 to COMMAND_MAX_ROWS */
	gboolean levels; /* WATCH: are wanted, web/levels.h */
};

#define COMMAND_ERROR command_error_quark()
GQuark command_error_quark(void);
enum command_error {
	COMMAND_ERROR_MALFORMED,
	COMMAND_ERROR_UNKNOWN, /* no such verb */
};

/* On failure cmd_r holds the id, if that much could be read. Either way the
 * caller clears it. */
gboolean command_parse(const char *text, gsize size, struct command *cmd_r,
		       GError **error);
void command_clear(struct command *cmd);

/* "mute". */
const char *command_name(enum command_verb verb);
/* What else is to be known of it in the audit trail: the reason, the percent,
 * or "". Caller frees. */
char *command_detail(const struct command *cmd);

#endif
