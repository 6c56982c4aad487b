#include "bridge/room/topology.h"

#include "tests/quiet_room.h"

static struct topology_hub *add(struct topology *top, const char *site,
				const char *parent, guint talkers)
{
	struct topology_hub *hub = topology_add(top, site);

	g_strlcpy(hub->parent.site, parent, sizeof(hub->parent.site));
	hub->parent.up = *parent != '\0';
	hub->root = !*parent;
	hub->talkers = talkers;
	return hub;
}

static char *order(const struct topology *top)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < top->hubs->len; i++) {
		const struct topology_hub *hub = top->hubs->pdata[i];

		g_string_append_printf(text, "%s%u ", hub->site, hub->depth);
	}
	return g_string_free(text, FALSE);
}

static void assert_order(const struct topology *top, const char *expected)
{
	g_autofree char *text = order(top);

	g_assert_cmpstr(text, ==, expected);
}

static void a_hub_comes_after_the_one_it_hangs_on(void)
{
	struct topology *top = topology_create();

	add(top, "d", "b", 0);
	add(top, "c", "r", 0);
	add(top, "b", "r", 0);
	add(top, "a", "c", 0);
	add(top, "r", "", 0);
	topology_finish(top);
	assert_order(top, "r0 b1 d2 c1 a2 ");
	g_assert_cmpuint(top->depth, ==, 2);
	topology_destroy(&top);
	g_assert_null(top);
}

static void a_tree_that_is_wrong_still_has_an_order(void)
{
	struct topology *top = topology_create();

	add(top, "a", "b", 0); /* a cycle */
	add(top, "b", "a", 0);
	add(top, "s", "s", 0);	  /* itself */
	add(top, "x", "gone", 0); /* its parent is not there */
	add(top, "y", "x", 0);
	add(top, "r", "", 0);
	topology_finish(top);
	assert_order(top, "r0 x0 y1 a0 b1 s0 ");
	topology_destroy(&top);
}

/* Ann talks at d, two at c: b-d carries her up and them down. */
static void a_trunk_carries_who_talks_on_its_other_side(void)
{
	struct topology *top = topology_create();
	const struct topology_hub *c, *b, *d;

	add(top, "r", "", 0);
	b = add(top, "b", "r", 0);
	c = add(top, "c", "r", 2);
	d = add(top, "d", "b", 1);
	topology_finish(top);
	g_assert_cmpuint(d->parent.talkers_up, ==, 1);
	g_assert_cmpuint(d->parent.talkers_down, ==, 2);
	g_assert_cmpuint(b->parent.talkers_up, ==, 1);
	g_assert_cmpuint(b->parent.talkers_down, ==, 2);
	g_assert_cmpuint(c->parent.talkers_up, ==, 2);
	g_assert_cmpuint(c->parent.talkers_down, ==, 1);
	topology_destroy(&top);
}

static void a_trunk_that_is_down_carries_nobody(void)
{
	struct topology *top = topology_create();
	struct topology_hub *b;

	add(top, "r", "", 3);
	b = add(top, "b", "r", 1);
	b->parent.up = FALSE;
	g_strlcpy(b->alternate.site, "r", sizeof(b->alternate.site));
	b->alternate.up = TRUE;
	b->state = TOPOLOGY_ALTERNATE;
	topology_finish(top);
	g_assert_cmpuint(b->parent.talkers_down, ==, 0);
	g_assert_cmpuint(b->alternate.talkers_up, ==, 1);
	g_assert_cmpuint(b->alternate.talkers_down, ==, 3);
	topology_destroy(&top);
}

static void a_lone_bridge_has_one_hub_with_its_gates(void)
{
	static const struct room_effects effects = {
		.end_media = quiet_end_media,
		.tell = quiet_tell,
		.refresh_levels = quiet_refresh_levels,
	};
	const struct room_config cfg = { .address = "r@x.org",
					 .name = "R",
					 .capacity = 100 };
	struct room *room = room_create(&cfg, &effects, NULL, NULL);
	struct topology *top = topology_of_room(room, 5);
	const struct topology_hub *hub;

	g_assert_cmpuint(top->hubs->len, ==, 0);
	topology_destroy(&top);
	for (guint i = 0; i < 12; i++) {
		g_autofree char *did = g_strdup_printf("d%u", i);
		/* In no order. */
		g_autofree char *gate =
			g_strdup_printf("local-%u", (7 * i) % 12 / 5 + 1);
		struct member *mem =
			room_seat(room, &(struct room_guest){ .did = did,
							      .address = did,
							      .name = did,
							      .device = did,
							      .gate = gate,
							      .deadline = 9 });

		if (i)
			room_registered(room, mem, "192.0.2.1:1", 1);
	}
	top = topology_of_room(room, 5);
	g_assert_cmpuint(top->hubs->len, ==, 1);
	hub = top->hubs->pdata[0];
	g_assert_cmpstr(hub->site, ==, "");
	g_assert_true(hub->root && top->ours);
	g_assert_cmpuint(hub->gates->len, ==, 3);
	for (guint i = 0; i < 3; i++) {
		const struct topology_gate *gate =
			&g_array_index(hub->gates, struct topology_gate, i);
		g_autofree char *name = g_strdup_printf("local-%u", i + 1);

		g_assert_cmpstr(gate->name, ==, name);
		g_assert_cmpuint(gate->here + gate->invited, ==, i < 2 ? 5 : 2);
	}
	g_assert_cmpuint(hub->invited, ==, 1);
	g_assert_cmpuint(hub->here, ==, 11);
	topology_destroy(&top);
	room_destroy(&room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/topology/a hub comes after the one it hangs on",
			a_hub_comes_after_the_one_it_hangs_on);
	g_test_add_func("/topology/a tree that is wrong still has an order",
			a_tree_that_is_wrong_still_has_an_order);
	g_test_add_func("/topology/a trunk carries who talks on its other side",
			a_trunk_carries_who_talks_on_its_other_side);
	g_test_add_func("/topology/a trunk that is down carries nobody",
			a_trunk_that_is_down_carries_nobody);
	g_test_add_func("/topology/a lone bridge has one hub with its gates",
			a_lone_bridge_has_one_hub_with_its_gates);
	return g_test_run();
}
