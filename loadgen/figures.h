/* figures - a set of measured values and its percentiles. */
#ifndef LOADGEN_FIGURES_H
#define LOADGEN_FIGURES_H

#include <glib.h>

struct figures {
	GArray *values; /* double */
	gboolean sorted;
};

void figures_init(struct figures *fig);
void figures_fini(struct figures *fig);
void figures_add(struct figures *fig, double value);
guint figures_count(const struct figures *fig);

/* The smallest value that at least `percent` of all do not exceed (nearest
 * rank); NAN when there is none. */
double figures_percentile(struct figures *fig, double percent);

#endif
