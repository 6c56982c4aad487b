/* trail - an audit trail in memory, for tests of web/ without a store. */
#ifndef TESTS_TRAIL_H
#define TESTS_TRAIL_H

#include <glib.h>
#include <string.h>

#include "bridge/room/audit.h"

/* struct audit_row, newest first; made with the first row. */
static GPtrArray *trail;

static inline void trail_free_row(gpointer row)
{
	audit_row_free(row);
}

static inline struct audit_row *trail_copy(const struct audit_row *row)
{
	struct audit_row *copy = g_new(struct audit_row, 1);

	*copy = (struct audit_row){
		.id = row->id,
		.at = row->at,
		.room = g_strdup(row->room),
		.who = g_strdup(row->who),
		.from = g_strdup(row->from),
		.what = g_strdup(row->what),
		.whom = g_strdup(row->whom),
		.detail = g_strdup(row->detail),
		.outcome = g_strdup(row->outcome),
	};
	return copy;
}

/* As in web_host. */
static inline void trail_audit(struct audit_row *row, void *arg)
{
	(void)arg;
	if (!trail)
		trail = g_ptr_array_new_with_free_func(trail_free_row);
	row->id = trail->len + 1;
	row->at = 1795384170;
	g_ptr_array_insert(trail, 0, trail_copy(row));
}

static inline GPtrArray *trail_audited(const char *room, gint64 before,
				       guint limit, void *arg)
{
	GPtrArray *found = g_ptr_array_new_with_free_func(trail_free_row);

	(void)arg;
	for (guint i = 0; trail && i < trail->len && found->len < limit; i++) {
		const struct audit_row *row = trail->pdata[i];

		if (!strcmp(row->room, room) && row->id < before)
			g_ptr_array_add(found, trail_copy(row));
	}
	return found;
}

static inline void trail_clear(void)
{
	g_clear_pointer(&trail, g_ptr_array_unref);
}

#endif
