#include "signaling/backoff.h"

#define FIRST_MS 1000
#define LAST_MS	 60000

guint backoff_fail(struct backoff *off)
{
	guint ms = off->first_ms ? off->first_ms : FIRST_MS;
	guint last_ms = off->last_ms ? off->last_ms : LAST_MS;

	for (guint i = 0; i < off->failures && ms < last_ms; i++)
		ms *= 2;
	ms = MIN(ms, last_ms);
	off->failures++;
	return (guint)(ms * g_random_double_range(0.75, 1.25));
}

void backoff_reset(struct backoff *off)
{
	off->failures = 0;
}
