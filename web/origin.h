/* origin - whether a page that asks something of us is one of ours
 * (RFC 6454; the defence against cross-site requests and WebSockets).
 *
 * Ours is the configured URL, and an IP literal or localhost when that is
 * the Host the browser used: a name under a stranger's control could be made
 * to resolve to us (DNS rebinding), a literal cannot. */
#ifndef WEB_ORIGIN_H
#define WEB_ORIGIN_H

#include <glib.h>

/* The origin of a URL, "https://conf.example"; NULL when it is not http(s)
 * or says more than scheme, host, port and path. Caller frees. */
char *origin_of_url(const char *url);

/* ours: from origin_of_url(). origin and host are the request's header
 * fields, NULL if absent; tls: how the request came. */
gboolean origin_is_ours(const char *ours, const char *origin, const char *host,
			gboolean tls);

#endif
