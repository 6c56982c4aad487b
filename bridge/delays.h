/* delays - how long mail was under way to us: from the time that the sender's
 * program wrote into an INVITE to when it was read, by account. His clock need
 * not be right: what seems to come from the future took no time.
 *
 * Control thread only; of since the start. */
#ifndef BRIDGE_DELAYS_H
#define BRIDGE_DELAYS_H

#include <glib.h>

#define DELAYS_BOUNDS 9
#define DELAYS_LAST   20 /* of which the median is told */

extern const guint delays_bounds_s[DELAYS_BOUNDS];

struct delays;

struct delay_figures {
	/* counts[i]: at most delays_bounds_s[i], and more than the bound
	 * before it; the last: more than all bounds. */
	guint64 counts[DELAYS_BOUNDS + 1];
	guint64 sum_s;
	gint64 median_s; /* of the last ones; < 0: there was none */
};

struct delays *delays_create(void);
/* Accepts NULL; sets *dlsp to NULL. */
void delays_destroy(struct delays **dlsp);

void delays_note(struct delays *dls, const char *account, gint64 seconds);
void delays_figures(const struct delays *dls, const char *account,
		    struct delay_figures *fig_r);

#endif
