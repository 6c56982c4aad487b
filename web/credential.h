/* credential - what a request shows to prove for whom it comes: the cookie of a
 * log-in, or a bearer token (RFC 6750 2.1). Who shows a token means it: his
 * cookies are not looked at. */
#ifndef WEB_CREDENTIAL_H
#define WEB_CREDENTIAL_H

#include <glib.h>

#include "web/server.h"

struct credential {
	char *secret; /* NULL: it shows none */
	gboolean is_token;
};

/* cookie: its name. The caller clears. */
void credential_read(const struct server_request *req, const char *cookie,
		     struct credential *cred_r);
void credential_clear(struct credential *cred);

/* The request's bearer token, part of it; NULL: none. */
const char *credential_token(const struct server_request *req);

#endif
