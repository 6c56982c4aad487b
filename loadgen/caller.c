#include "loadgen/caller_private.h"

#include <gio/gio.h>
#include <poll.h>

#include "signaling/message.h"
#include "signaling/text.h"

#define LEAVE_S 5 /* for CANCEL or BYE to be posted */

void caller_set_state(struct caller *caller, enum caller_state state)
{
	if (caller->state == state)
		return;
	caller->state = state;
	caller->events->state(caller, state, caller->arg);
}

gboolean caller_in_dialog(const struct caller *caller)
{
	return caller->state == CALLER_INVITING ||
	       caller->state == CALLER_REGISTERING ||
	       caller->state == CALLER_TALKING;
}

void caller_clear_timer(guint *timer)
{
	if (*timer)
		g_source_remove(*timer);
	*timer = 0;
}

void caller_finish_leaving(struct caller *caller)
{
	if (caller->state != CALLER_LEAVING || caller->finish_idle ||
	    caller->retiring || (caller->mail_open && caller->leave_timer))
		return;
	caller_clear_timer(&caller->leave_timer);
	caller_clear_timer(&caller->finish_idle);
	caller_close_websockets(caller);
	invite_fini(&caller->invite);
	caller_set_state(caller, CALLER_ENDED);
}

static gboolean on_finish_idle(gpointer data)
{
	struct caller *caller = data;

	caller->finish_idle = 0;
	caller_finish_leaving(caller);
	return G_SOURCE_REMOVE;
}

static gboolean on_leave_timeout(gpointer data)
{
	struct caller *caller = data;

	caller->leave_timer = 0;
	caller_finish_leaving(caller);
	return G_SOURCE_REMOVE;
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

void caller_leave(struct caller *caller, enum caller_end end, const char *why)
{
	gboolean kept = seat_is_kept(caller, end);

	if (!caller_in_dialog(caller))
		return;
	caller->end = end;
	g_free(caller->why);
	caller->why = text_line(why, CALLER_WHY_MAX);
	caller_clear_timer(&caller->answer_timer);
	caller_clear_timer(&caller->retry_timer);
	caller->mail_open = FALSE;
	if (caller->line) {
		media_hang_up(caller->line);
		caller->retiring = TRUE;
		caller->line = NULL;
	}
	if (kept) {
		caller_take_back(caller);
		caller->leave_timer = g_timeout_add_seconds(
			LEAVE_S, on_leave_timeout, caller);
	}
	/* CALLER_ENDED never comes from inside the owner's own call. */
	caller->finish_idle = g_idle_add(on_finish_idle, caller);
	caller_set_state(caller, CALLER_LEAVING);
}

void caller_hang_up(struct caller *caller)
{
	caller_leave(caller, CALLER_HUNG_UP, "you hung up");
}

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
	if (cfg->room_key)
		g_bytes_ref(cfg->room_key);
	if (cfg->gate)
		caller->gate = *cfg->gate;
	caller->device = g_strdup(cfg->device ? cfg->device : "phone");
	if (!caller->address)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "\"%s\" is no mail address", cfg->address);
	else
		caller->post =
			post_create(&post, &caller_post_events, caller, error);
	if (caller->post)
		caller->mailbox = mailbox_create(
			&mailbox, &caller_mailbox_events, caller, error);
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
	caller_clear_timer(&caller->answer_timer);
	caller_clear_timer(&caller->leave_timer);
	caller_clear_timer(&caller->retry_timer);
	caller_clear_timer(&caller->finish_idle);
	caller_close_websockets(caller);
	invite_fini(&caller->invite);
	g_free(caller->address);
	g_free(caller->name);
	g_free(caller->device);
	g_clear_pointer(&caller->cfg.room_key, g_bytes_unref);
	g_free(caller->why);
	g_free(caller->bridge_why);
	g_free(caller->moved_to);
	g_free(caller);
}

void caller_mute(struct caller *caller, gboolean muted)
{
	caller->muted = muted;
	if (caller->line)
		media_mute(caller->line, muted);
}

void caller_raise_hand(struct caller *caller, gboolean up)
{
	if (!caller->line)
		return;
	caller->hand = up;
	media_raise_hand(caller->line, up);
}

gboolean caller_hand(const struct caller *caller)
{
	return caller->hand;
}

gboolean caller_is_asked(const struct caller *caller)
{
	return caller->line && caller->asked;
}

void caller_answer(struct caller *caller, gboolean yes)
{
	if (!caller_is_asked(caller))
		return;
	media_answer(caller->line, caller->asked, yes);
	caller->asked = 0;
	if (yes)
		caller->muted = FALSE;
}

gint caller_floor_s(const struct caller *caller)
{
	gint64 left_us = caller->floor_until_us - g_get_monotonic_time();

	if (!caller->floor || !caller->floor_until_us)
		return caller->floor ? 0 : -1;
	return (gint)(MAX(left_us, 0) / G_USEC_PER_SEC) + 1;
}

void caller_message(struct caller *caller, const char *json, gsize size)
{
	if (caller->line)
		media_message(caller->line, json, size);
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

const char *caller_moved_to(const struct caller *caller)
{
	return caller->moved_to;
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
		[CALLER_MOVED] = "moved",
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

const char *caller_switch_name(enum call_switch_why why)
{
	static const char *const names[CALL_WHYS] = {
		[CALL_SILENT] = "silent",
		[CALL_REFUSED] = "refused",
		[CALL_REDIRECTED] = "redirected",
	};

	return names[why];
}
