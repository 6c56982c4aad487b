#include "tests/scenario/world.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <string.h>

#include "bridge/room/expected.h"

#define START_MS G_GINT64_CONSTANT(1795384170000) /* 22 November 2026 */

static gint64 now_ms(void *arg)
{
	return ((struct world *)arg)->now_ms;
}

static gint64 monotonic_ms(void *arg)
{
	return ((struct world *)arg)->up_ms;
}

static void post(const struct store_post *pst, void *arg)
{
	struct world *wld = arg;
	struct world_mail *mail;

	g_queue_push_tail(&wld->under_way, g_memdup2(&pst->id, sizeof(gint64)));
	if (wld->post == POST_FAILS || wld->post == POST_REFUSES)
		return;
	mail = g_new0(struct world_mail, 1);
	mail->id = pst->id;
	mail->name = g_strdup(pst->name);
	mail->from = g_strdup(pst->envelope_from);
	mail->recipient = g_strdup(pst->recipient);
	mail->mail = g_bytes_ref(pst->mail);
	g_queue_push_tail(&wld->posted, mail);
}

static gboolean place(struct room *room, const struct ipsp_message *invite,
		      struct media_places *places_r, void *arg)
{
	struct world *wld = arg;

	(void)room;
	(void)invite;
	*places_r = (struct media_places){
		.n = 1,
		.at[0] = { .worker = 1, .gate = "local-1" },
	};
	return !wld->media_full;
}

static gboolean describe(const struct media_place *at, struct ipsp_gate *gate_r,
			 void *arg)
{
	(void)arg;
	memset(gate_r, 0, sizeof(*gate_r));
	g_strlcpy(gate_r->id, at->gate, sizeof(gate_r->id));
	gate_r->local = TRUE;
	gate_r->n_candidates = 1;
	g_strlcpy(gate_r->candidates[0].transport, "udp", 4);
	g_strlcpy(gate_r->candidates[0].address, "192.0.2.1", 46);
	gate_r->candidates[0].port = (guint16)(40000 + at->worker);
	return TRUE;
}

static gboolean open_session(struct member *mem,
			     const struct media_places *places,
			     const struct media_keys *keys,
			     const struct config_sound *sound, void *arg)
{
	struct world *wld = arg;
	struct world_session *ses = g_new0(struct world_session, 1);

	ses->member = mem->id;
	ses->did = g_strdup(keys->did);
	ses->keys = *keys->keys;
	ses->srtp = keys->srtp;
	ses->level_id = keys->level_id;
	ses->sound = *sound;
	ses->place = places->at[0];
	ses->muted = !member_may_speak(mem);
	ses->deaf = mem->held;
	g_ptr_array_add(wld->sessions, ses);
	return TRUE;
}

static gboolean browser(const struct media_place *at,
			const struct sockaddr_storage *remote,
			struct sdp_ice *ice_r, void *arg)
{
	struct sockaddr_in *address = (void *)&ice_r->candidates[0];

	(void)at;
	(void)remote;
	(void)arg;
	address->sin_family = AF_INET;
	address->sin_port = htons(40001);
	address->sin_addr.s_addr = htonl(0xc0000201);
	ice_r->n_candidates = 1;
	return TRUE;
}

static gboolean open_tool(struct member *mem, const struct media_place *at,
			  const struct media_tool *tool,
			  const struct config_sound *sound, void *arg)
{
	struct world *wld = arg;
	struct world_session *ses = g_new0(struct world_session, 1);

	(void)tool;
	ses->member = mem->id;
	ses->did = g_strdup(mem->did);
	ses->admitted = TRUE;
	ses->sound = *sound;
	ses->place = *at;
	ses->muted = !member_may_speak(mem);
	ses->deaf = mem->held;
	g_ptr_array_add(wld->sessions, ses);
	return TRUE;
}

static void close_session(struct member *mem, void *arg)
{
	struct world *wld = arg;
	struct world_session *ses = world_session(wld, mem->did);

	if (ses)
		g_ptr_array_remove(wld->sessions, ses);
}

static void admit(struct member *mem, void *arg)
{
	struct world_session *ses = world_session(arg, mem->did);

	g_assert_nonnull(ses);
	ses->admitted = TRUE;
}

static void mute(struct member *mem, gboolean muted, void *arg)
{
	struct world_session *ses = world_session(arg, mem->did);

	g_assert_nonnull(ses);
	ses->muted = muted;
}

static void deafen(struct member *mem, gboolean deaf, void *arg)
{
	struct world_session *ses = world_session(arg, mem->did);

	g_assert_nonnull(ses);
	ses->deaf = deaf;
}

static void set_volume(struct member *mem, void *arg)
{
	struct world_session *ses = world_session(arg, mem->did);

	g_assert_nonnull(ses);
	ses->volume = mem->volume;
}

static void tell(struct member *mem, const char *json, void *arg)
{
	struct world *wld = arg;

	/* Nobody can be told who has no session any more. */
	g_assert_nonnull(world_session(wld, mem->did));
	g_ptr_array_add(wld->told, g_strdup_printf("%s %s", mem->did, json));
}

static void levels(struct room *room, void *arg)
{
	(void)room;
	(void)arg;
}

static const struct media_ops media = {
	.place = place,
	.describe = describe,
	.open = open_session,
	.browser = browser,
	.open_tool = open_tool,
	.close = close_session,
	.admit = admit,
	.mute = mute,
	.deafen = deafen,
	.set_volume = set_volume,
	.tell = tell,
	.levels = levels,
};

static void free_session(gpointer data)
{
	struct world_session *ses = data;

	g_free(ses->did);
	g_free(ses);
}

void world_mail_free(gpointer data)
{
	struct world_mail *mail = data;

	g_free(mail->name);
	g_free(mail->from);
	g_free(mail->recipient);
	g_bytes_unref(mail->mail);
	g_free(mail);
}

struct world *world_create(void)
{
	struct world *wld = g_new0(struct world, 1);
	GKeyFile *cfg = g_key_file_new();
	g_autofree char *state = NULL;

	wld->directory = g_dir_make_tmp("scenario-XXXXXX", NULL);
	g_assert_nonnull(wld->directory);
	wld->now_ms = START_MS;
	wld->config = cfg;
	wld->sessions = g_ptr_array_new_with_free_func(free_session);
	wld->told = g_ptr_array_new_with_free_func(g_free);
	g_queue_init(&wld->posted);
	g_queue_init(&wld->under_way);
	wld->host = (struct conference_host){ .now_ms = now_ms,
					      .monotonic_ms = monotonic_ms,
					      .post = post,
					      .media = &media,
					      .media_arg = wld };
	state = g_build_filename(wld->directory, "state", NULL);
	g_key_file_set_string(cfg, "bridge", "state_directory", state);
	g_key_file_set_string(cfg, "mail main", "mailbox", "maildir:/none");
	g_key_file_set_string(cfg, "mail main", "post", "smtp://none");
	g_key_file_set_string(cfg, "room standup@conf.example.net", "account",
			      "main");
	g_key_file_set_string(cfg, "room standup@conf.example.net",
			      "moderators", "chair@example.org");
	return wld;
}

static struct config *read_config(struct world *wld)
{
	g_autofree char *path =
		g_build_filename(wld->directory, "bridge.conf", NULL);
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	struct config *cfg;

	g_assert_true(g_key_file_save_to_file(wld->config, path, NULL));
	cfg = config_load(path, problems);
	if (!cfg)
		g_error("%s", (char *)problems->pdata[0]);
	g_ptr_array_unref(problems);
	return cfg;
}

void world_configure(struct world *wld)
{
	struct config *cfg = read_config(wld);
	GError *error = NULL;

	if (wld->conf) {
		conference_configure(wld->conf, cfg);
		return;
	}
	wld->conf = conference_create(cfg, &wld->host, wld, &error);
	g_assert_no_error(error);
	conference_run(wld->conf);
	world_settle(wld);
}

void world_restart(struct world *wld)
{
	/* What is ended in memory only is what a crash leaves. */
	conference_destroy(&wld->conf);
	g_assert_cmpuint(wld->sessions->len, ==, 0);
	g_queue_clear_full(&wld->under_way, g_free);
	g_ptr_array_set_size(wld->told, 0);
	wld->up_ms = 0;
	world_configure(wld);
}

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	g_remove(path);
}

void world_destroy(struct world **wldp)
{
	struct world *wld = *wldp;

	*wldp = NULL;
	conference_destroy(&wld->conf);
	remove_tree(wld->directory);
	g_queue_clear_full(&wld->posted, world_mail_free);
	g_queue_clear_full(&wld->under_way, g_free);
	g_ptr_array_unref(wld->sessions);
	g_ptr_array_unref(wld->told);
	g_key_file_free(wld->config);
	g_free(wld->directory);
	g_free(wld);
}

gboolean world_mail(struct world *wld, const char *id, GBytes *mail)
{
	g_autofree char *next = g_strdup_printf("mail-%u", ++wld->mails_in);
	enum mail_verdict verdict =
		conference_mail(wld->conf, "main", id ? id : next, mail);

	world_settle(wld);
	return verdict == MAIL_DONE;
}

void world_settle(struct world *wld)
{
	static const enum post_result results[] = {
		[POST_WORKS] = POST_SENT,
		[POST_FAILS] = POST_RETRY,
		[POST_REFUSES] = POST_REFUSED,
	};
	gint64 *id;

	while (wld->post != POST_HANGS &&
	       (id = g_queue_pop_head(&wld->under_way))) {
		conference_posted(wld->conf, *id, results[wld->post],
				  "said the scenario");
		g_free(id);
	}
}

void world_pass(struct world *wld, guint seconds)
{
	while (seconds--) {
		wld->now_ms += 1000;
		wld->up_ms += 1000;
		conference_run(wld->conf);
		world_settle(wld);
	}
}

struct world_session *world_session(const struct world *wld, const char *did)
{
	for (guint i = 0; i < wld->sessions->len; i++) {
		struct world_session *ses = wld->sessions->pdata[i];

		if (!strcmp(ses->did, did))
			return ses;
	}
	return NULL;
}

static sqlite3 *open_database(const struct world *wld)
{
	g_autofree char *path =
		g_build_filename(wld->directory, "state", "bridge.db", NULL);
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	return db;
}

void world_break_store(struct world *wld, gboolean broken)
{
	sqlite3 *db = open_database(wld);
	const char *sql =
		broken ? "CREATE TRIGGER full BEFORE INSERT ON mail "
			 "BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
			 "CREATE TRIGGER full2 BEFORE UPDATE ON dialog "
			 "BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
			 "CREATE TRIGGER full3 BEFORE INSERT ON door "
			 "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
		       : "DROP TRIGGER full; DROP TRIGGER full2;"
			 "DROP TRIGGER full3";

	g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(db);
}

GPtrArray *world_set_aside(const struct world *wld)
{
	GPtrArray *reasons = g_ptr_array_new_with_free_func(g_free);
	sqlite3 *db = open_database(wld);
	sqlite3_stmt *stmt;

	g_assert_cmpint(sqlite3_prepare_v2(db,
					   "SELECT reason, file FROM set_aside "
					   "ORDER BY id",
					   -1, &stmt, NULL),
			==, SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		g_autofree char *path = g_build_filename(
			wld->directory, "state", "set-aside",
			(const char *)sqlite3_column_text(stmt, 1), NULL);

		g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
		g_ptr_array_add(
			reasons,
			g_strdup((const char *)sqlite3_column_text(stmt, 0)));
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return reasons;
}

char *world_called(const struct world *wld, const char *address)
{
	static const char *const words[] = {
		[EXPECTED_WAITING] = "waiting",
		[EXPECTED_DECLINED] = "declined",
		[EXPECTED_FAILED] = "failed",
	};
	GPtrArray *rooms = conference_rooms(wld->conf);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rooms->len; i++) {
		const GPtrArray *guests =
			expected_guests(room_expected(rooms->pdata[i]));

		if (strcmp(room_address(rooms->pdata[i]), address) != 0)
			continue;
		for (guint n = 0; n < guests->len; n++) {
			const struct expected_guest *guest = guests->pdata[n];

			g_string_append_printf(
				text, "%s%s %s", text->len ? ", " : "",
				guest->address, words[guest->state]);
		}
	}
	g_ptr_array_unref(rooms);
	return g_string_free(text, FALSE);
}

char *world_members(const struct world *wld, const char *address)
{
	GPtrArray *rooms = conference_rooms(wld->conf);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rooms->len; i++) {
		const GPtrArray *members = room_members(rooms->pdata[i]);

		if (strcmp(room_address(rooms->pdata[i]), address) != 0)
			continue;
		for (guint n = 0; n < members->len; n++) {
			const struct member *mem = members->pdata[n];

			g_string_append_printf(
				text, "%s%s %s%s%s%s", text->len ? ", " : "",
				mem->address,
				mem->state == MEMBER_HERE ? "here" : "invited",
				mem->muted ? " muted" : "",
				mem->held ? " held" : "",
				mem->role == ROLE_LISTENER ? " listener" : "");
		}
	}
	g_ptr_array_unref(rooms);
	return g_string_free(text, FALSE);
}
