#include "bridge/metrics.h"

#include <stddef.h>

#include "bridge/metrics_private.h"
#include "bridge/room/room.h"

#define PREFIX METRICS_PREFIX

void metrics_family(GString *text, const char *name, const char *type,
		    const char *help)
{
	g_string_append_printf(text,
			       "# HELP " PREFIX "%s %s\n"
			       "# TYPE " PREFIX "%s %s\n",
			       name, help, name, type);
}

void metrics_number(GString *text, double value)
{
	char buf[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append(text, g_ascii_dtostr(buf, sizeof(buf), value));
	g_string_append_c(text, '\n');
}

/* Workers. */

struct worker_family {
	const char *name, *type, *help;
	double (*value)(const struct worker_report *rep);
};

static double sessions(const struct worker_report *rep)
{
	return (double)rep->sessions;
}

static double stress(const struct worker_report *rep)
{
	return rep->stress;
}

static double effort(const struct worker_report *rep)
{
	return rep->effort;
}

static double ticks(const struct worker_report *rep)
{
	return (double)rep->ticks;
}

static double late_ticks(const struct worker_report *rep)
{
	return (double)rep->late_ticks;
}

static const struct worker_family worker_families[] = {
	{ "worker_sessions", "gauge", "Sessions, registered or not.",
	  sessions },
	{ "worker_stress", "gauge", "Part of its time that is used, 0 to 1.",
	  stress },
	{ "worker_effort", "gauge",
	  "What is left out: 0 nothing, 1 and 2 encoder complexity, 3 denoise, "
	  "4 talkers over three, 5 newcomers.",
	  effort },
	{ "worker_ticks_total", "counter", "Steps of 20 ms.", ticks },
	{ "worker_late_ticks_total", "counter",
	  "Steps that began 5 ms late or more, or never.", late_ticks },
};

static void write_workers(GString *text, const struct metrics *met)
{
	for (guint f = 0; f < G_N_ELEMENTS(worker_families); f++) {
		const struct worker_family *fam = &worker_families[f];

		metrics_family(text, fam->name, fam->type, fam->help);
		for (guint i = 0; i < met->n_workers; i++) {
			g_string_append_printf(text,
					       PREFIX "%s{worker=\"%u\"} ",
					       fam->name, i);
			metrics_number(text, fam->value(&met->workers[i]));
		}
	}
}

static const struct {
	const char *name, *help;
	size_t offset; /* of a struct histogram_reading */
} worker_histograms[] = {
	{ "worker_tick_seconds", "How long a step takes, until all is sent.",
	  offsetof(struct worker_report, tick_times) },
	{ "worker_tick_lateness_seconds",
	  "How long after its time a step begins.",
	  offsetof(struct worker_report, tick_lateness) },
};

static void write_histogram(GString *text, const struct metrics *met,
			    const char *name, size_t offset)
{
	for (guint i = 0; i < met->n_workers; i++) {
		const struct histogram_reading *times =
			(const void *)((const char *)&met->workers[i] + offset);
		guint64 all = 0;

		for (guint k = 0; k < HISTOGRAM_STEPS; k++) {
			all += times->counts[k];
			if (k < HISTOGRAM_STEPS - 1 && k % 2 == 0)
				continue; /* a bucket each millisecond */
			g_string_append_printf(text,
					       PREFIX "%s_bucket{worker=\"%u\","
						      "le=\"",
					       name, i);
			if (k < HISTOGRAM_STEPS - 1)
				g_string_append_printf(text, "0.%03u",
						       (k + 1) / 2);
			else
				g_string_append(text, "+Inf");
			g_string_append_printf(
				text, "\"} %" G_GUINT64_FORMAT "\n", all);
		}
		g_string_append_printf(text, PREFIX "%s_sum{worker=\"%u\"} ",
				       name, i);
		metrics_number(text, (double)times->sum_us / 1e6);
		g_string_append_printf(text,
				       PREFIX "%s_count{worker=\"%u\"} "
					      "%" G_GUINT64_FORMAT "\n",
				       name, i, all);
	}
}

static void write_histograms(GString *text, const struct metrics *met)
{
	for (guint h = 0; h < G_N_ELEMENTS(worker_histograms); h++) {
		metrics_family(text, worker_histograms[h].name, "histogram",
			       worker_histograms[h].help);
		write_histogram(text, met, worker_histograms[h].name,
				worker_histograms[h].offset);
	}
}

/* Families with one more label, whose values stand in the report. */
static const struct {
	const char *name, *help, *label, *value;
	size_t offset;
} labelled[] = {
#define ROW(name, help, label, value, field)                                   \
	{                                                                      \
		name, help, label, value,                                      \
			offsetof(struct worker_report, field)                  \
	}
	ROW("worker_packets_total", "UDP and WebSocket packets.", "direction",
	    "in", packets_in),
	ROW("worker_packets_total", NULL, "direction", "out", packets_out),
	ROW("worker_bytes_total", "Of their payload.", "direction", "in",
	    bytes_in),
	ROW("worker_bytes_total", NULL, "direction", "out", bytes_out),
	ROW("worker_refused_packets_total", "What others sent in vain.",
	    "reason", "unknown-user", unknown_user),
	ROW("worker_refused_packets_total", NULL, "reason", "wrong-key",
	    bad_key),
	ROW("worker_refused_packets_total", NULL, "reason", "unproven-address",
	    unproven),
	ROW("worker_refused_packets_total", NULL, "reason", "malformed",
	    malformed),
	ROW("worker_lost_packets_total",
	    "What this host had no room for: a ring or socket going out, or a "
	    "socket's buffer coming in.",
	    "where", "out", dropped),
	ROW("worker_lost_packets_total", NULL, "where", "in", unread),
#undef ROW
};

static void write_labelled(GString *text, const struct metrics *met)
{
	for (guint r = 0; r < G_N_ELEMENTS(labelled); r++) {
		if (labelled[r].help)
			metrics_family(text, labelled[r].name, "counter",
				       labelled[r].help);
		for (guint i = 0; i < met->n_workers; i++) {
			const guint64 *value =
				(const void *)((const char *)&met->workers[i] +
					       labelled[r].offset);

			g_string_append_printf(
				text,
				PREFIX "%s{worker=\"%u\",%s=\"%s\"} "
				       "%" G_GUINT64_FORMAT "\n",
				labelled[r].name, i, labelled[r].label,
				labelled[r].value, *value);
		}
	}
}

/* Rooms. */

static void write_rooms(GString *text, const GPtrArray *rooms)
{
	guint here = 0, invited = 0, busy = 0;
	double loss_in = 0, loss_out = 0;

	for (guint i = 0; i < rooms->len; i++) {
		const GPtrArray *members = room_members(rooms->pdata[i]);

		busy += members->len > 0;
		for (guint k = 0; k < members->len; k++) {
			const struct member *mem = members->pdata[k];

			here += mem->state == MEMBER_HERE;
			invited += mem->state == MEMBER_INVITED;
			loss_in = MAX(loss_in, mem->in.loss);
			loss_out = MAX(loss_out, mem->out.loss);
		}
	}
	metrics_family(text, "rooms", "gauge", "Rooms, as configured.");
	g_string_append_printf(text, PREFIX "rooms %u\n", rooms->len);
	metrics_family(text, "rooms_in_use", "gauge",
		       "Rooms with somebody in them.");
	g_string_append_printf(text, PREFIX "rooms_in_use %u\n", busy);
	metrics_family(text, "members", "gauge",
		       "People's devices in all rooms.");
	g_string_append_printf(text,
			       PREFIX "members{state=\"here\"} %u\n" PREFIX
				      "members{state=\"invited\"} %u\n",
			       here, invited);
	metrics_family(text, "members_loss_ratio_max", "gauge",
		       "Of the packets of who loses most, 0 to 1, from and to "
		       "the member, in the last second.");
	g_string_append(text,
			PREFIX "members_loss_ratio_max{direction=\"in\"} ");
	metrics_number(text, loss_in);
	g_string_append(text,
			PREFIX "members_loss_ratio_max{direction=\"out\"} ");
	metrics_number(text, loss_out);
}

/* Accounts. */

static char *escape(const char *value)
{
	GString *text = g_string_new(value);

	g_string_replace(text, "\\", "\\\\", 0);
	g_string_replace(text, "\"", "\\\"", 0);
	g_string_replace(text, "\n", "\\n", 0);
	return g_string_free(text, FALSE);
}

static void account_row(GString *text, const char *name,
			const struct metrics_account *acc, const char *more,
			double value)
{
	g_autofree char *account = escape(acc->name);

	g_string_append_printf(text, PREFIX "%s{account=\"%s\"%s} ", name,
			       account, more);
	metrics_number(text, value);
}

static void write_accounts(GString *text, const struct metrics *met)
{
	const struct metrics_account *accs = met->accounts;
	const guint n = met->n_accounts;

	metrics_family(text, "mailbox_read", "gauge",
		       "1: this bridge reads it. 0: another one does, or "
		       "nobody can while the directory is away.");
	for (guint i = 0; i < n; i++)
		account_row(text, "mailbox_read", &accs[i], "", accs[i].reads);
	metrics_family(
		text, "mailbox_watching", "gauge",
		"1: mail comes in. 0: the mailbox is tried again and again.");
	for (guint i = 0; i < n; i++)
		account_row(text, "mailbox_watching", &accs[i], "",
			    accs[i].watching);
	metrics_family(text, "mailbox_state_seconds", "gauge",
		       "For how long that has been so.");
	for (guint i = 0; i < n; i++)
		account_row(text, "mailbox_state_seconds", &accs[i], "",
			    accs[i].state_s);
	metrics_family(text, "mails_total", "counter",
		       "Mails that were dealt with.");
	for (guint i = 0; i < n; i++)
		account_row(text, "mails_total", &accs[i], "",
			    (double)accs[i].mails);
	metrics_family(text, "posts_waiting", "gauge",
		       "Mails that are to be handed over.");
	for (guint i = 0; i < n; i++)
		account_row(text, "posts_waiting", &accs[i], "",
			    accs[i].waiting);
	metrics_family(text, "posts_total", "counter",
		       "Mails handed over, by what became of it.");
	for (guint i = 0; i < n; i++) {
		account_row(text, "posts_total", &accs[i], ",result=\"sent\"",
			    (double)accs[i].sent);
		account_row(text, "posts_total", &accs[i], ",result=\"retry\"",
			    (double)accs[i].late);
		account_row(text, "posts_total", &accs[i],
			    ",result=\"refused\"", (double)accs[i].refused);
	}
}

static void write_mail_delays(GString *text, const struct metrics *met)
{
	static const char name[] = "mail_delay_seconds";

	metrics_family(text, name, "histogram",
		       "From an INVITE's time to when it was read. Whole "
		       "seconds, by the sender's clock.");
	for (guint i = 0; i < met->n_accounts; i++) {
		const struct metrics_account *acc = &met->accounts[i];
		const struct delay_figures *fig = &acc->delay;
		guint64 all = 0;

		for (guint k = 0; k <= DELAYS_BOUNDS; k++) {
			g_autofree char *le =
				k < DELAYS_BOUNDS
					? g_strdup_printf(",le=\"%u\"",
							  delays_bounds_s[k])
					: g_strdup(",le=\"+Inf\"");

			all += fig->counts[k];
			account_row(text, "mail_delay_seconds_bucket", acc, le,
				    (double)all);
		}
		account_row(text, "mail_delay_seconds_sum", acc, "",
			    (double)fig->sum_s);
		account_row(text, "mail_delay_seconds_count", acc, "",
			    (double)all);
	}
}

char *metrics_text(const struct metrics *metrics)
{
	GString *text = g_string_new(NULL);

	metrics_family(text, "info", "gauge", "1, with the version.");
	g_string_append(text,
			PREFIX "info{version=\"" IPSP_VERSION_TEXT "\"} 1\n");
	write_workers(text, metrics);
	write_histograms(text, metrics);
	write_labelled(text, metrics);
	metrics_family(text, "gates", "gauge", "PhoneGates that are open.");
	g_string_append_printf(text, PREFIX "gates %u\n", metrics->gates);
	if (metrics->rooms)
		write_rooms(text, metrics->rooms);
	if (metrics->accounts) {
		write_accounts(text, metrics);
		write_mail_delays(text, metrics);
	}
	if (metrics->web)
		metrics_web(text, metrics->web);
	if (metrics->directory)
		metrics_directory(text, metrics->directory);
	if (metrics->cluster)
		metrics_cluster(text, metrics->cluster);
	if (metrics->site)
		metrics_site(text, metrics->site);
	return g_string_free(text, FALSE);
}
