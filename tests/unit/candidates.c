#include "bridge/candidates.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
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

static void a_host_is_told_the_address_that_leads_to_it(void)
{
	static const char *const public[] = { "198.51.100.1", NULL };
	struct sockaddr_storage bound[3], remote, ours, here;
	guint index;

	g_assert_true(candidates_parse("::1", 40000, &bound[0]));
	g_assert_true(candidates_parse("127.0.0.9", 40001, &bound[1]));
	g_assert_true(candidates_parse("0.0.0.0", 40002, &bound[2]));
	g_assert_true(candidates_parse("127.0.0.1", 5004, &remote));
	g_assert_true(candidates_parse("127.0.0.1", 40002, &here));
	/* Not the public one: it is not out in the Internet. */
	g_assert_true(
		candidates_toward(&remote, bound, 3, public, &ours, &index));
	g_assert_cmpuint(index, ==, 2);
	g_assert_cmpmem(&ours, sizeof(struct sockaddr_in), &here,
			sizeof(struct sockaddr_in));
	/* None of those that are bound leads there. */
	g_assert_false(
		candidates_toward(&remote, bound, 2, public, &ours, &index));
}

static void an_address_is_in_a_network_or_not(void)
{
	static const char *const networks[] = { "192.0.2.0/25", "2001:db8::/32",
						"::1", NULL };
	static const struct {
		const char *literal;
		gboolean in;
	} cases[] = {
		{ "192.0.2.127", TRUE }, { "192.0.2.128", FALSE },
		{ "2001:db8::9", TRUE }, { "2001:db9::9", FALSE },
		{ "::1", TRUE },	 { "::2", FALSE },
		{ "127.0.0.1", FALSE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sockaddr_storage address;

		g_assert_true(candidates_parse(cases[i].literal, 1, &address));
		g_assert_cmpint(candidates_in(&address, networks), ==,
				cases[i].in);
	}
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
	g_test_add_func("/candidates/a host is told the address that leads "
			"to it",
			a_host_is_told_the_address_that_leads_to_it);
	g_test_add_func("/candidates/an address is in a network or not",
			an_address_is_in_a_network_or_not);
	return g_test_run();
}
