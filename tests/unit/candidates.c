#include "bridge/candidates.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

/* "address:port ..." of the gate's candidates. Caller frees. */
static char *written(const struct ipsp_gate *gate)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < gate->n_candidates; i++) {
		const struct ipsp_candidate *cand = &gate->candidates[i];

		g_string_append_printf(
			text, "%s%s/%s/%u", i ? " " : "", cand->transport,
			*cand->url ? cand->url : cand->address, cand->port);
	}
	return g_string_free(text, FALSE);
}

static char *filled(const char *const *listen, const char *const *public)
{
	struct sockaddr_storage bound[4];
	struct ipsp_gate gate = { 0 };
	guint n = 0;

	for (; listen[n]; n++)
		g_assert_true(
			candidates_parse(listen[n], 40000 + n, &bound[n]));
	candidates_fill(&gate, bound, n, public);
	return written(&gate);
}

static void what_is_listened_on_is_announced(void)
{
	static const char *const listen[] = { "192.0.2.1", "2001:db8::1",
					      NULL };
	g_autofree char *text = filled(listen, NULL);

	g_assert_cmpstr(text, ==, "udp/192.0.2.1/40000 udp/2001:db8::1/40001");
}

static void loopback_is_announced_where_it_is_all_that_is_configured(void)
{
	static const char *const listen[] = { "127.0.0.1", NULL };
	g_autofree char *text = filled(listen, NULL);

	g_assert_cmpstr(text, ==, "udp/127.0.0.1/40000");
}

static void public_addresses_replace_all_with_the_port_of_their_family(void)
{
	static const char *const listen[] = { "0.0.0.0", "::", NULL };
	static const char *const public[] = { "2001:db8::9", "198.51.100.1",
					      NULL };
	g_autofree char *text = filled(listen, public);

	g_assert_cmpstr(text, ==,
			"udp/2001:db8::9/40001 udp/198.51.100.1/40000");
}

/* Whether the host has an IPv4 address that is not loopback. */
static gboolean is_networked(void)
{
	struct ifaddrs *own;
	gboolean found = FALSE;

	g_assert_cmpint(getifaddrs(&own), ==, 0);
	for (const struct ifaddrs *at = own; at; at = at->ifa_next)
		found |= at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
			 (at->ifa_flags & IFF_UP) &&
			 !(at->ifa_flags & IFF_LOOPBACK);
	freeifaddrs(own);
	return found;
}

static void a_wildcard_stands_for_the_hosts_own_addresses(void)
{
	static const char *const listen[] = { "0.0.0.0", NULL };
	g_autofree char *text = filled(listen, NULL);

	g_assert_null(strstr(text, "0.0.0.0"));
	g_assert_nonnull(strstr(text, "/40000"));
	g_assert_cmpint(strstr(text, "127.0.0.1") == NULL, ==, is_networked());
}

static void the_websocket_always_finds_room(void)
{
	static const char *const public[] = { "198.51.100.1", "198.51.100.2",
					      "198.51.100.3", "198.51.100.4",
					      "198.51.100.5", "198.51.100.6",
					      "198.51.100.7", "198.51.100.8",
					      "198.51.100.9", NULL };
	struct sockaddr_storage bound;
	struct ipsp_gate gate = { 0 };
	g_autofree char *text = NULL;

	g_assert_true(candidates_parse("0.0.0.0", 40000, &bound));
	candidates_fill(&gate, &bound, 1, public);
	candidates_add_websocket(&gate, "wss://conf.example/media/0");
	text = written(&gate);
	g_assert_cmpuint(gate.n_candidates, ==, IPSP_MAX_CANDIDATES);
	g_assert_true(
		g_str_has_suffix(text, "wss/wss://conf.example/media/0/0"));
}

static void a_name_is_no_address(void)
{
	struct sockaddr_storage address;

	g_assert_false(candidates_parse("localhost", 1, &address));
	g_assert_false(candidates_parse("192.0.2.256", 1, &address));
	g_assert_false(candidates_parse("", 1, &address));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/candidates/what is listened on is announced",
			what_is_listened_on_is_announced);
	g_test_add_func(
		"/candidates/loopback is announced where it is all that is "
		"configured",
		loopback_is_announced_where_it_is_all_that_is_configured);
	g_test_add_func(
		"/candidates/public addresses replace all with the port of "
		"their family",
		public_addresses_replace_all_with_the_port_of_their_family);
	g_test_add_func(
		"/candidates/a wildcard stands for the host's own addresses",
		a_wildcard_stands_for_the_hosts_own_addresses);
	g_test_add_func("/candidates/the WebSocket always finds room",
			the_websocket_always_finds_room);
	g_test_add_func("/candidates/a name is no address",
			a_name_is_no_address);
	return g_test_run();
}
