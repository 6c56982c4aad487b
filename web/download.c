#include "web/download.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT "bytes="

/* Digits up to `end`, which is skipped. FALSE: there are others, or none. */
static gboolean number(const char **textp, char end, guint64 *n_r)
{
	const char *text = *textp;
	guint64 n = 0;

	if (!g_ascii_isdigit(*text))
		return FALSE;
	for (; g_ascii_isdigit(*text); text++) {
		if (n > (G_MAXINT64 - 9) / 10)
			return FALSE;
		n = 10 * n + (guint64)g_ascii_digit_value(*text);
	}
	if (*text != end)
		return FALSE;
	*textp = text + (end ? 1 : 0);
	*n_r = n;
	return TRUE;
}

guint download_range(const char *range, guint64 size, guint64 *at_r,
		     guint64 *size_r)
{
	guint64 first, last = G_MAXINT64;

	*at_r = 0;
	*size_r = size;
	if (!range || !g_str_has_prefix(range, UNIT))
		return 200;
	range += strlen(UNIT);
	if (*range == '-') { /* so many at the end */
		range++;
		if (!number(&range, '\0', &last))
			return 200;
		if (!last || !size)
			return 416;
		*size_r = MIN(last, size);
		*at_r = size - *size_r;
		return 206;
	}
	if (!number(&range, '-', &first) ||
	    (*range && (!number(&range, '\0', &last) || last < first)))
		return 200;
	if (first >= size)
		return 416;
	*at_r = first;
	*size_r = MIN(last, size - 1) - first + 1;
	return 206;
}

gboolean download_reply(const char *path, const char *type, const char *range,
			struct server_reply *reply_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	guint64 at, size, all;
	struct stat facts;

	if (fd < 0 || fstat(fd, &facts) || !S_ISREG(facts.st_mode)) {
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	all = (guint64)facts.st_size;
	reply_r->status = download_range(range, all, &at, &size);
	reply_r->accept_ranges = TRUE;
	if (reply_r->status == 416) {
		reply_r->content_range =
			g_strdup_printf("bytes */%" G_GUINT64_FORMAT, all);
		close(fd);
		return TRUE;
	}
	reply_r->type = type;
	reply_r->attachment = TRUE;
	reply_r->file = g_new(struct server_file, 1);
	*reply_r->file = (struct server_file){ fd, at, size };
	if (reply_r->status == 206)
		reply_r->content_range = g_strdup_printf(
			"bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
			"/%" G_GUINT64_FORMAT,
			at, at + size - 1, all);
	return TRUE;
}
