#include "loadgen/caller.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <jansson.h>
#include <poll.h>

#include "loadgen/invite.h"
#include "loadgen/websocket.h"
#include "signaling/mailbox.h"
#include "signaling/message.h"
#include "signaling/post.h"
#include "signaling/text.h"

#define ANSWER_S   IPSP_INVITE_LIFE_S
#define LEAVE_S	   5 /* for CANCEL or BYE to be posted */
#define WHY_MAX	   256
#define RETRY_S	   2 /* a mail that the server could not take yet */
#define KEEP_MIN_S 2

struct caller_pool {
	struct media *media;
	struct websocket_client *websockets; /* NULL until first needed */
	char *ca_file;
	guint watch;
};

struct caller {
	struct caller_pool *pool;
	const struct caller_events *events;
	void *arg;
	struct caller_config cfg; /* its strings are copies, below */
	char *address, *name, *device;

	struct mailbox *mailbox;
	struct post *post;
	gboolean watching, ever_watching;
	enum caller_state state;

	/* The dialog. */
	struct invite invite;
	gint64 mail_id;	    /* of the newest mail posted */
	gboolean mail_open; /* it is not sent yet */
	guint answer_timer, leave_timer, retry_timer, finish_idle;
	struct media_line *line;
	gboolean retiring; /* the line hung up, is not retired yet */
	struct websocket *websocket;
	unsigned websocket_target;
	const struct media_sound *sound;
	void *sound_arg;
	gboolean muted;
	enum caller_end end, bridge_end; /* bridge_end: its in-band reason */
	char *why, *bridge_why;
	struct caller_progress progress;
};

static gint64 wall_s(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static void set_state(struct caller *caller, enum caller_state state)
{
	if (caller->state == state)
		return;
	caller->state = state;
	caller->events->state(caller, state, caller->arg);
}

static gboolean in_dialog(const struct caller *caller)
{
	return caller->state == CALLER_INVITING ||
	       caller->state == CALLER_REGISTERING ||
	       caller->state == CALLER_TALKING;
}

static void clear_timer(guint *timer)
{
	if (*timer)
		g_source_remove(*timer);
	*timer = 0;
}

/* --- leaving --- */

static void close_websocket(struct caller *caller)
{
	if (caller->websocket)
		websocket_close(caller->websocket);
	caller->websocket = NULL;
}

static void finish_leaving(struct caller *caller)
{
	if (caller->state != CALLER_LEAVING || caller->finish_idle ||
	    caller->retiring || (caller->mail_open && caller->leave_timer))
		return;
	clear_timer(&caller->leave_timer);
	clear_timer(&caller->finish_idle);
	close_websocket(caller);
	invite_fini(&caller->invite);
	set_state(caller, CALLER_ENDED);
}

static gboolean on_finish_idle(gpointer data)
{
	struct caller *caller = data;

	caller->finish_idle = 0;
	finish_leaving(caller);
	return G_SOURCE_REMOVE;
}

static gboolean on_leave_timeout(gpointer data)
{
	struct caller *caller = data;

	caller->leave_timer = 0;
	finish_leaving(caller);
	return G_SOURCE_REMOVE;
}

static void post_mail(struct caller *caller, GBytes *mail)
{
	g_autofree char *name = NULL;

	caller->mail_id++;
	caller->mail_open = TRUE;
	name = g_strdup_printf("%s.%" G_GINT64_FORMAT, caller->invite.did,
			       caller->mail_id);
	post_send(caller->post, caller->mail_id, name, caller->address,
		  caller->invite.room, mail);
}

/* Frees the seat by mail where RTCP BYE cannot. */
static void take_back(struct caller *caller)
{
	g_autoptr(GBytes) mail = NULL;

	mail = caller->invite.has_keys
		       ? invite_bye_mail(&caller->invite, wall_s())
		       : invite_cancel_mail(&caller->invite, wall_s());
	post_mail(caller, mail);
	caller->leave_timer =
		g_timeout_add_seconds(LEAVE_S, on_leave_timeout, caller);
}

/* Whether the room may keep a seat for us that it cannot know to be free. */
static gboolean seat_is_kept(const struct caller *caller, enum caller_end end)
{
	switch (caller->state) {
	case CALLER_INVITING:
		return end != CALLER_BUSY && end != CALLER_REJECTED &&
		       end != CALLER_NOT_SENT;
	case CALLER_REGISTERING:
		return TRUE;
	default: /* talking: RTCP BYE said it, unless nobody hears us */
		return end == CALLER_LOST;
	}
}

/* Ends the dialog; why is copied. */
static void leave(struct caller *caller, enum caller_end end, const char *why)
{
	gboolean kept = seat_is_kept(caller, end);

	if (!in_dialog(caller))
		return;
	caller->end = end;
	g_free(caller->why);
	caller->why = text_line(why, WHY_MAX);
	clear_timer(&caller->answer_timer);
	clear_timer(&caller->retry_timer);
	caller->mail_open = FALSE;
	if (caller->line) {
		media_hang_up(caller->line);
		caller->retiring = TRUE;
		caller->line = NULL;
	}
	if (kept)
		take_back(caller);
	/* CALLER_ENDED never comes from inside the owner's own call. */
	caller->finish_idle = g_idle_add(on_finish_idle, caller);
	set_state(caller, CALLER_LEAVING);
}

void caller_hang_up(struct caller *caller)
{
	leave(caller, CALLER_HUNG_UP, "you hung up");
}

/* --- media --- */

static void on_websocket_state(struct websocket *ws, gboolean open,
			       const char *why, void *arg)
{
	struct caller *caller = arg;

	(void)ws;
	if (!open) {
		g_info("caller: websocket gone why=%s", why);
		caller->websocket = NULL;
	}
	if (caller->line)
		media_websocket_state(caller->line, caller->websocket_target,
				      open);
}

static void on_websocket_packet(struct websocket *ws, const guint8 *buf,
				gsize size, void *arg)
{
	struct caller *caller = arg;

	(void)ws;
	if (caller->line)
		media_websocket_packet(caller->line, buf, size);
}

static const struct websocket_events websocket_events = {
	.state = on_websocket_state,
	.packet = on_websocket_packet,
};

static void connect_websocket(struct caller *caller, unsigned target,
			      const char *url)
{
	struct caller_pool *pool = caller->pool;
	g_autoptr(GError) error = NULL;

	close_websocket(caller);
	caller->websocket_target = target;
	if (!pool->websockets)
		pool->websockets =
			websocket_client_create(pool->ca_file, &error);
	if (pool->websockets)
		caller->websocket =
			websocket_open(pool->websockets, url, &websocket_events,
				       caller, &error);
	if (caller->websocket)
		return;
	g_warning("caller: no WebSocket: %s", error->message);
	media_websocket_state(caller->line, target, FALSE);
}

static void note_registered(struct caller *caller,
			    const struct call_event *event)
{
	struct caller_progress *progress = &caller->progress;
	const struct registration_target *target = &event->where;

	g_strlcpy(progress->gate, invite_gate(&caller->invite, target),
		  sizeof(progress->gate));
	if (target->websocket) {
		g_strlcpy(progress->path, target->url, sizeof(progress->path));
	} else {
		g_autofree char *text = invite_address_text(&target->address);

		g_snprintf(progress->path, sizeof(progress->path), "udp %s",
			   text);
	}
	if (!progress->times.registered)
		progress->times.registered = (gint64)event->time_us;
	set_state(caller, CALLER_TALKING);
}

/* {"t":"end","why":"kicked","text":"..."}: remembered for the BYE. */
static void note_message(struct caller *caller, const struct call_event *event)
{
	static const struct {
		const char *why;
		enum caller_end end;
	} ends[] = {
		{ "kicked", CALLER_KICKED },
		{ "ended", CALLER_ROOM_ENDED },
		{ "replaced", CALLER_REPLACED },
	};
	json_t *root = json_loadb(event->message.json, event->message.size,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));
	const char *why = json_string_value(json_object_get(root, "why"));
	const char *text = json_string_value(json_object_get(root, "text"));

	if (!g_strcmp0(type, "end")) {
		for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
			if (!g_strcmp0(why, ends[i].why))
				caller->bridge_end = ends[i].end;
		g_free(caller->bridge_why);
		caller->bridge_why = text ? text_line(text, WHY_MAX) : NULL;
	}
	json_decref(root);
}

static void bridge_left(struct caller *caller)
{
	static const char *const sentences[] = {
		[CALLER_BYE] = "the bridge ended the call",
		[CALLER_KICKED] = "a moderator removed you from the room",
		[CALLER_ROOM_ENDED] = "the conference is over",
		[CALLER_REPLACED] = "you joined again from this device",
	};
	enum caller_end end = caller->bridge_end;

	if (end == CALLER_NOT_ENDED)
		end = CALLER_BYE;
	leave(caller, end,
	      caller->bridge_why ? caller->bridge_why : sentences[end]);
}

static void on_media_event(const struct call_event *event, void *owner)
{
	struct caller *caller = owner;

	switch (event->type) {
	case CALL_CONNECT:
		connect_websocket(caller, event->target, event->where.url);
		return;
	case CALL_REGISTERED:
		note_registered(caller, event);
		return;
	case CALL_SOUND:
		caller->progress.times.first_sound = (gint64)event->time_us;
		caller->progress.counts = event->counts;
		caller->events->event(caller, event, caller->arg);
		return;
	case CALL_MESSAGE:
		note_message(caller, event);
		caller->events->event(caller, event, caller->arg);
		return;
	case CALL_REPORT:
		caller->events->event(caller, event, caller->arg);
		return;
	case CALL_BYE:
		bridge_left(caller);
		return;
	case CALL_NO_GATE:
		leave(caller, CALLER_NO_GATE,
		      "no PhoneGate of the bridge answers: is UDP or the web "
		      "port blocked between here and there?");
		return;
	case CALL_LOST:
		leave(caller, CALLER_LOST,
		      "the bridge has not answered for 30 s");
		return;
	}
}

static void on_media_websocket(unsigned target, const uint8_t *buf, size_t size,
			       void *owner)
{
	struct caller *caller = owner;

	if (caller->websocket && target == caller->websocket_target)
		websocket_send(caller->websocket, buf, size);
}

static void on_media_retired(void *owner)
{
	struct caller *caller = owner;

	caller->retiring = FALSE;
	finish_leaving(caller);
}

static const struct media_events media_events = {
	.event = on_media_event,
	.websocket = on_media_websocket,
	.retired = on_media_retired,
};

static void start_media(struct caller *caller)
{
	const struct caller_config *cfg = &caller->cfg;
	guint keep_s = MAX(caller->invite.ok.keep_s, KEEP_MIN_S);
	struct call_config call = {
		.codec = cfg->codec,
		.jitter = { .min_ms = 20, .max_ms = 1000 },
		.report_us = cfg->report_ms * 1000,
		.muted = caller->muted,
		.registration = { .keep_us = keep_s * G_USEC_PER_SEC,
				  .echo = !cfg->no_echo },
	};
	struct registration_config *reg = &call.registration;
	int r;

	g_strlcpy(reg->username, caller->invite.did, sizeof(reg->username));
	g_strlcpy(reg->password, caller->invite.keys.stun_password,
		  sizeof(reg->password));
	invite_stream(&caller->invite, &call.stream);
	reg->n_targets =
		invite_targets(&caller->invite, cfg->transport != CALLER_WSS,
			       cfg->transport != CALLER_UDP, reg->targets,
			       REGISTRATION_MAX_TARGETS);
	set_state(caller, CALLER_REGISTERING);
	if (!reg->n_targets) {
		leave(caller, CALLER_NO_GATE,
		      "the bridge offers no PhoneGate for this transport");
		return;
	}
	r = media_add(caller->pool->media, &caller->line, &call, caller->sound,
		      caller->sound_arg, caller);
	explicit_bzero(&call, sizeof(call));
	if (r)
		leave(caller, CALLER_FAILED, g_strerror(-r));
}

/* --- mail --- */

static void on_ok(struct caller *caller, GBytes *part,
		  const struct ipsp_message *msg)
{
	g_autoptr(GError) error = NULL;

	caller->progress.times.ok_read = g_get_monotonic_time();
	clear_timer(&caller->answer_timer);
	clear_timer(&caller->retry_timer);
	caller->mail_open = FALSE;
	if (invite_accept(&caller->invite, part, msg, &error))
		start_media(caller);
	else
		leave(caller, CALLER_BAD_ANSWER, error->message);
}

static void on_busy(struct caller *caller, GBytes *part,
		    const struct ipsp_message *msg)
{
	(void)part;
	leave(caller, CALLER_BUSY, *msg->text ? msg->text : "the room is full");
}

static void on_reject(struct caller *caller, GBytes *part,
		      const struct ipsp_message *msg)
{
	g_autofree char *why = NULL;

	(void)part;
	why = g_strdup_printf("%s (%u)",
			      *msg->text ? msg->text : "the room refused you",
			      msg->code);
	leave(caller, CALLER_REJECTED, why);
}

static void (*const on_answer[IPSP_METHODS])(struct caller *caller,
					     GBytes *part,
					     const struct ipsp_message *msg) = {
	[IPSP_OK] = on_ok,
	[IPSP_BUSY] = on_busy,
	[IPSP_REJECT] = on_reject,
};

/* A person's own mailbox: what does not answer our INVITE is not ours to
 * touch. */
static void on_mail(struct mailbox *mbx, const char *id, GBytes *mail,
		    void *arg)
{
	struct caller *caller = arg;
	SCOPED(message) msg = message_parse(mail, NULL, NULL);
	struct ipsp_message ipsp;

	if (!msg || !msg->ipsp || !*caller->invite.did ||
	    !ipsp_decode(&ipsp, msg->ipsp, NULL) ||
	    strcmp(ipsp.did, caller->invite.did) ||
	    !invite_same_room(msg->from_address, caller->invite.room) ||
	    !on_answer[ipsp.method])
		return;
	mailbox_done(mbx, id);
	if (caller->state != CALLER_INVITING)
		return; /* the same answer again */
	caller->progress.mails_in++;
	on_answer[ipsp.method](caller, msg->ipsp, &ipsp);
}

static void on_mailbox_state(struct mailbox *mbx, enum mailbox_state state,
			     const char *why, void *arg)
{
	struct caller *caller = arg;

	(void)mbx;
	caller->watching = state == MAILBOX_WATCHING;
	if (caller->watching) {
		caller->ever_watching = TRUE;
		if (caller->state == CALLER_CONNECTING)
			set_state(caller, CALLER_READY);
		return;
	}
	/* Later failures mend themselves; a wrong password does not. */
	if (state != MAILBOX_FAILED || caller->ever_watching)
		return;
	if (in_dialog(caller)) {
		leave(caller, CALLER_MAILBOX_FAILED, why);
	} else if (caller->state == CALLER_CONNECTING) {
		caller->end = CALLER_MAILBOX_FAILED;
		g_free(caller->why);
		caller->why = g_strdup(why);
		set_state(caller, CALLER_ENDED);
	}
}

static const struct mailbox_events mailbox_events = {
	.mail = on_mail,
	.state = on_mailbox_state,
};

static gboolean on_retry(gpointer data)
{
	struct caller *caller = data;
	g_autoptr(GBytes) mail = invite_mail(&caller->invite, wall_s());

	caller->retry_timer = 0;
	post_mail(caller, mail);
	return G_SOURCE_REMOVE;
}

static void on_posted(struct post *pst, gint64 id, enum post_result result,
		      const char *why, void *arg)
{
	struct caller *caller = arg;

	(void)pst;
	if (id != caller->mail_id || !caller->mail_open)
		return;
	caller->mail_open = FALSE;
	if (caller->state == CALLER_LEAVING) {
		finish_leaving(caller);
		return;
	}
	if (caller->state != CALLER_INVITING)
		return;
	switch (result) {
	case POST_SENT:
		caller->progress.times.posted = g_get_monotonic_time();
		break;
	case POST_RETRY:
		g_message("caller: the INVITE waits: %s", why);
		caller->retry_timer =
			g_timeout_add_seconds(RETRY_S, on_retry, caller);
		break;
	case POST_REFUSED:
		leave(caller, CALLER_NOT_SENT, why);
		break;
	}
}

static const struct post_events post_events = { .done = on_posted };

static gboolean on_answer_timeout(gpointer data)
{
	struct caller *caller = data;

	caller->answer_timer = 0;
	leave(caller, CALLER_NO_ANSWER,
	      caller->progress.times.posted
		      ? "the room did not answer in time"
		      : "the mail could not be sent in time");
	return G_SOURCE_REMOVE;
}

gboolean caller_invite(struct caller *caller, const char *room, const char *pin,
		       const struct media_sound *sound, void *sound_arg,
		       GError **error)
{
	const struct caller_config *cfg = &caller->cfg;
	g_autofree char *address = message_address(room);
	g_autoptr(GBytes) mail = NULL;

	if (!address || in_dialog(caller) || caller->state == CALLER_LEAVING) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    address ? "a call is under way already"
				    : "\"%s\" is no mail address",
			    room);
		return FALSE;
	}
	caller->end = caller->bridge_end = CALLER_NOT_ENDED;
	g_clear_pointer(&caller->why, g_free);
	g_clear_pointer(&caller->bridge_why, g_free);
	memset(&caller->progress, 0, sizeof(caller->progress));
	caller->sound = sound;
	caller->sound_arg = sound_arg;
	invite_init(&caller->invite, address, caller->address, caller->name,
		    caller->device, pin, cfg->plain, wall_s());
	mail = invite_mail(&caller->invite, wall_s());
	caller->answer_timer =
		g_timeout_add_seconds(cfg->answer_s ? cfg->answer_s : ANSWER_S,
				      on_answer_timeout, caller);
	caller->progress.times.submitted = g_get_monotonic_time();
	caller->progress.mails_out++;
	post_mail(caller, mail);
	mailbox_hurry(caller->mailbox);
	set_state(caller, CALLER_INVITING);
	return TRUE;
}

/* --- life --- */

struct caller *caller_create(struct caller_pool *pool,
			     const struct caller_config *cfg,
			     const struct caller_events *events, void *arg,
			     GError **error)
{
	const struct mailbox_config mailbox = {
		.url = cfg->mailbox_url,
		.username = cfg->username,
		.password = cfg->password,
		.ca_file = cfg->ca_file,
		.poll_ms = cfg->poll_ms,
	};
	const struct post_config post = {
		.url = cfg->post_url,
		.username = cfg->username,
		.password = cfg->password,
		.ca_file = cfg->ca_file,
	};
	struct caller *caller = g_new0(struct caller, 1);

	caller->pool = pool;
	caller->events = events;
	caller->arg = arg;
	caller->cfg = *cfg;
	caller->address = message_address(cfg->address);
	caller->name = g_strdup(cfg->name);
	caller->device = g_strdup(cfg->device ? cfg->device : "phone");
	if (!caller->address)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "\"%s\" is no mail address", cfg->address);
	else
		caller->post = post_create(&post, &post_events, caller, error);
	if (caller->post)
		caller->mailbox = mailbox_create(&mailbox, &mailbox_events,
						 caller, error);
	if (!caller->mailbox)
		caller_destroy(&caller);
	return caller;
}

/* The media thread lets go of the owner's sound before this returns. */
static void cut_off(struct caller *caller)
{
	struct media *med = caller->pool->media;
	struct pollfd bell = { .fd = media_fd(med), .events = POLLIN };

	if (caller->line) {
		media_hang_up(caller->line);
		caller->line = NULL;
		caller->retiring = TRUE;
	}
	while (caller->retiring) {
		poll(&bell, 1, 100);
		media_dispatch(med);
	}
}

void caller_destroy(struct caller **callerp)
{
	struct caller *caller = g_steal_pointer(callerp);

	if (!caller)
		return;
	/* Silent from here on, also while its media is cut off. */
	caller->state = CALLER_ENDED;
	mailbox_destroy(&caller->mailbox);
	post_destroy(&caller->post);
	cut_off(caller);
	clear_timer(&caller->answer_timer);
	clear_timer(&caller->leave_timer);
	clear_timer(&caller->retry_timer);
	clear_timer(&caller->finish_idle);
	close_websocket(caller);
	invite_fini(&caller->invite);
	g_free(caller->address);
	g_free(caller->name);
	g_free(caller->device);
	g_free(caller->why);
	g_free(caller->bridge_why);
	g_free(caller);
}

void caller_mute(struct caller *caller, gboolean muted)
{
	caller->muted = muted;
	if (caller->line)
		media_mute(caller->line, muted);
}

enum caller_state caller_state(const struct caller *caller)
{
	return caller->state;
}

enum caller_end caller_end(const struct caller *caller)
{
	return caller->end;
}

const char *caller_why(const struct caller *caller)
{
	return caller->why ? caller->why : "";
}

const struct caller_progress *caller_progress(const struct caller *caller)
{
	return &caller->progress;
}

gboolean caller_muted(const struct caller *caller)
{
	return caller->muted;
}

const char *caller_state_name(enum caller_state state)
{
	static const char *const names[] = {
		[CALLER_CONNECTING] = "connecting",
		[CALLER_READY] = "ready",
		[CALLER_INVITING] = "inviting",
		[CALLER_REGISTERING] = "registering",
		[CALLER_TALKING] = "talking",
		[CALLER_LEAVING] = "leaving",
		[CALLER_ENDED] = "ended",
	};

	return names[state];
}

const char *caller_end_name(enum caller_end end)
{
	static const char *const names[] = {
		[CALLER_NOT_ENDED] = "not-ended",
		[CALLER_HUNG_UP] = "hung-up",
		[CALLER_BYE] = "bye",
		[CALLER_KICKED] = "kicked",
		[CALLER_ROOM_ENDED] = "room-ended",
		[CALLER_REPLACED] = "replaced",
		[CALLER_BUSY] = "busy",
		[CALLER_REJECTED] = "rejected",
		[CALLER_NO_ANSWER] = "no-answer",
		[CALLER_BAD_ANSWER] = "bad-answer",
		[CALLER_NOT_SENT] = "not-sent",
		[CALLER_MAILBOX_FAILED] = "mailbox-failed",
		[CALLER_NO_GATE] = "no-gate",
		[CALLER_LOST] = "lost",
		[CALLER_FAILED] = "failed",
	};

	return names[end];
}

/* --- the pool --- */

static gboolean on_media(gint fd, GIOCondition condition, gpointer data)
{
	struct caller_pool *pool = data;

	(void)fd;
	(void)condition;
	media_dispatch(pool->media);
	return G_SOURCE_CONTINUE;
}

struct caller_pool *caller_pool_create(const char *ca_file, GError **error)
{
	struct caller_pool *pool = g_new0(struct caller_pool, 1);
	int r = media_create(&pool->media, &media_events);

	message_init();
	pool->ca_file = g_strdup(ca_file);
	if (r) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "the media thread cannot start: %s",
			    g_strerror(-r));
		caller_pool_destroy(&pool);
		return NULL;
	}
	pool->watch =
		g_unix_fd_add(media_fd(pool->media), G_IO_IN, on_media, pool);
	return pool;
}

void caller_pool_destroy(struct caller_pool **poolp)
{
	struct caller_pool *pool = g_steal_pointer(poolp);

	if (!pool)
		return;
	clear_timer(&pool->watch);
	media_destroy(&pool->media);
	websocket_client_destroy(&pool->websockets);
	g_free(pool->ca_file);
	g_free(pool);
}

struct media *caller_pool_media(struct caller_pool *pool)
{
	return pool->media;
}
