/* audit - one action of a moderator, as it is written down: who did what to
 * whom, from where, and what came of it. Plain data; who keeps it is
 * bridge/store. */
#ifndef ROOM_AUDIT_H
#define ROOM_AUDIT_H

#include <glib.h>

struct audit_row {
	gint64 id; /* counts up; 0: not written yet */
	gint64 at; /* Unix seconds */
	char *room;
	char *who;     /* the moderator's address */
	char *from;    /* where he was: peers_name() of his connection */
	char *what;    /* the command's name, docs/panel-api.md */
	char *whom;    /* an address, or "" */
	char *detail;  /* a reason, a number, or "" */
	char *outcome; /* "done", or the code of the error */
};

/* Of one that owns what it points to. Accepts NULL. */
void audit_row_free(struct audit_row *row);

#endif
