/* file_name - names of a recording's directory and files, made of what people
 * call themselves, and whatever that is, safe: letters, digits, dot, minus and
 * underscore. */
#ifndef BRIDGE_RECORDING_FILE_NAME_H
#define BRIDGE_RECORDING_FILE_NAME_H

#include <glib.h>

/* "20261123-124005-1f2e3d4c": when it began (Unix seconds, shown in UTC), and
 * by chance. */
#define FILE_NAME_ID 24
void file_name_id(gint64 at, guint32 chance, char id_r[FILE_NAME_ID + 1]);
/* Whether it is one. */
gboolean file_name_is_id(const char *text);

/* "003-ann.opus" of ann@example.org, the third. */
void file_name_of(guint number, const char *address, char *name_r, gsize size);
/* Whether it is one that a recording may have. */
gboolean file_name_is_safe(const char *name);

#endif
