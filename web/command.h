/* command - one message of a panel's client, decoded (docs/panel-api.md,
 * "Commands"). */
#ifndef WEB_COMMAND_H
#define WEB_COMMAND_H

#include <glib.h>

#define COMMAND_MAX_SIZE   4096
#define COMMAND_MAX_KEY	   64  /* bytes */
#define COMMAND_MAX_REASON 200 /* bytes */
#define COMMAND_MAX_NAME   128 /* bytes */
#define COMMAND_MAX_ROWS   200 /* of the audit trail, in one answer */

enum command_verb {
	COMMAND_WATCH,
	COMMAND_AUDIT,
	COMMAND_MUTE,
	COMMAND_UNMUTE,
	COMMAND_VOLUME,
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
	COMMAND_VERBS,
};

struct command {
	gint64 id; /* the client's, > 0; 0 when it could not be read */
	enum command_verb verb;
	char *key;	 /* the same when it is said again; NULL: none */
	char *room;	 /* an address; NULL: the one that is watched */
	guint32 member;	 /* of what is done to one */
	guint percent;	 /* VOLUME: 0 to ROOM_MAX_VOLUME */
	char *reason;	 /* KICK: for people; NULL: none */
	gint64 before;	 /* AUDIT: rows before this one */
	guint limit;	 /* AUDIT: rows, 1 to COMMAND_MAX_ROWS */
	gboolean levels; /* WATCH: are wanted, web/levels.h */
	gboolean on;	 /* HAND: up; RECORD */
	char *name;	 /* of a RECORDING_, its id; ANNOUNCE: of the file */
	guint seconds;	 /* FLOOR, FLOOR_NEXT, FLOOR_EXTEND; 0: no limit */
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
