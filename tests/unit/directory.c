/* What every directory does. With ETCD_URL in the environment the directory
 * is that etcd (tests/integration/etcd.py), else the local one; what is only
 * true of one that can be cut off at will is tried with the local one. */
#include "bridge/directory/directory.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/directory/local.h"

#define PATIENCE_US (15 * G_USEC_PER_SEC)

static const char *etcd_url;
static char *prefix; /* of this test case */

/* ---- Two processes, and what they are told ---- */

struct side {
	struct directory *dir;
	gboolean up, lease;
	guint downs, lapses;
	char *why;
};

struct ear { /* of a watch */
	struct directory_watch *watch;
	GHashTable *values;
	GString *log; /* "a=1 a- synced " */
	guint synced;
	gboolean stop; /* unwatch at the first change */
};

struct holder { /* of a claim */
	struct directory_claim *claim;
	gint64 fence;
	guint held, lost;
	gboolean leave; /* release when told */
};

struct result { /* of a write */
	guint done;
	GError *error;
};

static gboolean inside; /* a call of directory.h */

static void on_state(gboolean up, const char *why, void *arg)
{
	struct side *side = arg;

	g_assert_false(inside);
	g_assert_true(up == !why);
	side->up = up;
	side->downs += !up;
	g_free(side->why);
	side->why = g_strdup(why);
}

static void on_lease(gboolean held, void *arg)
{
	struct side *side = arg;

	side->lease = held;
	side->lapses += !held;
}

static const struct directory_events side_events = {
	.state = on_state,
	.lease = on_lease,
};

static void side_open(struct side *side, struct side *beside)
{
	const char *const urls[] = { etcd_url, NULL };
	const struct directory_config cfg = {
		.urls = etcd_url ? urls : NULL,
		.prefix = prefix,
		.lease_s = 2,
		.beside = beside && !etcd_url ? beside->dir : NULL,
	};
	g_autoptr(GError) error = NULL;

	memset(side, 0, sizeof(*side));
	inside = TRUE;
	side->dir = directory_open(&cfg, &side_events, side, &error);
	inside = FALSE;
	g_assert_no_error(error);
}

static void side_close(struct side *side)
{
	directory_close(&side->dir);
	g_assert_null(side->dir);
	g_free(side->why);
}

static void on_changed(const char *key, const char *value, void *arg)
{
	struct ear *ear = arg;

	g_assert_false(inside);
	g_string_append_printf(ear->log, value ? "%s=%s " : "%s- ", key, value);
	if (value)
		g_hash_table_insert(ear->values, g_strdup(key),
				    g_strdup(value));
	else
		g_assert_true(g_hash_table_remove(ear->values, key));
	if (ear->stop)
		directory_unwatch(&ear->watch);
}

static void on_synced(void *arg)
{
	struct ear *ear = arg;

	ear->synced++;
	g_string_append(ear->log, "synced ");
}

static const struct directory_watch_events ear_events = {
	.changed = on_changed,
	.synced = on_synced,
};

static void ear_open(struct ear *ear, struct side *side, const char *keys)
{
	memset(ear, 0, sizeof(*ear));
	ear->values =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	ear->log = g_string_new(NULL);
	inside = TRUE;
	ear->watch = directory_watch(side->dir, keys, &ear_events, ear);
	inside = FALSE;
}

static void ear_close(struct ear *ear)
{
	directory_unwatch(&ear->watch);
	g_hash_table_unref(ear->values);
	g_string_free(ear->log, TRUE);
}

static const char *value_of(const struct ear *ear, const char *key)
{
	return g_hash_table_lookup(ear->values, key);
}

static void on_held(struct directory_claim *claim, gint64 fence, void *arg)
{
	struct holder *holder = arg;

	g_assert_false(inside);
	g_assert_cmpint(fence, >, 0);
	g_assert_cmpint(directory_claim_fence(claim), ==, fence);
	holder->held++;
	holder->fence = fence;
	if (holder->leave)
		directory_release(&holder->claim);
}

static void on_lost(struct directory_claim *claim, void *arg)
{
	struct holder *holder = arg;

	g_assert_false(inside);
	g_assert_cmpint(directory_claim_fence(claim), ==, 0);
	holder->lost++;
	holder->fence = 0;
}

static const struct directory_claim_events holder_events = {
	.held = on_held,
	.lost = on_lost,
};

static void holder_open(struct holder *holder, struct side *side,
			const char *key, const char *value)
{
	memset(holder, 0, sizeof(*holder));
	inside = TRUE;
	holder->claim =
		directory_claim(side->dir, key, value, &holder_events, holder);
	inside = FALSE;
	g_assert_cmpint(directory_claim_fence(holder->claim), ==, 0);
}

static void on_done(const GError *error, void *arg)
{
	struct result *result = arg;

	g_assert_false(inside);
	result->done++;
	g_clear_error(&result->error);
	result->error = error ? g_error_copy(error) : NULL;
}

static void put(struct side *side, struct holder *holder, const char *key,
		const char *value, struct result *result)
{
	inside = TRUE;
	directory_put(side->dir, holder ? holder->claim : NULL, key, value,
		      result ? on_done : NULL, result);
	inside = FALSE;
}

static gboolean tick(void *unused)
{
	(void)unused;
	return G_SOURCE_CONTINUE;
}

/* Runs the main loop until the condition is true. */
#define wait_for(condition)                                                    \
	do {                                                                   \
		gint64 end_ = g_get_monotonic_time() + PATIENCE_US;            \
		guint tick_ = g_timeout_add(5, tick, NULL);                    \
                                                                               \
		while (!(condition)) {                                         \
			if (g_get_monotonic_time() > end_)                     \
				g_error("waited in vain for: %s", #condition); \
			g_main_context_iteration(NULL, TRUE);                  \
		}                                                              \
		g_source_remove(tick_);                                        \
	} while (0)

/* Long enough for what must not happen. */
static void let_pass(guint ms)
{
	gint64 end = g_get_monotonic_time() + ms * G_GINT64_CONSTANT(1000);
	guint id = g_timeout_add(5, tick, NULL);

	while (g_get_monotonic_time() < end)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(id);
}

/* ---- Watching ---- */

static void a_watch_tells_what_is_there_and_then_each_change(void)
{
	struct result result = { 0 };
	struct side a, b;
	struct ear ear;

	side_open(&a, NULL);
	side_open(&b, &a);
	put(&a, NULL, "x/one", "1", NULL);
	put(&a, NULL, "x/two", "二", NULL);
	put(&a, NULL, "y/other", "?", &result);
	wait_for(result.done);
	ear_open(&ear, &b, "x/");
	wait_for(ear.synced);
	g_assert_cmpstr(ear.log->str, ==, "x/one=1 x/two=二 synced ");

	put(&a, NULL, "x/two", NULL, NULL);
	put(&a, NULL, "x/three", "3", NULL);
	put(&a, NULL, "y/more", "?", NULL);
	wait_for(value_of(&ear, "x/three") && !value_of(&ear, "x/two"));
	put(&b, NULL, "x/one", "", NULL);
	wait_for(!g_strcmp0(value_of(&ear, "x/one"), ""));
	g_assert_cmpuint(g_hash_table_size(ear.values), ==, 2);
	g_assert_cmpuint(ear.synced, ==, 1);
	ear_close(&ear);
	side_close(&b);
	side_close(&a);
}

static void a_watch_of_nothing_is_synced_too(void)
{
	struct side a;
	struct ear ear;

	side_open(&a, NULL);
	ear_open(&ear, &a, "nothing/");
	wait_for(ear.synced);
	g_assert_cmpstr(ear.log->str, ==, "synced ");
	ear_close(&ear);
	side_close(&a);
}

static void a_thousand_keys_are_told_before_synced(void)
{
	g_autofree char *large = g_strnfill(DIRECTORY_MAX_VALUE, 'v');
	struct result result = { 0 };
	struct side a;
	struct ear ear;

	side_open(&a, NULL);
	for (guint i = 0; i < 1000; i++) {
		g_autofree char *key = g_strdup_printf("many/%04u", i);

		put(&a, NULL, key, i % 100 ? key : large, &result);
	}
	wait_for(result.done == 1000);
	g_assert_no_error(result.error);
	ear_open(&ear, &a, "many/");
	wait_for(ear.synced);
	g_assert_cmpuint(g_hash_table_size(ear.values), ==, 1000);
	g_assert_cmpstr(value_of(&ear, "many/0100"), ==, large);
	g_assert_cmpstr(value_of(&ear, "many/0999"), ==, "many/0999");
	ear_close(&ear);
	side_close(&a);
}

static void a_watch_may_end_itself_and_is_told_nothing_more(void)
{
	struct side a;
	struct ear ear, other;

	side_open(&a, NULL);
	ear_open(&ear, &a, "");
	ear.stop = TRUE;
	ear_open(&other, &a, "");
	put(&a, NULL, "a", "1", NULL);
	put(&a, NULL, "b", "2", NULL);
	wait_for(value_of(&other, "a") && value_of(&other, "b") && !ear.watch);
	let_pass(50);
	g_assert_cmpuint(g_hash_table_size(ear.values), ==, 1);
	ear_close(&ear);
	ear_close(&other);
	side_close(&a);
}

/* ---- Writing ---- */

static void writes_take_effect_in_order(void)
{
	struct result result = { 0 };
	struct side a;
	struct ear ear;

	side_open(&a, NULL);
	for (guint i = 0; i < 300; i++) {
		g_autofree char *value = g_strdup_printf("%u", i);

		put(&a, NULL, "k/same", value, &result);
		put(&a, NULL, i % 2 ? "k/odd" : "k/even", value, NULL);
	}
	wait_for(result.done == 300);
	g_assert_no_error(result.error);
	ear_open(&ear, &a, "k/");
	wait_for(ear.synced);
	g_assert_cmpstr(ear.log->str, ==,
			"k/even=298 k/odd=299 k/same=299 synced ");
	ear_close(&ear);
	side_close(&a);
}

static void a_transaction_is_whole(void)
{
	const struct directory_write writes[] = { { "t/new", "n" },
						  { "t/old", NULL },
						  { "t/kept", "k2" } };
	struct result result = { 0 };
	struct side a;
	struct ear ear;

	side_open(&a, NULL);
	put(&a, NULL, "t/old", "o", NULL);
	put(&a, NULL, "t/kept", "k1", NULL);
	directory_write(a.dir, NULL, writes, G_N_ELEMENTS(writes), on_done,
			&result);
	wait_for(result.done);
	g_assert_no_error(result.error);
	ear_open(&ear, &a, "t/");
	wait_for(ear.synced);
	g_assert_cmpstr(ear.log->str, ==, "t/kept=k2 t/new=n synced ");
	ear_close(&ear);
	side_close(&a);
}

static void what_cannot_be_written_fails_with_a_sentence(void)
{
	g_autofree char *large = g_strnfill(DIRECTORY_MAX_VALUE + 1, 'v');
	g_autofree char *key = g_strnfill(DIRECTORY_MAX_KEY + 1, 'k');
	const struct directory_write wrong[] = {
		{ "", "v" },	     { "a b", "v" }, { "a\n", "v" },
		{ key, "v" },	     { "a", large }, { "a", "\xff" },
		{ "\xc3\xa4", "v" },
	};
	const struct directory_write twice[] = { { "a", "1" }, { "a", "2" } };
	struct result result = { 0 };
	struct side a;

	side_open(&a, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		inside = TRUE;
		directory_write(a.dir, NULL, &wrong[i], 1, on_done, &result);
		inside = FALSE;
		wait_for(result.done == i + 1);
		g_assert_error(result.error, G_IO_ERROR,
			       G_IO_ERROR_INVALID_ARGUMENT);
	}
	result.done = 0;
	directory_write(a.dir, NULL, twice, 2, on_done, &result);
	wait_for(result.done);
	g_assert_error(result.error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
	g_clear_error(&result.error);
	side_close(&a);
}

/* ---- Leased keys ---- */

static void leased_keys_go_with_their_process(void)
{
	struct side a, b;
	struct ear ear;

	side_open(&a, NULL);
	side_open(&b, &a);
	ear_open(&ear, &b, "");
	directory_lease(a.dir, "sites/a", "1");
	directory_lease(a.dir, "sites/a", "2");
	directory_lease(a.dir, "sites/gone", "1");
	directory_lease(a.dir, "sites/gone", NULL);
	put(&a, NULL, "want/a", "for good", NULL);
	wait_for(a.lease && !g_strcmp0(value_of(&ear, "sites/a"), "2") &&
		 value_of(&ear, "want/a"));
	g_assert_null(value_of(&ear, "sites/gone"));
	side_close(&a);
	wait_for(!value_of(&ear, "sites/a"));
	g_assert_nonnull(value_of(&ear, "want/a"));
	ear_close(&ear);
	side_close(&b);
}

/* ---- Claims ---- */

static void a_claim_is_held_by_one_and_then_by_the_next(void)
{
	struct side a, b;
	struct holder first, second;
	struct ear ear;
	gint64 fence;

	side_open(&a, NULL);
	side_open(&b, &a);
	ear_open(&ear, &b, "owners/");
	holder_open(&first, &a, "owners/x", "a");
	wait_for(first.held);
	holder_open(&second, &b, "owners/x", "b");
	wait_for(b.up && ear.synced);
	let_pass(200);
	g_assert_cmpuint(second.held, ==, 0);
	g_assert_cmpstr(value_of(&ear, "owners/x"), ==, "a");

	directory_claim_set(first.claim, "a2");
	wait_for(!g_strcmp0(value_of(&ear, "owners/x"), "a2"));
	fence = first.fence;
	/* Let go while another value is on its way. */
	directory_claim_set(first.claim, "a3");
	directory_release(&first.claim);
	wait_for(second.held);
	g_assert_cmpint(second.fence, >, fence);
	wait_for(!g_strcmp0(value_of(&ear, "owners/x"), "b"));
	g_assert_cmpuint(first.lost, ==, 0);

	side_close(&b);
	holder_open(&first, &a, "owners/x", "a3");
	wait_for(first.held);
	directory_release(&first.claim);
	side_close(&a);
}

static void a_claim_passes_on_when_its_process_ends(void)
{
	struct side a, b;
	struct holder first, second;

	side_open(&a, NULL);
	side_open(&b, &a);
	holder_open(&first, &a, "owners/x", "a");
	wait_for(first.held);
	holder_open(&second, &b, "owners/x", "b");
	wait_for(b.up);
	side_close(&a);
	wait_for(second.held);
	g_assert_cmpint(second.fence, >, first.fence);
	directory_release(&second.claim);
	side_close(&b);
}

static void a_process_may_claim_again_what_it_lets_go(void)
{
	struct side a;
	struct holder first, second, third;

	side_open(&a, NULL);
	holder_open(&first, &a, "owners/x", "1");
	wait_for(first.held);
	holder_open(&second, &a, "owners/x", "2");
	holder_open(&third, &a, "owners/x", "3");
	third.leave = TRUE;
	directory_release(&first.claim);
	wait_for(second.held || third.held);
	if (!third.held)
		directory_release(&second.claim);
	wait_for(third.held);
	g_assert_null(third.claim);
	directory_release(&second.claim);
	side_close(&a);
}

static void a_claim_taken_by_force_is_lost_and_claimed_again(void)
{
	struct side a, b;
	struct holder holder;
	gint64 fence;

	side_open(&a, NULL);
	side_open(&b, &a);
	holder_open(&holder, &a, "owners/x", "a");
	wait_for(holder.held && b.up);
	fence = holder.fence;
	put(&b, NULL, "owners/x", NULL, NULL);
	wait_for(holder.held == 2);
	g_assert_cmpuint(holder.lost, ==, 1);
	g_assert_cmpint(holder.fence, >, fence);
	directory_release(&holder.claim);
	side_close(&b);
	side_close(&a);
}

static void writes_under_a_claim_need_it(void)
{
	struct result result = { 0 };
	struct side a, b;
	struct holder first, second;
	struct ear ear;

	side_open(&a, NULL);
	side_open(&b, &a);
	ear_open(&ear, &a, "members/");
	holder_open(&first, &a, "owners/x", "a");
	put(&a, &first, "members/early", "a", &result);
	wait_for(result.done == 1);
	g_assert_error(result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	wait_for(first.held);
	put(&a, &first, "members/one", "a", &result);
	wait_for(result.done == 2);
	g_assert_no_error(result.error);

	holder_open(&second, &b, "owners/x", "b");
	put(&b, &second, "members/one", "b", &result);
	wait_for(result.done == 3);
	g_assert_error(result.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	wait_for(value_of(&ear, "members/one"));
	g_assert_cmpstr(value_of(&ear, "members/one"), ==, "a");
	g_assert_null(value_of(&ear, "members/early"));
	g_clear_error(&result.error);
	directory_release(&second.claim);
	directory_release(&first.claim);
	ear_close(&ear);
	side_close(&b);
	side_close(&a);
}

static void writes_that_wait_go_before_the_claim_does(void)
{
	struct result result = { 0 };
	struct side a, b;
	struct holder first, second;
	struct ear ear;

	side_open(&a, NULL);
	side_open(&b, &a);
	holder_open(&first, &a, "owners/x", "a");
	wait_for(first.held);
	holder_open(&second, &b, "owners/x", "b");
	for (guint i = 0; i < 500; i++) {
		g_autofree char *key = g_strdup_printf("members/%u", i);

		put(&a, &first, key, "a", &result);
	}
	directory_release(&first.claim);
	wait_for(second.held);
	ear_open(&ear, &b, "members/");
	wait_for(ear.synced);
	g_assert_cmpuint(g_hash_table_size(ear.values), ==, 500);
	wait_for(result.done == 500);
	g_assert_no_error(result.error);
	directory_release(&second.claim);
	ear_close(&ear);
	side_close(&b);
	side_close(&a);
}

/* ---- Figures and keys ---- */

static void figures_count_what_was_done(void)
{
	struct directory_figures fig;
	struct result result = { 0 };
	struct side a;
	struct holder holder;
	struct ear ear;

	side_open(&a, NULL);
	directory_figures(a.dir, &fig);
	g_assert_false(fig.up);
	ear_open(&ear, &a, "");
	holder_open(&holder, &a, "owners/x", "a");
	directory_lease(a.dir, "sites/a", "1");
	put(&a, NULL, "k", "v", &result);
	wait_for(a.lease && holder.held && result.done && value_of(&ear, "k") &&
		 value_of(&ear, "sites/a") && value_of(&ear, "owners/x"));
	directory_figures(a.dir, &fig);
	g_assert_true(fig.up && fig.lease_held);
	g_assert_cmpuint(fig.leased, ==, 1);
	g_assert_cmpuint(fig.claims, ==, 1);
	g_assert_cmpuint(fig.watches, ==, 1);
	g_assert_cmpuint(fig.queue, ==, 0);
	g_assert_cmpuint(fig.writes, >=, 1);
	g_assert_cmpuint(fig.changes, >=, 3);
	g_assert_cmpuint(fig.outages, ==, 0);
	g_assert_cmpstr(fig.url, ==, etcd_url ? etcd_url : "local");
	directory_release(&holder.claim);
	ear_close(&ear);
	side_close(&a);
}

static void keys_are_made_of_parts_and_taken_apart(void)
{
	g_autofree char *key =
		directory_key("want", "tokyo/1", "standup@example.org",
			      "a b%\xc3"
			      "\xa4",
			      NULL);
	g_auto(GStrv) parts = directory_key_parts(key);
	g_auto(GStrv) wrong = directory_key_parts("a/%zz");

	g_assert_cmpstr(key, ==,
			"want/tokyo%2F1/standup@example.org/a%20b%25%C3%A4");
	g_assert_cmpuint(g_strv_length(parts), ==, 4);
	g_assert_cmpstr(parts[1], ==, "tokyo/1");
	g_assert_cmpstr(parts[3], ==, "a b%\xc3\xa4");
	g_assert_null(wrong);
}

/* ---- Outages, of the local one ---- */

static void cut_off_it_says_so_once_and_claims_are_lost(void)
{
	struct side a;
	struct holder holder;
	gint64 fence;

	side_open(&a, NULL);
	holder_open(&holder, &a, "owners/x", "a");
	wait_for(holder.held && a.lease);
	fence = holder.fence;
	directory_local_cut(a.dir, TRUE);
	g_assert_cmpint(directory_claim_fence(holder.claim), ==, 0);
	wait_for(!a.up && holder.lost);
	g_assert_false(a.lease);
	g_assert_nonnull(a.why);
	let_pass(20);
	g_assert_cmpuint(a.downs, ==, 1);
	directory_local_cut(a.dir, FALSE);
	wait_for(a.up && a.lease && holder.held == 2);
	g_assert_cmpint(holder.fence, ==, fence);
	directory_release(&holder.claim);
	side_close(&a);
}

static void what_went_meanwhile_is_told_after_an_outage(void)
{
	struct side a, b;
	struct ear ear;

	side_open(&a, NULL);
	side_open(&b, &a);
	put(&a, NULL, "k/one", "1", NULL);
	put(&a, NULL, "k/two", "2", NULL);
	ear_open(&ear, &b, "k/");
	wait_for(ear.synced);
	directory_local_cut(b.dir, TRUE);
	put(&a, NULL, "k/one", NULL, NULL);
	put(&a, NULL, "k/three", "3", NULL);
	put(&b, NULL, "k/from-b", "b", NULL);
	let_pass(20);
	g_assert_cmpuint(g_hash_table_size(ear.values), ==, 2);
	directory_local_cut(b.dir, FALSE);
	wait_for(ear.synced == 2);
	g_assert_null(value_of(&ear, "k/one"));
	g_assert_cmpstr(value_of(&ear, "k/three"), ==, "3");
	g_assert_cmpstr(value_of(&ear, "k/from-b"), ==, "b");
	ear_close(&ear);
	side_close(&b);
	side_close(&a);
}

static void a_lease_that_ran_out_is_made_good(void)
{
	struct side a, b;
	struct holder first, second;
	struct ear ear;

	side_open(&a, NULL);
	side_open(&b, &a);
	ear_open(&ear, &b, "");
	directory_lease(a.dir, "sites/a", "1");
	holder_open(&first, &a, "owners/x", "a");
	wait_for(first.held && value_of(&ear, "sites/a"));
	holder_open(&second, &b, "owners/x", "b");
	directory_local_cut(a.dir, TRUE);
	wait_for(first.lost && !a.lease);
	g_assert_nonnull(value_of(&ear, "sites/a"));
	directory_local_expire(a.dir);
	wait_for(second.held && !value_of(&ear, "sites/a"));
	directory_local_cut(a.dir, FALSE);
	wait_for(a.lease && value_of(&ear, "sites/a"));
	let_pass(20);
	g_assert_cmpuint(first.held, ==, 1);
	directory_release(&second.claim);
	wait_for(first.held == 2);
	directory_release(&first.claim);
	ear_close(&ear);
	side_close(&b);
	side_close(&a);
}

/* ---- All ---- */

static const struct {
	const char *name;
	void (*func)(void);
	gboolean local_only;
} cases[] = {
	{ "a watch tells what is there and then each change",
	  a_watch_tells_what_is_there_and_then_each_change, FALSE },
	{ "a watch of nothing is synced too", a_watch_of_nothing_is_synced_too,
	  FALSE },
	{ "a thousand keys are told before synced",
	  a_thousand_keys_are_told_before_synced, FALSE },
	{ "a watch may end itself and is told nothing more",
	  a_watch_may_end_itself_and_is_told_nothing_more, FALSE },
	{ "writes take effect in order", writes_take_effect_in_order, FALSE },
	{ "a transaction is whole", a_transaction_is_whole, FALSE },
	{ "what cannot be written fails with a sentence",
	  what_cannot_be_written_fails_with_a_sentence, FALSE },
	{ "leased keys go with their process",
	  leased_keys_go_with_their_process, FALSE },
	{ "a claim is held by one and then by the next",
	  a_claim_is_held_by_one_and_then_by_the_next, FALSE },
	{ "a claim passes on when its process ends",
	  a_claim_passes_on_when_its_process_ends, FALSE },
	{ "a process may claim again what it lets go",
	  a_process_may_claim_again_what_it_lets_go, FALSE },
	{ "a claim taken by force is lost and claimed again",
	  a_claim_taken_by_force_is_lost_and_claimed_again, FALSE },
	{ "writes under a claim need it", writes_under_a_claim_need_it, FALSE },
	{ "writes that wait go before the claim does",
	  writes_that_wait_go_before_the_claim_does, FALSE },
	{ "figures count what was done", figures_count_what_was_done, FALSE },
	{ "keys are made of parts and taken apart",
	  keys_are_made_of_parts_and_taken_apart, FALSE },
	{ "cut off it says so once and claims are lost",
	  cut_off_it_says_so_once_and_claims_are_lost, TRUE },
	{ "what went meanwhile is told after an outage",
	  what_went_meanwhile_is_told_after_an_outage, TRUE },
	{ "a lease that ran out is made good",
	  a_lease_that_ran_out_is_made_good, TRUE },
};

static void run_case(const void *data)
{
	guint i = GPOINTER_TO_UINT(data);

	/* A world of its own in an etcd that others may use, too. */
	g_free(prefix);
	prefix = g_strdup_printf("test/%u/%" G_GINT64_FORMAT "/", i,
				 g_get_real_time());
	cases[i].func();
}

int main(int argc, char **argv)
{
	etcd_url = g_getenv("ETCD_URL");
	g_test_init(&argc, &argv, NULL);
	/* Outages are warned of, and are what is tried here. */
	g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path =
			g_strconcat("/directory/", cases[i].name, NULL);

		if (!etcd_url || !cases[i].local_only)
			g_test_add_data_func(path, GUINT_TO_POINTER(i),
					     run_case);
	}
	return g_test_run();
}
