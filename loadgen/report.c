#include "loadgen/report.h"

#include <gio/gio.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#define MATRIX_MAX   16	  /* callers whose matrix is printed */
#define EVALUATE_MAX 2000 /* pairs x rounds; above, only the last round */
#define FAULTS_SHOWN 20
#define LOST_STEP_MS 100
#define LOST_STEPS   21 /* the last: 2 s and more */

static const char *const phase_names[REPORT_PHASES] = {
	[REPORT_POSTED] = "mail_taken",
	[REPORT_OK_READ] = "ok_read",
	[REPORT_REGISTERED] = "registered",
	[REPORT_FIRST_SOUND] = "first_sound",
};

void report_init(struct report *rep, const char *room, guint callers)
{
	*rep = (struct report){ .room = g_strdup(room), .callers = callers };
	for (guint i = 0; i < REPORT_PHASES; i++)
		figures_init(&rep->phases[i]);
	figures_init(&rep->mails);
	figures_init(&rep->requests);
	figures_init(&rep->answers);
	figures_init(&rep->rtp_out);
	figures_init(&rep->rtp_in);
	figures_init(&rep->invite_late_ms);
	figures_init(&rep->delays);
	figures_init(&rep->added);
	figures_init(&rep->mos_in);
	figures_init(&rep->mos_out);
	figures_init(&rep->lost);
	rep->matrix = g_new0(struct hearing, (gsize)callers * callers);
	rep->faults = g_ptr_array_new_with_free_func(g_free);
}

void report_fini(struct report *rep)
{
	for (guint i = 0; i < REPORT_PHASES; i++)
		figures_fini(&rep->phases[i]);
	figures_fini(&rep->mails);
	figures_fini(&rep->requests);
	figures_fini(&rep->answers);
	figures_fini(&rep->rtp_out);
	figures_fini(&rep->rtp_in);
	figures_fini(&rep->invite_late_ms);
	figures_fini(&rep->delays);
	figures_fini(&rep->added);
	figures_fini(&rep->mos_in);
	figures_fini(&rep->mos_out);
	figures_fini(&rep->lost);
	g_free(rep->matrix);
	g_free(rep->room);
	g_clear_pointer(&rep->faults, g_ptr_array_unref);
}

void report_fault(struct report *rep, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(rep->faults, g_strdup_vprintf(format, args));
	va_end(args);
}

void report_join(struct report *rep, const struct caller_progress *progress,
		 gboolean alone)
{
	const struct caller_times *times = &progress->times;
	const gint64 at[REPORT_PHASES] = {
		[REPORT_POSTED] = times->posted,
		[REPORT_OK_READ] = times->ok_read,
		[REPORT_REGISTERED] = times->registered,
		[REPORT_FIRST_SOUND] = alone ? 0 : times->first_sound,
	};

	for (guint i = 0; i < REPORT_PHASES; i++)
		if (at[i])
			figures_add(&rep->phases[i],
				    (double)(at[i] - times->submitted) / 1000);
	if (alone || !times->first_sound)
		return;
	figures_add(&rep->mails, progress->mails_out + progress->mails_in);
	figures_add(&rep->requests, progress->counts.requests);
	figures_add(&rep->answers, progress->counts.answers);
	figures_add(&rep->rtp_out, progress->counts.rtp_out);
	figures_add(&rep->rtp_in, progress->counts.rtp_in);
}

static struct hearing *cell(struct report *rep, guint listener, guint talker)
{
	return &rep->matrix[listener * rep->callers + talker];
}

static void judge(struct report *rep, guint listener, guint talker)
{
	const struct hearing *hearing = cell(rep, listener, talker);

	if (!hearing->complete)
		report_fault(rep, "caller %u did not hear the whole run",
			     listener + 1);
	else if (listener == talker && !hearing_is_silent(hearing))
		report_fault(rep,
			     "caller %u hears himself: tones %.1f dB, chirp "
			     "%.1f dB",
			     listener + 1, hearing->tone_db, hearing->chirp_db);
	else if (listener != talker && !hearing_is_heard(hearing))
		report_fault(rep, "caller %u misses caller %u: tones %.1f dB%s",
			     listener + 1, talker + 1, hearing->tone_db,
			     hearing->delay_ms < 0 ? ", no chirp" : "");
}

static void evaluate(struct report *rep, const struct script *script,
		     uint64_t start_us, guint round, guint listener,
		     const struct ear *ear, const struct chirp *chirp,
		     gboolean first)
{
	for (guint talker = 0; talker < rep->callers; talker++) {
		struct hearing *total = cell(rep, listener, talker);
		struct hearing now =
			hearing_of(script, start_us, round, ear, talker,
				   listener == talker, chirp);

		if (listener != talker && now.delay_ms >= 0) {
			figures_add(&rep->delays, now.delay_ms);
			figures_add(&rep->added, now.added_ms);
		}
		*total = first ? now
			       : hearing_worse(*total, now, listener == talker);
	}
}

void report_hearing(struct report *rep, const struct script *script,
		    uint64_t start_us, guint rounds, struct ear *const *ears)
{
	struct chirp *chirp = chirp_create(EAR_RATE);
	guint64 pairs = (guint64)rep->callers * rep->callers;
	guint first = pairs * rounds > EVALUATE_MAX ? rounds - 1 : 0;

	if (!chirp)
		g_error("report: no memory");
	rep->rounds = rounds - first;
	for (guint l = 0; l < rep->callers; l++)
		for (guint round = first; round < rounds; round++)
			evaluate(rep, script, start_us, round, l, ears[l],
				 chirp, round == first);
	for (guint l = 0; l < rep->callers; l++)
		for (guint t = 0; t < rep->callers; t++)
			judge(rep, l, t);
	chirp_destroy(&chirp);
}

void report_switch(struct report *rep, const struct call_switch *change)
{
	rep->switches[change->why]++;
	figures_add(&rep->lost, (double)change->lost_us / 1000);
}

void report_quality(struct report *rep, const struct stream_report *stream)
{
	if (stream->in.mos > 0)
		figures_add(&rep->mos_in, (double)stream->in.mos);
	if (stream->out.mos > 0)
		figures_add(&rep->mos_out, (double)stream->out.mos);
}

void report_lateness(struct report *rep, const struct media *med,
		     gboolean allow_late)
{
	media_lateness(med, &rep->lateness);
	rep->void_run = rep->lateness.p99_us > REPORT_LATE_US;
	if (rep->void_run && !allow_late)
		report_fault(rep,
			     "void: our own ticks were late by %.1f ms (p99); "
			     "this machine cannot measure so many callers",
			     (double)rep->lateness.p99_us / 1000);
	if (rep->lateness.lost_events)
		report_fault(rep,
			     "void: %" G_GUINT64_FORMAT " events were "
			     "lost on their way to us",
			     rep->lateness.lost_events);
}

/* --- for people --- */

static void print_figures(const char *name, struct figures *fig)
{
	if (!figures_count(fig))
		return;
	printf("  %-22s %5u %9.1f %9.1f %9.1f %9.1f\n", name,
	       figures_count(fig), figures_percentile(fig, 50),
	       figures_percentile(fig, 90), figures_percentile(fig, 99),
	       figures_percentile(fig, 100));
}

static void print_matrix(struct report *rep)
{
	if (rep->callers > MATRIX_MAX || !rep->rounds)
		return;
	printf("\nWho hears whom (dB against what was said; rows hear, "
	       "columns talk)\n     ");
	for (guint t = 0; t < rep->callers; t++)
		printf("%8u", t + 1);
	for (guint l = 0; l < rep->callers; l++) {
		printf("\n%5u", l + 1);
		for (guint t = 0; t < rep->callers; t++) {
			const struct hearing *hearing = cell(rep, l, t);

			printf(l == t ? " (%5.1f)" : " %7.1f",
			       l == t ? hearing->chirp_db : hearing->tone_db);
		}
	}
	printf("\n");
}

static void print_hearing_summary(struct report *rep)
{
	guint heard = 0, silent = 0;

	if (!rep->rounds)
		return;
	for (guint l = 0; l < rep->callers; l++) {
		for (guint t = 0; t < rep->callers; t++) {
			heard += l != t && hearing_is_heard(cell(rep, l, t));
			silent += l == t && hearing_is_silent(cell(rep, l, t));
		}
	}
	printf("\n%u of %u pairs hear each other, %u of %u callers do not hear "
	       "themselves; %u round(s)\n",
	       heard, rep->callers * (rep->callers - 1), silent, rep->callers,
	       rep->rounds);
}

static void print_mos(const char *name, struct figures *fig)
{
	if (figures_count(fig))
		printf("MOS (est.) of %u callers as they %s: median %.1f, "
		       "lowest %.1f\n",
		       figures_count(fig), name, figures_percentile(fig, 50),
		       figures_percentile(fig, 0));
}

void report_print(struct report *rep)
{
	printf("Room %s, %u callers\n\n", rep->room, rep->callers);
	printf("  %-22s %5s %9s %9s %9s %9s\n", "ms", "n", "p50", "p90", "p99",
	       "max");
	print_figures("mail taken", &rep->phases[REPORT_POSTED]);
	print_figures("OK read", &rep->phases[REPORT_OK_READ]);
	print_figures("registered", &rep->phases[REPORT_REGISTERED]);
	print_figures("first sound", &rep->phases[REPORT_FIRST_SOUND]);
	print_figures("mouth to ear", &rep->delays);
	print_figures(" added by the bridge", &rep->added);
	print_figures("INVITE sent late", &rep->invite_late_ms);
	print_figures("lost by a switch", &rep->lost);
	printf("\n  %-22s %5s %9s %9s %9s %9s\n", "until first sound", "n",
	       "p50", "p90", "p99", "max");
	print_figures("mails, both ways", &rep->mails);
	print_figures("STUN requests", &rep->requests);
	print_figures("STUN answers", &rep->answers);
	print_figures("RTP packets sent", &rep->rtp_out);
	print_figures("RTP packets received", &rep->rtp_in);
	print_matrix(rep);
	print_hearing_summary(rep);
	print_mos("hear", &rep->mos_in);
	print_mos("are heard", &rep->mos_out);
	printf("Our own lateness: p50 %.1f ms, p99 %.1f ms, max %.1f ms of "
	       "%" G_GUINT64_FORMAT " ticks\n",
	       (double)rep->lateness.p50_us / 1000,
	       (double)rep->lateness.p99_us / 1000,
	       (double)rep->lateness.max_us / 1000, rep->lateness.ticks);
	for (guint i = 0; i < rep->faults->len && i < FAULTS_SHOWN; i++)
		printf("FAULT: %s\n",
		       (const char *)g_ptr_array_index(rep->faults, i));
	if (rep->faults->len > FAULTS_SHOWN)
		printf("FAULT: and %u more\n", rep->faults->len - FAULTS_SHOWN);
	fflush(stdout);
}

/* --- for programs --- */

static json_t *figures_json(struct figures *fig)
{
	if (!figures_count(fig))
		return json_null();
	return json_pack("{s:i,s:f,s:f,s:f,s:f}", "n", (int)figures_count(fig),
			 "p50", figures_percentile(fig, 50), "p90",
			 figures_percentile(fig, 90), "p99",
			 figures_percentile(fig, 99), "max",
			 figures_percentile(fig, 100));
}

static json_t *matrix_json(struct report *rep)
{
	json_t *rows = json_array();

	for (guint l = 0; rep->rounds && l < rep->callers; l++) {
		json_t *row = json_array();

		for (guint t = 0; t < rep->callers; t++) {
			const struct hearing *hearing = cell(rep, l, t);

			json_array_append_new(
				row, json_pack("{s:f,s:f,s:f,s:f}", "tone_db",
					       hearing->tone_db, "chirp_db",
					       hearing->chirp_db, "delay_ms",
					       hearing->delay_ms, "added_ms",
					       hearing->added_ms));
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

/* How many switches lost less than each step, and no less than the one before;
 * the last has no end. */
static json_t *lost_json(struct report *rep)
{
	guint counts[LOST_STEPS] = { 0 };
	json_t *steps = json_array();

	for (guint i = 0; i < figures_count(&rep->lost); i++) {
		double ms = g_array_index(rep->lost.values, double, i);

		counts[MIN((guint)(ms / LOST_STEP_MS), LOST_STEPS - 1)]++;
	}
	for (guint i = 0; i < LOST_STEPS; i++)
		json_array_append_new(steps, json_pack("{s:i,s:i}", "from_ms",
						       (int)(i * LOST_STEP_MS),
						       "n", (int)counts[i]));
	return steps;
}

static json_t *switches_json(struct report *rep)
{
	json_t *root = json_object();

	for (guint i = 0; i < CALL_WHYS; i++)
		json_object_set_new(root, caller_switch_name(i),
				    json_integer(rep->switches[i]));
	json_object_set_new(root, "lost_ms", figures_json(&rep->lost));
	json_object_set_new(root, "lost_histogram", lost_json(rep));
	return root;
}

static json_t *report_json(struct report *rep)
{
	json_t *setup = json_object(), *trips = json_object();
	json_t *faults = json_array();

	for (guint i = 0; i < REPORT_PHASES; i++)
		json_object_set_new(setup, phase_names[i],
				    figures_json(&rep->phases[i]));
	json_object_set_new(trips, "mails", figures_json(&rep->mails));
	json_object_set_new(trips, "stun_requests",
			    figures_json(&rep->requests));
	json_object_set_new(trips, "stun_answers", figures_json(&rep->answers));
	json_object_set_new(trips, "rtp_sent", figures_json(&rep->rtp_out));
	json_object_set_new(trips, "rtp_received", figures_json(&rep->rtp_in));
	for (guint i = 0; i < rep->faults->len; i++)
		json_array_append_new(
			faults, json_string(g_ptr_array_index(rep->faults, i)));
	return json_pack(
		"{s:s,s:i,s:i,s:o,s:o,s:o,s:o,s:o,s:{s:o,s:o},s:o,s:o,"
		"s:{s:f,s:f,s:f,s:I,s:b},s:o,s:b}",
		"room", rep->room, "callers", (int)rep->callers, "rounds",
		(int)rep->rounds, "setup_ms", setup, "until_first_sound", trips,
		"invite_late_ms", figures_json(&rep->invite_late_ms),
		"mouth_to_ear_ms", figures_json(&rep->delays), "added_ms",
		figures_json(&rep->added), "mos_estimate", "in",
		figures_json(&rep->mos_in), "out", figures_json(&rep->mos_out),
		"switches", switches_json(rep), "matrix", matrix_json(rep),
		"lateness_ms", "p50", (double)rep->lateness.p50_us / 1000,
		"p99", (double)rep->lateness.p99_us / 1000, "max",
		(double)rep->lateness.max_us / 1000, "ticks",
		(json_int_t)rep->lateness.ticks, "void", rep->void_run,
		"faults", faults, "passed", !rep->faults->len);
}

gboolean report_write_json(struct report *rep, const char *path, GError **error)
{
	json_t *root = report_json(rep);
	gboolean written = !json_dump_file(
		root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));

	json_decref(root);
	if (!written)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "%s cannot be written", path);
	return written;
}
