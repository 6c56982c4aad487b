#include "bridge/bridge_private.h"

#include <string.h>

#include "bridge/cluster_media.h"
#include "bridge/config_fixed.h"
#include "bridge/logins.h"
#include "bridge/site_config.h"
#include "bridge/studio.h"
#include "bridge/token.h"
#include "bridge/web_config.h"

#define RUN_EVERY_MS	     1000
#define RUN_CLUSTER_EVERY_MS 200
#define LOGIN_LIFE_S	     600

static gint64 now_ms(void *arg)
{
	(void)arg;
	return g_get_real_time() / 1000;
}

static gint64 now_s(void *arg)
{
	return now_ms(arg) / 1000;
}

static gint64 monotonic_ms(void *arg)
{
	(void)arg;
	return g_get_monotonic_time() / 1000;
}

static void post(const struct store_post *pst, void *arg)
{
	struct bridge *br = arg;

	/* What is written while the program ends is posted by the next. */
	if (br->accounts)
		accounts_post(br->accounts, pst);
}

static enum mail_verdict account_mail(const char *account, const char *id,
				      GBytes *mail, void *arg)
{
	struct bridge *br = arg;

	return conference_mail(br->conf, account, id, mail);
}

static void account_posted(gint64 id, enum post_result result, const char *why,
			   void *arg)
{
	struct bridge *br = arg;

	/* While the program ends, what is on its way stays as it is. */
	if (br->conf)
		conference_posted(br->conf, id, result, why);
}

static char *account_position(const char *account, void *arg)
{
	struct bridge *br = arg;

	return conference_position(br->conf, account);
}

static void account_set_position(const char *account, const char *position,
				 void *arg)
{
	struct bridge *br = arg;

	conference_set_position(br->conf, account, position);
}

static const struct accounts_events accounts_events = {
	.mail = account_mail,
	.posted = account_posted,
	.position = account_position,
	.set_position = account_set_position,
};

static void media_to_websocket(guint32 connection, const guint8 *buf,
			       gsize size, void *arg)
{
	struct bridge *br = arg;

	if (br->web)
		web_media_send(br->web, connection, buf, size);
}

static void media_to_browser(struct member *mem, const char *json, void *arg)
{
	struct bridge *br = arg;

	if (br->web)
		web_tell(br->web, mem, json);
}

static const struct local_media_web local_media_web = {
	.websocket = media_to_websocket,
	.tell = media_to_browser,
};

static GPtrArray *web_rooms(void *arg)
{
	struct bridge *br = arg;

	/* Asked, too, while the conference closes its rooms for the last time.
	 */
	return br->conf ? conference_rooms(br->conf) : g_ptr_array_new();
}

static void web_mail_login(const char *address, const char *link,
			   gboolean japanese, void *arg)
{
	struct bridge *br = arg;

	conference_mail_login(br->conf, address, link, japanese, LOGIN_LIFE_S);
}

static gboolean web_is_operator(const char *address, void *arg)
{
	struct bridge *br = arg;

	return conference_is_operator(br->conf, address);
}

static gboolean web_token(const char *token, struct who *who_r, void *arg)
{
	struct bridge *br = arg;

	return token_moderates(conference_store(br->conf), token, now_s(NULL),
			       who_r);
}

static void web_audit(struct audit_row *row, void *arg)
{
	struct bridge *br = arg;

	conference_audit(br->conf, row);
}

static GPtrArray *web_audited(const char *room, gint64 before, guint limit,
			      void *arg)
{
	struct bridge *br = arg;

	return conference_audited(br->conf, room, before, limit);
}

static void web_session_opened(const struct login_session *ses, void *arg)
{
	struct bridge *br = arg;

	logins_opened(conference_store(br->conf), ses);
}

static void web_session_ended(const char *digest, void *arg)
{
	struct bridge *br = arg;

	logins_ended(conference_store(br->conf), digest);
}

static GPtrArray *web_recordings(const char *room, void *arg)
{
	struct bridge *br = arg;

	return studio_recordings(br->studio, room);
}

static char *web_recording_file(const char *id, const char *file, char **room_r,
				void *arg)
{
	struct bridge *br = arg;

	return studio_file(br->studio, id, file, room_r);
}

static GPtrArray *web_announcements(void *arg)
{
	struct bridge *br = arg;

	return studio_announcements(br->studio);
}

static gboolean web_media_packet(guint worker, guint32 connection,
				 const guint8 *buf, gsize size, void *arg)
{
	struct bridge *br = arg;

	return stages_websocket(bridge_stages(br), worker, connection, buf,
				size);
}

static void web_media_closed(guint worker, guint32 connection, void *arg)
{
	struct bridge *br = arg;

	/* The web listener is the last to go. */
	if (br->site || br->media)
		stages_websocket_closed(bridge_stages(br), worker, connection);
}

static void web_tool_join(const struct whip_join *join,
			  struct whip_answer *answer_r, void *arg)
{
	struct bridge *br = arg;

	conference_tool_join(br->conf, join, answer_r);
}

static void web_tool_patch(const struct whip_patch *patch,
			   struct whip_answer *answer_r, void *arg)
{
	struct bridge *br = arg;

	conference_tool_patch(br->conf, patch, answer_r);
}

static void web_tool_leave(const struct whip_leave *leave,
			   struct whip_answer *answer_r, void *arg)
{
	struct bridge *br = arg;

	conference_tool_leave(br->conf, leave, answer_r);
}

static void web_look(const char *token, gboolean open,
		     struct join_answer *answer_r, void *arg)
{
	struct bridge *br = arg;

	conference_look(br->conf, token, open, answer_r);
}

static struct member *web_member(const char *session, const char *token,
				 void *arg)
{
	struct bridge *br = arg;

	return br->conf ? conference_browser(br->conf, session, token) : NULL;
}

static void web_hear(struct member *mem, const char *json, gsize size,
		     void *arg)
{
	struct bridge *br = arg;

	conference_media_events.message(mem->id, json, size, br->conf);
}

static const struct web_host web_host = {
	.rooms = web_rooms,
	.topology = bridge_topology,
	.cluster = bridge_cluster,
	.mail_login = web_mail_login,
	.token = web_token,
	.audit = web_audit,
	.audited = web_audited,
	.sessions = { .opened = web_session_opened,
		      .ended = web_session_ended },
	.recordings = web_recordings,
	.recording_file = web_recording_file,
	.announcements = web_announcements,
	.media_packet = web_media_packet,
	.media_closed = web_media_closed,
	.metrics = bridge_metrics,
	.is_ready = bridge_is_ready,
	.is_operator = web_is_operator,
	.overview = bridge_overview,
	.tools = { .join = web_tool_join,
		   .patch = web_tool_patch,
		   .leave = web_tool_leave },
	.people = { .look = web_look, .member = web_member, .hear = web_hear },
};

static gboolean open_web(struct bridge *br, const struct config *cfg,
			 GError **error)
{
	struct web_config web;

	if (!cfg->web_address)
		return TRUE;
	web_config_read(cfg, &web);
	web.files = cfg->web_files;
	br->web = web_create(&web, &web_host, br, error);
	return br->web != NULL;
}

/* In a cluster. */

static void directory_state(gboolean up, const char *why, void *arg)
{
	struct bridge *br = arg;

	br->directory_since = now_s(NULL);
	g_free(br->directory_why);
	br->directory_why = g_strdup(why);
	site_connected(br->site, up);
	if (br->cluster)
		cluster_connected(br->cluster, up);
}

static void directory_lease_held(gboolean held, void *arg)
{
	(void)arg;
	if (!held)
		g_warning("bridge: the cluster takes this bridge for dead; "
			  "calls here go on");
}

static const struct directory_events directory_events = {
	.state = directory_state,
	.lease = directory_lease_held,
};

static const struct site_events site_events = {
	.websocket = media_to_websocket,
};

gboolean bridge_leave(struct bridge *br)
{
	br->leaving = TRUE;
	if (!br->cluster)
		return FALSE;
	g_clear_handle_id(&br->cluster_timer, g_source_remove);
	accounts_read_none(br->accounts);
	cluster_destroy(&br->cluster);
	site_drain(br->site);
	return TRUE;
}

gboolean bridge_is_left(const struct bridge *br)
{
	return site_is_empty(br->site);
}

static void cluster_owns_account(const char *account, gboolean owns, void *arg)
{
	struct bridge *br = arg;

	accounts_read(br->accounts, account, owns);
}

static const struct cluster_host cluster_host = {
	.now_s = now_s,
	.now_ms = monotonic_ms,
	.owns = cluster_owns_account,
};

static void host_promise(const char *account, const struct document_answer *prm,
			 guint64 ticket, void *arg)
{
	struct bridge *br = arg;

	cluster_promise(br->cluster, account, prm, ticket);
}

static void host_answered(const char *account, const char *name, void *arg)
{
	struct bridge *br = arg;

	if (br->cluster)
		cluster_answered(br->cluster, account, name);
}

static void host_settled(const char *account, const char *id,
			 enum mail_verdict verdict, void *arg)
{
	struct bridge *br = arg;

	accounts_settled(br->accounts, account, id, verdict);
}

static struct document_owner *host_keeper(const char *account, void *arg)
{
	struct bridge *br = arg;

	return br->cluster ? cluster_keeper(br->cluster, account) : NULL;
}

static gboolean open_cluster(struct bridge *br, const struct config *cfg,
			     GError **error)
{
	const struct cluster_config cluster = {
		.name = cfg->site,
		.cluster_secret = cfg->directory.cluster_secret,
		.bitrate = cfg->bitrate,
		.web_url = cfg->web_address ? cfg->web_url : NULL,
	};

	br->directory_since = now_s(NULL);
	br->directory_why = g_strdup("It has not answered yet.");
	br->dir = site_config_directory(cfg, &directory_events, br, error);
	if (!br->dir)
		return FALSE;
	br->site = site_config_open(cfg, br->dir, &site_events, br, error);
	if (!br->site)
		return FALSE;
	br->cluster = cluster_create(&cluster, br->dir, &cluster_host, br);
	return TRUE;
}

static gboolean run_cluster(gpointer data)
{
	struct bridge *br = data;

	cluster_run(br->cluster);
	return G_SOURCE_CONTINUE;
}

static gboolean open_media(struct bridge *br, const struct config *cfg,
			   GError **error)
{
	g_autofree char *websocket_url = stages_config_websocket(cfg);
	struct stages_config media;

	if (cfg->directory.etcd)
		return open_cluster(br, cfg, error);
	stages_config_read(cfg, websocket_url, &media);
	br->media = local_media_create(&media, &local_media_web, br, error);
	return br->media != NULL;
}

/* Recordings and announcements. */

static gboolean host_record(struct room *room, gboolean on, const char *by,
			    GError **error, void *arg)
{
	struct bridge *br = arg;

	return studio_record(br->studio, room, on, by, error);
}

static gboolean host_announce(struct room *room, const char *name,
			      GError **error, void *arg)
{
	struct bridge *br = arg;

	return studio_announce(br->studio, room, name, error);
}

static void host_hush(struct room *room, void *arg)
{
	struct bridge *br = arg;

	studio_hush(br->studio, room);
}

static gboolean host_delete_recording(struct room *room, const char *id,
				      const char *by, GError **error, void *arg)
{
	struct bridge *br = arg;

	return studio_delete(br->studio, room, id, by, error);
}

static void recording_changed(struct room *room, const struct recording *row,
			      const char *by, void *arg)
{
	struct bridge *br = arg;

	if (br->web && room)
		web_recording(br->web, room, row, by);
}

static const struct studio_host studio_host = {
	.now_ms = now_ms,
	.changed = recording_changed,
};

/* Until the studio is there nobody is in a room but who may register again. */
static void room_changed(struct room *room, struct member *mem,
			 enum room_change change, const char *by, void *arg)
{
	struct bridge *br = arg;

	if (br->studio)
		studio_changed(br->studio, room, mem, change);
	if (br->web)
		web_observer.changed(room, mem, change, by, br->web);
}

static const struct room_observer room_observer = { .changed = room_changed };

static gboolean run(gpointer data)
{
	struct bridge *br = data;

	conference_run(br->conf);
	return G_SOURCE_CONTINUE;
}

/* Takes cfg also when it fails. */
static gboolean open_conference(struct bridge *br, struct config *cfg,
				GError **error)
{
	br->host = (struct conference_host){
		.now_ms = now_ms,
		.monotonic_ms = monotonic_ms,
		.post = post,
		.media = &local_media_ops,
		.media_arg = br->media,
		.record = host_record,
		.announce = host_announce,
		.hush = host_hush,
		.delete_recording = host_delete_recording,
		.observer = &room_observer,
		.observer_arg = br,
	};
	if (br->cluster) {
		br->host.media = &cluster_media_ops;
		br->host.media_arg = cluster_media_of(br->cluster);
		br->host.promise = host_promise;
		br->host.answered = host_answered;
		br->host.settled = host_settled;
		br->host.keeper = host_keeper;
	}
	br->conf = conference_create(cfg, &br->host, br, error);
	if (!br->conf)
		return FALSE;
	if (br->web)
		logins_restore(conference_store(br->conf), br->web,
			       now_s(NULL));
	if (br->media)
		local_media_join(br->media, &conference_media_events, br->conf);
	br->accounts = accounts_create(&accounts_events, !br->cluster, br);
	br->timer = g_timeout_add(RUN_EVERY_MS, run, br);
	if (!accounts_configure(br->accounts, conference_config(br->conf),
				error))
		return FALSE;
	/* It may have mails to post, about what a kill has ended. */
	br->studio = studio_create(br->conf, br->host.media, br->host.media_arg,
				   &studio_host, br);
	if (br->cluster) {
		cluster_join(br->cluster, br->conf);
		br->cluster_timer =
			g_timeout_add(RUN_CLUSTER_EVERY_MS, run_cluster, br);
	}
	return TRUE;
}

struct bridge *bridge_create(struct config *cfg, GError **error)
{
	struct bridge *br = g_new0(struct bridge, 1);

	br->started = now_s(NULL);
	if (!open_web(br, cfg, error) || !open_media(br, cfg, error)) {
		config_free(cfg);
		bridge_destroy(&br);
	} else if (!open_conference(br, cfg, error)) {
		bridge_destroy(&br);
	}
	return br;
}

void bridge_destroy(struct bridge **brp)
{
	struct bridge *br = *brp;

	*brp = NULL;
	if (!br)
		return;
	g_clear_handle_id(&br->timer, g_source_remove);
	g_clear_handle_id(&br->cluster_timer, g_source_remove);
	/* First those that would still be told: no mail comes in any more,
	 * then everybody is said goodbye, or left to the next owner. */
	accounts_destroy(&br->accounts);
	cluster_destroy(&br->cluster);
	studio_destroy(&br->studio);
	conference_destroy(&br->conf);
	site_destroy(&br->site);
	directory_close(&br->dir);
	local_media_destroy(&br->media);
	if (br->web)
		web_destroy(&br->web);
	g_free(br->directory_why);
	g_free(br);
}

void bridge_configure(struct bridge *br, struct config *cfg)
{
	g_autoptr(GError) error = NULL;

	config_warn_of_fixed(conference_config(br->conf), cfg);
	web_config_reload(br->web, conference_config(br->conf), cfg);
	stages_offer(bridge_stages(br), cfg->gates);
	conference_configure(br->conf, cfg);
	if (!accounts_configure(br->accounts, cfg, &error))
		g_critical("bridge: %s", error->message);
	if (br->cluster)
		cluster_configure(br->cluster);
}

char *bridge_login_link(struct bridge *br, const char *address)
{
	return br->web ? web_login_link(br->web, address) : NULL;
}
