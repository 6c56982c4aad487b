#include "web/forwarded.h"

#include <netinet/in.h>
#include <string.h>

#include <gio/gio.h>

#include "web/peers.h"

struct forwarded {
	GPtrArray *networks; /* GInetAddressMask */
};

struct forwarded *forwarded_create(const char *const *networks)
{
	struct forwarded *fwd = g_new0(struct forwarded, 1);

	fwd->networks = g_ptr_array_new_with_free_func(g_object_unref);
	for (; networks && *networks; networks++) {
		GInetAddressMask *mask =
			g_inet_address_mask_new_from_string(*networks, NULL);

		if (mask)
			g_ptr_array_add(fwd->networks, mask);
	}
	return fwd;
}

void forwarded_destroy(struct forwarded **fwdp)
{
	struct forwarded *fwd = *fwdp;

	*fwdp = NULL;
	if (!fwd)
		return;
	g_ptr_array_unref(fwd->networks);
	g_free(fwd);
}

gboolean forwarded_is_proxy(const struct forwarded *fwd,
			    const struct sockaddr_storage *address)
{
	struct sockaddr_storage plain;
	g_autoptr(GSocketAddress) sockaddr = NULL;
	GInetAddress *inet;

	if (!fwd->networks->len)
		return FALSE;
	peers_address(address, &plain);
	sockaddr = g_socket_address_new_from_native(&plain, sizeof(plain));
	inet = g_inet_socket_address_get_address(
		G_INET_SOCKET_ADDRESS(sockaddr));
	for (guint i = 0; i < fwd->networks->len; i++)
		if (g_inet_address_mask_matches(fwd->networks->pdata[i], inet))
			return TRUE;
	return FALSE;
}

/* "192.0.2.1", "2001:db8::1", and with a port, as some proxies write it:
 * "192.0.2.1:4711", "[2001:db8::1]:4711". */
static gboolean read_entry(char *entry, struct sockaddr_storage *address_r)
{
	g_autoptr(GSocketAddress) sockaddr = NULL;
	struct sockaddr_storage raw = { 0 };
	char *end = NULL;

	g_strstrip(entry);
	if (*entry == '[') {
		end = strchr(++entry, ']');
		if (!end || (end[1] && end[1] != ':'))
			return FALSE;
	} else if (strchr(entry, ':') == strrchr(entry, ':')) {
		end = strchr(entry, ':');
	}
	if (end)
		*end = '\0';
	sockaddr = g_inet_socket_address_new_from_string(entry, 0);
	if (!sockaddr ||
	    !g_socket_address_to_native(sockaddr, &raw, sizeof(raw), NULL))
		return FALSE;
	peers_address(&raw, address_r);
	return TRUE;
}

void forwarded_client(const struct forwarded *fwd,
		      const struct sockaddr_storage *proxy, const char *field,
		      struct sockaddr_storage *client_r)
{
	g_auto(GStrv) entries = g_strsplit(field ? field : "", ",", -1);
	struct sockaddr_storage found;

	peers_address(proxy, client_r);
	for (guint i = g_strv_length(entries); i > 0; i--) {
		if (!read_entry(entries[i - 1], &found))
			return;
		*client_r = found;
		if (!forwarded_is_proxy(fwd, &found))
			return;
	}
}
