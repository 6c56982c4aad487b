#include "loadgen/caller_private.h"

#include <gio/gio.h>
#include <glib-unix.h>

#include "loadgen/notice.h"
#include "signaling/message.h"
#include "signaling/text.h"

#define KEEP_MIN_S 2

static void close_socket(struct caller_socket *socket)
{
	if (socket->websocket)
		websocket_close(socket->websocket);
	socket->websocket = NULL;
}

void caller_close_websockets(struct caller *caller)
{
	for (guint i = 0; i < G_N_ELEMENTS(caller->sockets); i++)
		close_socket(&caller->sockets[i]);
}

static void on_websocket_state(struct websocket *ws, gboolean open,
			       const char *why, void *arg)
{
	struct caller_socket *socket = arg;
	struct caller *caller = socket->caller;

	(void)ws;
	if (!open) {
		g_info("caller: websocket gone why=%s", why);
		socket->websocket = NULL;
	}
	if (caller->line)
		media_websocket_state(caller->line, socket->target, open);
}

static void on_websocket_packet(struct websocket *ws, const guint8 *buf,
				gsize size, void *arg)
{
	struct caller_socket *socket = arg;

	(void)ws;
	if (socket->caller->line)
		media_websocket_packet(socket->caller->line, buf, size);
}

static const struct websocket_events websocket_events = {
	.state = on_websocket_state,
	.packet = on_websocket_packet,
};

/* Not that of the gate which has the call: its sound goes on meanwhile. */
static struct caller_socket *free_socket(struct caller *caller)
{
	struct caller_socket *socket = &caller->sockets[0];

	if (socket->websocket && socket->target == caller->target)
		socket = &caller->sockets[1];
	close_socket(socket);
	return socket;
}

static void connect_websocket(struct caller *caller, unsigned target,
			      const char *url)
{
	struct caller_pool *pool = caller->pool;
	struct caller_socket *socket = free_socket(caller);
	g_autoptr(GError) error = NULL;

	socket->caller = caller;
	socket->target = target;
	if (!pool->websockets)
		pool->websockets =
			websocket_client_create(pool->ca_file, &error);
	if (pool->websockets)
		socket->websocket =
			websocket_open(pool->websockets, url, &websocket_events,
				       socket, &error);
	if (socket->websocket)
		return;
	g_warning("caller: no WebSocket: %s", error->message);
	media_websocket_state(caller->line, target, FALSE);
}

/* The gate that had the call was said BYE. */
static void close_other_websockets(struct caller *caller)
{
	for (guint i = 0; i < G_N_ELEMENTS(caller->sockets); i++)
		if (caller->sockets[i].target != caller->target)
			close_socket(&caller->sockets[i]);
}

static void note_registered(struct caller *caller,
			    const struct call_event *event)
{
	struct caller_progress *progress = &caller->progress;
	const struct registration_target *target = &event->where.target;

	caller->target = event->target;
	g_strlcpy(progress->gate, event->where.gate, sizeof(progress->gate));
	if (target->websocket) {
		g_strlcpy(progress->path, target->url, sizeof(progress->path));
	} else {
		g_autofree char *text = invite_address_text(&target->address);

		g_snprintf(progress->path, sizeof(progress->path), "udp %s",
			   text);
	}
	if (!progress->times.registered)
		progress->times.registered = (gint64)event->time_us;
	caller_set_state(caller, CALLER_TALKING);
}

static void set_standby(struct caller *caller, const struct ipsp_gate *gate)
{
	struct call_place *place =
		invite_place(&caller->invite, gate, &caller->wish);

	if (place)
		media_set_standby(caller->line, place);
}

static void note_floor(struct caller *caller, const struct notice *notice)
{
	caller->floor = notice->on;
	if (notice->on) /* the hand is down, and not told so by itself */
		caller->hand = FALSE;
	caller->floor_until_us = 0;
	if (notice->on && notice->seconds)
		caller->floor_until_us =
			g_get_monotonic_time() +
			(gint64)notice->seconds * G_USEC_PER_SEC;
}

/* Takes over the address. Of another domain it could be anybody's: a bridge
 * shall not make us mail whom it likes. */
static void set_moved_to(struct caller *caller, char *room)
{
	const char *domain = strrchr(caller->invite.room, '@');

	g_free(caller->moved_to);
	caller->moved_to = room;
	if (room && g_ascii_strcasecmp(strrchr(room, '@'), domain) != 0)
		g_clear_pointer(&caller->moved_to, g_free);
}

static void note_message(struct caller *caller, const struct call_event *event)
{
	struct notice notice;

	notice_read(&notice, event->message.json, event->message.size);
	switch (notice.type) {
	case NOTICE_OTHER:
	case NOTICE_HOLD:
	case NOTICE_ROLE:
		break;
	case NOTICE_END: /* remembered for the BYE */
		if (notice.end != CALLER_NOT_ENDED)
			caller->bridge_end = notice.end;
		g_free(caller->bridge_why);
		caller->bridge_why = notice.why;
		set_moved_to(caller, notice.room);
		break;
	case NOTICE_STANDBY:
		set_standby(caller, &notice.gate);
		break;
	case NOTICE_CHECK:
		media_check(caller->line);
		break;
	case NOTICE_MUTE: /* anew: what was asked before is over */
		if (notice.on)
			caller->asked = 0;
		break;
	case NOTICE_ASK:
		caller->asked = notice.n;
		break;
	case NOTICE_HAND:
		caller->hand = notice.on;
		break;
	case NOTICE_FLOOR:
		note_floor(caller, &notice);
		break;
	}
}

static void bridge_left(struct caller *caller)
{
	static const char *const sentences[] = {
		[CALLER_BYE] = "the bridge ended the call",
		[CALLER_KICKED] = "a moderator removed you from the room",
		[CALLER_ROOM_ENDED] = "the conference is over",
		[CALLER_REPLACED] = "you joined again from this device",
		[CALLER_MOVED] = "a moderator moved you to another room",
	};
	enum caller_end end = caller->bridge_end;

	if (end == CALLER_NOT_ENDED)
		end = CALLER_BYE;
	caller_leave(caller, end,
		     caller->bridge_why ? caller->bridge_why : sentences[end]);
}

static void on_media_event(const struct call_event *event, void *owner)
{
	struct caller *caller = owner;

	switch (event->type) {
	case CALL_CONNECT:
		connect_websocket(caller, event->target,
				  event->where.target.url);
		return;
	case CALL_REGISTERED:
		note_registered(caller, event);
		return;
	case CALL_SOUND:
		caller->progress.times.first_sound = (gint64)event->time_us;
		caller->progress.counts = event->counts;
		caller->events->event(caller, event, caller->arg);
		return;
	case CALL_LEFT:
		close_other_websockets(caller);
		return;
	case CALL_SWITCHED:
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
		caller_leave(
			caller, CALLER_NO_GATE,
			caller->cfg.room_key
				? "no PhoneGate of the bridge answers: is the "
				  "room's key another, or the network closed?"
				: "no PhoneGate of the bridge answers: is UDP "
				  "or the web port blocked between here and "
				  "there, or has the room a key?");
		return;
	case CALL_LOST:
		caller_leave(caller, CALLER_LOST,
			     "the bridge has not answered for 30 s");
		return;
	}
}

static void on_media_websocket(unsigned target, const uint8_t *buf, size_t size,
			       void *owner)
{
	struct caller *caller = owner;

	for (guint i = 0; i < G_N_ELEMENTS(caller->sockets); i++)
		if (caller->sockets[i].websocket &&
		    caller->sockets[i].target == target)
			websocket_send(caller->sockets[i].websocket, buf, size);
}

static void on_media_retired(void *owner)
{
	struct caller *caller = owner;

	caller->retiring = FALSE;
	caller_finish_leaving(caller);
}

static const struct media_events media_events = {
	.event = on_media_event,
	.websocket = on_media_websocket,
	.retired = on_media_retired,
};

void caller_start_media(struct caller *caller)
{
	const struct caller_config *cfg = &caller->cfg;
	guint keep_s = MAX(caller->invite.ok.keep_s, KEEP_MIN_S);
	struct call_config call = {
		.codec = cfg->codec,
		.jitter = { .min_ms = 0, .max_ms = 1000 },
		.report_us = cfg->report_ms * 1000,
		.muted = caller->muted,
		.deaf = cfg->deaf,
	};
	int r;

	caller->wish =
		(struct invite_wish){ .udp = cfg->transport != CALLER_WSS,
				      .wss = cfg->transport != CALLER_UDP,
				      .keep_us = keep_s * G_USEC_PER_SEC,
				      .echo = !cfg->no_echo };
	caller->target = G_MAXUINT;
	caller->hand = caller->floor = FALSE;
	caller->asked = 0;
	call.places = invite_places(&caller->invite, &caller->wish);
	caller_set_state(caller, CALLER_REGISTERING);
	if (!call.places) {
		caller_leave(
			caller, CALLER_NO_GATE,
			"the bridge offers no PhoneGate for this transport");
		return;
	}
	r = media_add(caller->pool->media, &caller->line, &call, caller->sound,
		      caller->sound_arg, caller);
	if (r)
		caller_leave(caller, CALLER_FAILED, g_strerror(-r));
}

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
	caller_clear_timer(&pool->watch);
	media_destroy(&pool->media);
	websocket_client_destroy(&pool->websockets);
	g_free(pool->ca_file);
	g_free(pool);
}

struct media *caller_pool_media(struct caller_pool *pool)
{
	return pool->media;
}
