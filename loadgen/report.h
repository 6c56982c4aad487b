/* report - what a run of ipsp-loadgen found: set-up times, who hears whom,
 * delays, and what is wrong; as a table for people and as JSON.
 *
 * Control thread only. */
#ifndef LOADGEN_REPORT_H
#define LOADGEN_REPORT_H

#include <glib.h>

#include "loadgen/caller.h"
#include "loadgen/figures.h"
#include "loadgen/hearing.h"

#define REPORT_LATE_US 2000 /* p99 of our own ticks; above, a run is void */

enum report_phase {
	REPORT_POSTED, /* each from the INVITE's submission on, ms */
	REPORT_OK_READ,
	REPORT_REGISTERED,
	REPORT_FIRST_SOUND,
	REPORT_PHASES,
};

struct report {
	char *room;
	guint callers, rounds;
	struct figures phases[REPORT_PHASES];
	/* Of one join until its first sound. */
	struct figures mails, requests, answers, rtp_out, rtp_in;
	struct figures invite_late_ms; /* INVITEs after their intended time */
	struct hearing *matrix;	       /* [listener * callers + talker] */
	struct figures delays, added;  /* ms, every chirp heard */
	/* Estimated MOS of each caller at last: as he hears, as he is heard. */
	struct figures mos_in, mos_out;
	/* Switches from gate to gate, and what was not heard in each, ms. */
	guint switches[CALL_WHYS];
	struct figures lost;
	struct media_lateness lateness;
	gboolean void_run; /* we were too late ourselves */
	GPtrArray *faults; /* char * */
};

void report_init(struct report *rep, const char *room, guint callers);
void report_fini(struct report *rep);

/* One set-up. alone: nobody was there to be heard. */
void report_join(struct report *rep, const struct caller_progress *progress,
		 gboolean alone);
void report_fault(struct report *rep, const char *format, ...)
	G_GNUC_PRINTF(2, 3);
/* Takes what was heard in `rounds` rounds; NULL ears are faults. */
void report_hearing(struct report *rep, const struct script *script,
		    uint64_t start_us, guint rounds, struct ear *const *ears);
void report_switch(struct report *rep, const struct call_switch *change);
/* What a caller knew of his call's quality at last. */
void report_quality(struct report *rep, const struct stream_report *stream);
void report_lateness(struct report *rep, const struct media *med,
		     gboolean allow_late);

void report_print(struct report *rep);
gboolean report_write_json(struct report *rep, const char *path,
			   GError **error);

#endif
