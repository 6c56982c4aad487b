#include "bridge/refusals.h"

struct refusals {
	GQueue all; /* struct kept, newest first */
};

/* The words of one are one string array. */
struct kept {
	struct refusal ref;
	char *words[6];
};

static void free_kept(gpointer data)
{
	struct kept *kept = data;

	for (guint i = 0; i < G_N_ELEMENTS(kept->words); i++)
		g_free(kept->words[i]);
	g_free(kept);
}

struct refusals *refusals_create(void)
{
	struct refusals *refs = g_new0(struct refusals, 1);

	g_queue_init(&refs->all);
	return refs;
}

void refusals_destroy(struct refusals **refsp)
{
	struct refusals *refs = *refsp;

	*refsp = NULL;
	if (!refs)
		return;
	g_queue_clear_full(&refs->all, free_kept);
	g_free(refs);
}

void refusals_add(struct refusals *refs, const struct refusal *ref)
{
	struct kept *kept = g_new0(struct kept, 1);
	const char **fields[] = { &kept->ref.account, &kept->ref.from,
				  &kept->ref.room,    &kept->ref.how,
				  &kept->ref.reason,  &kept->ref.file };

	kept->ref = *ref;
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		*fields[i] = kept->words[i] = g_strdup(*fields[i]);
	g_queue_push_head(&refs->all, kept);
	if (refs->all.length > REFUSALS_MAX)
		free_kept(g_queue_pop_tail(&refs->all));
}

const struct refusal *refusals_get(const struct refusals *refs, guint i)
{
	const struct kept *kept = g_queue_peek_nth((GQueue *)&refs->all, i);

	return kept ? &kept->ref : NULL;
}
