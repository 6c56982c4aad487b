#include "bridge/directory/recommend.h"

/* Each case: who calls, the sites, and the two that must be picked. */

#define MAX_SITES 4
/* A site of the cluster; what is 0 or NULL is as filled in by site_of(). */
struct row {
	const char *site, *host; /* NULL: of the site's name */
	enum recommend_owner owner;
	gboolean nat;	     /* its address is private */
	gboolean hub, place; /* it has of the room; else nothing */
	gboolean draining, closed;
	guint places; /* 20 */
	guint used, standbys;
	double stress, rtt_ms; /* 0: not measured */
};

#define SITE(...)                                                              \
	{                                                                      \
		.site = __VA_ARGS__                                            \
	}

struct pick {
	const char *name;
	gboolean caller_global;
	struct row sites[MAX_SITES];
	const char *assigned, *standby; /* NULL: nobody has room */
};

static const struct pick picks[] = {
	/* Table 1. */
	{ "private caller: the global site serves him (PG2)",
	  FALSE,
	  { SITE("a", .nat = TRUE), SITE("b") },
	  "b",
	  "a" },
	{ "private caller, private site: a third party (RPG), however full",
	  FALSE,
	  { SITE("a", .nat = TRUE, .place = TRUE),
	    SITE("b", .stress = 0.9, .used = 19) },
	  "b",
	  "a" },
	{ "global caller: his own gate (PG1)",
	  TRUE,
	  { SITE("a", .place = TRUE),
	    SITE("own", .owner = RECOMMEND_CALLER, .places = 5), SITE("b") },
	  "own",
	  "a" },
	{ "private caller: his own gate is of no use",
	  FALSE,
	  { SITE("own", .owner = RECOMMEND_CALLER, .nat = TRUE), SITE("a") },
	  "a",
	  "a" },
	{ "global caller without a gate: not a site behind a NAT",
	  TRUE,
	  { SITE("a", .nat = TRUE), SITE("b") },
	  "b",
	  "a" },
	{ "a private site that was reached before is as good as any",
	  FALSE,
	  { SITE("a", .nat = TRUE, .rtt_ms = 1), SITE("b", .rtt_ms = 30) },
	  "a",
	  "b" },
	{ "only private sites: better than none",
	  TRUE,
	  { SITE("a", .nat = TRUE) },
	  "a",
	  "a" },

	/* Room. */
	{ "no sites", TRUE, { { 0 } }, NULL, NULL },
	{ "all full", TRUE, { SITE("a", .used = 20) }, NULL, NULL },
	{ "no gates open to anybody",
	  TRUE,
	  { SITE("a", .closed = TRUE) },
	  NULL,
	  NULL },
	{ "more than full, after a site has died",
	  TRUE,
	  { SITE("a", .used = 23), SITE("b", .used = 19) },
	  "b",
	  "a" },
	{ "a site that drains gets nobody, not even as a standby",
	  TRUE,
	  { SITE("a", .draining = TRUE, .place = TRUE), SITE("b") },
	  "b",
	  "b" },
	{ "all drain", TRUE, { SITE("a", .draining = TRUE) }, NULL, NULL },

	/* Affinity, and what goes before it. */
	{ "a free place in a gate of the room",
	  TRUE,
	  { SITE("a"), SITE("b", .hub = TRUE, .used = 1),
	    SITE("c", .place = TRUE, .used = 12) },
	  "c",
	  "b" },
	{ "a hot site is spared even by its own room",
	  TRUE,
	  { SITE("a", .place = TRUE, .stress = 0.75),
	    SITE("b", .stress = 0.74) },
	  "b",
	  "a" },
	{ "the room is on the other side of the world",
	  TRUE,
	  { SITE("a", .place = TRUE, .rtt_ms = 250), SITE("b", .rtt_ms = 12) },
	  "b",
	  "a" },
	{ "the room is a little farther",
	  TRUE,
	  { SITE("a", .place = TRUE, .rtt_ms = 71), SITE("b", .rtt_ms = 12) },
	  "a",
	  "b" },
	{ "the nearest does not count when it is full",
	  TRUE,
	  { SITE("a", .place = TRUE, .rtt_ms = 250),
	    SITE("b", .rtt_ms = 12, .used = 20), SITE("c", .rtt_ms = 240) },
	  "a",
	  "c" },
	{ "what another caller lent comes after the sites, and is no standby",
	  TRUE,
	  { SITE("a", .owner = RECOMMEND_OTHER, .place = TRUE), SITE("b") },
	  "b",
	  "b" },
	{ "and before a hot one",
	  TRUE,
	  { SITE("a", .owner = RECOMMEND_OTHER), SITE("b", .stress = 0.8) },
	  "a",
	  "b" },

	/* Load and distance. */
	{ "the emptier quarter",
	  TRUE,
	  { SITE("a", .used = 10, .rtt_ms = 5),
	    SITE("b", .used = 9, .rtt_ms = 40) },
	  "b",
	  "a" },
	{ "within a quarter the nearer",
	  TRUE,
	  { SITE("a", .used = 4, .rtt_ms = 40),
	    SITE("b", .used = 1, .rtt_ms = 45), SITE("c", .rtt_ms = 50) },
	  "b",
	  "a" },
	{ "a near one before one not measured, that before a far one",
	  TRUE,
	  { SITE("a"), SITE("b", .rtt_ms = 115), SITE("c", .rtt_ms = 90) },
	  "c",
	  "a" },
	{ "stress is load as well",
	  TRUE,
	  { SITE("a", .stress = 0.5), SITE("b", .used = 6) },
	  "b",
	  "a" },
	{ "of two empty ones, where fewer would come in need",
	  TRUE,
	  { SITE("a", .standbys = 3), SITE("b", .standbys = 2) },
	  "b",
	  "a" },
	{ "else the name decides", TRUE, { SITE("b"), SITE("a") }, "a", "b" },

	/* The standby. */
	{ "another site, though it has nothing of the room",
	  TRUE,
	  { SITE("a", .place = TRUE), SITE("b", .stress = 0.9) },
	  "a",
	  "b" },
	{ "another host before another process of the same",
	  TRUE,
	  { SITE("a1", .host = "a", .place = TRUE),
	    SITE("a2", .host = "a", .place = TRUE), SITE("b", .used = 15) },
	  "a1",
	  "b" },
	{ "another process, where there is no other host",
	  TRUE,
	  { SITE("a1", .host = "a"), SITE("a2", .host = "a") },
	  "a1",
	  "a2" },
	{ "a full one, where there is no other with room",
	  TRUE,
	  { SITE("a"), SITE("b", .used = 20) },
	  "a",
	  "b" },
	{ "one with room before a full one",
	  TRUE,
	  { SITE("a"), SITE("b", .used = 20, .place = TRUE), SITE("c") },
	  "a",
	  "c" },
	{ "one with room for the standbys that it has before one that has more",
	  TRUE,
	  { SITE("a", .place = TRUE), SITE("b", .places = 1, .standbys = 1),
	    SITE("c", .used = 15, .standbys = 4) },
	  "a",
	  "c" },
	{ "of full ones, where fewer would come",
	  TRUE,
	  { SITE("a", .place = TRUE),
	    SITE("b", .used = 20, .standbys = 8, .hub = TRUE),
	    SITE("c", .used = 20, .standbys = 5, .hub = TRUE) },
	  "a",
	  "c" },
	{ "a full one on another host before a free one on the same",
	  TRUE,
	  { SITE("a1", .host = "a", .place = TRUE), SITE("a2", .host = "a"),
	    SITE("b", .used = 20) },
	  "a1",
	  "b" },
	{ "the same, where there is no other",
	  TRUE,
	  { SITE("a"), SITE("b", .closed = TRUE) },
	  "a",
	  "a" },
	{ "never the caller's own gate",
	  FALSE,
	  { SITE("a"), SITE("own", .owner = RECOMMEND_CALLER) },
	  "a",
	  "a" },
};

static struct recommend_site site_of(const struct row *row)
{
	return (struct recommend_site){
		.site = row->site,
		.host = row->host ? row->host : row->site,
		.owner = row->owner,
		.global = !row->nat,
		.draining = row->draining,
		.places = row->closed	? 0
			  : row->places ? row->places
					: 20,
		.used = row->used,
		.standbys = row->standbys,
		.stress = row->stress,
		.affinity = row->place ? RECOMMEND_PLACE
			    : row->hub ? RECOMMEND_HUB
				       : RECOMMEND_NONE,
		.rtt_ms = row->rtt_ms > 0 ? row->rtt_ms : -1,
	};
}

static void check(gconstpointer data)
{
	const struct pick *pick = data;
	struct recommend_site sites[MAX_SITES];
	const struct recommend_caller caller = { pick->caller_global };
	struct recommendation rec = { 99, 99 };
	guint n = 0;

	for (; n < MAX_SITES && pick->sites[n].site; n++)
		sites[n] = site_of(&pick->sites[n]);
	if (!pick->assigned) {
		g_assert_false(recommend(&caller, sites, n, &rec));
		g_assert_cmpuint(rec.assigned, ==, 99);
		return;
	}
	g_assert_true(recommend(&caller, sites, n, &rec));
	g_assert_cmpstr(sites[rec.assigned].site, ==, pick->assigned);
	g_assert_cmpstr(sites[rec.standby].site, ==, pick->standby);
}

static void the_table_is_the_papers(void)
{
	g_assert_cmpint(recommend_table(FALSE, FALSE), ==, RECOMMEND_RPG);
	g_assert_cmpint(recommend_table(FALSE, TRUE), ==, RECOMMEND_PG2);
	g_assert_cmpint(recommend_table(TRUE, FALSE), ==, RECOMMEND_PG1);
	g_assert_cmpint(recommend_table(TRUE, TRUE), ==, RECOMMEND_PG1);
}

/* Whatever is known of the sites: whoever is picked has room, and the standby
 * is elsewhere where there is an elsewhere, and does not drain; the order of
 * the sites does not matter. */
static void the_standby_is_elsewhere_over_100_000_clusters(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	const guint n = G_N_ELEMENTS(names);
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);

	for (guint round = 0; round < 100000; round++) {
		struct recommend_site sites[G_N_ELEMENTS(names)];
		struct recommend_site turned[G_N_ELEMENTS(names)];
		const struct recommend_caller caller = { g_rand_boolean(rand) };
		struct recommendation rec, again;
		guint open = 0, others = 0;

		for (guint i = 0; i < n; i++) {
			sites[i] = (struct recommend_site){
				.site = names[i],
				.host = names[g_rand_int_range(rand, 0, 3)],
				.owner = g_rand_int_range(rand, 0, 6)
						 ? RECOMMEND_SITE
						 : RECOMMEND_OTHER,
				.global = g_rand_boolean(rand),
				.draining = !g_rand_int_range(rand, 0, 3),
				.places = 5,
				.used = (guint)g_rand_int_range(rand, 0, 7),
				.stress = g_rand_double(rand),
				.affinity = (enum recommend_affinity)
					g_rand_int_range(rand, 0, 3),
				.rtt_ms = g_rand_double_range(rand, -50, 300),
			};
			open += !sites[i].draining && sites[i].used < 5;
			turned[n - 1 - i] = sites[i];
		}
		g_assert_cmpint(recommend(&caller, sites, n, &rec), ==,
				open > 0);
		if (!open)
			continue;
		g_assert_false(sites[rec.assigned].draining);
		g_assert_cmpuint(sites[rec.assigned].used, <, 5);
		g_assert_false(sites[rec.standby].draining);
		for (guint i = 0; i < n; i++)
			others += i != rec.assigned && !sites[i].draining &&
				  sites[i].owner == RECOMMEND_SITE;
		g_assert_cmpint(rec.standby != rec.assigned, ==, others > 0);
		if (others)
			g_assert_cmpint(sites[rec.standby].owner, ==,
					RECOMMEND_SITE);
		g_assert_true(recommend(&caller, turned, n, &again));
		g_assert_cmpuint(n - 1 - again.assigned, ==, rec.assigned);
		g_assert_cmpuint(n - 1 - again.standby, ==, rec.standby);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/recommend/the table is the paper's",
			the_table_is_the_papers);
	for (guint i = 0; i < G_N_ELEMENTS(picks); i++) {
		g_autofree char *path =
			g_strdup_printf("/recommend/%s", picks[i].name);

		g_test_add_data_func(path, &picks[i], check);
	}
	g_test_add_func("/recommend/the standby is elsewhere, over 100,000 "
			"clusters",
			the_standby_is_elsewhere_over_100_000_clusters);
	return g_test_run();
}
