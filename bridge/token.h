/* token - what the bearer of a secret may do in a room: what `ipsp-bridge
 * token` prints, a tool posts its offer with (docs/whip.md), and a script
 * moderates with (docs/panel-api.md). */
#ifndef BRIDGE_TOKEN_H
#define BRIDGE_TOKEN_H

#include <glib.h>

#include "bridge/store/store.h"
#include "web/web.h"

/* 192 random bits in base64url. Caller frees. */
char *token_generate(void);

/* By which the store knows it. */
void token_digest(const char *token, guint8 digest_r[STORE_DIGEST_SIZE]);

/* "listener", "member", "moderator". FALSE: none of them. */
gboolean token_role(const char *word, enum store_role *role_r);
/* Of those, or "panel". */
const char *token_role_word(enum store_role role);

/* What people call it: the address that it was mailed to, its name, or the
 * first hexadecimal digits of its digest. Caller frees. */
char *token_name(const struct store_token *token);

/* Who moderates a room by this token, for who_clear(). FALSE: nobody (any
 * more). */
gboolean token_moderates(struct store *sto, const char *token, gint64 now,
			 struct who *who_r);

#endif
