/* own_net - what kind of network the caller is in, as its INVITE hints at
 * (docs/ipsp.md, member `net`). */
#ifndef LOADGEN_OWN_NET_H
#define LOADGEN_OWN_NET_H

#include <stdbool.h>
#include <sys/socket.h>

/* Whether an address can be reached from everywhere: not loopback, link-local,
 * private (RFC 1918, RFC 4193), behind a carrier's NAT (RFC 6598), multicast
 * or of no family that we know. */
bool own_net_is_global(const struct sockaddr *addr);

/* "global" when an interface that is up has such an address, else
 * "private". */
const char *own_net_kind(void);

#endif
