#include "bridge/conference.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "bridge/answer.h"
#include "bridge/dialogs.h"
#include "bridge/join.h"
#include "bridge/outbox.h"
#include "bridge/reception.h"
#include "bridge/room/entrance.h"
#include "bridge/room/expected.h"
#include "bridge/room/in_band.h"
#include "bridge/rooms.h"
#include "bridge/tools.h"
#include "signaling/screen.h"

#define FORGET_EVERY_S	 3600
#define FORGET_S	 (7 * 24 * 3600)  /* dialogs, mails dealt with */
#define FORGET_ASIDE_S	 (30 * 24 * 3600) /* mails set aside */
#define MAX_LIMITED_KEYS 65536
/* INVITEs of ours: for an address in 10 minutes, for a domain and by a
 * moderator in one. */
#define CALLS_PER_ADDRESS   3
#define CALLS_PER_DOMAIN    20
#define CALLS_PER_MODERATOR 20

struct conference {
	struct config *cfg;
	const struct conference_host *host;
	void *arg;
	char *set_aside;
	struct store *store;
	struct rooms *rooms;
	struct dialogs *dialogs;
	struct tools *tools;
	struct answer_limits *limits;
	struct answer_limits *calls; /* `room` is the moderator */
	struct outbox *outbox;
	struct reception reception;
	gint64 forget_at; /* monotonic ms */
	gboolean closing;
};

static gint64 now_s(const struct conference *conf)
{
	return conf->host->now_ms(conf->arg) / 1000;
}

/* The store failed, and there is nobody to tell but the operator: the disk
 * is full, for example. What is in memory goes on. */
static void complain(GError **error)
{
	if (*error)
		g_critical("conference: %s", (*error)->message);
	g_clear_error(error);
}

static void end_media(struct member *mem, void *arg)
{
	struct conference *conf = arg;

	conf->host->media->close(mem, conf->host->media_arg);
}

static void set_muted(struct member *mem, gboolean muted, void *arg)
{
	struct conference *conf = arg;

	conf->host->media->mute(mem, muted, conf->host->media_arg);
}

static void set_deaf(struct member *mem, gboolean deaf, void *arg)
{
	struct conference *conf = arg;

	conf->host->media->deafen(mem, deaf, conf->host->media_arg);
}

static void set_volume(struct member *mem, void *arg)
{
	struct conference *conf = arg;

	conf->host->media->set_volume(mem, conf->host->media_arg);
}

/* A tool does not know our messages. */
static void tell(struct member *mem, const char *json, void *arg)
{
	struct conference *conf = arg;

	if (mem->via == MEMBER_BY_TOKEN)
		return;
	conf->host->media->tell(mem, json, conf->host->media_arg);
}

static void refresh_levels(struct room *room, void *arg)
{
	struct conference *conf = arg;

	conf->host->media->levels(room, conf->host->media_arg);
}

static double stress(const struct room *room, void *arg)
{
	struct conference *conf = arg;

	return conf->host->media->stress
		       ? conf->host->media->stress(room, conf->host->media_arg)
		       : -1;
}

static gboolean no_studio(GError **error)
{
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
		    "This bridge cannot do that.");
	return FALSE;
}

static gboolean record(struct room *room, gboolean on, const char *by,
		       GError **error, void *arg)
{
	struct conference *conf = arg;

	return conf->host->record
		       ? conf->host->record(room, on, by, error, conf->arg)
		       : no_studio(error);
}

static gboolean announce(struct room *room, const char *name, GError **error,
			 void *arg)
{
	struct conference *conf = arg;

	return conf->host->announce
		       ? conf->host->announce(room, name, error, conf->arg)
		       : no_studio(error);
}

static void hush(struct room *room, void *arg)
{
	struct conference *conf = arg;

	if (conf->host->hush)
		conf->host->hush(room, conf->arg);
}

static gboolean delete_recording(struct room *room, const char *id,
				 const char *by, GError **error, void *arg)
{
	struct conference *conf = arg;

	return conf->host->delete_recording
		       ? conf->host->delete_recording(room, id, by, error,
						      conf->arg)
		       : no_studio(error);
}

/* The bridges of a cluster do not read each other's stores. */
static gboolean keep_door(struct room *room, const struct door *door, void *arg,
			  GError **error)
{
	struct conference *conf = arg;
	GError *why = NULL;

	if (conf->host->promise) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
			    "A bridge of a cluster keeps no lobby, PIN or "
			    "bans.");
		return FALSE;
	}
	if (store_set_door(conf->store, room_address(room), door, &why))
		return TRUE;
	g_critical("conference: %s", why->message);
	g_clear_error(&why);
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_FAILED,
		    "The bridge cannot write this down now.");
	return FALSE;
}

static struct room *find_room(const char *address, void *arg)
{
	const struct conference *conf = arg;
	char detail[2];
	const struct hall *hall =
		rooms_find(conf->rooms, address, detail, sizeof(detail));

	return hall && !*detail ? hall->room : NULL;
}

static void expect(const char *address, void *arg)
{
	struct conference *conf = arg;

	answer_limits_allow(conf->limits, address);
}

static gboolean refuse(GError **error, enum room_error code, const char *whom,
		       const char *why)
{
	g_set_error(error, ROOM_ERROR, code, "%s %s.", whom, why);
	return FALSE;
}

/* Nobody is mailed whom the room would not let in, no room of ours is called,
 * and nobody is called all the time. */
static gboolean may_call(const struct conference *conf,
			 const struct config_room *rules,
			 const struct expected_guest *guest, GError **error)
{
	const gint64 now = conf->host->monotonic_ms(conf->arg) / 1000;
	char detail[2];

	if (rooms_find(conf->rooms, guest->address, detail, sizeof(detail)))
		return refuse(error, ROOM_ERROR_IMPOSSIBLE, guest->address,
			      "is a room");
	if (rules->answer == CONFIG_ANSWER_LIST &&
	    !screen_is_listed(guest->address,
			      (const char *const *)rules->allowed))
		return refuse(error, ROOM_ERROR_IMPOSSIBLE, guest->address,
			      "is not on the list of who may come");
	if (answer_limits_take(conf->calls, guest->by, guest->address, now))
		return refuse(error, ROOM_ERROR_LIMIT, guest->address,
			      "cannot be called now: too many calls; try again "
			      "in some minutes");
	return TRUE;
}

static gboolean post_call(struct conference *conf,
			  const struct config_room *rules,
			  const struct expected_guest *guest, GError **error)
{
	const struct answer_from from = { .account = rules->account,
					  .room = rules->address,
					  .room_name = rules->name };
	struct store_post *post = answer_call(&from, guest);
	GError *why = NULL;
	const gboolean added =
		store_add_post(conf->store, post, guest->at, &why);

	complain(&why);
	store_post_free(post);
	if (!added)
		return refuse(error, ROOM_ERROR_FAILED, guest->address,
			      "was not mailed: the store does not work");
	outbox_run(conf->outbox, conf->host->now_ms(conf->arg));
	return TRUE;
}

static gboolean invite(struct room *room, struct expected_guest *guest,
		       void *arg, GError **error)
{
	struct conference *conf = arg;
	const struct config_room *rules =
		config_room(conf->cfg, room_address(room));
	char *address = message_address(guest->address);

	if (!rules || !address)
		return refuse(error, ROOM_ERROR_IMPOSSIBLE, guest->address,
			      "is no mail address");
	g_free(guest->address);
	guest->address = address;
	ipsp_did_generate(guest->did);
	guest->at = now_s(conf);
	guest->until = guest->at + EXPECTED_LIFE_S;
	return may_call(conf, rules, guest, error) &&
	       post_call(conf, rules, guest, error);
}

static const struct room_effects effects = {
	.end_media = end_media,
	.set_muted = set_muted,
	.set_deaf = set_deaf,
	.set_volume = set_volume,
	.tell = tell,
	.refresh_levels = refresh_levels,
	.stress = stress,
	.record = record,
	.announce = announce,
	.hush = hush,
	.delete_recording = delete_recording,
	.find_room = find_room,
	.expect = expect,
	.invite = invite,
	.keep_door = keep_door,
};

static void room_changed(struct room *room, struct member *mem,
			 enum room_change change, const char *by, void *arg)
{
	struct conference *conf = arg;
	const struct conference_host *host = conf->host;
	GError *error = NULL;

	if ((change == ROOM_MEMBER_CHANGED || change == ROOM_STATE) &&
	    host->media->remember)
		host->media->remember(room, mem, host->media_arg);
	if (host->observer)
		host->observer->changed(room, mem, change, by,
					host->observer_arg);
	if (change != ROOM_MEMBER_GONE || tools_gone(conf->tools, mem, by))
		return;
	/* What ends with the bridge itself is sorted out at its next start. */
	if (!conf->closing) {
		store_end_dialog(conf->store, mem->did, "the caller has gone",
				 &error);
		complain(&error);
	}
	dialogs_remove(conf->dialogs, mem);
}

static const struct room_observer observer = { .changed = room_changed };

static struct member *find_member(const struct conference *conf, guint32 id)
{
	struct member *mem = dialogs_member(conf->dialogs, id);

	return mem ? mem : tools_member(conf->tools, id);
}

static void media_registered(guint32 member, const char *path, void *arg)
{
	struct conference *conf = arg;
	struct member *mem = find_member(conf, member);
	GError *error = NULL;

	if (!mem)
		return;
	if (mem->state == MEMBER_INVITED && mem->via == MEMBER_BY_MAIL) {
		if (!store_dialog_here(conf->store, mem->did, &error)) {
			complain(&error);
			room_left(mem->room, mem, LEAVE_LOST);
			return;
		}
		conf->host->media->admit(mem, conf->host->media_arg);
	}
	room_registered(mem->room, mem, path, now_s(conf));
}

static void media_gone(guint32 member, gboolean lost, void *arg)
{
	struct conference *conf = arg;
	struct member *mem = find_member(conf, member);

	if (mem)
		room_left(mem->room, mem, lost ? LEAVE_LOST : LEAVE_BYE);
}

static void media_message(guint32 member, const char *json, gsize size,
			  void *arg)
{
	struct conference *conf = arg;
	struct member *mem = find_member(conf, member);
	struct in_band msg;

	if (mem && in_band_read(&msg, json, size))
		room_hear(mem->room, mem, &msg, conf->host->now_ms(conf->arg));
}

static void media_measured(guint32 member, const struct media_figures *fig,
			   void *arg)
{
	struct conference *conf = arg;
	struct member *mem = find_member(conf, member);

	if (!mem)
		return;
	mem->in = fig->in;
	mem->out = fig->out;
	mem->round_trip_ms = fig->round_trip_ms;
	mem->talking = fig->talking;
	mem->talked_s = fig->talked_s;
	mem->silent_s = fig->silent_s;
	room_figures(mem->room, mem);
}

const struct media_events conference_media_events = {
	.registered = media_registered,
	.gone = media_gone,
	.message = media_message,
	.figures = media_measured,
};

static void outbox_post(const struct store_post *post, void *arg)
{
	struct conference *conf = arg;

	conf->host->post(post, conf->arg);
}

static void answered(struct conference *conf, const struct store_post *post)
{
	if (conf->host->promise)
		conf->host->answered(post->account, post->name, conf->arg);
}

static void outbox_sent(const struct store_post *post, void *arg)
{
	answered(arg, post);
}

/* Whoever cannot be told that he may come will not come. */
static void outbox_dropped(const struct store_post *post, const char *why,
			   void *arg)
{
	struct conference *conf = arg;
	const struct dialog *dialog =
		post->did ? dialogs_find(conf->dialogs, post->did) : NULL;

	(void)why;
	answered(conf, post);
	if (post->did)
		reception_call_failed(&conf->reception, post->did);
	if (dialog && dialog->member->state == MEMBER_INVITED)
		room_left(dialog->member->room, dialog->member, LEAVE_NO_SHOW);
}

static const struct outbox_events outbox_events = {
	.post = outbox_post,
	.dropped = outbox_dropped,
	.sent = outbox_sent,
};

static void reception_promise(const char *account,
			      const struct document_answer *prm, guint64 ticket,
			      void *arg)
{
	struct conference *conf = arg;

	conf->host->promise(account, prm, ticket, conf->arg);
}

static void reception_settled(const char *account, const char *id,
			      enum mail_verdict verdict, void *arg)
{
	struct conference *conf = arg;

	conf->host->settled(account, id, verdict, conf->arg);
}

static const struct reception_events reception_events = {
	.promise = reception_promise,
	.settled = reception_settled,
};

void conference_promised(struct conference *conf, guint64 ticket, gboolean kept)
{
	reception_promised(&conf->reception, ticket, kept);
	outbox_run(conf->outbox, conf->host->now_ms(conf->arg));
}

void conference_posted(struct conference *conf, gint64 id,
		       enum post_result result, const char *why)
{
	gint64 now_ms = conf->host->now_ms(conf->arg);

	outbox_done(conf->outbox, id, result, why, now_ms);
	outbox_run(conf->outbox, now_ms);
}

static struct answer_limits *make_limits(const struct config *cfg)
{
	const struct answer_limits_config limits = {
		.per_address = cfg->answers_per_address,
		.per_domain = cfg->answers_per_domain,
		.per_room = cfg->answers_per_room,
		.max_keys = MAX_LIMITED_KEYS,
	};

	return answer_limits_create(&limits);
}

static gboolean open_state(struct conference *conf, GError **error)
{
	g_autofree char *path =
		g_build_filename(conf->cfg->state_directory, "bridge.db", NULL);

	conf->set_aside =
		g_build_filename(conf->cfg->state_directory, "set-aside", NULL);
	/* Only ours: the store holds the keys of who may still register. */
	if (g_mkdir_with_parents(conf->set_aside, 0700)) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "Cannot make %s: %s", conf->set_aside,
			    g_strerror(errno));
		return FALSE;
	}
	conf->store = store_open(path, error);
	return conf->store != NULL;
}

/* What others have done since is not in our store. */
static void forget_account(struct conference *conf, const char *account)
{
	GError *error = NULL;

	store_forget_account(conf->store, account, &error);
	complain(&error);
}

static void forget_accounts(struct conference *conf)
{
	for (guint i = 0; i < conf->cfg->mails->len; i++) {
		const struct config_mail *mail = conf->cfg->mails->pdata[i];

		forget_account(conf, mail->name);
	}
}

/* Where join links lead to. A cluster takes no browsers yet. */
static const char *link_url(const struct conference *conf,
			    const struct config *cfg)
{
	const struct conference_host *host = conf->host;

	return cfg->web_address && host->media->browser && !host->promise
		       ? cfg->web_url
		       : NULL;
}

/* Of rooms that are new, too; what is kept is what is so, of the others. */
static void configure_rooms(struct conference *conf, const struct config *cfg)
{
	GPtrArray *rooms;

	rooms_configure(conf->rooms, cfg);
	rooms = rooms_all(conf->rooms);
	for (guint i = 0; i < rooms->len && !conf->host->promise; i++)
		entrance_restore(
			room_entrance(rooms->pdata[i]),
			store_door(conf->store, room_address(rooms->pdata[i])));
	g_ptr_array_unref(rooms);
}

struct conference *conference_create(struct config *cfg,
				     const struct conference_host *host,
				     void *arg, GError **error)
{
	struct conference *conf = g_new0(struct conference, 1);

	conf->cfg = cfg;
	conf->host = host;
	conf->arg = arg;
	if (!open_state(conf, error)) {
		conference_destroy(&conf);
		return NULL;
	}
	conf->limits = make_limits(cfg);
	conf->calls = answer_limits_create(&(struct answer_limits_config){
		.per_address = CALLS_PER_ADDRESS,
		.per_domain = CALLS_PER_DOMAIN,
		.per_room = CALLS_PER_MODERATOR,
		.max_keys = MAX_LIMITED_KEYS });
	conf->dialogs = dialogs_create();
	conf->rooms = rooms_create(&effects, &observer, conf);
	conf->outbox = outbox_create(conf->store, &outbox_events, conf);
	configure_rooms(conf, cfg);
	conf->reception = (struct reception){
		.store = conf->store,
		.rooms = conf->rooms,
		.dialogs = conf->dialogs,
		.limits = conf->limits,
		.refusals = refusals_create(),
		.delays = delays_create(),
		.media = host->media,
		.media_arg = host->media_arg,
		.set_aside = conf->set_aside,
		.web_url = link_url(conf, cfg),
		.events = host->promise ? &reception_events : NULL,
		.arg = conf,
	};
	conf->tools = tools_create(&(struct tools_config){
		.store = conf->store,
		.rooms = conf->rooms,
		.media = host->media,
		.media_arg = host->media_arg,
		.keeper = host->promise ? host->keeper : NULL,
		.keeper_arg = arg });
	if (host->promise)
		forget_accounts(conf);
	else
		reception_restore(&conf->reception, now_s(conf));
	return conf;
}

void conference_destroy(struct conference **confp)
{
	struct conference *conf = *confp;

	*confp = NULL;
	if (!conf)
		return;
	conf->closing = TRUE;
	rooms_destroy(&conf->rooms);
	reception_fini(&conf->reception);
	refusals_destroy(&conf->reception.refusals);
	delays_destroy(&conf->reception.delays);
	outbox_destroy(&conf->outbox);
	tools_destroy(&conf->tools);
	dialogs_destroy(&conf->dialogs);
	answer_limits_destroy(&conf->limits);
	answer_limits_destroy(&conf->calls);
	store_close(&conf->store);
	config_free(conf->cfg);
	g_free(conf->set_aside);
	g_free(conf);
}

void conference_configure(struct conference *conf, struct config *cfg)
{
	struct config *old = conf->cfg;

	conf->cfg = cfg;
	configure_rooms(conf, cfg);
	conf->reception.web_url = link_url(conf, cfg);
	config_free(old);
}

const struct config *conference_config(const struct conference *conf)
{
	return conf->cfg;
}

struct store *conference_store(const struct conference *conf)
{
	return conf->store;
}

static void forget_old(struct conference *conf)
{
	gint64 now = now_s(conf);
	GPtrArray *files =
		store_forget_set_aside(conf->store, now - FORGET_ASIDE_S);
	GError *error = NULL;

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *path = g_build_filename(conf->set_aside,
							 files->pdata[i], NULL);

		g_unlink(path);
	}
	g_ptr_array_unref(files);
	store_forget(conf->store, now - FORGET_S, &error);
	complain(&error);
}

void conference_run(struct conference *conf)
{
	gint64 now_ms = conf->host->now_ms(conf->arg);
	gint64 monotonic = conf->host->monotonic_ms(conf->arg);
	GPtrArray *rooms = rooms_all(conf->rooms);

	for (guint i = 0; i < rooms->len; i++) {
		room_expire(rooms->pdata[i], now_ms / 1000);
		room_run(rooms->pdata[i], now_ms);
	}
	g_ptr_array_unref(rooms);
	outbox_run(conf->outbox, now_ms);
	if (monotonic >= conf->forget_at) {
		conf->forget_at = monotonic + FORGET_EVERY_S * 1000;
		forget_old(conf);
	}
}

enum mail_verdict conference_mail(struct conference *conf, const char *account,
				  const char *id, GBytes *mail)
{
	const struct config_mail *mailbox = config_mail(conf->cfg, account);
	gint64 now_ms = conf->host->now_ms(conf->arg);
	const struct reception_time time = {
		.now = now_ms / 1000,
		.monotonic = conf->host->monotonic_ms(conf->arg) / 1000,
	};

	enum mail_verdict verdict = MAIL_AGAIN;

	if (mailbox)
		verdict = reception_mail(&conf->reception, mailbox, id, mail,
					 &time);
	if (verdict == MAIL_DONE)
		outbox_run(conf->outbox, now_ms);
	return verdict;
}

void conference_release(struct conference *conf, const char *account)
{
	GPtrArray *rooms = rooms_of(conf->rooms, account);

	for (guint i = 0; i < rooms->len; i++)
		room_hand_on(rooms->pdata[i]);
	g_ptr_array_unref(rooms);
	forget_account(conf, account);
}

void conference_set_kept(struct conference *conf, const char *account,
			 gboolean kept)
{
	GPtrArray *rooms = rooms_of(conf->rooms, account);

	for (guint i = 0; i < rooms->len; i++)
		room_set_kept(rooms->pdata[i], kept);
	g_ptr_array_unref(rooms);
}

void conference_keep(struct conference *conf, const char *account,
		     const struct document_answer *prm, gboolean sent)
{
	GError *error = NULL;

	promise_keep(prm, account, sent, now_s(conf), conf->store, &error);
	complain(&error);
}

struct member *conference_adopt(struct conference *conf, const char *room,
				const struct room_guest *guest,
				const struct room_past *past,
				const struct keys *keys, GBytes *invite)
{
	char detail[2];
	const struct hall *hall =
		rooms_find(conf->rooms, room, detail, sizeof(detail));
	struct ipsp_message msg = { 0 };
	struct member *mem;

	if (!hall || dialogs_find(conf->dialogs, guest->did))
		return NULL;
	if (invite && !ipsp_decode(&msg, invite, NULL))
		msg.has_cancel_hash = FALSE;
	mem = room_adopt(hall->room, guest, past);
	dialogs_add(conf->dialogs, mem, keys, &msg);
	return mem;
}

struct member *conference_adopt_tool(struct conference *conf, const char *room,
				     const struct room_guest *guest,
				     const struct room_past *past,
				     const struct sockaddr_storage *address,
				     const guint8 *token)
{
	char detail[2];
	const struct hall *hall =
		rooms_find(conf->rooms, room, detail, sizeof(detail));
	struct member *mem;

	if (!hall)
		return NULL;
	mem = room_adopt(hall->room, guest, past);
	tools_adopt(conf->tools, mem, address, token);
	return mem;
}

void conference_tool_join(struct conference *conf, const struct whip_join *join,
			  struct whip_answer *answer_r)
{
	tools_join(conf->tools, join, now_s(conf), answer_r);
}

void conference_tool_patch(struct conference *conf,
			   const struct whip_patch *patch,
			   struct whip_answer *answer_r)
{
	tools_patch(conf->tools, patch, answer_r);
}

void conference_tool_leave(struct conference *conf,
			   const struct whip_leave *leave,
			   struct whip_answer *answer_r)
{
	tools_leave(conf->tools, leave, now_s(conf), answer_r);
}

void conference_look(struct conference *conf, const char *token, gboolean open,
		     struct join_answer *answer_r)
{
	join_look(conf->store, conf->rooms, token, open, now_s(conf), answer_r);
}

struct member *conference_browser(const struct conference *conf,
				  const char *session, const char *token)
{
	return tools_browser(conf->tools, session, token);
}

const struct refusals *conference_refusals(const struct conference *conf)
{
	return conf->reception.refusals;
}

void conference_delays(const struct conference *conf, const char *account,
		       struct delay_figures *fig_r)
{
	delays_figures(conf->reception.delays, account, fig_r);
}

guint conference_waiting(const struct conference *conf, const char *account)
{
	return store_waiting_posts(conf->store, account);
}

GPtrArray *conference_rooms(const struct conference *conf)
{
	return rooms_all(conf->rooms);
}

gboolean conference_is_operator(const struct conference *conf,
				const char *address)
{
	const char *const *operators =
		(const char *const *)conf->cfg->operators;

	return operators && g_strv_contains(operators, address);
}

/* A room that address moderates, also only as long as its meeting lasts: its
 * account sends the link. */
static const struct config_room *moderated(const struct conference *conf,
					   const char *address)
{
	const GPtrArray *rooms = conf->cfg->rooms;

	for (guint i = 0; i < rooms->len; i++) {
		const struct config_room *rules = rooms->pdata[i];
		char detail[2];
		const struct hall *hall = rooms_find(
			conf->rooms, rules->address, detail, sizeof(detail));

		if (hall && room_is_moderator(hall->room, address))
			return rules;
	}
	return NULL;
}

void conference_mail_login(struct conference *conf, const char *address,
			   const char *link, gboolean japanese, gint64 life_s)
{
	const struct config_room *room = moderated(conf, address);
	gint64 now = now_s(conf);
	struct answer_from from;
	struct store_post *post;
	GError *error = NULL;

	/* Of an operator who moderates none, any room. */
	if (!room && conference_is_operator(conf, address))
		room = conf->cfg->rooms->pdata[0];
	if (!room)
		return;
	from = (struct answer_from){ .account = room->account,
				     .room = room->address,
				     .room_name = room->name };
	post = answer_moderator(&from, address, link, japanese, now,
				now + life_s);
	store_add_post(conf->store, post, now, &error);
	complain(&error);
	store_post_free(post);
	outbox_run(conf->outbox, conf->host->now_ms(conf->arg));
}

void conference_audit(struct conference *conf, struct audit_row *row)
{
	GError *error = NULL;

	row->at = now_s(conf);
	store_add_audit(conf->store, row, &error);
	complain(&error);
}

GPtrArray *conference_audited(struct conference *conf, const char *room,
			      gint64 before, guint limit)
{
	return store_audit(conf->store, room, before, limit);
}

static void mail_recording(struct conference *conf,
			   const struct config_room *room, const char *address,
			   const struct recording *row)
{
	const struct answer_from from = { .account = room->account,
					  .room = room->address,
					  .room_name = room->name };
	g_autofree char *where = g_uri_escape_string(row->room, "@", FALSE);
	g_autofree char *link = g_strdup_printf(
		"%s/?room=%s&recording=%s", conf->cfg->web_url, where, row->id);
	struct store_post *post =
		answer_recording(&from, address, link, row, now_s(conf));
	GError *error = NULL;

	store_add_post(conf->store, post, now_s(conf), &error);
	complain(&error);
	store_post_free(post);
}

void conference_mail_recording(struct conference *conf,
			       const struct recording *row)
{
	const struct config_room *room = config_room(conf->cfg, row->room);
	gboolean told = FALSE;

	if (!room || !conf->cfg->web_url)
		return;
	for (guint i = 0; room->moderators && room->moderators[i]; i++)
		if (!strcmp(room->moderators[i], row->by)) {
			mail_recording(conf, room, row->by, row);
			told = TRUE;
		}
	for (guint i = 0; !told && room->moderators && room->moderators[i]; i++)
		mail_recording(conf, room, room->moderators[i], row);
	outbox_run(conf->outbox, conf->host->now_ms(conf->arg));
}

char *conference_position(const struct conference *conf, const char *account)
{
	return store_position(conf->store, account);
}

void conference_set_position(struct conference *conf, const char *account,
			     const char *position)
{
	GError *error = NULL;

	store_set_position(conf->store, account, position, &error);
	complain(&error);
}
