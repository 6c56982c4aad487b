/* action - what a moderator's command does in a room. */
#ifndef WEB_ACTION_H
#define WEB_ACTION_H

#include <glib.h>

#include "bridge/room/room.h"
#include "web/command.h"

/* Whether the command is one, and not a question to the panel: it is authorised
 * as one and leaves a row in the audit trail. */
gboolean action_is(enum command_verb verb);

/* To whom it is done; NULL: to nobody here, or to the room. */
const struct member *action_whom(const struct command *cmd,
				 const struct room *room);

/* Does it, caused by the moderator `by`. On failure the code of
 * docs/panel-api.md, "Errors", is in *code_r. */
gboolean action_run(const struct command *cmd, struct room *room,
		    const char *by, const char **code_r, GError **error);

#endif
