/* token - what the bearer of a secret may do in a room: what `ipsp-bridge
 * token` prints and a tool posts its offer with (docs/whip.md). */
#ifndef BRIDGE_TOKEN_H
#define BRIDGE_TOKEN_H

#include <glib.h>

#include "bridge/store/store.h"

/* 192 random bits in base64url. Caller frees. */
char *token_generate(void);

/* By which the store knows it. */
void token_digest(const char *token, guint8 digest_r[STORE_DIGEST_SIZE]);

/* "listener", "member", "moderator". FALSE: none of them. */
gboolean token_role(const char *word, enum store_role *role_r);

#endif
