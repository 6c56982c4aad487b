/* Where the next one of a room sits, by what is taken of the sites. What is
 * preferred to what is tested in recommend.c. */
#include "bridge/cluster_sites.h"

#include <string.h>

#define ROOM "hall@conf.test"

/* lender NULL: a site of the cluster. */
static void offer_of(struct cluster_sites *cs, const char *name, guint gates,
		     const char *lender)
{
	struct document_site doc = { .n_workers = 1,
				     .gates = gates,
				     .sessions_per_gate = 5,
				     .has_lent = lender != NULL };

	g_strlcpy(doc.lent.room, ROOM, sizeof(doc.lent.room));
	g_strlcpy(doc.lent.lender, lender ? lender : "",
		  sizeof(doc.lent.lender));
	doc.workers = g_new0(struct document_worker, 1);
	doc.workers[0].open = TRUE;
	g_strlcpy(doc.site, name, sizeof(doc.site));
	g_strlcpy(doc.host, name, sizeof(doc.host));
	cluster_sites_set(cs, name, &doc);
}

static void offer(struct cluster_sites *cs, const char *name, guint gates)
{
	offer_of(cs, name, gates, NULL);
}

static struct cluster_sites *three_of(guint gates)
{
	struct cluster_sites *cs = cluster_sites_create();

	offer(cs, "a", gates);
	offer(cs, "b", gates);
	offer(cs, "c", gates);
	return cs;
}

static void take(struct cluster_sites *cs, const char *room,
		 const struct document_place *place, gboolean standby)
{
	static guint number;
	g_autofree char *key = g_strdup_printf("session-%u", ++number);

	cluster_sites_take(cs, key, room, place, standby);
}

/* So many at a gate. */
static void fill(struct cluster_sites *cs, const char *site, const char *gate,
		 guint people, gboolean standby)
{
	struct document_place place = { 0 };

	g_strlcpy(place.site, site, sizeof(place.site));
	g_strlcpy(place.gate, gate, sizeof(place.gate));
	while (people--)
		take(cs, ROOM, &place, standby);
}

/* The site where so many more of the room sit, each with his standby; "" when
 * there was no place for one. */
static char *seat(struct cluster_sites *cs, guint people)
{
	struct document_place place = { 0 }, standby;

	while (people--) {
		if (!cluster_sites_place(cs, ROOM, NULL, NULL, 0, &place,
					 &standby))
			return g_strdup("");
		take(cs, ROOM, &place, FALSE);
		if (*standby.site)
			take(cs, ROOM, &standby, TRUE);
	}
	return g_strdup(place.site);
}

/* a is full of the room, some of whom would go to b. */
static char *next_after(guint standbys)
{
	struct cluster_sites *cs = three_of(2);
	char *site;

	fill(cs, "a", "a-1", 5, FALSE);
	fill(cs, "a", "a-2", 5, FALSE);
	fill(cs, "b", "b-1", standbys, TRUE);
	site = seat(cs, 1);
	cluster_sites_destroy(&cs);
	return site;
}

static void a_hub_of_standbys_counts_while_they_keep_their_places(void)
{
	g_autofree char *with_room = next_after(9);
	g_autofree char *without = next_after(10);

	g_assert_cmpstr(with_room, ==, "b");
	g_assert_cmpstr(without, ==, "c");
}

static void all_places_are_given_and_not_one_more(void)
{
	struct cluster_sites *cs = three_of(2);
	g_autofree char *last = seat(cs, 30);
	g_autofree char *none = seat(cs, 1);

	g_assert_cmpstr(last, !=, "");
	g_assert_cmpstr(none, ==, "");
	g_assert_cmpuint(cluster_sites_free(cs, "c", ROOM), ==, 0);
	cluster_sites_destroy(&cs);
}

static void a_site_without_gates_gets_nobody(void)
{
	struct cluster_sites *cs = cluster_sites_create();
	struct document_place place, standby;

	offer(cs, "a", 0);
	offer(cs, "b", 1);
	g_assert_true(
		cluster_sites_place(cs, ROOM, NULL, NULL, 0, &place, &standby));
	g_assert_cmpstr(place.site, ==, "b");
	g_assert_cmpstr(standby.site, ==, "");
	cluster_sites_destroy(&cs);
}

/* A place for who has mailed, who takes it. NULL: none. */
static const char *place(struct cluster_sites *cs, const char *room,
			 const char *who, struct document_place *standby_r)
{
	static struct document_place at;
	struct ipsp_message invite = { .net = "global" };

	g_strlcpy(invite.address, who, sizeof(invite.address));
	if (!cluster_sites_place(cs, room, NULL, &invite, 0, &at, standby_r))
		return NULL;
	take(cs, room, &at, FALSE);
	return at.site;
}

static void five_more_than_the_cluster_has_sit_at_a_lent_gate(void)
{
	struct cluster_sites *cs = cluster_sites_create();
	struct document_place standby;

	offer(cs, "a", 1);
	offer_of(cs, "lent-x.0", 1, "ann@conf.test");
	for (guint i = 0; i < 5; i++) {
		g_assert_cmpstr(place(cs, ROOM, "bob@conf.test", &standby), ==,
				"a");
		/* Where there is no other site, nobody's gate stands by. */
		g_assert_cmpstr(standby.site, ==, "");
	}
	g_assert_null(place(cs, ROOM, "Ann@conf.test", &standby));
	g_assert_null(place(cs, "other@conf.test", "bob@conf.test", &standby));
	for (guint i = 0; i < 5; i++) {
		g_assert_cmpstr(place(cs, ROOM, "bob@conf.test", &standby), ==,
				"lent-x.0");
		g_assert_cmpstr(standby.site, ==, "a");
	}
	g_assert_null(place(cs, ROOM, "bob@conf.test", &standby));
	cluster_sites_destroy(&cs);
}

static void no_lent_gate_is_a_tools_or_stands_by_for_another(void)
{
	struct cluster_sites *cs = cluster_sites_create();
	const struct document_place at = { .site = "lent-x.0" };
	struct document_place tool, standby;

	offer_of(cs, "lent-x.0", 1, "ann@conf.test");
	offer_of(cs, "lent-y.0", 1, "bob@conf.test");
	g_assert_false(cluster_sites_standby(cs, ROOM, NULL, &at, &standby));
	g_assert_false(
		cluster_sites_place(cs, ROOM, NULL, NULL, 0, &tool, &standby));
	offer(cs, "a", 1);
	g_assert_true(cluster_sites_standby(cs, ROOM, NULL, &at, &standby));
	g_assert_cmpstr(standby.site, ==, "a");
	cluster_sites_destroy(&cs);
}

static void a_gate_that_drains_gets_neither_a_place_nor_a_standby(void)
{
	struct cluster_sites *cs = cluster_sites_create();
	g_autoptr(GHashTable) draining =
		g_hash_table_new(g_str_hash, g_str_equal);
	struct document_place at, standby;

	offer(cs, "a", 2);
	offer(cs, "b", 2);
	fill(cs, "a", "a-1", 2, FALSE);
	fill(cs, "b", "b-1", 2, FALSE);
	g_hash_table_add(draining, "a-1");
	g_hash_table_add(draining, "b-1");
	g_assert_true(cluster_sites_place(cs, ROOM, draining, NULL, 0, &at,
					  &standby));
	g_assert_cmpstr(at.gate, ==, "a-2");
	g_assert_cmpstr(standby.gate, ==, "b-2");
	g_assert_true(cluster_sites_standby(cs, ROOM, draining, &at, &standby));
	g_assert_cmpstr(standby.gate, ==, "b-2");
	/* Of another room they are as ever. */
	g_assert_true(
		cluster_sites_place(cs, ROOM, NULL, NULL, 0, &at, &standby));
	g_assert_cmpstr(at.gate, ==, "a-1");
	g_assert_cmpstr(standby.gate, ==, "b-1");
	cluster_sites_destroy(&cs);
}

static void no_place_is_left_where_all_that_is_open_drains(void)
{
	struct cluster_sites *cs = cluster_sites_create();
	g_autoptr(GHashTable) draining =
		g_hash_table_new(g_str_hash, g_str_equal);
	struct document_place at, standby;

	offer(cs, "a", 1);
	fill(cs, "a", "a-1", 1, FALSE);
	g_hash_table_add(draining, "a-1");
	g_assert_false(cluster_sites_place(cs, ROOM, draining, NULL, 0, &at,
					   &standby));
	cluster_sites_destroy(&cs);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add_func("/cluster sites/" #name, name)
	ADD(a_hub_of_standbys_counts_while_they_keep_their_places);
	ADD(all_places_are_given_and_not_one_more);
	ADD(a_site_without_gates_gets_nobody);
	ADD(five_more_than_the_cluster_has_sit_at_a_lent_gate);
	ADD(no_lent_gate_is_a_tools_or_stands_by_for_another);
	ADD(a_gate_that_drains_gets_neither_a_place_nor_a_standby);
	ADD(no_place_is_left_where_all_that_is_open_drains);
#undef ADD
	return g_test_run();
}
