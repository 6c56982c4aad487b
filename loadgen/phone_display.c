#include "loadgen/phone_display.h"

#include <jansson.h>
#include <stdio.h>

#include "loadgen/notice.h"
#include "signaling/text.h"

#define METER 8 /* characters */

/* Takes over root. */
static void print_json(json_t *root)
{
	json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(root);
}

/* Rewrites the live line. */
static void print_line(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void print_line(const char *format, ...)
{
	va_list args;

	fputs("\r\033[K", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fflush(stdout);
}

static double ms_between(gint64 from, gint64 to)
{
	return from && to ? (double)(to - from) / 1000.0 : -1;
}

/* Each phase counted from the moment when the INVITE was given to post; -1
 * for what did not happen. */
static json_t *setup_json(const struct caller_progress *progress)
{
	const struct caller_times *times = &progress->times;

	return json_pack("{s:f,s:f,s:f,s:f}", "posted_ms",
			 ms_between(times->submitted, times->posted), "ok_ms",
			 ms_between(times->submitted, times->ok_read),
			 "registered_ms",
			 ms_between(times->submitted, times->registered),
			 "first_sound_ms",
			 ms_between(times->submitted, times->first_sound));
}

void phone_display_state(gboolean json, const struct caller *caller)
{
	const struct caller_progress *progress = caller_progress(caller);
	const char *name = caller_state_name(caller_state(caller));

	if (!json) {
		print_line("%s %s", name,
			   caller_state(caller) == CALLER_TALKING
				   ? progress->path
				   : "");
		return;
	}
	if (caller_state(caller) != CALLER_TALKING) {
		print_json(json_pack("{s:s,s:s}", "t", "state", "state", name));
		return;
	}
	print_json(json_pack("{s:s,s:s,s:s,s:s,s:o}", "t", "state", "state",
			     name, "gate", progress->gate, "path",
			     progress->path, "setup", setup_json(progress)));
}

/* From the bridge's tick to the ear: half the round trip, and what packets
 * were seen to wait here. The sound card is not in it. */
static double delay_ms(const struct call_report *rep)
{
	double network = MAX(rep->stream.round_trip_ms, 0) / 2;

	return network + MAX(rep->wait_ms, 0);
}

static const char *meter(float dbov, char text_r[METER + 1])
{
	int on = (int)((dbov + 60) * METER / 60) + 1;

	on = dbov <= -60 ? 0 : MIN(on, METER);
	for (int i = 0; i < METER; i++)
		text_r[i] = i < on ? '#' : '.';
	text_r[METER] = '\0';
	return text_r;
}

/* Hand and floor, as the live line has them. */
static const char *wishes(const struct caller *caller, char text_r[32])
{
	const gint left = caller_floor_s(caller);

	if (caller_is_asked(caller))
		return "  u: unmute  n: no";
	if (left > 0)
		g_snprintf(text_r, 32, "  FLOOR %d s", left);
	else if (!left)
		return "  FLOOR";
	else
		return caller_hand(caller) ? "  hand up" : "";
	return text_r;
}

void phone_display_figures(gboolean json, const struct caller *caller,
			   const struct call_report *rep)
{
	const struct stream_figures *in = &rep->stream.in;
	const struct stream_figures *out = &rep->stream.out;
	char own[METER + 1], room[METER + 1], mos[32] = "", wish[32];

	if (!json) {
		if (in->mos > 0)
			g_snprintf(mos, sizeof(mos), "  MOS (est.) %.1f",
				   (double)in->mos);
		print_line("%s  you %s%s%s  room %s  loss %.1f %%  "
			   "delay %.0f ms%s   m: mute  h: hand  q: quit",
			   caller_state_name(caller_state(caller)),
			   meter(rep->spoken_dbov, own),
			   rep->muted ? " muted" : "", wishes(caller, wish),
			   meter(rep->heard_dbov, room),
			   MAX(in->loss, 0) * 100.0, delay_ms(rep), mos);
		return;
	}
	print_json(json_pack(
		"{s:s,s:b,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:I,s:I,s:I,"
		"s:I}",
		"t", "figures", "muted", rep->muted, "spoken_dbov",
		(double)rep->spoken_dbov, "heard_dbov", (double)rep->heard_dbov,
		"loss", (double)in->loss, "peer_loss", (double)out->loss,
		"late", (double)in->late, "mos", (double)in->mos, "peer_mos",
		(double)out->mos, "delay_ms", delay_ms(rep), "round_trip_ms",
		rep->stream.round_trip_ms, "jitter_ms", (double)in->jitter_ms,
		"received", (json_int_t)rep->stream.received, "sent",
		(json_int_t)rep->stream.sent, "concealed",
		(json_int_t)rep->concealed, "recovered",
		(json_int_t)rep->recovered));
}

void phone_display_switch(gboolean json, const struct caller *caller,
			  const struct call_switch *change)
{
	static const char *const sentences[CALL_WHYS] = {
		[CALL_SILENT] = "the PhoneGate did not answer any more",
		[CALL_REFUSED] = "the PhoneGate is gone",
		[CALL_REDIRECTED] = "the PhoneGate sent us on",
	};
	const struct caller_progress *progress = caller_progress(caller);
	double lost_ms = (double)change->lost_us / 1000;

	if (!json) {
		print_line("%s: now at %s, %s; %.0f ms not heard\n",
			   sentences[change->why], progress->gate,
			   progress->path, lost_ms);
		return;
	}
	print_json(json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:f}", "t", "switched",
			     "why", caller_switch_name(change->why), "from",
			     (int)change->from, "to", (int)change->to, "gate",
			     progress->gate, "path", progress->path, "lost_ms",
			     lost_ms));
}

/* What a person needs not read as JSON; NULL: all else. Caller frees. */
static char *sentence_of(const struct notice *notice)
{
	switch (notice->type) {
	case NOTICE_MUTE:
		return g_strdup(notice->on ? "a moderator muted you"
					   : "a moderator unmuted you");
	case NOTICE_HOLD:
		return g_strdup(notice->on ? "you wait in the lobby until a "
					     "moderator admits you"
					   : "you are in the room");
	case NOTICE_ROLE:
		return notice->on ? g_strdup("you only listen: nobody hears "
					     "you")
				  : NULL;
	case NOTICE_ASK:
		return g_strdup("a moderator asks you to unmute: u does, n "
				"does not");
	case NOTICE_HAND:
		if (!notice->on)
			return g_strdup("your hand is down");
		return notice->n ? g_strdup_printf("your hand is up, number %u "
						   "in the queue",
						   notice->n)
				 : g_strdup("your hand is up");
	case NOTICE_FLOOR:
		if (!notice->on)
			return g_strdup("you have the floor no more");
		return notice->seconds ? g_strdup_printf("you have the floor "
							 "for %u s",
							 notice->seconds)
				       : g_strdup("you have the floor");
	case NOTICE_OTHER:
	case NOTICE_END:
	case NOTICE_STANDBY:
	case NOTICE_CHECK:
		break;
	}
	return NULL;
}

static void print_message(const char *message, gsize size)
{
	g_autofree char *text = g_strndup(message, size);
	g_autofree char *line = g_utf8_make_valid(text, -1);
	g_autofree char *safe = text_line(line, 200);
	g_autofree char *sentence = NULL;
	struct notice notice;

	notice_read(&notice, message, size);
	sentence = sentence_of(&notice);
	g_free(notice.why);
	g_free(notice.room);
	if (sentence)
		print_line("%s\n", sentence);
	else
		print_line("the bridge says: %s\n", safe);
}

void phone_display_message(gboolean json, const char *message, gsize size)
{
	json_t *root;

	if (!json) {
		print_message(message, size);
		return;
	}
	root = json_loadb(message, size, JSON_REJECT_DUPLICATES, NULL);
	if (root)
		print_json(json_pack("{s:s,s:o}", "t", "message", "message",
				     root));
}

void phone_display_moved(gboolean json, const char *room)
{
	if (json)
		print_json(json_pack("{s:s,s:s}", "t", "moved", "room", room));
	else
		print_line("a moderator moves you to %s\n", room);
}

void phone_display_ring(gboolean json, const struct caller_ring *ring)
{
	g_autofree char *name =
		text_line(ring->name ? ring->name : ring->room, 200);

	if (json)
		print_json(json_pack("{s:s,s:s,s:s,s:s,s:s}", "t", "ring",
				     "room", ring->room, "name", name, "by",
				     ring->by, "did", ring->did));
	else
		print_line("\a%s (%s) calls you%s%s\ny: answer  n: do not\n",
			   name, ring->room, *ring->by ? ", for " : "",
			   ring->by);
}

void phone_display_end(gboolean json, const struct caller *caller, int code)
{
	const struct caller_progress *progress = caller_progress(caller);
	const struct call_counts *counts = &progress->counts;

	if (!json) {
		print_line("%s\n", caller_why(caller));
		return;
	}
	print_json(json_pack(
		"{s:s,s:s,s:s,s:i,s:o,s:{s:i,s:i,s:i,s:i,s:i,s:i}}", "t", "end",
		"why", caller_end_name(caller_end(caller)), "text",
		caller_why(caller), "exit", code, "setup", setup_json(progress),
		"until_sound", "mails_out", (int)progress->mails_out,
		"mails_in", (int)progress->mails_in, "requests",
		(int)counts->requests, "answers", (int)counts->answers,
		"rtp_out", (int)counts->rtp_out, "rtp_in",
		(int)counts->rtp_in));
}
