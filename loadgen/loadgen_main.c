/* ipsp-loadgen - many callers who join a room by real mail, say what a script
 * tells them, and check what they hear.
 *
 * One run: all mailboxes connect; the first caller joins and hums, so that
 * whoever comes later has something to hear; the others follow at intended
 * times; the last one joins again as often as --joins wants; with --hold all
 * wait for a signal; then the script is spoken, everybody leaves, and the ears
 * are compared with the script. With --stay there is no script: they are only
 * there. */
#include <glib-unix.h>
#include <locale.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "loadgen/caller.h"
#include "loadgen/ear.h"
#include "loadgen/loadgen_options.h"
#include "loadgen/report.h"
#include "loadgen/script.h"
#include "signaling/standard_fds.h"

#define FRAME_US     20000
#define START_US     500000 /* from the last join to the script's start */
#define TAIL_S	     1	    /* what is said last is heard later */
#define HUMMERS	     2	    /* so that each hears one besides himself */
#define STAY_HUMMERS 5	    /* as many as talk at once in a large meeting */
#define SETTLE_MS    200    /* a repeated join talks so long, then leaves */
#define EXIT_FAULTS  1
#define EXIT_USAGE   2

enum step {
	STEP_CONNECT,
	STEP_FIRST,
	STEP_RAMP,
	STEP_JOINS,
	STEP_HOLD,
	STEP_STAY,
	STEP_SCRIPT,
	STEP_LEAVE,
	STEP_DONE,
};

struct run;

struct person {
	struct run *run;
	guint index;
	struct caller *caller;
	struct ear *ear;
	gboolean heard, counted;     /* in this join */
	struct stream_report stream; /* the newest */
};

struct run {
	struct loadgen_options opt;
	GMainLoop *loop;
	struct caller_pool *pool;
	struct person *people;
	struct script script;
	guint hummers;
	guint rounds;
	struct report report;
	enum step step;
	gboolean go;	/* told not to hold (any longer) */
	guint joins;	/* measured */
	guint invited;	/* of the ramp */
	gint64 ramp_us; /* when the ramp's first INVITE was due */
	guint deadline; /* source: the step takes too long */
	atomic_uint_fast64_t start_us; /* of the script; 0: not yet known */
};

static void next_step(struct run *run);

/* --- the media thread --- */

static bool speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	const struct person *person = arg;
	uint64_t start = atomic_load(&person->run->start_us);
	uint64_t spoken = tick_us - FRAME_US;

	if (start && spoken >= start)
		return script_speak(&person->run->script, person->index,
				    (spoken - start) * 6 / 125, pcm_r,
				    CODEC_FRAME);
	if (start || person->index >= person->run->hummers)
		return false;
	script_hum(person->index, spoken * 6 / 125, pcm_r, CODEC_FRAME);
	return true;
}

static void hear(const int16_t *pcm, uint64_t tick_us, int wait_us, void *arg)
{
	struct person *person = arg;
	uint64_t start = atomic_load(&person->run->start_us);

	if (start && tick_us + FRAME_US > start)
		ear_hear(person->ear, pcm, tick_us, wait_us);
}

static const struct media_sound sound = { .speak = speak, .hear = hear };

/* --- the run's steps --- */

static struct person *last_person(struct run *run)
{
	return &run->people[run->opt.callers - 1];
}

static guint count_state(const struct run *run, enum caller_state state)
{
	guint n = 0;

	for (gint i = 0; i < run->opt.callers; i++)
		n += caller_state(run->people[i].caller) == state;
	return n;
}

static guint count_joined(const struct run *run)
{
	guint n = 0;

	for (gint i = 0; i < run->opt.callers; i++)
		n += run->people[i].counted;
	return n;
}

static void give_up(struct run *run)
{
	run->step = STEP_DONE;
	g_main_loop_quit(run->loop);
}

static gboolean on_deadline(gpointer data)
{
	static const char *const steps[] = {
		[STEP_CONNECT] = "connecting to the mailboxes",
		[STEP_FIRST] = "the first caller's join",
		[STEP_RAMP] = "the others' joins",
		[STEP_JOINS] = "a repeated join",
		[STEP_HOLD] = "the signal to go on",
		[STEP_STAY] = "staying",
		[STEP_SCRIPT] = "the script",
		[STEP_LEAVE] = "leaving",
	};
	struct run *run = data;

	run->deadline = 0;
	report_fault(&run->report, "%s took too long; %u of %d callers talk",
		     steps[run->step], count_state(run, CALLER_TALKING),
		     run->opt.callers);
	give_up(run);
	return G_SOURCE_REMOVE;
}

static void allow(struct run *run, gdouble seconds)
{
	if (run->deadline)
		g_source_remove(run->deadline);
	run->deadline =
		g_timeout_add((guint)(seconds * 1000), on_deadline, run);
}

static void invite(struct person *person)
{
	struct run *run = person->run;
	g_autoptr(GError) error = NULL;

	person->heard = person->counted = FALSE;
	if (caller_invite(person->caller, run->opt.room, run->opt.pin, &sound,
			  person, &error))
		return;
	report_fault(&run->report, "caller %u: %s", person->index + 1,
		     error->message);
	give_up(run);
}

/* Open loop: an INVITE that comes late is counted from when it was due, and
 * does not push the next one back. */
static gboolean on_ramp(gpointer data)
{
	struct run *run = data;
	gint64 step_us = (gint64)(run->opt.ramp * G_USEC_PER_SEC);
	gint64 due, now = g_get_monotonic_time();

	while (run->step == STEP_RAMP &&
	       run->invited < (guint)run->opt.callers) {
		due = run->ramp_us + (run->invited - 1) * step_us;
		if (due > now) {
			g_timeout_add((guint)((due - now + 999) / 1000),
				      on_ramp, run);
			return G_SOURCE_REMOVE;
		}
		figures_add(&run->report.invite_late_ms,
			    (double)(now - due) / 1000);
		invite(&run->people[run->invited++]);
		now = g_get_monotonic_time();
	}
	return G_SOURCE_REMOVE;
}

static gboolean on_rejoin(gpointer data)
{
	struct run *run = data;

	if (run->step == STEP_JOINS)
		caller_hang_up(last_person(run)->caller);
	return G_SOURCE_REMOVE;
}

static gboolean on_script_end(gpointer data)
{
	struct run *run = data;

	if (run->step == STEP_SCRIPT)
		next_step(run);
	return G_SOURCE_REMOVE;
}

static gboolean on_stayed(gpointer data)
{
	struct run *run = data;

	if (run->step != STEP_STAY)
		return G_SOURCE_REMOVE;
	run->step = STEP_SCRIPT; /* which is over */
	next_step(run);
	return G_SOURCE_REMOVE;
}

static gdouble script_seconds(const struct run *run)
{
	return (gdouble)run->rounds * script_turns(&run->script) *
	       (gdouble)script_turn_length(&run->script) / SCRIPT_RATE;
}

static void start_script(struct run *run)
{
	gdouble wait = START_US / 1e6 + script_seconds(run) + TAIL_S;

	atomic_store(&run->start_us,
		     (uint64_t)g_get_monotonic_time() + START_US);
	g_timeout_add((guint)(wait * 1000), on_script_end, run);
	allow(run, wait + 10);
}

static void leave(struct run *run)
{
	for (gint i = 0; i < run->opt.callers; i++)
		caller_hang_up(run->people[i].caller);
}

static void next_step(struct run *run)
{
	run->step++;
	allow(run, run->opt.timeout);
	switch (run->step) {
	case STEP_FIRST:
		run->invited = 1;
		invite(&run->people[0]);
		break;
	case STEP_RAMP:
		run->ramp_us = g_get_monotonic_time();
		on_ramp(run);
		break;
	case STEP_JOINS:
		if (run->joins < (guint)run->opt.joins)
			g_timeout_add(SETTLE_MS, on_rejoin, run);
		else
			next_step(run);
		break;
	case STEP_HOLD:
		if (run->go || run->opt.hold <= 0)
			next_step(run);
		else
			allow(run, run->opt.hold);
		break;
	case STEP_STAY:
		if (run->opt.stay <= 0) {
			next_step(run);
			break;
		}
		g_timeout_add((guint)(run->opt.stay * 1000), on_stayed, run);
		allow(run, run->opt.stay + run->opt.timeout);
		break;
	case STEP_SCRIPT:
		start_script(run);
		break;
	case STEP_LEAVE:
		leave(run);
		break;
	default:
		give_up(run);
	}
}

/* Somebody is in, and (but for the very first) hears something. */
static void joined(struct person *person)
{
	struct run *run = person->run;

	if (person->counted)
		return;
	person->counted = TRUE;
	report_join(&run->report, caller_progress(person->caller),
		    run->step == STEP_FIRST);
	if (run->step == STEP_FIRST) {
		next_step(run);
		return;
	}
	run->joins++;
	if (run->step == STEP_RAMP &&
	    count_joined(run) == (guint)run->opt.callers) {
		next_step(run);
	} else if (run->step == STEP_JOINS) {
		allow(run, run->opt.timeout);
		if (run->joins < (guint)run->opt.joins)
			g_timeout_add(SETTLE_MS, on_rejoin, run);
		else
			next_step(run);
	}
}

static void ended(struct person *person)
{
	struct run *run = person->run;

	if (run->step == STEP_LEAVE) {
		if (count_state(run, CALLER_ENDED) == (guint)run->opt.callers)
			next_step(run);
		return;
	}
	if (run->step == STEP_JOINS && person == last_person(run) &&
	    caller_end(person->caller) == CALLER_HUNG_UP) {
		invite(person);
		return;
	}
	report_fault(&run->report, "caller %u: %s (%s)", person->index + 1,
		     caller_why(person->caller),
		     caller_end_name(caller_end(person->caller)));
	give_up(run);
}

static void on_state(struct caller *caller, enum caller_state state, void *arg)
{
	struct person *person = arg;
	struct run *run = person->run;

	(void)caller;
	if (run->step == STEP_DONE)
		return;
	if (state == CALLER_READY && run->step == STEP_CONNECT &&
	    count_state(run, CALLER_READY) == (guint)run->opt.callers)
		next_step(run);
	else if (state == CALLER_TALKING && run->step == STEP_FIRST)
		joined(person);
	else if (state == CALLER_ENDED)
		ended(person);
}

static void on_event(struct caller *caller, const struct call_event *event,
		     void *arg)
{
	struct person *person = arg;

	(void)caller;
	if (event->type == CALL_SOUND && person->run->step != STEP_DONE)
		joined(person);
	else if (event->type == CALL_SWITCHED)
		report_switch(&person->run->report, &event->change);
	else if (event->type == CALL_REPORT)
		person->stream = event->report.stream;
}

static const struct caller_events caller_events = {
	.state = on_state,
	.event = on_event,
};

/* --- before and after --- */

static gboolean create_person(struct run *run, guint index, GError **error)
{
	const struct loadgen_options *opt = &run->opt;
	struct person *person = &run->people[index];
	g_autofree char *from = loadgen_options_expand(opt->from, index + 1);
	g_autofree char *mailbox =
		loadgen_options_expand(opt->mailbox, index + 1);
	g_autofree char *post = loadgen_options_expand(opt->post, index + 1);
	g_autofree char *user = loadgen_options_expand(opt->user, index + 1);
	const struct caller_config cfg = {
		.address = from,
		.device = "loadgen",
		.mailbox_url = mailbox,
		.post_url = post,
		.username = user,
		.password = opt->password,
		.ca_file = opt->ca_file,
		.transport = opt->transport,
		.plain = opt->plain,
		.room_key = opt->room_key,
		.no_echo = opt->no_echo,
		.no_level = opt->no_level,
		.answer_s = (guint)opt->timeout,
		.codec = { .bitrate = 32000,
			   .complexity = opt->complexity,
			   .low_delay = 1 },
		.deaf = opt->stay > 0,
		.report_ms = 1000,
	};

	person->run = run;
	person->index = index;
	if (ear_create(&person->ear,
		       (guint)ceil(script_seconds(run)) + TAIL_S + 2))
		g_error("loadgen: no memory for what is heard");
	person->caller =
		caller_create(run->pool, &cfg, &caller_events, person, error);
	return person->caller != NULL;
}

static gboolean create_people(struct run *run, GError **error)
{
	run->people = g_new0(struct person, run->opt.callers);
	run->pool = caller_pool_create(run->opt.ca_file, error);
	if (!run->pool)
		return FALSE;
	for (gint i = 0; i < run->opt.callers; i++)
		if (!create_person(run, (guint)i, error))
			return FALSE;
	return TRUE;
}

static gboolean on_signal(gpointer data)
{
	struct run *run = data;

	report_fault(&run->report, "interrupted");
	give_up(run);
	return G_SOURCE_CONTINUE;
}

static gboolean on_go(gpointer data)
{
	struct run *run = data;

	run->go = TRUE;
	if (run->step == STEP_HOLD)
		next_step(run);
	return G_SOURCE_CONTINUE;
}

static void evaluate(struct run *run)
{
	struct ear **ears = g_new0(struct ear *, run->opt.callers);

	for (gint i = 0; i < run->opt.callers; i++) {
		ears[i] = run->people[i].ear;
		report_quality(&run->report, &run->people[i].stream);
	}
	report_hearing(&run->report, &run->script, run->start_us, run->rounds,
		       ears);
	g_free(ears);
}

static void destroy(struct run *run)
{
	for (gint i = 0; run->people && i < run->opt.callers; i++) {
		caller_destroy(&run->people[i].caller);
		ear_destroy(&run->people[i].ear);
	}
	g_free(run->people);
	caller_pool_destroy(&run->pool);
	report_fini(&run->report);
	if (run->loop)
		g_main_loop_unref(run->loop);
	loadgen_options_clear(&run->opt);
}

static void perform(struct run *run)
{
	g_unix_signal_add(SIGINT, on_signal, run);
	g_unix_signal_add(SIGTERM, on_signal, run);
	g_unix_signal_add(SIGUSR1, on_go, run);
	allow(run, run->opt.timeout);
	g_main_loop_run(run->loop);
	if (!run->report.faults->len && run->opt.stay <= 0)
		evaluate(run);
	report_lateness(&run->report, caller_pool_media(run->pool),
			run->opt.allow_late);
	report_print(&run->report);
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	g_autoptr(GError) error = NULL;
	gdouble round;
	int code = EXIT_USAGE;

	standard_fds_open();
	/* Words on the command line are UTF-8, whatever LANG says. */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (!loadgen_options_parse(&run.opt, argc, argv, &error)) {
		g_printerr("ipsp-loadgen: %s\n", error->message);
		loadgen_options_clear(&run.opt);
		return EXIT_USAGE;
	}
	run.loop = g_main_loop_new(NULL, FALSE);
	run.script.callers = (guint)run.opt.callers;
	run.hummers = run.opt.stay > 0 ? STAY_HUMMERS : HUMMERS;
	run.rounds = 1;
	round = script_seconds(&run);
	run.rounds = MAX(1, (guint)(run.opt.duration / round));
	report_init(&run.report, run.opt.room, run.script.callers);
	if (create_people(&run, &error)) {
		perform(&run);
		code = run.report.faults->len ? EXIT_FAULTS : 0;
	}
	if (!error && run.opt.json)
		report_write_json(&run.report, run.opt.json, &error);
	if (error) {
		g_printerr("ipsp-loadgen: %s\n", error->message);
		code = EXIT_USAGE;
	}
	destroy(&run);
	return code;
}
