/* catalogue - a recording and an announcement in memory, for tests of web/
 * without a studio. */
#ifndef TESTS_CATALOGUE_H
#define TESTS_CATALOGUE_H

#include "bridge/room/recording.h"
#include "bridge/room/sound.h"

#define CATALOGUE_ID "20261123-124005-1f2e3d4c"

static inline struct recording *catalogue_row(const char *room)
{
	struct recording *row =
		recording_create(CATALOGUE_ID, room, "chair@x.org", 1795437605);

	row->why = RECORDING_STOPPED;
	row->frames = 90 * RECORDING_HZ;
	row->bytes = 750000;
	recording_add_file(row, "mix.opus", "", "", 450000);
	recording_add_file(row, "001-ann.opus", "ann@x.org", "Ann", 300000);
	return row;
}

static inline void catalogue_free_row(gpointer row)
{
	recording_free(row);
}

/* As in web_host. */
static inline GPtrArray *catalogue_recordings(const char *room, void *arg)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(catalogue_free_row);

	(void)arg;
	g_ptr_array_add(rows, catalogue_row(room));
	return rows;
}

static inline void catalogue_free_announcement(gpointer data)
{
	struct room_announcement *one = data;

	g_free(one->name);
	g_free(one);
}

static inline GPtrArray *catalogue_announcements(void *arg)
{
	GPtrArray *list =
		g_ptr_array_new_with_free_func(catalogue_free_announcement);
	struct room_announcement *one = g_new(struct room_announcement, 1);

	(void)arg;
	*one = (struct room_announcement){ g_strdup("bell.wav"), 1.5 };
	g_ptr_array_add(list, one);
	return list;
}

#endif
