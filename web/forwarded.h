/* forwarded - who asks where a reverse proxy passes requests on to us: the last
 * address of X-Forwarded-For that is no proxy's of ours. Each proxy appends who
 * asked it, so what stands further to the left is a stranger's word. */
#ifndef WEB_FORWARDED_H
#define WEB_FORWARDED_H

#include <sys/socket.h>

#include <glib.h>

struct forwarded;

/* networks: of the proxies that are trusted, "192.0.2.0/24" or an address,
 * NULL-terminated; what is neither is left out. May be NULL: none. */
struct forwarded *forwarded_create(const char *const *networks);
void forwarded_destroy(struct forwarded **fwdp);

/* Whether address is a trusted proxy's. */
gboolean forwarded_is_proxy(const struct forwarded *fwd,
			    const struct sockaddr_storage *address);

/* Who asked proxy, which is a trusted one, by the field's value (NULL: there
 * is none). What stands before an entry that is no address is not looked at:
 * then it is the proxy that wrote it. The port is 0 but for proxy itself. */
void forwarded_client(const struct forwarded *fwd,
		      const struct sockaddr_storage *proxy, const char *field,
		      struct sockaddr_storage *client_r);

#endif
