#include "bridge/gates_text.h"

#include <string.h>

#include "bridge/documents.h"

#define ROOM "r@x.org"

static void put(struct gates *gts, enum document_kind kind, const char *site,
		const char *did, gconstpointer doc)
{
	struct document_name name = { .kind = kind };
	g_autofree char *key = NULL;
	g_autofree char *value = document_write(kind, doc);

	g_strlcpy(name.site, site, sizeof(name.site));
	g_strlcpy(name.room, ROOM, sizeof(name.room));
	if (did)
		g_strlcpy(name.did, did, sizeof(name.did));
	key = document_key(&name);
	gates_add(gts, key, value);
}

static struct document_trunk
trunk(const char *id, enum document_trunk_role role, const char *site)
{
	struct document_trunk trk = { .role = role, .protocol = 1 };

	g_strlcpy(trk.id, id, sizeof(trk.id));
	g_strlcpy(trk.site, site, sizeof(trk.site));
	trk.n_addresses = 1;
	g_strlcpy(trk.addresses[0].transport, "udp",
		  sizeof(trk.addresses[0].transport));
	g_strlcpy(trk.addresses[0].address, "192.0.2.1",
		  sizeof(trk.addresses[0].address));
	trk.addresses[0].port = 5004;
	return trk;
}

static void put_want(struct gates *gts, const char *site, guint32 hub,
		     struct document_trunk *trunks, guint n)
{
	const struct document_want_hub doc = {
		.instance = "AAAAAAAAAAAAAAAAAAAAAA",
		.plan = 1,
		.hub = hub,
		.sound = { .talkers = 3, .bitrate = 24000 },
		.n_trunks = n,
		.trunks = trunks,
		.root = hub == 1,
		.vice = hub == 2,
	};

	put(gts, DOCUMENT_WANT_HUB, site, NULL, &doc);
}

static void put_status(struct gates *gts, const char *site,
		       enum document_parent parent,
		       struct document_trunk_status *trunks, guint n)
{
	const struct document_status_hub doc = {
		.plan = 1, .parent = parent, .n_trunks = n, .trunks = trunks
	};

	put(gts, DOCUMENT_STATUS_HUB, site, NULL, &doc);
}

static void put_session(struct gates *gts, const char *site, const char *did,
			const char *gate, gboolean standby)
{
	struct document_want_session doc = {
		.instance = "AAAAAAAAAAAAAAAAAAAAAA",
		.origin = 1,
		.standby = standby,
		.payload_type = 111,
		.volume = 100,
	};

	g_strlcpy(doc.gate, gate, sizeof(doc.gate));
	g_strlcpy(doc.sealed, "x", sizeof(doc.sealed));
	put(gts, DOCUMENT_WANT_SESSION, site, did, &doc);
}

static void put_here(struct gates *gts, const char *site, const char *did)
{
	const struct document_status_session doc = { .path = "192.0.2.9:7000",
						     .since = 1 };

	put(gts, DOCUMENT_STATUS_SESSION, site, did, &doc);
}

/* North is root; south hangs on it, east on south, by its alternate. */
static struct gates *three_hubs(void)
{
	struct gates *gts = gates_create();
	struct document_trunk north[] = {
		trunk("ns", DOCUMENT_TRUNK_CHILD, "south"),
		trunk("ne", DOCUMENT_TRUNK_VICE, "east"),
	};
	struct document_trunk south[] = {
		trunk("ns", DOCUMENT_TRUNK_PARENT, "north"),
		trunk("se", DOCUMENT_TRUNK_CHILD, "east"),
	};
	struct document_trunk east[] = {
		trunk("se", DOCUMENT_TRUNK_PARENT, "south"),
		trunk("ne", DOCUMENT_TRUNK_ALTERNATE, "north"),
	};
	struct document_trunk_status at_north[] = {
		{ "ns", TRUE, 0.02, 3, 1 },
		{ "ne", TRUE, 0, 4, 1 },
	};
	struct document_trunk_status at_south[] = {
		{ "ns", TRUE, 0.01, 2.5, 1 },
		{ "se", FALSE, 0, -1, 1 },
	};
	struct document_trunk_status at_east[] = {
		{ "se", FALSE, 0, -1, 1 },
		{ "ne", TRUE, 0, 4, 2 },
	};

	/* The last word of a session before the first of its hub. */
	put_here(gts, "north", "ann");
	put_want(gts, "east", 3, east, G_N_ELEMENTS(east));
	put_want(gts, "south", 2, south, G_N_ELEMENTS(south));
	put_want(gts, "north", 1, north, G_N_ELEMENTS(north));
	put_status(gts, "north", DOCUMENT_PARENT_UP, at_north,
		   G_N_ELEMENTS(at_north));
	put_status(gts, "south", DOCUMENT_PARENT_UP, at_south,
		   G_N_ELEMENTS(at_south));
	put_status(gts, "east", DOCUMENT_PARENT_ALTERNATE, at_east,
		   G_N_ELEMENTS(at_east));
	put_session(gts, "north", "ann", "north/1", FALSE);
	put_session(gts, "north", "ben", "north/1", FALSE);
	put_session(gts, "south", "ann", "south/1", TRUE);
	return gts;
}

static void a_room_s_tree_is_read_from_both_ends_of_its_trunks(void)
{
	struct gates *gts = three_hubs();
	struct topology *top = gates_topology(gts, ROOM);
	const struct topology_hub *north, *south, *east;

	g_assert_cmpuint(top->hubs->len, ==, 3);
	north = top->hubs->pdata[0];
	south = top->hubs->pdata[1];
	east = top->hubs->pdata[2];
	g_assert_cmpstr(north->site, ==, "north");
	g_assert_true(north->root && south->vice);
	g_assert_cmpuint(north->here, ==, 1);
	g_assert_cmpuint(north->invited, ==, 1);
	g_assert_cmpuint(north->gates->len, ==, 1);
	g_assert_cmpuint(south->standbys, ==, 1);
	g_assert_cmpuint(south->gates->len, ==, 0);
	g_assert_cmpfloat_with_epsilon(south->parent.loss_up, 0.02, 1e-9);
	g_assert_cmpfloat_with_epsilon(south->parent.loss_down, 0.01, 1e-9);
	g_assert_cmpint(east->state, ==, TOPOLOGY_ALTERNATE);
	g_assert_cmpuint(east->depth, ==, 2);
	g_assert_false(east->parent.up);
	g_assert_true(east->alternate.up);
	g_assert_cmpstr(east->alternate.site, ==, "north");
	topology_destroy(&top);
	g_assert_null(gates_topology(gts, "nobody@x.org"));
	gates_destroy(&gts);
}

static void the_text_draws_the_tree(void)
{
	struct gates *gts = three_hubs();
	g_autofree char *text = gates_text(gts, ROOM);
	g_autofree char *none = gates_text(gts, "nobody@x.org");

	g_assert_nonnull(strstr(
		text, "\nnorth (root), 1 of 2 here, 0 standbys, gates north/1\n"
		      "└─ south (vice), version 1, 2.5 ms, 2.0 % lost, 0 of 0 "
		      "here, 1 standbys, "
		      "gates none\n"
		      "   └─ east, by its alternate north, version 2, 4.0 ms, "
		      "0 of 0 here, "
		      "0 standbys, gates none\n"));
	g_assert_nonnull(strstr(none, "nobody is there"));
	gates_destroy(&gts);
}

static void a_hub_of_which_its_site_says_nothing_is_not_there(void)
{
	struct gates *gts = gates_create();
	struct topology *top;
	const struct topology_hub *hub;

	put_want(gts, "north", 1, NULL, 0);
	put_session(gts, "north", "ann", "north/1", FALSE);
	gates_add(gts, "want/north/r@x.org/hub/more", "{}");
	gates_add(gts, "status/north/r@x.org/hub", "nonsense");
	top = gates_topology(gts, ROOM);
	hub = top->hubs->pdata[0];
	g_assert_cmpint(hub->state, ==, TOPOLOGY_ABSENT);
	g_assert_cmpuint(hub->invited, ==, 1);
	topology_destroy(&top);
	gates_destroy(&gts);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/gates/a room's tree is read from both ends of its "
			"trunks",
			a_room_s_tree_is_read_from_both_ends_of_its_trunks);
	g_test_add_func("/gates/the text draws the tree",
			the_text_draws_the_tree);
	g_test_add_func("/gates/a hub of which its site says nothing is not "
			"there",
			a_hub_of_which_its_site_says_nothing_is_not_there);
	return g_test_run();
}
