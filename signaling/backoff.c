#include "signaling/backoff.h"

#define FIRST_MS 1000
#define LAST_MS	 60000

guint backoff_fail(struct backoff *off)
{
	guint ms = FIRST_MS;

	for (guint i = 0; i < off->failures && ms < LAST_MS; i++)
		ms *= 2;
	ms = MIN(ms, LAST_MS);
	off->failures++;
	return (guint)(ms * g_random_double_range(0.75, 1.25));
}

void backoff_reset(struct backoff *off)
{
	off->failures = 0;
}
