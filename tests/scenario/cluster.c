/* Two bridges on one directory, with made-up sites and a clock that moves when
 * it is told to: the conferences and the cluster are the real ones. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "bridge/cluster.h"
#include "bridge/cluster_media.h"
#include "bridge/directory/local.h"
#include "bridge/room/floor.h"
#include "bridge/token.h"
#include "signaling/message.h"
#include "tests/scenario/caller.h"

#define ROOM	 "standup@conf.example.net"
#define SIDE	 "side@conf.example.net" /* of another account */
#define SECRET	 "a secret of thirty-two characters"
#define START_MS G_GINT64_CONSTANT(1795384170000) /* 22 November 2026 */

static gint64 clock_ms = START_MS;

/* ---- A bridge ---- */

struct posted {
	gint64 id;
	char *name;
	GBytes *mail;
};

struct bridge {
	const char *name, *account, *room;
	char *directory_path;
	struct directory *dir;
	struct conference_host host;
	struct conference *conf;
	struct cluster *cluster;
	gboolean reads;	   /* the mailbox */
	gboolean hangs;	   /* the post: nothing is ever sent */
	GPtrArray *posted; /* struct posted */
	guint told;	   /* of them, how they fared */
	GHashTable *done;  /* mail id => verdict, of mails that were later */
};

static gint64 now_ms(void *arg)
{
	(void)arg;
	return clock_ms;
}

static gint64 now_s(void *arg)
{
	(void)arg;
	return clock_ms / 1000;
}

static void free_posted(gpointer data)
{
	struct posted *post = data;

	g_free(post->name);
	g_bytes_unref(post->mail);
	g_free(post);
}

static void post(const struct store_post *pst, void *arg)
{
	struct bridge *br = arg;
	struct posted *post = g_new0(struct posted, 1);

	post->id = pst->id;
	post->name = g_strdup(pst->name);
	post->mail = g_bytes_ref(pst->mail);
	g_ptr_array_add(br->posted, post);
}

static void promise(const char *account, const struct document_answer *prm,
		    guint64 ticket, void *arg)
{
	struct bridge *br = arg;

	cluster_promise(br->cluster, account, prm, ticket);
}

static void answered(const char *account, const char *name, void *arg)
{
	struct bridge *br = arg;

	cluster_answered(br->cluster, account, name);
}

static void settled(const char *account, const char *id,
		    enum mail_verdict verdict, void *arg)
{
	struct bridge *br = arg;

	g_assert_cmpstr(account, ==, br->account);
	g_hash_table_insert(br->done, g_strdup(id), GINT_TO_POINTER(verdict));
}

static void owns(const char *account, gboolean reads, void *arg)
{
	struct bridge *br = arg;

	g_assert_cmpstr(account, ==, br->account);
	br->reads = reads;
}

static const struct cluster_host cluster_host = { .now_s = now_s,
						  .now_ms = now_ms,
						  .owns = owns };

static void state(gboolean up, const char *why, void *arg)
{
	struct bridge *br = arg;

	(void)why;
	if (br && br->cluster)
		cluster_connected(br->cluster, up);
}

static void lease(gboolean held, void *arg)
{
	(void)held;
	(void)arg;
}

static const struct directory_events directory_events = { .state = state,
							  .lease = lease };

/* bridge NULL: a site's. */
static struct directory *open_directory(struct directory *beside, void *bridge)
{
	const struct directory_config cfg = { .prefix = "ipsp/1/",
					      .lease_s = 2,
					      .beside = beside };
	GError *error = NULL;
	struct directory *dir =
		directory_open(&cfg, &directory_events, bridge, &error);

	g_assert_no_error(error);
	return dir;
}

static struct config *read_config(const struct bridge *br)
{
	g_autofree char *path =
		g_build_filename(br->directory_path, "bridge.conf", NULL);
	g_autofree char *text = g_strdup_printf(
		"[bridge]\nstate_directory = %s/state\n"
		"answers_per_address = 1000\nanswers_per_domain = 1000\n"
		"answers_per_room = 1000\n"
		"[mail %s]\nmailbox = maildir:/none\npost = smtp://none\n"
		"[room %s]\naccount = %s\ncapacity = 100\n"
		"moderators = chair@example.org\n",
		br->directory_path, br->account, br->room, br->account);
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	struct config *cfg;

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	cfg = config_load(path, problems);
	if (!cfg)
		g_error("%s", (char *)problems->pdata[0]);
	g_ptr_array_unref(problems);
	return cfg;
}

static struct document_owner *keeper(const char *account, void *arg)
{
	struct bridge *br = arg;

	return cluster_keeper(br->cluster, account);
}

/* For the room ROOM of the account "main", or SIDE of "side". */
static struct bridge *bridge_start(const char *name, const char *room,
				   struct directory *beside)
{
	struct bridge *br = g_new0(struct bridge, 1);
	g_autofree char *url = g_strdup_printf("https://%s.example", name);
	const struct cluster_config cfg = { .name = name,
					    .web_url = url,
					    .cluster_secret = SECRET,
					    .bitrate = 32000 };
	GError *error = NULL;

	br->name = name;
	br->room = room;
	br->account = strcmp(room, SIDE) ? "main" : "side";
	br->directory_path = g_dir_make_tmp("cluster-XXXXXX", NULL);
	br->posted = g_ptr_array_new_with_free_func(free_posted);
	br->done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	br->dir = open_directory(beside, br);
	br->cluster = cluster_create(&cfg, br->dir, &cluster_host, br);
	br->host = (struct conference_host){
		.now_ms = now_ms,
		.monotonic_ms = now_ms,
		.post = post,
		.media = &cluster_media_ops,
		.media_arg = cluster_media_of(br->cluster),
		.promise = promise,
		.answered = answered,
		.settled = settled,
		.keeper = keeper,
	};
	br->conf = conference_create(read_config(br), &br->host, br, &error);
	g_assert_no_error(error);
	cluster_join(br->cluster, br->conf);
	return br;
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

static void settle(void);

/* As kill -9: it says nothing any more, and its lease runs out. */
static void bridge_kill(struct bridge **brp)
{
	struct bridge *br = *brp;

	*brp = NULL;
	directory_local_cut(br->dir, TRUE);
	directory_local_expire(br->dir);
	settle();
	cluster_destroy(&br->cluster);
	conference_destroy(&br->conf);
	directory_close(&br->dir);
	remove_tree(br->directory_path);
	g_free(br->directory_path);
	g_ptr_array_unref(br->posted);
	g_hash_table_unref(br->done);
	g_free(br);
}

static void report_posts(struct bridge *br)
{
	while (!br->hangs && br->told < br->posted->len) {
		const struct posted *one = br->posted->pdata[br->told++];

		conference_posted(br->conf, one->id, POST_SENT, NULL);
	}
}

/* ---- A site ---- */

struct site {
	const char *name;
	guint gates, size, run;
	struct directory *dir;
	struct directory_watch *watch;
	GHashTable *wants; /* key => value */
	gboolean deaf;	   /* it confirms nothing */
	gboolean draining;
};

static void confirm_hub(struct site *site, const struct document_name *name,
			const char *value)
{
	struct document_name status = *name;
	struct document_want_hub want;
	g_autofree char *key = NULL;
	g_autofree char *text = NULL;

	status.kind = DOCUMENT_STATUS_HUB;
	key = document_key(&status);
	if (value && !site->deaf) {
		struct document_status_hub doc = { 0 };

		g_assert_true(document_read(DOCUMENT_WANT_HUB, &want, value,
					    strlen(value), NULL));
		doc.plan = want.plan;
		document_clear(DOCUMENT_WANT_HUB, &want);
		text = document_write(DOCUMENT_STATUS_HUB, &doc);
	}
	directory_lease(site->dir, key, text);
}

static char *status_key(const struct site *site, const char *room,
			const char *did, guint k)
{
	struct document_name name = { .kind = DOCUMENT_STATUS_SESSION, .k = k };

	g_strlcpy(name.room, room, sizeof(name.room));
	g_strlcpy(name.site, site->name, sizeof(name.site));
	g_strlcpy(name.did, did, sizeof(name.did));
	return document_key(&name);
}

static void site_status_in(struct site *site, const char *room, const char *did,
			   guint k, const char *path, enum document_gone gone)
{
	struct document_status_session doc = { .gone = gone };
	g_autofree char *key = status_key(site, room, did, k);
	g_autofree char *text = NULL;

	if (path) {
		g_strlcpy(doc.path, path, sizeof(doc.path));
		doc.since = *path ? clock_ms / 1000 : 0;
		text = document_write(DOCUMENT_STATUS_SESSION, &doc);
	}
	directory_lease(site->dir, key, text);
}

static void site_status(struct site *site, const char *did, guint k,
			const char *path, enum document_gone gone)
{
	site_status_in(site, ROOM, did, k, path, gone);
}

static void want_session(struct site *site, const struct document_name *name,
			 const char *value)
{
	struct document_want_session want;

	if (!value) {
		site_status_in(site, name->room, name->did, name->k, NULL, 0);
		return;
	}
	g_assert_true(document_read(DOCUMENT_WANT_SESSION, &want, value,
				    strlen(value), NULL));
	if (want.has_end && !site->deaf)
		site_status_in(site, name->room, name->did, name->k, "",
			       DOCUMENT_GONE_BYE);
}

static void want_changed(const char *key, const char *value, void *arg)
{
	struct site *site = arg;
	struct document_name name;

	g_assert_true(document_name(&name, key));
	if (value)
		g_hash_table_insert(site->wants, g_strdup(key),
				    g_strdup(value));
	else
		g_hash_table_remove(site->wants, key);
	if (name.kind == DOCUMENT_WANT_HUB)
		confirm_hub(site, &name, value);
	else
		want_session(site, &name, value);
}

static const struct directory_watch_events want_events = {
	.changed = want_changed,
};

static void site_register(struct site *site)
{
	struct document_worker worker = { .n_candidates = 1, .open = TRUE };
	struct document_site doc = { .n_workers = 1,
				     .workers = &worker,
				     .gates = site->gates,
				     .sessions_per_gate = site->size,
				     .draining = site->draining,
				     .release = "test",
				     .protocol_min = 1,
				     .protocol_max = 1 };
	g_autofree char *key = g_strconcat("sites/", site->name, NULL);
	g_autofree char *text = NULL;

	g_strlcpy(worker.candidates[0].transport, "udp", 4);
	g_strlcpy(worker.candidates[0].address, "192.0.2.1", 46);
	worker.candidates[0].port = 40000;
	g_strlcpy(doc.site, site->name, sizeof(doc.site));
	g_snprintf(doc.instance, sizeof(doc.instance), "%s-%u", site->name,
		   site->run);
	g_strlcpy(doc.host, site->name, sizeof(doc.host));
	text = document_write(DOCUMENT_SITE, &doc);
	directory_lease(site->dir, key, text);
}

static struct site *site_start(const char *name, guint gates,
			       struct directory *beside)
{
	struct site *site = g_new0(struct site, 1);
	g_autofree char *wants = g_strconcat("want/", name, "/", NULL);

	site->name = name;
	site->gates = gates;
	site->size = 5;
	site->wants =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	site->dir = open_directory(beside, NULL);
	site->watch = directory_watch(site->dir, wants, &want_events, site);
	site_register(site);
	return site;
}

static void site_close(struct site **sitep)
{
	struct site *site = *sitep;

	*sitep = NULL;
	directory_unwatch(&site->watch);
	directory_close(&site->dir);
	g_hash_table_unref(site->wants);
	g_free(site);
}

/* The want of a session; FALSE: there is none. */
static gboolean site_wants_in(const struct site *site, const char *room,
			      const char *did, guint k,
			      struct document_want_session *want_r)
{
	struct document_name name = { .kind = DOCUMENT_WANT_SESSION, .k = k };
	g_autofree char *key = NULL;
	const char *value;

	g_strlcpy(name.room, room, sizeof(name.room));
	g_strlcpy(name.site, site->name, sizeof(name.site));
	g_strlcpy(name.did, did, sizeof(name.did));
	key = document_key(&name);
	value = g_hash_table_lookup(site->wants, key);
	return value && document_read(DOCUMENT_WANT_SESSION, want_r, value,
				      strlen(value), NULL);
}

static gboolean site_wants(const struct site *site, const char *did, guint k,
			   struct document_want_session *want_r)
{
	return site_wants_in(site, ROOM, did, k, want_r);
}

static guint site_sessions(const struct site *site)
{
	GHashTableIter iter;
	const char *key;
	guint n = 0;

	g_hash_table_iter_init(&iter, site->wants);
	while (g_hash_table_iter_next(&iter, (void **)&key, NULL))
		n += strstr(key, "/s/") != NULL;
	return n;
}

/* ---- The world ---- */

struct world {
	struct directory *root; /* what all are beside */
	struct bridge *bridges[2];
	struct site *sites[4];
	guint n_sites, mails;
};

static struct world *here; /* settle() is called from everywhere */

static void idle(void)
{
	for (guint quiet = 0; quiet < 3;) {
		if (g_main_context_iteration(NULL, FALSE))
			quiet = 0;
		else
			quiet++;
	}
}

static void settle(void)
{
	for (guint turn = 0; turn < 8; turn++) {
		idle();
		for (guint i = 0; i < G_N_ELEMENTS(here->bridges); i++) {
			struct bridge *br = here->bridges[i];

			if (!br)
				continue;
			report_posts(br);
			cluster_run(br->cluster);
		}
	}
	idle();
}

static void pass(guint ms)
{
	for (; ms; ms -= MIN(ms, 250)) {
		clock_ms += MIN(ms, 250);
		for (guint i = 0; i < G_N_ELEMENTS(here->bridges); i++)
			if (here->bridges[i])
				conference_run(here->bridges[i]->conf);
		settle();
	}
}

static struct world *world_build(guint n_sites, guint gates, const char *second)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct world *wld = here = g_new0(struct world, 1);

	wld->root = open_directory(NULL, NULL);
	wld->n_sites = n_sites;
	for (guint i = 0; i < n_sites; i++)
		wld->sites[i] = site_start(names[i], gates, wld->root);
	idle();
	wld->bridges[0] = bridge_start("first", ROOM, wld->root);
	settle();
	wld->bridges[1] = bridge_start("second", second, wld->root);
	settle();
	g_assert_true(wld->bridges[0]->reads);
	return wld;
}

/* Both have the same room. */
static struct world *world_start(guint n_sites, guint gates)
{
	struct world *wld = world_build(n_sites, gates, ROOM);

	g_assert_false(wld->bridges[1]->reads);
	return wld;
}

static void world_end(struct world **wldp)
{
	struct world *wld = *wldp;

	*wldp = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(wld->bridges); i++)
		if (wld->bridges[i])
			bridge_kill(&wld->bridges[i]);
	for (guint i = 0; i < wld->n_sites; i++)
		site_close(&wld->sites[i]);
	directory_close(&wld->root);
	g_free(wld);
	here = NULL;
}

static struct caller *caller_of_room(const char *address, const char *room)
{
	g_autoptr(GHashTable) words = g_hash_table_new(g_str_hash, g_str_equal);

	g_hash_table_insert(words, (void *)"from", (void *)address);
	g_hash_table_insert(words, (void *)"room", (void *)room);
	return caller_invite(words, clock_ms / 1000);
}

static struct caller *caller_of(const char *address)
{
	return caller_of_room(address, ROOM);
}

/* What became of it once all is quiet. */
static enum mail_verdict show(struct world *wld, struct bridge *br,
			      const char *id, GBytes *mail)
{
	g_autofree char *next = g_strdup_printf("mail-%u", ++wld->mails);
	enum mail_verdict verdict;

	if (!id)
		id = next;
	verdict = conference_mail(br->conf, br->account, id, mail);
	settle();
	if (verdict == MAIL_LATER && g_hash_table_contains(br->done, id))
		verdict = (enum mail_verdict)GPOINTER_TO_INT(
			g_hash_table_lookup(br->done, id));
	return verdict;
}

/* The answer that was posted last. */
static void read_answer(const struct bridge *br, struct ipsp_message *msg_r)
{
	const struct posted *last = br->posted->pdata[br->posted->len - 1];
	GError *error = NULL;
	struct message *msg = message_parse(last->mail, NULL, &error);

	g_assert_no_error(error);
	g_assert_true(ipsp_decode(msg_r, msg->ipsp, &error));
	g_assert_no_error(error);
	message_free(msg);
}

static GPtrArray *members_of(const struct bridge *br)
{
	g_autoptr(GPtrArray) rooms = conference_rooms(br->conf);
	const GPtrArray *members = room_members(rooms->pdata[0]);
	GPtrArray *copy = g_ptr_array_new();

	for (guint i = 0; i < members->len; i++)
		g_ptr_array_add(copy, members->pdata[i]);
	return copy;
}

static struct member *only_member(const struct bridge *br)
{
	g_autoptr(GPtrArray) members = members_of(br);

	g_assert_cmpuint(members->len, ==, 1);
	return members->pdata[0];
}

static struct site *site_named(struct world *wld, const char *name)
{
	for (guint i = 0; i < wld->n_sites; i++)
		if (!strcmp(wld->sites[i]->name, name))
			return wld->sites[i];
	g_assert_not_reached();
}

/* Somebody mails, is answered, and registers at his place; *place_r and
 * *standby_r are the sites of the OK. */
static struct caller *join(struct world *wld, struct bridge *br,
			   const char *address, struct site **place_r,
			   struct site **standby_r)
{
	struct caller *call = caller_of(address);
	struct ipsp_message ok;

	g_assert_cmpint(show(wld, br, NULL, call->mail), ==, MAIL_DONE);
	read_answer(br, &ok);
	g_assert_cmpint(ok.method, ==, IPSP_OK);
	g_assert_cmpuint(ok.n_gates, ==, 2);
	/* A gate is called by its site: "a-1". */
	ok.gates[0].id[1] = ok.gates[1].id[1] = '\0';
	*place_r = site_named(wld, ok.gates[0].id);
	*standby_r = site_named(wld, ok.gates[1].id);
	site_status(*place_r, call->did, 0, "192.0.2.9:5004", 0);
	settle();
	return call;
}

/* ---- What is tested ---- */

static void who_mails_gets_a_place_and_a_standby_at_another_site(void)
{
	struct world *wld = world_start(2, 2);
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);

	g_assert_true(place != standby);
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_false(want.standby);
	g_assert_true(want.has_alternate);
	g_assert_cmpuint(want.alternate.k, ==, 1);
	g_assert_true(site_wants(standby, call->did, 1, &want));
	g_assert_true(want.standby);
	g_assert_cmpint(only_member(wld->bridges[0])->state, ==, MEMBER_HERE);
	caller_free(call);
	world_end(&wld);
}

static void nothing_is_answered_before_all_can_know_it(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	struct caller *call = caller_of("ann@example.org");

	g_assert_cmpint(conference_mail(br->conf, "main", "1", call->mail), ==,
			MAIL_LATER);
	g_assert_cmpuint(br->posted->len, ==, 0);
	g_assert_false(g_hash_table_contains(br->done, "1"));
	settle();
	g_assert_true(g_hash_table_contains(br->done, "1"));
	g_assert_cmpuint(br->posted->len, ==, 1);
	caller_free(call);
	world_end(&wld);
}

static void what_the_owner_promised_his_successor_posts(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *heir = wld->bridges[1];
	struct caller *call = caller_of("ann@example.org");
	g_autoptr(GBytes) first = NULL;
	g_autofree char *name = NULL;
	const struct posted *one;

	wld->bridges[0]->hangs = TRUE;
	g_assert_cmpint(show(wld, wld->bridges[0], "1", call->mail), ==,
			MAIL_DONE);
	one = wld->bridges[0]->posted->pdata[0];
	first = g_bytes_ref(one->mail);
	name = g_strdup(one->name);
	bridge_kill(&wld->bridges[0]);
	settle();
	g_assert_true(heir->reads);
	pass(1000);
	g_assert_cmpuint(heir->posted->len, ==, 1);
	one = heir->posted->pdata[0];
	g_assert_cmpstr(one->name, ==, name);
	g_assert_true(g_bytes_equal(one->mail, first));
	/* The mail itself, once more: it is known. */
	g_assert_cmpint(show(wld, heir, "1", call->mail), ==, MAIL_DONE);
	g_assert_cmpuint(heir->posted->len, ==, 1);
	/* And its dialog, in another mail: the same answer. */
	g_assert_cmpint(show(wld, heir, "2", call->mail), ==, MAIL_DONE);
	g_assert_cmpuint(heir->posted->len, ==, 2);
	one = heir->posted->pdata[1];
	g_assert_true(g_bytes_equal(one->mail, first));
	g_assert_cmpint(only_member(heir)->state, ==, MEMBER_INVITED);
	caller_free(call);
	world_end(&wld);
}

static void what_was_posted_is_not_posted_again(void)
{
	struct world *wld = world_start(2, 2);
	struct site *place, *standby;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);

	bridge_kill(&wld->bridges[0]);
	pass(2000);
	g_assert_true(wld->bridges[1]->reads);
	g_assert_cmpuint(wld->bridges[1]->posted->len, ==, 0);
	caller_free(call);
	world_end(&wld);
}

static void a_call_goes_on_under_the_next_owner(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *heir = wld->bridges[1];
	struct site *place, *standby;
	struct document_want_session want, before;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);
	struct member *mem;

	g_assert_true(site_wants(place, call->did, 0, &before));
	bridge_kill(&wld->bridges[0]);
	pass(10000);
	mem = only_member(heir);
	g_assert_cmpint(mem->state, ==, MEMBER_HERE);
	g_assert_cmpstr(mem->path, ==, "192.0.2.9:5004");
	/* His site was told nothing new. */
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_cmpstr(want.sealed, ==, before.sealed);
	g_assert_cmpuint(want.origin, ==, before.origin);
	/* The new owner's word counts. */
	g_assert_true(room_mute(mem->room, mem->id, "chair@example.org", NULL));
	settle();
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_true(want.muted);
	g_assert_true(room_kick(mem->room, mem->id, "chair@example.org",
				"enough", NULL));
	settle();
	g_assert_cmpuint(site_sessions(place), ==, 0);
	g_assert_cmpuint(site_sessions(standby), ==, 0);
	caller_free(call);
	world_end(&wld);
}

static void who_is_kicked_is_told_why_before_his_session_ends(void)
{
	struct world *wld = world_start(2, 2);
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);
	struct member *mem = only_member(wld->bridges[0]);

	/* It does not do what it is told. */
	place->deaf = TRUE;
	g_assert_true(room_kick(mem->room, mem->id, "chair@example.org",
				"enough", NULL));
	settle();
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_true(want.has_end);
	g_assert_cmpint(want.end.why, ==, DOCUMENT_END_KICKED);
	g_assert_cmpstr(want.end.text, ==, "enough");
	g_assert_cmpuint(site_sessions(standby), ==, 0);
	pass(CLUSTER_ENDING_MS);
	g_assert_false(site_wants(place, call->did, 0, &want));
	caller_free(call);
	world_end(&wld);
}

/* What a caller says in band, as his site writes it: the n-th. */
static void site_hears(struct site *site, const struct caller *call, guint32 n,
		       const char *json)
{
	struct document_status_session doc = {
		.path = "192.0.2.9:5004",
		.since = clock_ms / 1000,
		.heard = n,
		.n_hears = 1,
	};
	g_autofree char *key = status_key(site, ROOM, call->did, 0);
	g_autofree char *text = NULL;

	g_strlcpy(doc.hears[0].json, json, sizeof(doc.hears[0].json));
	text = document_write(DOCUMENT_STATUS_SESSION, &doc);
	directory_lease(site->dir, key, text);
	settle();
}

/* What the owner has said to him, the last. */
static void assert_said(struct site *site, const struct caller *call,
			guint32 said, const char *json)
{
	struct document_want_session want;

	settle();
	g_assert_true(site_wants(site, call->did, 0, &want));
	g_assert_cmpuint(want.said, ==, said);
	g_assert_cmpuint(want.n_says, >, 0);
	g_assert_cmpstr(want.says[want.n_says - 1].json, ==, json);
}

static void a_hand_is_up_and_gets_the_floor_under_the_next_owner(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *heir = wld->bridges[1];
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);
	struct member *mem = only_member(wld->bridges[0]);
	gint64 since;

	site_hears(place, call, 1, "{\"t\":\"hand\",\"on\":true}");
	since = mem->hand_ms;
	g_assert_cmpint(since, ==, clock_ms);
	assert_said(place, call, 1, "{\"t\":\"hand\",\"on\":true,\"place\":1}");
	g_assert_true(room_mute(mem->room, mem->id, "chair@example.org", NULL));
	settle();

	bridge_kill(&wld->bridges[0]);
	pass(10000);
	mem = only_member(heir);
	g_assert_cmpint(mem->hand_ms, ==, since);
	g_assert_true(floor_next(room_floor(mem->room), 60, "chair@example.org",
				 clock_ms, NULL));
	assert_said(place, call, 2, "{\"t\":\"floor\",\"on\":true,\"s\":60}");
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_false(want.muted);
	/* The same status again says nothing new. */
	site_hears(place, call, 1, "{\"t\":\"hand\",\"on\":true}");
	g_assert_cmpint(mem->hand_ms, ==, 0);
	pass(61000);
	assert_said(place, call, 3,
		    "{\"t\":\"floor\",\"on\":false,\"why\":\"time\"}");
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_true(want.muted);
	caller_free(call);
	world_end(&wld);
}

static void who_is_asked_to_unmute_answers_through_his_site(void)
{
	struct world *wld = world_start(2, 2);
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);
	struct member *mem = only_member(wld->bridges[0]);

	room_mute(mem->room, mem->id, "chair@example.org", NULL);
	g_assert_true(room_ask_unmute(mem->room, mem->id, "chair@example.org",
				      clock_ms, NULL));
	assert_said(place, call, 1, "{\"t\":\"ask-unmute\",\"n\":1}");
	site_hears(place, call, 1, "{\"t\":\"answer\",\"n\":1,\"yes\":true}");
	g_assert_false(mem->muted);
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_false(want.muted);
	/* What is said long ago is not written again. */
	pass(11000);
	room_mute(mem->room, mem->id, "chair@example.org", NULL);
	settle();
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_cmpuint(want.said, ==, 1);
	g_assert_cmpuint(want.n_says, ==, 0);
	caller_free(call);
	world_end(&wld);
}

/* ---- Sites die ---- */

static void kill_site(struct world *wld, struct site *site)
{
	(void)wld;
	directory_local_cut(site->dir, TRUE);
	directory_local_expire(site->dir);
	settle();
}

static void who_goes_to_his_standby_is_in_the_room_once(void)
{
	struct world *wld = world_start(3, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);
	const guint32 id = only_member(br)->id;

	kill_site(wld, place);
	site_status(standby, call->did, 1, "192.0.2.9:5004", 0);
	settle();
	g_assert_cmpuint(only_member(br)->id, ==, id);
	g_assert_true(g_str_has_prefix(only_member(br)->gate, standby->name));
	g_assert_true(site_wants(standby, call->did, 1, &want));
	g_assert_false(want.standby);
	/* He is told the third site, by the next number. */
	g_assert_true(want.has_alternate);
	g_assert_cmpuint(want.alternate.k, ==, 2);
	pass(60000);
	g_assert_cmpuint(only_member(br)->id, ==, id);
	caller_free(call);
	world_end(&wld);
}

/* Two sites tell their halves of it, in any order. */
static void who_has_moved_is_not_gone(void)
{
	struct world *wld = world_start(3, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);
	const guint32 id = only_member(br)->id;

	site_status(place, call->did, 0, "", DOCUMENT_GONE_MOVED);
	pass(5000);
	g_assert_cmpuint(only_member(br)->id, ==, id);
	site_status(standby, call->did, 1, "192.0.2.9:5004", 0);
	settle();
	g_assert_true(g_str_has_prefix(only_member(br)->gate, standby->name));
	pass(60000);
	g_assert_cmpuint(only_member(br)->id, ==, id);
	caller_free(call);
	world_end(&wld);
}

static void who_does_not_come_to_his_standby_is_gone_in_the_end(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);
	g_autoptr(GPtrArray) left = NULL;

	pass(6000); /* patience with sites ends */
	kill_site(wld, place);
	pass(30000);
	g_assert_nonnull(only_member(br));
	pass(10000);
	left = members_of(br);
	g_assert_cmpuint(left->len, ==, 0);
	g_assert_cmpuint(site_sessions(standby), ==, 0);
	caller_free(call);
	world_end(&wld);
}

static void a_site_that_was_away_for_a_moment_has_lost_nothing(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct document_want_session want, before;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);

	pass(6000);
	g_assert_true(site_wants(place, call->did, 0, &before));
	kill_site(wld, place);
	pass(500);
	directory_local_cut(place->dir, FALSE);
	settle();
	pass(40000);
	g_assert_cmpint(only_member(br)->state, ==, MEMBER_HERE);
	g_assert_true(site_wants(place, call->did, 0, &want));
	caller_free(call);
	world_end(&wld);
}

static void a_standby_that_dies_is_replaced(void)
{
	struct world *wld = world_start(3, 2);
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);

	pass(6000);
	kill_site(wld, standby);
	pass(2000);
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_true(want.has_alternate);
	g_assert_cmpuint(want.alternate.k, ==, 2);
	g_assert_false(g_str_has_prefix(want.alternate.gate.id, standby->name));
	caller_free(call);
	world_end(&wld);
}

static void a_standby_at_a_site_that_drains_is_replaced(void)
{
	struct world *wld = world_start(3, 2);
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);

	standby->draining = TRUE;
	site_register(standby);
	pass(3000);
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_true(want.has_alternate);
	g_assert_cmpuint(want.alternate.k, ==, 2);
	g_assert_false(g_str_has_prefix(want.alternate.gate.id, standby->name));
	/* Nothing is wanted of it any more, not even a hub. */
	g_assert_cmpuint(g_hash_table_size(standby->wants), ==, 0);
	caller_free(call);
	world_end(&wld);
}

/* As the site does each few seconds of a call. */
static void site_measures(struct site *site, const char *room, const char *did,
			  const char *path, double rtt_ms)
{
	struct document_status_session doc = { .since = clock_ms / 1000,
					       .has_figures = TRUE };
	g_autofree char *key = status_key(site, room, did, 0);
	g_autofree char *text = NULL;

	g_strlcpy(doc.path, path, sizeof(doc.path));
	doc.figures.round_trip_ms = rtt_ms;
	text = document_write(DOCUMENT_STATUS_SESSION, &doc);
	directory_lease(site->dir, key, text);
	settle();
}

static void the_next_owner_knows_how_far_callers_are(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *heir = wld->bridges[1];
	struct site *place, *standby;
	struct caller *ann =
		join(wld, wld->bridges[0], "ann@example.org", &place, &standby);
	g_autoptr(GHashTable) words = g_hash_table_new(g_str_hash, g_str_equal);
	struct caller *bob;
	struct ipsp_message ok;

	site_measures(place, ROOM, ann->did, "192.0.2.9:5004", 200);
	/* In a room of which neither knows. */
	site_measures(standby, "else@conf.example.net",
		      "MDEyMzQ1Njc4OTAxMjM0NQ", "192.0.2.77:5004", 10);
	bridge_kill(&wld->bridges[0]);
	pass(10000);
	g_assert_true(heir->reads);
	g_hash_table_insert(words, (void *)"from", (void *)"bob@example.org");
	g_hash_table_insert(words, (void *)"at", (void *)"192.0.2.10");
	bob = caller_invite(words, clock_ms / 1000);
	g_assert_cmpint(show(wld, heir, NULL, bob->mail), ==, MAIL_DONE);
	read_answer(heir, &ok);
	/* Not beside her. */
	g_assert_true(g_str_has_prefix(ok.gates[0].id, standby->name));
	caller_free(ann);
	caller_free(bob);
	world_end(&wld);
}

/* ---- Tools ---- */

#define TOKEN "a-token-of-a-tool"
/* 28 bytes: those of 0, 1, 2... */
#define OFFERED_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="
#define OFFER                                                                  \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\n"                          \
	"c=IN IP4 192.0.2.77\r\nt=0 0\r\nm=audio 6000 RTP/SAVP 111\r\n"        \
	"a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\na=recvonly\r\n"            \
	"a=crypto:1 AEAD_AES_128_GCM inline:" OFFERED_KEY "\r\n"

/* As `ipsp-bridge token` does, beside the bridge that runs. */
static void give_token(const struct bridge *br)
{
	g_autofree char *path =
		g_build_filename(br->directory_path, "state/bridge.db", NULL);
	struct store_token token = { .room = (char *)ROOM,
				     .role = STORE_ROLE_MEMBER,
				     .name = (char *)"recorder",
				     .uses = -1,
				     .expires = clock_ms / 1000 + 86400 };
	GError *error = NULL;
	struct store *sto = store_open(path, &error);

	g_assert_no_error(error);
	token_digest(TOKEN, token.digest);
	g_assert_true(store_add_token(sto, &token, clock_ms / 1000, NULL));
	store_close(&sto);
}

static void tool_posts(struct bridge *br, struct whip_answer *answer_r)
{
	struct sockaddr_storage peer = { .ss_family = AF_INET };
	const struct whip_join join = { .room = ROOM,
					.token = TOKEN,
					.offer = OFFER,
					.size = strlen(OFFER),
					.peer = &peer,
					.tls = TRUE };

	memset(answer_r, 0, sizeof(*answer_r));
	conference_tool_join(br->conf, &join, answer_r);
	settle();
}

static void answer_clear(struct whip_answer *answer)
{
	g_free(answer->text);
	g_free(answer->session);
	g_free(answer->bridge);
}

static guint tool_leaves(struct bridge *br, const char *session)
{
	struct whip_answer answer = { 0 };

	conference_tool_leave(br->conf,
			      &(struct whip_leave){ ROOM, session, TOKEN },
			      &answer);
	answer_clear(&answer);
	settle();
	return answer.status;
}

/* Posts its offer at the first bridge; *session_r is the caller's to free. */
static struct site *tool_joins(struct world *wld, char **session_r)
{
	struct whip_answer answer;
	struct site *place = NULL;

	give_token(wld->bridges[0]);
	tool_posts(wld->bridges[0], &answer);
	g_assert_cmpuint(answer.status, ==, 201);
	/* Of the site's, not of the bridge. */
	g_assert_nonnull(strstr(answer.text, "c=IN IP4 192.0.2.1\r\n"));
	g_assert_nonnull(strstr(answer.text, "m=audio 40000 "));
	for (guint i = 0; i < wld->n_sites; i++)
		if (site_sessions(wld->sites[i]))
			place = wld->sites[i];
	g_assert_nonnull(place);
	*session_r = g_strdup(answer.session);
	answer_clear(&answer);
	return place;
}

static void a_tool_sits_at_a_site_and_has_no_standby(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	g_autofree char *session = NULL;
	struct site *place = tool_joins(wld, &session);
	struct document_want_session want;
	struct member *mem = only_member(br);

	g_assert_cmpuint(site_sessions(wld->sites[0]) +
				 site_sessions(wld->sites[1]),
			 ==, 1);
	g_assert_true(site_wants(place, session, 0, &want));
	g_assert_true(want.has_tool);
	g_assert_false(want.has_alternate);
	g_assert_cmpstr(want.tool.address.address, ==, "192.0.2.77");
	g_assert_cmpuint(want.tool.address.port, ==, 6000);
	g_assert_cmpint(want.tool.suite, ==, SDP_AEAD_AES_128_GCM);
	g_assert_cmpint(want.tool.direction, ==, SDP_RECVONLY);
	g_assert_cmpuint(want.payload_type, ==, 111);
	/* What it sends with is for that site alone to read. */
	g_assert_null(strstr(want.sealed, "AAECAwQFBgcICQoL"));
	g_assert_cmpint(mem->state, ==, MEMBER_INVITED);
	site_status(place, session, 0, "192.0.2.77:6000", 0);
	settle();
	g_assert_cmpint(mem->state, ==, MEMBER_HERE);
	g_assert_cmpuint(tool_leaves(br, session), ==, 200);
	g_assert_cmpuint(site_sessions(place), ==, 0);
	g_assert_cmpuint(tool_leaves(br, session), ==, 404);
	world_end(&wld);
}

static void a_tool_is_sent_to_the_bridge_that_keeps_the_room(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *other = wld->bridges[1];
	struct whip_answer answer;

	/* Its token is known to one of them alone. */
	give_token(wld->bridges[0]);
	tool_posts(other, &answer);
	g_assert_cmpuint(answer.status, ==, 307);
	g_assert_cmpstr(answer.bridge, ==, "https://first.example");
	answer_clear(&answer);
	g_assert_cmpuint(tool_leaves(other, "whatever"), ==, 307);
	/* Nobody keeps it while the directory is away. */
	directory_local_cut(other->dir, TRUE);
	directory_local_cut(wld->bridges[0]->dir, TRUE);
	settle();
	tool_posts(wld->bridges[0], &answer);
	g_assert_cmpuint(answer.status, ==, 503);
	g_assert_cmpuint(answer.retry_s, >, 0);
	answer_clear(&answer);
	world_end(&wld);
}

static void a_tool_goes_on_under_the_next_owner(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *heir = wld->bridges[1];
	g_autofree char *session = NULL;
	struct site *place = tool_joins(wld, &session);
	struct document_want_session want, before;
	struct whip_answer answer;

	site_status(place, session, 0, "192.0.2.77:6000", 0);
	settle();
	g_assert_true(site_wants(place, session, 0, &before));
	bridge_kill(&wld->bridges[0]);
	pass(10000);
	g_assert_cmpint(only_member(heir)->state, ==, MEMBER_HERE);
	g_assert_cmpint(only_member(heir)->via, ==, MEMBER_BY_TOKEN);
	g_assert_true(site_wants(place, session, 0, &want));
	g_assert_cmpstr(want.sealed, ==, before.sealed);
	/* Written anew, it has the same keys still. */
	g_assert_true(room_mute(only_member(heir)->room, only_member(heir)->id,
				"chair@example.org", NULL));
	settle();
	g_assert_true(site_wants(place, session, 0, &want));
	g_assert_true(want.muted);
	g_assert_cmpmem(&want.tool, sizeof(want.tool), &before.tool,
			sizeof(before.tool));
	/* Of one address there is one: who posts again replaces it. */
	give_token(heir);
	tool_posts(heir, &answer);
	g_assert_cmpuint(answer.status, ==, 201);
	g_assert_cmpstr(answer.session, !=, session);
	g_assert_cmpstr(only_member(heir)->did, ==, answer.session);
	g_assert_cmpuint(tool_leaves(heir, answer.session), ==, 200);
	g_assert_cmpuint(site_sessions(place), ==, 0);
	answer_clear(&answer);
	world_end(&wld);
}

static void a_tool_is_gone_with_its_site(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	g_autofree char *session = NULL;
	struct site *place = tool_joins(wld, &session);
	g_autoptr(GPtrArray) left = NULL;

	site_status(place, session, 0, "192.0.2.77:6000", 0);
	settle();
	g_assert_cmpint(only_member(br)->state, ==, MEMBER_HERE);
	place->draining = TRUE;
	site_register(place);
	settle();
	left = members_of(br);
	g_assert_cmpuint(left->len, ==, 0);
	g_assert_cmpuint(site_sessions(place), ==, 0);
	world_end(&wld);
}

static void a_tool_whose_gate_another_owner_took_is_gone(void)
{
	struct world *wld = world_start(2, 2);
	g_autofree char *session = NULL;
	struct site *place = tool_joins(wld, &session);
	g_autoptr(GPtrArray) left = NULL;

	site_status(place, session, 0, "", DOCUMENT_GONE_FULL);
	settle();
	left = members_of(wld->bridges[0]);
	g_assert_cmpuint(left->len, ==, 0);
	g_assert_cmpuint(site_sessions(place), ==, 0);
	world_end(&wld);
}

/* ---- Room ---- */

static void the_sixty_first_of_sixty_gets_BUSY(void)
{
	struct world *wld = world_start(4, 3);
	struct bridge *br = wld->bridges[0];
	struct ipsp_message answer;

	for (guint i = 0; i <= 60; i++) {
		g_autofree char *address =
			g_strdup_printf("caller%u@example.org", i);
		struct caller *call = caller_of(address);

		g_assert_cmpint(show(wld, br, NULL, call->mail), ==, MAIL_DONE);
		read_answer(br, &answer);
		g_assert_cmpint(answer.method, ==,
				i < 60 ? IPSP_OK : IPSP_BUSY);
		caller_free(call);
	}
	/* Each has a place and a standby. */
	{
		guint all = 0;

		for (guint i = 0; i < wld->n_sites; i++)
			all += site_sessions(wld->sites[i]);
		g_assert_cmpuint(all, ==, 120);
	}
	world_end(&wld);
}

/* Neither knows of the other's when it decides. */
static void of_two_owners_of_the_last_gate_one_is_sent_elsewhere(void)
{
	struct world *wld = world_build(2, 1, SIDE);
	struct bridge *main = wld->bridges[0], *side = wld->bridges[1];
	struct caller *ann = caller_of("ann@example.org");
	struct caller *bob = caller_of_room("bob@example.org", SIDE);
	struct site *place = wld->sites[0], *standby = wld->sites[1];
	struct document_want_session want;
	struct member *mem;

	g_assert_true(side->reads);
	g_assert_cmpint(conference_mail(main->conf, "main", "1", ann->mail), ==,
			MAIL_LATER);
	g_assert_cmpint(conference_mail(side->conf, "side", "1", bob->mail), ==,
			MAIL_LATER);
	settle();
	g_assert_true(site_wants(place, ann->did, 0, &want));
	g_assert_true(site_wants_in(place, SIDE, bob->did, 0, &want));
	g_assert_false(want.standby);
	/* The site has one gate. */
	site_status_in(place, SIDE, bob->did, 0, "", DOCUMENT_GONE_FULL);
	settle();
	g_assert_false(site_wants_in(place, SIDE, bob->did, 0, &want));
	g_assert_true(site_wants_in(standby, SIDE, bob->did, 1, &want));
	g_assert_false(want.standby);
	mem = only_member(side);
	g_assert_true(g_str_has_prefix(mem->gate, standby->name));
	g_assert_cmpint(mem->state, ==, MEMBER_INVITED);
	/* Where his OK has sent him when the first does not answer. */
	site_status_in(standby, SIDE, bob->did, 1, "192.0.2.9:5004", 0);
	settle();
	g_assert_cmpint(mem->state, ==, MEMBER_HERE);
	g_assert_true(site_wants(place, ann->did, 0, &want));
	g_assert_cmpint(only_member(main)->state, ==, MEMBER_INVITED);
	caller_free(ann);
	caller_free(bob);
	world_end(&wld);
}

/* A room's hubs, as their sites are told: one root, and each other has one
 * parent that knows of it. */
static void check_tree(struct world *wld)
{
	guint hubs = 0, roots = 0, parents = 0, children = 0;

	for (guint i = 0; i < wld->n_sites; i++) {
		GHashTableIter iter;
		const char *key, *value;

		g_hash_table_iter_init(&iter, wld->sites[i]->wants);
		while (g_hash_table_iter_next(&iter, (void **)&key,
					      (void **)&value)) {
			struct document_want_hub hub;

			if (strstr(key, "/s/"))
				continue;
			g_assert_true(document_read(DOCUMENT_WANT_HUB, &hub,
						    value, strlen(value),
						    NULL));
			hubs++;
			roots += hub.root;
			for (guint k = 0; k < hub.n_trunks; k++) {
				parents += hub.trunks[k].role ==
					   DOCUMENT_TRUNK_PARENT;
				children += hub.trunks[k].role ==
					    DOCUMENT_TRUNK_CHILD;
			}
			document_clear(DOCUMENT_WANT_HUB, &hub);
		}
	}
	g_assert_cmpuint(hubs, ==, wld->n_sites);
	g_assert_cmpuint(roots, ==, 1);
	g_assert_cmpuint(parents, ==, hubs - 1);
	g_assert_cmpuint(children, ==, hubs - 1);
}

static void the_hubs_are_one_tree_and_stay_it_under_the_next_owner(void)
{
	struct world *wld = world_start(4, 1);
	struct caller *calls[20];
	g_autofree char *key = document_key(&(struct document_name){
		.kind = DOCUMENT_WANT_HUB, .site = "a", .room = ROOM });
	g_autofree char *first = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(calls); i++) {
		g_autofree char *address =
			g_strdup_printf("caller%u@example.org", i);
		struct site *place, *standby;

		calls[i] =
			join(wld, wld->bridges[0], address, &place, &standby);
	}
	pass(3000);
	check_tree(wld);
	first = g_strdup(g_hash_table_lookup(wld->sites[0]->wants, key));
	bridge_kill(&wld->bridges[0]);
	pass(8000);
	check_tree(wld);
	/* Not one trunk was made anew. */
	g_assert_cmpstr(first, ==,
			g_hash_table_lookup(wld->sites[0]->wants, key));
	for (guint i = 0; i < G_N_ELEMENTS(calls); i++)
		caller_free(calls[i]);
	world_end(&wld);
}

/* ---- Without the directory ---- */

static void without_the_directory_mails_wait_and_calls_go_on(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);
	struct caller *next = caller_of("bob@example.org");
	const guint answers = br->posted->len;
	g_autoptr(GError) error = NULL;

	/* All of it is down: nobody takes over. */
	directory_local_cut(wld->bridges[1]->dir, TRUE);
	directory_local_cut(place->dir, TRUE);
	directory_local_cut(standby->dir, TRUE);
	directory_local_cut(br->dir, TRUE);
	settle();
	g_assert_false(br->reads);
	/* No moderator is obeyed, and he is told so. */
	g_assert_false(room_kick(only_member(br)->room, only_member(br)->id,
				 "chair@example.org", NULL, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_NOT_KEPT);
	/* One that was on its way is not answered. */
	g_assert_cmpint(show(wld, br, "9", next->mail), ==, MAIL_AGAIN);
	g_assert_cmpuint(br->posted->len, ==, answers);
	pass(60000);
	g_assert_cmpint(only_member(br)->state, ==, MEMBER_HERE);
	g_assert_cmpuint(site_sessions(place), ==, 1);
	directory_local_cut(place->dir, FALSE);
	directory_local_cut(standby->dir, FALSE);
	directory_local_cut(br->dir, FALSE);
	settle();
	g_assert_true(br->reads);
	g_assert_cmpint(only_member(br)->state, ==, MEMBER_HERE);
	g_assert_cmpint(show(wld, br, "10", next->mail), ==, MAIL_DONE);
	caller_free(call);
	caller_free(next);
	world_end(&wld);
}

static void an_owner_that_was_cut_off_is_none_any_more(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);
	g_autoptr(GPtrArray) left = NULL;

	directory_local_cut(br->dir, TRUE);
	settle();
	g_assert_false(br->reads);
	directory_local_expire(br->dir);
	settle();
	g_assert_true(wld->bridges[1]->reads);
	directory_local_cut(br->dir, FALSE);
	settle();
	g_assert_false(br->reads);
	left = members_of(br);
	g_assert_cmpuint(left->len, ==, 0);
	g_assert_cmpint(only_member(wld->bridges[1])->state, ==, MEMBER_HERE);
	g_assert_cmpuint(site_sessions(place), ==, 1);
	caller_free(call);
	world_end(&wld);
}

static void empty_directory(struct world *wld, const struct site *site,
			    const char *did)
{
	g_autofree char *member = directory_key("members", ROOM, did, NULL);
	GHashTableIter iter;
	const char *key;

	directory_put(wld->root, NULL, member, NULL, NULL, NULL);
	g_hash_table_iter_init(&iter, site->wants);
	while (g_hash_table_iter_next(&iter, (void **)&key, NULL))
		directory_put(wld->root, NULL, key, NULL, NULL, NULL);
}

/* The sites keep what they had: they are not told in this world. */
static void what_a_directory_has_lost_its_owner_writes_again(void)
{
	struct world *wld = world_start(2, 2);
	struct bridge *br = wld->bridges[0];
	struct site *place, *standby;
	struct document_want_session want;
	struct caller *call =
		join(wld, br, "ann@example.org", &place, &standby);
	const guint32 id = only_member(br)->id;
	g_autofree char *answer = g_strconcat("ipsp-re.", call->did, NULL);
	g_autofree char *sent = g_strconcat(answer, ".sent", NULL);
	g_autofree char *answer_key =
		directory_key("answers", "main", answer, NULL);
	g_autofree char *sent_key =
		directory_key("answers", "main", sent, NULL);

	pass(3000);
	directory_local_cut(wld->bridges[1]->dir, TRUE);
	directory_local_cut(br->dir, TRUE);
	settle();
	empty_directory(wld, place, call->did);
	empty_directory(wld, standby, call->did);
	directory_put(wld->root, NULL, answer_key, NULL, NULL, NULL);
	directory_put(wld->root, NULL, sent_key, NULL, NULL, NULL);
	settle();
	g_assert_cmpuint(g_hash_table_size(place->wants), ==, 0);
	site_status(place, call->did, 0, "192.0.2.9:5004", 0);
	directory_local_cut(br->dir, FALSE);
	pass(3000);
	g_assert_true(br->reads);
	g_assert_cmpuint(only_member(br)->id, ==, id);
	g_assert_cmpint(only_member(br)->state, ==, MEMBER_HERE);
	g_assert_true(site_wants(place, call->did, 0, &want));
	g_assert_true(site_wants(standby, call->did, 1, &want));
	check_tree(wld);
	caller_free(call);
	world_end(&wld);
}

static GLogWriterOutput be_quiet(GLogLevelFlags level, const GLogField *fields,
				 gsize n, gpointer data)
{
	return level & G_LOG_FLAG_FATAL || g_getenv("CLUSTER_LOG")
		       ? g_log_writer_default(level, fields, n, data)
		       : G_LOG_WRITER_HANDLED;
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_FATAL_MASK);
	g_log_set_writer_func(be_quiet, NULL, NULL);
	message_init();
#define ADD(name) g_test_add_func("/cluster/" #name, name)
	ADD(who_mails_gets_a_place_and_a_standby_at_another_site);
	ADD(nothing_is_answered_before_all_can_know_it);
	ADD(what_the_owner_promised_his_successor_posts);
	ADD(what_was_posted_is_not_posted_again);
	ADD(a_call_goes_on_under_the_next_owner);
	ADD(who_is_kicked_is_told_why_before_his_session_ends);
	ADD(a_hand_is_up_and_gets_the_floor_under_the_next_owner);
	ADD(who_is_asked_to_unmute_answers_through_his_site);
	ADD(who_goes_to_his_standby_is_in_the_room_once);
	ADD(who_has_moved_is_not_gone);
	ADD(who_does_not_come_to_his_standby_is_gone_in_the_end);
	ADD(a_site_that_was_away_for_a_moment_has_lost_nothing);
	ADD(a_standby_that_dies_is_replaced);
	ADD(a_standby_at_a_site_that_drains_is_replaced);
	ADD(the_next_owner_knows_how_far_callers_are);
	ADD(a_tool_sits_at_a_site_and_has_no_standby);
	ADD(a_tool_is_sent_to_the_bridge_that_keeps_the_room);
	ADD(a_tool_goes_on_under_the_next_owner);
	ADD(a_tool_is_gone_with_its_site);
	ADD(a_tool_whose_gate_another_owner_took_is_gone);
	ADD(the_sixty_first_of_sixty_gets_BUSY);
	ADD(of_two_owners_of_the_last_gate_one_is_sent_elsewhere);
	ADD(the_hubs_are_one_tree_and_stay_it_under_the_next_owner);
	ADD(without_the_directory_mails_wait_and_calls_go_on);
	ADD(what_a_directory_has_lost_its_owner_writes_again);
	ADD(an_owner_that_was_cut_off_is_none_any_more);
#undef ADD
	return g_test_run();
}
