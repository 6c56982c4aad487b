/* ipsp-phone - a caller in a terminal: mails a room and talks. */
#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "loadgen/caller.h"
#include "loadgen/phone_display.h"
#include "loadgen/phone_gate.h"
#include "loadgen/phone_options.h"
#include "loadgen/phone_sound.h"
#include "signaling/standard_fds.h"

#define FIGURES_MS 1000 /* JSON */
#define METER_MS   200	/* the live line */
#define FLUSH_MS   100

/* Exit codes; ipsp-phone(1) lists them. */
enum {
	EXIT_HERE = 1,
	EXIT_USAGE = 2,
	EXIT_SOUND = 3,
	EXIT_CANCELLED = 130,
};

static const int exit_codes[] = {
	[CALLER_HUNG_UP] = 0,	     [CALLER_FAILED] = EXIT_HERE,
	[CALLER_MAILBOX_FAILED] = 4, [CALLER_NOT_SENT] = 5,
	[CALLER_NO_ANSWER] = 6,	     [CALLER_BUSY] = 7,
	[CALLER_REJECTED] = 8,	     [CALLER_BAD_ANSWER] = 9,
	[CALLER_NO_GATE] = 10,	     [CALLER_LOST] = 11,
	[CALLER_KICKED] = 12,	     [CALLER_ROOM_ENDED] = 13,
	[CALLER_BYE] = 13,	     [CALLER_REPLACED] = 14,
	[CALLER_MOVED] = 13,
};

struct phone {
	struct phone_options opt;
	GMainLoop *loop;
	struct caller_pool *pool;
	struct caller *caller;
	struct phone_sound *sound;
	struct phone_gate *gate;    /* NULL: none is offered */
	guint timer;		    /* --for */
	char *ring_room, *ring_did; /* a room calls; NULL: none */
	gboolean interrupted;
	int code;
};

static struct termios saved_terminal;

static gboolean on_time_up(gpointer data)
{
	struct phone *phone = data;

	phone->timer = 0;
	caller_hang_up(phone->caller);
	return G_SOURCE_REMOVE;
}

static int exit_code(const struct caller *caller)
{
	enum caller_end end = caller_end(caller);

	if (end == CALLER_HUNG_UP && !caller_progress(caller)->times.registered)
		return EXIT_CANCELLED;
	return exit_codes[end];
}

static gboolean join(struct phone *phone, const char *room, const char *pin,
		     GError **error)
{
	return caller_invite(phone->caller, room, pin, &phone_sound_media,
			     phone->sound, error);
}

/* Where a moderator wants us. FALSE: nowhere, the call is over. */
static gboolean follow(struct phone *phone)
{
	g_autofree char *room = g_strdup(caller_moved_to(phone->caller));

	if (caller_end(phone->caller) != CALLER_MOVED || !room)
		return FALSE;
	phone_display_moved(phone->opt.json, room);
	return join(phone, room, NULL, NULL);
}

static void on_state(struct caller *caller, enum caller_state state, void *arg)
{
	struct phone *phone = arg;

	if (state == CALLER_ENDED) {
		if (!phone->code && !phone->interrupted && follow(phone))
			return;
		if (!phone->code)
			phone->code = exit_code(caller);
		g_main_loop_quit(phone->loop);
		return;
	}
	phone_display_state(phone->opt.json, caller);
	if (state == CALLER_TALKING && phone->opt.seconds > 0 && !phone->timer)
		phone->timer = g_timeout_add((guint)(phone->opt.seconds * 1000),
					     on_time_up, phone);
}

/* What is for the PhoneGate is for nobody's eyes: keys are in it. */
static void show_message(struct phone *phone, const char *json, gsize size)
{
	if (!phone->gate || !phone_gate_message(phone->gate, json, size))
		phone_display_message(phone->opt.json, json, size);
}

static void on_event(struct caller *caller, const struct call_event *event,
		     void *arg)
{
	struct phone *phone = arg;

	if (event->type == CALL_REPORT)
		phone_display_figures(phone->opt.json, caller, &event->report);
	else if (event->type == CALL_SWITCHED)
		phone_display_switch(phone->opt.json, caller, &event->change);
	else if (event->type == CALL_MESSAGE)
		show_message(phone, event->message.json, event->message.size);
}

static void forget_ring(struct phone *phone)
{
	g_clear_pointer(&phone->ring_room, g_free);
	g_clear_pointer(&phone->ring_did, g_free);
}

static void answer_ring(struct phone *phone)
{
	g_autofree char *room = g_steal_pointer(&phone->ring_room);
	g_autoptr(GError) error = NULL;

	forget_ring(phone);
	if (room && !join(phone, room, phone->opt.pin, &error))
		g_printerr("ipsp-phone: %s\n", error->message);
}

static void decline_ring(struct phone *phone)
{
	if (phone->ring_room)
		caller_decline(phone->caller, phone->ring_room,
			       phone->ring_did);
	forget_ring(phone);
}

/* The newest counts. */
static void on_ring(struct caller *caller, const struct caller_ring *ring,
		    void *arg)
{
	struct phone *phone = arg;

	(void)caller;
	forget_ring(phone);
	phone->ring_room = g_strdup(ring->room);
	phone->ring_did = g_strdup(ring->did);
	phone_display_ring(phone->opt.json, ring);
	if (phone->opt.accept &&
	    !g_ascii_strcasecmp(phone->opt.accept, ring->room))
		answer_ring(phone);
}

static const struct caller_events calling_events = {
	.state = on_state,
	.event = on_event,
};
static const struct caller_events waiting_events = {
	.state = on_state,
	.event = on_event,
	.ring = on_ring,
};

static gboolean on_flush(gpointer data)
{
	struct phone *phone = data;
	g_autoptr(GError) error = NULL;

	if (phone_sound_flush(phone->sound, &error))
		return G_SOURCE_CONTINUE;
	g_printerr("ipsp-phone: %s\n", error->message);
	phone->code = EXIT_SOUND;
	caller_hang_up(phone->caller);
	return G_SOURCE_REMOVE;
}

/* Ctrl-C once takes leave, twice runs away. */
static gboolean on_signal(gpointer data)
{
	struct phone *phone = data;

	if (phone->interrupted ||
	    caller_state(phone->caller) < CALLER_INVITING) {
		phone->code = EXIT_CANCELLED;
		g_main_loop_quit(phone->loop);
	}
	phone->interrupted = TRUE;
	caller_hang_up(phone->caller);
	return G_SOURCE_CONTINUE;
}

static void on_m(struct caller *caller)
{
	caller_mute(caller, !caller_muted(caller));
}

static void on_h(struct caller *caller)
{
	caller_raise_hand(caller, !caller_hand(caller));
}

static void on_u(struct caller *caller)
{
	caller_answer(caller, TRUE);
}

static void on_n(struct caller *caller)
{
	caller_answer(caller, FALSE);
}

/* ipsp-phone(1), "Keys". */
static const struct {
	char key;
	void (*act)(struct caller *caller);
} keys[] = {
	{ 'm', on_m }, { 'h', on_h },		{ 'u', on_u },
	{ 'n', on_n }, { 'q', caller_hang_up },
};

static void leave(struct phone *phone)
{
	phone->code = EXIT_CANCELLED;
	g_main_loop_quit(phone->loop);
}

/* Likewise, as long as there is no call. */
static const struct {
	char key;
	void (*act)(struct phone *phone);
} waiting_keys[] = {
	{ 'y', answer_ring },
	{ 'n', decline_ring },
	{ 'q', leave },
};

static void press_waiting(struct phone *phone, char key)
{
	for (guint i = 0; i < G_N_ELEMENTS(waiting_keys); i++)
		if (waiting_keys[i].key == key)
			waiting_keys[i].act(phone);
}

static void press(struct phone *phone, char key)
{
	if (caller_state(phone->caller) < CALLER_INVITING) {
		press_waiting(phone, key);
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		if (keys[i].key == key)
			keys[i].act(phone->caller);
}

static gboolean on_key(gint fd, GIOCondition condition, gpointer data)
{
	struct phone *phone = data;
	char typed[64];
	gssize n = read(fd, typed, sizeof(typed));

	(void)condition;
	for (gssize i = 0; i < n; i++)
		press(phone, typed[i]);
	return n > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void restore_terminal(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
}

/* Keys come one by one on a terminal, lines from anything else. */
static void watch_keys(struct phone *phone)
{
	struct termios raw;

	/* In the background the terminal is somebody else's. */
	if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	if (isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &saved_terminal)) {
		raw = saved_terminal;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
		atexit(restore_terminal);
	}
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_key, phone);
}

static gboolean start(struct phone *phone, GError **error)
{
	const struct phone_options *opt = &phone->opt;
	struct ipsp_gate gate = { 0 };
	const struct caller_config cfg = {
		.address = opt->from,
		.name = opt->name,
		.device = opt->device,
		.mailbox_url = opt->mailbox,
		.post_url = opt->post,
		.username = opt->user,
		.password = opt->password,
		.ca_file = opt->ca_file,
		.transport = opt->transport,
		.plain = opt->plain,
		.room_key = opt->room_key,
		.gate = &gate,
		.codec = { .bitrate = 32000,
			   .complexity = 8,
			   .low_delay = 1,
			   .dtx = 1 },
		.report_ms = opt->json ? FIGURES_MS : METER_MS,
	};

	if (opt->offer_gate && !phone_gate_offer(&gate, opt->offer_gate, error))
		return FALSE;
	phone->pool = caller_pool_create(opt->ca_file, error);
	if (!phone->pool)
		return FALSE;
	phone->caller = caller_create(
		phone->pool, &cfg,
		opt->room ? &calling_events : &waiting_events, phone, error);
	if (!phone->caller)
		return FALSE;
	if (opt->offer_gate)
		phone->gate = phone_gate_create(
			opt->offer_gate, opt->gate_program, phone->caller);
	/* The mailbox connects while the INVITE travels. */
	return !opt->room || join(phone, opt->room, opt->pin, error);
}

static void run(struct phone *phone)
{
	g_unix_signal_add(SIGINT, on_signal, phone);
	g_unix_signal_add(SIGTERM, on_signal, phone);
	g_timeout_add(FLUSH_MS, on_flush, phone);
	watch_keys(phone);
	g_main_loop_run(phone->loop);
}

int main(int argc, char **argv)
{
	struct phone phone = { 0 };
	g_autoptr(GError) error = NULL;
	struct phone_sound_config sound;

	standard_fds_open();
	/* Words on the command line are UTF-8, whatever LANG says. */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (!phone_options_parse(&phone.opt, argc, argv, &error)) {
		g_printerr("ipsp-phone: %s\n", error->message);
		return EXIT_USAGE;
	}
	phone.opt.json = phone.opt.json || !isatty(STDOUT_FILENO);
	phone.loop = g_main_loop_new(NULL, FALSE);
	sound = (struct phone_sound_config){ .send = phone.opt.send,
					     .receive = phone.opt.receive,
					     .loop = phone.opt.loop };
	phone.sound = phone_sound_create(&sound, &error);
	if (!phone.sound)
		phone.code = EXIT_SOUND;
	else if (!start(&phone, &error))
		phone.code = EXIT_USAGE;
	else
		run(&phone);
	if (error)
		g_printerr("ipsp-phone: %s\n", error->message);
	else
		phone_display_end(phone.opt.json, phone.caller, phone.code);

	phone_gate_destroy(&phone.gate);
	caller_destroy(&phone.caller);
	caller_pool_destroy(&phone.pool);
	phone_sound_destroy(&phone.sound);
	forget_ring(&phone);
	g_main_loop_unref(phone.loop);
	phone_options_clear(&phone.opt);
	return phone.code;
}
