#include "web/forwarded.h"

#include <gio/gio.h>

static struct sockaddr_storage address(const char *text)
{
	g_autoptr(GSocketAddress) sockaddr =
		g_inet_socket_address_new_from_string(text, 4711);
	struct sockaddr_storage raw = { 0 };

	g_assert_true(
		g_socket_address_to_native(sockaddr, &raw, sizeof(raw), NULL));
	return raw;
}

static char *text_of(const struct sockaddr_storage *raw)
{
	g_autoptr(GSocketAddress) sockaddr =
		g_socket_address_new_from_native((gpointer)raw, sizeof(*raw));

	return g_inet_address_to_string(g_inet_socket_address_get_address(
		G_INET_SOCKET_ADDRESS(sockaddr)));
}

static struct forwarded *two_proxies(void)
{
	static const char *const networks[] = { "10.1.0.0/16", "2001:db8::1",
						NULL };

	return forwarded_create(networks);
}

static void proxies_are_known_by_their_networks(void)
{
	static const struct {
		const char *address;
		gboolean proxy;
	} rows[] = {
		{ "10.1.2.3", TRUE },	 { "::ffff:10.1.2.3", TRUE },
		{ "2001:db8::1", TRUE }, { "2001:db8::2", FALSE },
		{ "10.2.0.1", FALSE },
	};
	struct forwarded *fwd = two_proxies();
	struct forwarded *none = forwarded_create(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sockaddr_storage raw = address(rows[i].address);

		g_assert_cmpint(forwarded_is_proxy(fwd, &raw), ==,
				rows[i].proxy);
		g_assert_false(forwarded_is_proxy(none, &raw));
	}
	forwarded_destroy(&fwd);
	forwarded_destroy(&none);
}

static void the_last_that_is_no_proxy_asks(void)
{
	static const struct {
		const char *field, *client;
	} rows[] = {
		{ "203.0.113.9", "203.0.113.9" },
		{ "203.0.113.9:51234", "203.0.113.9" },
		{ "2001:db8::9", "2001:db8::9" },
		{ "[2001:db8::9]", "2001:db8::9" },
		{ "[2001:db8::9]:51234", "2001:db8::9" },
		{ "::ffff:203.0.113.9", "203.0.113.9" },
		/* What the client says of itself is not believed. */
		{ "127.0.0.1, 10.1.0.9,203.0.113.9", "203.0.113.9" },
		{ "203.0.113.9, 10.1.0.7 , 2001:db8::1", "203.0.113.9" },
		{ "10.1.0.8, 10.1.0.7", "10.1.0.8" },
		{ "203.0.113.9, unknown", "10.1.0.1" },
		{ "203.0.113.9, unknown, 10.1.0.7", "10.1.0.7" },
		{ "203.0.113.9, [2001:db8::9", "10.1.0.1" },
		{ "203.0.113.9, [2001:db8::9]x", "10.1.0.1" },
		{ "203.0.113.9,", "10.1.0.1" },
		{ "", "10.1.0.1" },
		{ NULL, "10.1.0.1" },
	};
	struct sockaddr_storage proxy = address("::ffff:10.1.0.1"), client;
	struct forwarded *fwd = two_proxies();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = NULL;

		forwarded_client(fwd, &proxy, rows[i].field, &client);
		text = text_of(&client);
		g_assert_cmpstr(text, ==, rows[i].client);
	}
	forwarded_destroy(&fwd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/forwarded/proxies are known by their networks",
			proxies_are_known_by_their_networks);
	g_test_add_func("/forwarded/the last that is no proxy asks",
			the_last_that_is_no_proxy_asks);
	return g_test_run();
}
