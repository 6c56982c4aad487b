#include "web/peers.h"

#include <netinet/in.h>
#include <string.h>

#include <gio/gio.h>

struct peers {
	GHashTable *held; /* peer -> count, as a pointer */
	guint limit;
};

struct peers *peers_create(guint limit)
{
	struct peers *prs = g_new0(struct peers, 1);

	prs->held =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	prs->limit = limit;
	return prs;
}

void peers_destroy(struct peers **prsp)
{
	struct peers *prs = *prsp;

	*prsp = NULL;
	if (!prs)
		return;
	g_hash_table_destroy(prs->held);
	g_free(prs);
}

static char *ipv6_network(const struct in6_addr *addr)
{
	struct in6_addr network = *addr;
	g_autoptr(GInetAddress) inet = NULL;
	g_autofree char *text = NULL;

	memset(network.s6_addr + 8, 0, 8);
	inet = g_inet_address_new_from_bytes(network.s6_addr,
					     G_SOCKET_FAMILY_IPV6);
	text = g_inet_address_to_string(inet);
	return g_strconcat(text, "/64", NULL);
}

void peers_address(const struct sockaddr_storage *addr,
		   struct sockaddr_storage *plain_r)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)addr;
	struct sockaddr_in *four = (struct sockaddr_in *)plain_r;

	if (addr->ss_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		*plain_r = *addr;
		return;
	}
	memset(plain_r, 0, sizeof(*plain_r));
	four->sin_family = AF_INET;
	four->sin_port = six->sin6_port;
	memcpy(&four->sin_addr, six->sin6_addr.s6_addr + 12, 4);
}

char *peers_name(const struct sockaddr_storage *addr)
{
	struct sockaddr_storage plain;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&plain;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&plain;
	g_autoptr(GInetAddress) inet = NULL;

	peers_address(addr, &plain);
	if (plain.ss_family == AF_INET6)
		return ipv6_network(&six->sin6_addr);
	inet = g_inet_address_new_from_bytes((const guint8 *)&four->sin_addr,
					     G_SOCKET_FAMILY_IPV4);
	return g_inet_address_to_string(inet);
}

gboolean peers_take(struct peers *prs, const char *peer)
{
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(prs->held, peer));

	if (n >= prs->limit)
		return FALSE;
	g_hash_table_insert(prs->held, g_strdup(peer), GUINT_TO_POINTER(n + 1));
	return TRUE;
}

void peers_give(struct peers *prs, const char *peer)
{
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(prs->held, peer));

	if (n > 1)
		g_hash_table_insert(prs->held, g_strdup(peer),
				    GUINT_TO_POINTER(n - 1));
	else
		g_hash_table_remove(prs->held, peer);
}
