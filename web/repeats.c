#include "web/repeats.h"

struct repeats {
	GHashTable *by_name; /* name_of() => struct answer; owns neither */
	GQueue by_age;	     /* struct answer, the oldest first */
};

struct answer {
	char *name;
	gint64 at;
	struct repeat repeat;
};

struct repeats *repeats_create(void)
{
	struct repeats *reps = g_new0(struct repeats, 1);

	reps->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	g_queue_init(&reps->by_age);
	return reps;
}

static void answer_free(struct answer *answer)
{
	g_free(answer->name);
	g_free(answer->repeat.code);
	g_free(answer->repeat.text);
	g_free(answer);
}

static void forget_oldest(struct repeats *reps)
{
	struct answer *answer = g_queue_pop_head(&reps->by_age);

	g_hash_table_remove(reps->by_name, answer->name);
	answer_free(answer);
}

void repeats_destroy(struct repeats **repsp)
{
	struct repeats *reps = *repsp;

	*repsp = NULL;
	if (!reps)
		return;
	while (!g_queue_is_empty(&reps->by_age))
		forget_oldest(reps);
	g_hash_table_unref(reps->by_name);
	g_free(reps);
}

static void forget_old(struct repeats *reps, gint64 now)
{
	const struct answer *oldest;

	while ((oldest = g_queue_peek_head(&reps->by_age)) &&
	       oldest->at + REPEATS_S <= now)
		forget_oldest(reps);
}

/* No address has a line break. */
static char *name_of(const char *who, const char *key)
{
	return g_strconcat(who, "\n", key, NULL);
}

const struct repeat *repeats_find(struct repeats *reps, const char *who,
				  const char *key, gint64 now)
{
	g_autofree char *name = name_of(who, key);
	struct answer *answer;

	forget_old(reps, now);
	answer = g_hash_table_lookup(reps->by_name, name);
	return answer ? &answer->repeat : NULL;
}

void repeats_add(struct repeats *reps, const char *who, const char *key,
		 const char *code, const char *text, gint64 now)
{
	struct answer *answer = g_new0(struct answer, 1);

	*answer = (struct answer){ .name = name_of(who, key),
				   .at = now,
				   .repeat = { .code = g_strdup(code),
					       .text = g_strdup(text) } };
	g_assert(!g_hash_table_contains(reps->by_name, answer->name));
	if (reps->by_age.length >= REPEATS_MAX)
		forget_oldest(reps);
	g_queue_push_tail(&reps->by_age, answer);
	g_hash_table_insert(reps->by_name, answer->name, answer);
}
