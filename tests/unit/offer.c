#include "bridge/offer.h"

#include <string.h>

static const struct ipsp_gate
	inside = { .id = "in",
		   .n_candidates = 3,
		   .candidates = {
			   { "udp", "198.51.100.1", 1, "" },
			   { "udp", "192.0.2.7", 40000, "" },
			   { "wss", "", 0, "wss://x.example/" },
		   } };
static const struct ipsp_gate outside = { .id = "out",
					  .n_candidates = 1,
					  .candidates = {
						  { "udp", "127.0.0.1", 22,
						    "" },
					  } };

static struct config_room room(void)
{
	static const char *const people[] = { "ann@example.org", "office.test",
					      NULL };
	static const char *const networks[] = { "192.0.2.0/24", NULL };

	return (struct config_room){
		.address = (char *)"hall@example.org",
		.offered_gates = (char **)people,
		.offered_gates_networks = (char **)networks,
	};
}

static struct ipsp_message invite(void)
{
	return (struct ipsp_message){ .n_gates = 2,
				      .gates = { outside, inside } };
}

static void what_may_be_tried_of_a_trusted_callers_gate_is_left(void)
{
	static const char *const trusted[] = { "ann@example.org",
					       "ANN@example.org",
					       "bob@office.test" };
	const struct config_room rules = room();

	for (guint i = 0; i < G_N_ELEMENTS(trusted); i++) {
		struct ipsp_message msg = invite();

		offer_screen(&rules, trusted[i], &msg);
		g_assert_cmpuint(msg.n_gates, ==, 1);
		g_assert_cmpstr(msg.gates[0].id, ==, "in");
		g_assert_cmpuint(msg.gates[0].n_candidates, ==, 1);
		g_assert_cmpstr(msg.gates[0].candidates[0].address, ==,
				"192.0.2.7");
		g_assert_cmpstr(msg.gates[0].candidates[1].url, ==, "");
		g_assert_cmpstr(msg.gates[1].id, ==, "");
	}
}

static void nothing_is_left(const struct config_room *rules,
			    const char *address, struct ipsp_message msg)
{
	offer_screen(rules, address, &msg);
	g_assert_cmpuint(msg.n_gates, ==, 0);
	g_assert_cmpuint(msg.gates[0].n_candidates, ==, 0);
}

static void others_may_offer_what_they_like(void)
{
	const struct config_room rules = room(), strict = {
		.address = (char *)"hall@example.org"
	};
	struct ipsp_message away = invite();

	nothing_is_left(&rules, "mallory@example.org", invite());
	nothing_is_left(&rules, "ann@example.org.office.invalid", invite());
	nothing_is_left(&strict, "ann@example.org", invite());
	away.n_gates = 1;
	nothing_is_left(&rules, "ann@example.org", away);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/offer/what may be tried of a trusted caller's gate is"
			" left",
			what_may_be_tried_of_a_trusted_callers_gate_is_left);
	g_test_add_func("/offer/others may offer what they like",
			others_may_offer_what_they_like);
	return g_test_run();
}
