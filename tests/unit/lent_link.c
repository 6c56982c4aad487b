/* Two ends and a network in between that loses what it likes. */
#include "bridge/lent_link.h"

#include <string.h>

#include "bridge/directory/directory.h"
#include "signaling/ipsp.h"

#define SITE	"lent-AAAAAAAAAAAAAAAAAAAAAA.0"
#define STEP_MS 20

struct end {
	struct lent_link *link;
	struct end *other;
	GQueue on_the_way; /* to `other` */
	GHashTable *heard; /* key => value */
	guint puts, said;
};

struct net {
	struct end ends[2];
	GRand *chance;
	double loss;
	gint64 now_ms;
};

static void on_send(const char *json, void *arg)
{
	struct end *end = arg;

	g_assert_cmpuint(strlen(json), <=, IPSP_MAX_MESSAGE);
	end->said++;
	g_queue_push_tail(&end->on_the_way, g_strdup(json));
}

static void on_put(const char *key, const char *value, void *arg)
{
	struct end *end = arg;

	end->puts++;
	if (value)
		g_hash_table_insert(end->heard, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(end->heard, key);
}

static const struct lent_link_events events = { .send = on_send,
						.put = on_put };

static void set_up(struct net *net, double loss)
{
	*net = (struct net){ .chance = g_rand_new_with_seed(7),
			     .loss = loss,
			     .now_ms = 1000 };
	for (guint i = 0; i < 2; i++) {
		struct end *end = &net->ends[i];

		end->other = &net->ends[!i];
		g_queue_init(&end->on_the_way);
		end->heard = g_hash_table_new_full(g_str_hash, g_str_equal,
						   g_free, g_free);
		end->link = lent_link_create(SITE, &events, end);
	}
}

static void tear_down(struct net *net)
{
	for (guint i = 0; i < 2; i++) {
		lent_link_destroy(&net->ends[i].link);
		g_queue_clear_full(&net->ends[i].on_the_way, g_free);
		g_hash_table_unref(net->ends[i].heard);
	}
	g_rand_free(net->chance);
}

static void deliver(struct net *net, struct end *end)
{
	for (guint n = end->on_the_way.length; n; n--) {
		g_autofree char *json = g_queue_pop_head(&end->on_the_way);

		if (g_rand_double(net->chance) >= net->loss)
			g_assert_true(lent_link_message(end->other->link, json,
							strlen(json),
							net->now_ms));
	}
}

static void run(struct net *net, guint ms)
{
	for (guint i = 0; i < ms / STEP_MS; i++) {
		net->now_ms += STEP_MS;
		for (guint e = 0; e < 2; e++) {
			deliver(net, &net->ends[e]);
			lent_link_run(net->ends[e].link, net->now_ms);
		}
	}
}

static const char *heard(const struct end *end, const char *key)
{
	return g_hash_table_lookup(end->heard, key);
}

static void what_is_put_comes_and_goes(void)
{
	struct net net;
	struct end *a = &net.ends[0], *b = &net.ends[1];

	set_up(&net, 0);
	lent_link_put(a->link, "lent/secret", "s", net.now_ms);
	lent_link_put(a->link, "want/x", "two\nlines, Öl", net.now_ms);
	lent_link_put(b->link, "status/x", "", net.now_ms);
	run(&net, 100);
	g_assert_cmpstr(heard(b, "lent/secret"), ==, "s");
	g_assert_cmpstr(heard(b, "want/x"), ==, "two\nlines, Öl");
	g_assert_cmpstr(heard(a, "status/x"), ==, "");
	lent_link_put(a->link, "want/x", NULL, net.now_ms);
	run(&net, 100);
	g_assert_null(heard(b, "want/x"));
	tear_down(&net);
}

static void long_values_come_over_a_bad_line_whole_and_in_order(void)
{
	struct net net;
	struct end *a = &net.ends[0], *b = &net.ends[1];
	g_autofree char *value = g_strnfill(DIRECTORY_MAX_VALUE, 'x');
	g_autofree char *longer = g_strnfill(DIRECTORY_MAX_VALUE + 1, 'x');

	set_up(&net, 0.2);
	lent_link_put(a->link, "long", value, net.now_ms);
	lent_link_put(a->link, "longer", longer, net.now_ms);
	for (guint i = 0; i < 20; i++) {
		g_autofree char *key = g_strdup_printf("key-%u", i);

		lent_link_put(a->link, key, key, net.now_ms);
		lent_link_put(b->link, key, key, net.now_ms);
	}
	run(&net, 200 * 1000);
	g_assert_cmpstr(heard(b, "long"), ==, value);
	g_assert_null(heard(b, "longer"));
	g_assert_cmpuint(b->puts, ==, 21);
	g_assert_cmpuint(a->puts, ==, 20);
	g_assert_cmpstr(heard(b, "key-19"), ==, "key-19");
	tear_down(&net);
}

static void of_a_key_that_waits_only_the_newest_value_is_said(void)
{
	struct net net;
	struct end *a = &net.ends[0], *b = &net.ends[1];
	g_autofree char *large = g_strnfill(30000, 'x');

	set_up(&net, 0);
	lent_link_put(a->link, "large", large, net.now_ms);
	for (guint i = 0; i < 100; i++) {
		g_autofree char *text = g_strdup_printf("%u", i);

		lent_link_put(a->link, "count", text, net.now_ms);
	}
	run(&net, 2000);
	g_assert_cmpstr(heard(b, "count"), ==, "99");
	g_assert_cmpuint(b->puts, ==, 2);
	tear_down(&net);
}

static void who_has_nothing_to_say_says_so_each_second(void)
{
	struct net net;
	struct end *a = &net.ends[0], *b = &net.ends[1];

	set_up(&net, 0);
	g_assert_cmpint(lent_link_heard_ms(a->link), ==, 0);
	run(&net, 10000);
	g_assert_cmpuint(a->said, >=, 9);
	g_assert_cmpuint(a->said, <=, 11);
	g_assert_cmpint(net.now_ms - lent_link_heard_ms(a->link), <=, 1100);
	g_assert_cmpuint(b->puts, ==, 0);
	tear_down(&net);
}

static void strangers_words_change_nothing(void)
{
	static const char *const others[] = {
		"",
		"{}",
		"[]",
		"{\"t\":\"gate\"}",
		"{\"t\":\"gate\",\"s\":7,\"n\":1,\"d\":\"YQ\"}",
		"{\"t\":\"gate\",\"s\":\"lent-B.0\",\"n\":1,\"d\":\"YQ\"}",
		"{\"t\":\"self-mute\",\"on\":true}",
	};
	static const char *const ours[] = {
		"\"n\":1",
		"\"n\":1,\"d\":\"\"",
		"\"n\":1,\"d\":\"Y\"",
		"\"n\":1,\"d\":\"%%%%\"",
		"\"n\":2,\"d\":\"YQ\"",
		"\"n\":-1,\"d\":\"YQ\",\"a\":-1",
		"\"n\":1.5,\"d\":\"YQ\",\"a\":99",
		"\"n\":1,\"d\":\"AAAA\"", /* a zero in the text */
	};
	struct net net;
	struct end *a = &net.ends[0];

	set_up(&net, 0);
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		g_assert_false(lent_link_message(a->link, others[i],
						 strlen(others[i]), 1));
	g_assert_cmpint(lent_link_heard_ms(a->link), ==, 0);
	for (guint i = 0; i < G_N_ELEMENTS(ours); i++) {
		g_autofree char *json = g_strdup_printf(
			"{\"t\":\"gate\",\"s\":\"" SITE "\",%s}", ours[i]);

		g_assert_true(lent_link_message(a->link, json, strlen(json),
						net.now_ms));
	}
	g_assert_cmpuint(a->puts, ==, 0);
	tear_down(&net);
}

static void a_message_names_its_site(void)
{
	static const char one[] = "{\"t\":\"gate\",\"s\":\"" SITE "\",\"a\":0}";
	static const char none[] = "{\"t\":\"check\",\"s\":\"" SITE "\"}";
	g_autofree char *site = lent_link_site(one, strlen(one));

	g_assert_cmpstr(site, ==, SITE);
	g_assert_null(lent_link_site(none, strlen(none)));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lent_link/what is put comes and goes",
			what_is_put_comes_and_goes);
	g_test_add_func("/lent_link/long values come over a bad line whole and "
			"in order",
			long_values_come_over_a_bad_line_whole_and_in_order);
	g_test_add_func("/lent_link/of a key that waits only the newest value "
			"is said",
			of_a_key_that_waits_only_the_newest_value_is_said);
	g_test_add_func("/lent_link/who has nothing to say says so each second",
			who_has_nothing_to_say_says_so_each_second);
	g_test_add_func("/lent_link/strangers' words change nothing",
			strangers_words_change_nothing);
	g_test_add_func("/lent_link/a message names its site",
			a_message_names_its_site);
	return g_test_run();
}
