#include "bridge/candidates.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

gboolean candidates_parse(const char *literal, guint port,
			  struct sockaddr_storage *address_r)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address_r;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address_r;

	memset(address_r, 0, sizeof(*address_r));
	if (inet_pton(AF_INET, literal, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((guint16)port);
		return TRUE;
	}
	if (inet_pton(AF_INET6, literal, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((guint16)port);
		return TRUE;
	}
	return FALSE;
}

static const void *raw(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return &((const struct sockaddr_in *)address)->sin_addr;
	return &((const struct sockaddr_in6 *)address)->sin6_addr;
}

static guint16 port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
}

static gboolean is_wildcard(const struct sockaddr_storage *address)
{
	static const guint8 zeros[sizeof(struct in6_addr)];
	gsize size = address->ss_family == AF_INET ? 4 : sizeof(zeros);

	return !memcmp(raw((const struct sockaddr *)address), zeros, size);
}

static gboolean is_link_local(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)raw(address));
}

static struct ipsp_candidate *add(struct ipsp_gate *gate, const char *transport)
{
	struct ipsp_candidate *cand;

	if (gate->n_candidates == IPSP_MAX_CANDIDATES)
		return NULL;
	cand = &gate->candidates[gate->n_candidates++];
	memset(cand, 0, sizeof(*cand));
	g_strlcpy(cand->transport, transport, sizeof(cand->transport));
	return cand;
}

static void add_udp(struct ipsp_gate *gate, const struct sockaddr *address,
		    guint16 port)
{
	/* The last one is kept for the WebSocket, the way that always works. */
	struct ipsp_candidate *cand =
		gate->n_candidates < IPSP_MAX_CANDIDATES - 1 ? add(gate, "udp")
							     : NULL;

	if (!cand)
		return;
	inet_ntop(address->sa_family, raw(address), cand->address,
		  sizeof(cand->address));
	cand->port = port;
}

/* The host's own addresses of a family. Returns how many there were. */
static guint add_own(struct ipsp_gate *gate, const struct ifaddrs *own,
		     sa_family_t family, guint16 port, gboolean loopback)
{
	guint n = 0;

	for (; own; own = own->ifa_next) {
		if (!own->ifa_addr || own->ifa_addr->sa_family != family ||
		    !(own->ifa_flags & IFF_UP) ||
		    !(own->ifa_flags & IFF_LOOPBACK) != !loopback ||
		    is_link_local(own->ifa_addr))
			continue;
		add_udp(gate, own->ifa_addr, port);
		n++;
	}
	return n;
}

static void add_public(struct ipsp_gate *gate, const char *literal,
		       const struct sockaddr_storage *bound, guint n_bound)
{
	struct sockaddr_storage address;

	if (!candidates_parse(literal, 0, &address))
		return;
	for (guint i = 0; i < n_bound; i++)
		if (bound[i].ss_family == address.ss_family) {
			add_udp(gate, (struct sockaddr *)&address,
				port_of(&bound[i]));
			return;
		}
}

void candidates_fill(struct ipsp_gate *gate,
		     const struct sockaddr_storage *bound, guint n_bound,
		     const char *const *public)
{
	struct ifaddrs *own = NULL;
	guint found = 0;

	for (guint i = 0; public && public[i]; i++)
		add_public(gate, public[i], bound, n_bound);
	if (public && *public)
		return;
	if (getifaddrs(&own))
		own = NULL;
	for (guint i = 0; i < n_bound; i++)
		if (!is_wildcard(&bound[i])) {
			add_udp(gate, (const struct sockaddr *)&bound[i],
				port_of(&bound[i]));
			found++;
		} else {
			found += add_own(gate, own, bound[i].ss_family,
					 port_of(&bound[i]), FALSE);
		}
	for (guint i = 0; !found && i < n_bound; i++)
		add_own(gate, own, bound[i].ss_family, port_of(&bound[i]),
			TRUE);
	if (own)
		freeifaddrs(own);
}

void candidates_add_websocket(struct ipsp_gate *gate, const char *url)
{
	struct ipsp_candidate *cand = add(gate, "wss");

	if (cand)
		g_strlcpy(cand->url, url, sizeof(cand->url));
}
