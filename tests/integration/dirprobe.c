/* A process of a cluster, driven by lines on stdin: what the directory tells
 * it goes to stdout, one JSON object a line, with the time (CLOCK_MONOTONIC,
 * seconds) and the name of what happened. For etcd.py.
 *
 *   put KEY VALUE            done, or error
 *   remove KEY
 *   under CLAIM KEY VALUE    the same, under a claim
 *   lease KEY VALUE
 *   claim KEY VALUE
 *   release KEY
 *   watch KEYS
 *   fill KEYS N BYTES        N puts; one done at the end
 *   sleep MS                 blocks the main loop
 *   figures
 *   close                    also the end of stdin */
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bridge/directory/directory.h"

struct probe {
	struct directory *dir;
	GMainLoop *loop;
	GDataInputStream *in;
	GHashTable *claims; /* key to struct directory_claim */
};

struct request { /* a write, to time it */
	char *key;
	gint64 began;
	guint left;
};

static void say(const char *event, json_t *more)
{
	g_autofree char *text = NULL;

	json_object_set_new(more, "e", json_string(event));
	json_object_set_new(more, "at",
			    json_real((double)g_get_monotonic_time() / 1e6));
	text = json_dumps(more, JSON_COMPACT);
	puts(text);
	fflush(stdout);
	json_decref(more);
}

static void on_state(gboolean up, const char *why, void *arg)
{
	(void)arg;
	say("state", json_pack("{s:b, s:s?}", "up", up, "why", why));
}

static void on_lease(gboolean held, void *arg)
{
	(void)arg;
	say("lease", json_pack("{s:b}", "held", held));
}

static const char *key_of(struct probe *prb,
			  const struct directory_claim *claim)
{
	GHashTableIter iter;
	void *key, *value;

	g_hash_table_iter_init(&iter, prb->claims);
	while (g_hash_table_iter_next(&iter, &key, &value))
		if (value == claim)
			return key;
	return "?";
}

static void on_held(struct directory_claim *claim, gint64 fence, void *arg)
{
	say("held", json_pack("{s:s, s:I}", "key", key_of(arg, claim), "fence",
			      (json_int_t)fence));
}

static void on_lost(struct directory_claim *claim, void *arg)
{
	say("lost", json_pack("{s:s}", "key", key_of(arg, claim)));
}

static void on_changed(const char *key, const char *value, void *arg)
{
	(void)arg;
	say("changed", json_pack("{s:s, s:s?}", "key", key, "value", value));
}

static void on_synced(void *arg)
{
	(void)arg;
	say("synced", json_object());
}

static void on_done(const GError *error, void *arg)
{
	struct request *req = arg;
	gint64 us = g_get_monotonic_time() - req->began;

	req->left--;
	if (error || !req->left)
		say("done", json_pack("{s:s, s:s?, s:I}", "key", req->key,
				      "error", error ? error->message : NULL,
				      "us", (json_int_t)us));
	if (req->left)
		return;
	g_free(req->key);
	g_free(req);
}

static struct request *request(const char *key, guint n)
{
	struct request *req = g_new0(struct request, 1);

	req->key = g_strdup(key);
	req->began = g_get_monotonic_time();
	req->left = n;
	return req;
}

static void fill(struct probe *prb, const char *keys, guint n, gsize size)
{
	g_autofree char *value = g_strnfill(size, 'x');
	struct request *req = request(keys, n);

	for (guint i = 0; i < n; i++) {
		g_autofree char *key = g_strdup_printf("%s%u", keys, i);

		directory_put(prb->dir, NULL, key, value, on_done, req);
	}
}

static void claim(struct probe *prb, const char *key, const char *value)
{
	static const struct directory_claim_events events = {
		.held = on_held,
		.lost = on_lost,
	};

	g_hash_table_insert(
		prb->claims, g_strdup(key),
		directory_claim(prb->dir, key, value, &events, prb));
}

static void figures(struct probe *prb)
{
	struct directory_figures fig;

	directory_figures(prb->dir, &fig);
	say("figures",
	    json_pack("{s:b, s:i, s:I, s:I, s:I, s:i, s:s}", "up", fig.up,
		      "queue", (int)fig.queue, "outages",
		      (json_int_t)fig.outages, "resyncs",
		      (json_int_t)fig.resyncs, "writes", (json_int_t)fig.writes,
		      "round_trip_us", (int)fig.round_trip_us, "url", fig.url));
}

static void obey(struct probe *prb, GStrv word, guint n)
{
	static const struct directory_watch_events events = {
		.changed = on_changed,
		.synced = on_synced,
	};

	if (!strcmp(word[0], "put") && n == 3) {
		directory_put(prb->dir, NULL, word[1], word[2], on_done,
			      request(word[1], 1));
	} else if (!strcmp(word[0], "remove") && n == 2) {
		directory_put(prb->dir, NULL, word[1], NULL, on_done,
			      request(word[1], 1));
	} else if (!strcmp(word[0], "under") && n == 4) {
		directory_put(prb->dir,
			      g_hash_table_lookup(prb->claims, word[1]),
			      word[2], word[3], on_done, request(word[2], 1));
	} else if (!strcmp(word[0], "lease") && n == 3) {
		directory_lease(prb->dir, word[1], word[2]);
	} else if (!strcmp(word[0], "claim") && n == 3) {
		claim(prb, word[1], word[2]);
	} else if (!strcmp(word[0], "release") && n == 2) {
		struct directory_claim *old =
			g_hash_table_lookup(prb->claims, word[1]);

		say("released", json_pack("{s:s}", "key", word[1]));
		g_hash_table_remove(prb->claims, word[1]);
		directory_release(&old);
	} else if (!strcmp(word[0], "watch") && n == 2) {
		directory_watch(prb->dir, word[1], &events, prb);
	} else if (!strcmp(word[0], "fill") && n == 4) {
		fill(prb, word[1], (guint)atoi(word[2]), (gsize)atoi(word[3]));
	} else if (!strcmp(word[0], "sleep") && n == 2) {
		g_usleep((gulong)atoi(word[1]) * 1000);
	} else if (!strcmp(word[0], "figures") && n == 1) {
		figures(prb);
	} else {
		g_main_loop_quit(prb->loop);
	}
}

static void on_line(GObject *in, GAsyncResult *result, void *data)
{
	struct probe *prb = data;
	g_autofree char *line = g_data_input_stream_read_line_finish(
		G_DATA_INPUT_STREAM(in), result, NULL, NULL);
	g_auto(GStrv) word = g_strsplit(line ? line : "close", " ", 4);

	obey(prb, word, g_strv_length(word));
	if (g_main_loop_is_running(prb->loop))
		g_data_input_stream_read_line_async(prb->in, G_PRIORITY_DEFAULT,
						    NULL, on_line, prb);
}

int main(int argc, char **argv)
{
	static const struct directory_events events = {
		.state = on_state,
		.lease = on_lease,
	};
	g_auto(GStrv) urls = NULL;
	g_autofree char *user = NULL, *password = NULL, *prefix = NULL;
	g_autofree char *ca = NULL, *certificate = NULL, *key = NULL;
	int lease = 0;
	const GOptionEntry options[] = {
		{ "url", 0, 0, G_OPTION_ARG_STRING_ARRAY, &urls, "etcd", NULL },
		{ "user", 0, 0, G_OPTION_ARG_STRING, &user, "", NULL },
		{ "password", 0, 0, G_OPTION_ARG_STRING, &password, "", NULL },
		{ "ca", 0, 0, G_OPTION_ARG_STRING, &ca, "", NULL },
		{ "certificate", 0, 0, G_OPTION_ARG_STRING, &certificate, "",
		  NULL },
		{ "key", 0, 0, G_OPTION_ARG_STRING, &key, "", NULL },
		{ "prefix", 0, 0, G_OPTION_ARG_STRING, &prefix, "", NULL },
		{ "lease", 0, 0, G_OPTION_ARG_INT, &lease, "seconds", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GInputStream) in = g_unix_input_stream_new(0, FALSE);
	g_autoptr(GError) error = NULL;
	struct directory_config cfg = { 0 };
	struct probe prb = { 0 };

	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		g_error("%s", error->message);
	cfg = (struct directory_config){
		.urls = (const char *const *)urls,
		.user = user,
		.password = password,
		.ca = ca,
		.certificate = certificate,
		.key = key,
		.prefix = prefix,
		.lease_s = (guint)lease,
	};
	prb.loop = g_main_loop_new(NULL, FALSE);
	prb.in = g_data_input_stream_new(in);
	prb.claims =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	prb.dir = directory_open(&cfg, &events, &prb, &error);
	if (!prb.dir) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	g_data_input_stream_read_line_async(prb.in, G_PRIORITY_DEFAULT, NULL,
					    on_line, &prb);
	g_main_loop_run(prb.loop);
	directory_close(&prb.dir);
	g_hash_table_unref(prb.claims);
	g_object_unref(prb.in);
	g_main_loop_unref(prb.loop);
	return 0;
}
