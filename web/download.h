/* download - a file, or the part of it that a request wants (RFC 9110, 14). */
#ifndef WEB_DOWNLOAD_H
#define WEB_DOWNLOAD_H

#include <glib.h>

#include "web/server.h"

/* Of a file of `size` bytes the part that a Range field means, one range of
 * bytes. What is no such range is ignored, as it must be: then, and with NULL,
 * the whole file. Returns the reply's status: 200, 206, or 416 when nothing of
 * the file is in it. */
guint download_range(const char *range, guint64 size, guint64 *at_r,
		     guint64 *size_r);

/* FALSE: there is no such file, nothing is replied. The type is static. */
gboolean download_reply(const char *path, const char *type, const char *range,
			struct server_reply *reply_r);

#endif
