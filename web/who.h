/* who - for whom a request or a socket acts: a moderator who logged in, or a
 * script with a token (docs/panel-api.md, "Scripts"). */
#ifndef WEB_WHO_H
#define WEB_WHO_H

#include <glib.h>

#include "bridge/room/room.h"

struct who {
	char *name; /* the address that logged in, or "token:NAME" */
	char *room; /* the only one that the token moderates; NULL: a log-in */
};

void who_copy(struct who *to, const struct who *from);
void who_clear(struct who *who);

gboolean who_moderates(const struct who *who, const struct room *room);

#endif
