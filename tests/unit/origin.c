#include "web/origin.h"

#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include "web/peers.h"

static void an_origin_is_scheme_host_and_odd_port(void)
{
	static const struct {
		const char *url, *origin;
	} rows[] = {
		{ "https://conf.example", "https://conf.example" },
		{ "https://Conf.Example/panel", "https://conf.example" },
		{ "https://conf.example:443", "https://conf.example" },
		{ "http://conf.example:443", "http://conf.example:443" },
		{ "http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080" },
		{ "ftp://conf.example", NULL },
		{ "conf.example", NULL },
		{ "https://", NULL },
		{ "https://u:p@conf.example", NULL },
		{ "https://conf.example/?x", NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *origin = origin_of_url(rows[i].url);

		g_assert_cmpstr(origin, ==, rows[i].origin);
	}
}

static void only_our_pages_are_ours(void)
{
	const char *ours = "https://conf.example";

	g_assert_true(origin_is_ours(ours, ours, "other", FALSE));
	g_assert_true(origin_is_ours(ours, "http://127.0.0.1:8080",
				     "127.0.0.1:8080", FALSE));
	g_assert_true(
		origin_is_ours(ours, "http://[::1]:8080", "[::1]:8080", FALSE));
	g_assert_true(origin_is_ours(ours, "http://localhost:8080",
				     "localhost:8080", FALSE));
	g_assert_false(origin_is_ours(ours, NULL, "127.0.0.1", FALSE));
	g_assert_false(origin_is_ours(ours, "null", "null", FALSE));
	g_assert_false(origin_is_ours(ours, "http://conf.example", "127.0.0.1",
				      FALSE));
	g_assert_false(origin_is_ours(ours, "https://conf.example.evil.org",
				      NULL, FALSE));
	/* DNS rebinding: a stranger's name that leads to us. */
	g_assert_false(origin_is_ours(ours, "http://evil.example",
				      "evil.example", FALSE));
	g_assert_false(origin_is_ours(ours, "http://127.0.0.1.evil.example",
				      "127.0.0.1.evil.example", FALSE));
	/* Plain HTTP on this host is another origin than our TLS. */
	g_assert_false(
		origin_is_ours(ours, "http://127.0.0.1", "127.0.0.1", TRUE));
}

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage addr = { 0 };

	if (inet_pton(AF_INET, text,
		      &((struct sockaddr_in *)&addr)->sin_addr) == 1)
		addr.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text,
			   &((struct sockaddr_in6 *)&addr)->sin6_addr) == 1)
		addr.ss_family = AF_INET6;
	return addr;
}

static void a_peer_is_an_address_or_an_ipv6_network(void)
{
	static const char *const rows[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sockaddr_storage addr = address(rows[i][0]);
		g_autofree char *peer = peers_name(&addr);

		g_assert_cmpstr(peer, ==, rows[i][1]);
	}
}

static void a_peer_holds_no_more_than_its_limit(void)
{
	struct peers *prs = peers_create(2);

	g_assert_true(peers_take(prs, "a"));
	g_assert_true(peers_take(prs, "a"));
	g_assert_false(peers_take(prs, "a"));
	g_assert_true(peers_take(prs, "b"));
	peers_give(prs, "a");
	g_assert_true(peers_take(prs, "a"));
	g_assert_false(peers_take(prs, "a"));
	peers_destroy(&prs);
	g_assert_null(prs);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/origin/an origin is scheme, host and odd port",
			an_origin_is_scheme_host_and_odd_port);
	g_test_add_func("/origin/only our pages are ours",
			only_our_pages_are_ours);
	g_test_add_func("/peers/a peer is an address or an IPv6 network",
			a_peer_is_an_address_or_an_ipv6_network);
	g_test_add_func("/peers/a peer holds no more than its limit",
			a_peer_holds_no_more_than_its_limit);
	return g_test_run();
}
