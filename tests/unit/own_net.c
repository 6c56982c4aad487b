/* Which of a caller's addresses make its network a global one. */
#include "loadgen/own_net.h"

#include <arpa/inet.h>
#include <glib.h>

static gboolean is_global(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return own_net_is_global((const struct sockaddr *)&v4);
	g_assert_cmpint(inet_pton(AF_INET6, text, &v6.sin6_addr), ==, 1);
	return own_net_is_global((const struct sockaddr *)&v6);
}

static void addresses_of_the_internet_are_global(void)
{
	static const char *const addresses[] = {
		"8.8.8.8",	  "100.63.255.255", "100.128.0.1",
		"172.15.255.255", "172.32.0.0",	    "192.167.1.1",
		"223.255.255.1",  "2001:db8::1",    "2a00::1",
	};

	for (guint i = 0; i < G_N_ELEMENTS(addresses); i++)
		g_assert_true(is_global(addresses[i]));
}

static void all_others_are_private(void)
{
	static const char *const addresses[] = {
		"0.0.0.0",     "10.1.2.3",	  "100.64.0.1", "127.0.0.1",
		"169.254.0.1", "172.16.0.1",	  "172.31.1.1", "192.168.1.1",
		"224.0.0.1",   "255.255.255.255", "::",		"::1",
		"fe80::1",     "fd00::1",	  "ff02::1",
	};
	const struct sockaddr packet = { .sa_family = AF_PACKET };

	for (guint i = 0; i < G_N_ELEMENTS(addresses); i++)
		g_assert_false(is_global(addresses[i]));
	g_assert_false(own_net_is_global(&packet));
}

static void this_machine_has_a_kind(void)
{
	const char *kind = own_net_kind();

	g_assert_true(g_str_equal(kind, "private") ||
		      g_str_equal(kind, "global"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/own_net/addresses of the internet are global",
			addresses_of_the_internet_are_global);
	g_test_add_func("/own_net/all others are private",
			all_others_are_private);
	g_test_add_func("/own_net/this machine has a kind",
			this_machine_has_a_kind);
	return g_test_run();
}
