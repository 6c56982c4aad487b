/* metrics - GET /metrics, in Prometheus' text format, for who has the token
 * (RFC 6750 2.1). Without a configured token there is no such page: an address
 * proves nothing where a reverse proxy stands before us. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <glib.h>

#include "web/server.h"

/* text makes the body, the caller of it frees; it is called only for who may
 * read. token may be NULL. */
void metrics_request(const char *token, char *(*text)(void *arg), void *arg,
		     const struct server_request *req,
		     struct server_reply *reply_r);

#endif
