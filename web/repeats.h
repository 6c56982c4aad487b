/* repeats - what was answered to the commands that carried a key, so that one
 * that is said again after a lost socket is answered, and not done twice.
 *
 * Time is an argument, in seconds that never go back. */
#ifndef WEB_REPEATS_H
#define WEB_REPEATS_H

#include <glib.h>

#define REPEATS_S   600
#define REPEATS_MAX 4096 /* of all moderators; the oldest is forgotten */

struct repeats;

/* code NULL: it was done. */
struct repeat {
	char *code, *text;
};

struct repeats *repeats_create(void);
void repeats_destroy(struct repeats **repsp);

/* NULL: the moderator `who` has said nothing with that key lately. Valid until
 * the next call here. */
const struct repeat *repeats_find(struct repeats *reps, const char *who,
				  const char *key, gint64 now);
void repeats_add(struct repeats *reps, const char *who, const char *key,
		 const char *code, const char *text, gint64 now);

#endif
