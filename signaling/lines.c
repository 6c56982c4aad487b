#include "signaling/lines.h"

#include <string.h>

void lines_init(struct lines *lns, gsize max)
{
	/* It never grows: no copies of a secret are left behind. */
	*lns = (struct lines){ .partial = g_string_sized_new(max + 2),
			       .max = max };
}

void lines_fini(struct lines *lns)
{
	if (lns->partial)
		g_string_free(lns->partial, TRUE);
	lns->partial = NULL;
}

void lines_reset(struct lines *lns)
{
	explicit_bzero(lns->partial->str, lns->partial->allocated_len);
	g_string_truncate(lns->partial, 0);
	lns->ended = FALSE;
	lns->too_long = FALSE;
}

const char *lines_next(struct lines *lns, const char **bytesp, gsize *sizep,
		       gsize *length_r)
{
	const char *end = *sizep ? memchr(*bytesp, '\n', *sizep) : NULL;
	gsize n = end ? (gsize)(end + 1 - *bytesp) : *sizep;
	GString *line = lns->partial;

	if (lns->ended)
		g_string_truncate(line, 0);
	lns->ended = FALSE;
	/* Two bytes for its end, which is not counted. */
	if (lns->too_long || line->len + n > lns->max + 2) {
		lns->too_long = TRUE;
		return NULL;
	}
	g_string_append_len(line, *bytesp, (gssize)n);
	*bytesp += n;
	*sizep -= n;
	if (!end)
		return NULL;

	lns->ended = TRUE;
	g_string_truncate(line, line->len - 1);
	if (line->len && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	lns->too_long = line->len > lns->max;
	*length_r = line->len;
	return lns->too_long ? NULL : line->str;
}
