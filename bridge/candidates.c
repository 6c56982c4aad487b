#include "bridge/candidates.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

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

/* Where our packets to remote come from, as the kernel routes them. */
static gboolean route_source(const struct sockaddr_storage *remote,
			     struct sockaddr_storage *source_r)
{
	socklen_t size = sizeof(*source_r);
	int fd = socket(remote->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	gboolean found;

	if (fd < 0)
		return FALSE;
	found = !connect(fd, (const struct sockaddr *)remote,
			 remote->ss_family == AF_INET
				 ? sizeof(struct sockaddr_in)
				 : sizeof(struct sockaddr_in6)) &&
		!getsockname(fd, (struct sockaddr *)source_r, &size);
	close(fd);
	return found;
}

gboolean candidates_in(const struct sockaddr_storage *address,
		       const char *const *networks)
{
	g_autoptr(GInetAddress) inet = g_inet_address_new_from_bytes(
		raw((const struct sockaddr *)address),
		address->ss_family == AF_INET ? G_SOCKET_FAMILY_IPV4
					      : G_SOCKET_FAMILY_IPV6);

	for (; *networks; networks++) {
		g_autoptr(GInetAddressMask) mask =
			g_inet_address_mask_new_from_string(*networks, NULL);

		if (g_inet_address_mask_matches(mask, inet))
			return TRUE;
	}
	return FALSE;
}

gboolean candidates_is_private(const struct sockaddr_storage *address)
{
	static const char *const networks[] = {
		"10.0.0.0/8",
		"172.16.0.0/12",
		"192.168.0.0/16",
		"100.64.0.0/10",
		"169.254.0.0/16",
		"127.0.0.0/8",
		"fc00::/7",
		"fe80::/10",
		"::1",
		NULL,
	};

	return candidates_in(address, networks);
}

static void set_port(struct sockaddr_storage *address, guint16 port)
{
	/* sin_port and sin6_port lie at the same place. */
	((struct sockaddr_in *)address)->sin_port = htons(port);
}

gboolean candidates_toward(const struct sockaddr_storage *remote,
			   const struct sockaddr_storage *bound, guint n_bound,
			   const char *const *public,
			   struct sockaddr_storage *address_r, guint *index_r)
{
	gsize size = remote->ss_family == AF_INET ? 4 : sizeof(struct in6_addr);
	struct sockaddr_storage announced;
	guint i = 0;

	if (!route_source(remote, address_r))
		return FALSE;
	while (i < n_bound &&
	       (bound[i].ss_family != remote->ss_family ||
		(!is_wildcard(&bound[i]) &&
		 memcmp(raw((const struct sockaddr *)&bound[i]),
			raw((const struct sockaddr *)address_r), size) != 0)))
		i++;
	if (i == n_bound)
		return FALSE;
	if (!candidates_is_private(remote))
		for (guint k = 0; public && public[k]; k++)
			if (candidates_parse(public[k], 0, &announced) &&
			    announced.ss_family == remote->ss_family)
				*address_r = announced;
	set_port(address_r, port_of(&bound[i]));
	*index_r = i;
	return TRUE;
}

static gboolean is_same(const struct sockaddr_storage *a,
			const struct sockaddr_storage *b)
{
	gsize size = a->ss_family == AF_INET ? 4 : sizeof(struct in6_addr);

	return a->ss_family == b->ss_family && port_of(a) == port_of(b) &&
	       !memcmp(raw((const struct sockaddr *)a),
		       raw((const struct sockaddr *)b), size);
}

void candidates_add_ice(struct sdp_ice *ice,
			const struct sockaddr_storage *address)
{
	for (guint i = 0; i < ice->n_candidates; i++)
		if (is_same(&ice->candidates[i], address))
			return;
	if (ice->n_candidates < SDP_MAX_CANDIDATES)
		ice->candidates[ice->n_candidates++] = *address;
}

void candidates_add_websocket(struct ipsp_gate *gate, const char *url)
{
	struct ipsp_candidate *cand = add(gate, "wss");

	if (cand)
		g_strlcpy(cand->url, url, sizeof(cand->url));
}
