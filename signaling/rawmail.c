#include "signaling/rawmail.h"

#include <string.h>

#include "signaling/message.h"

#define MAX_BOUNDARY 70 /* characters, RFC 2046 5.1.1 */
#define WSP	     " \t"

struct line {
	const char *text;
	gsize length; /* without its CRLF or LF */
};

/* One place in the nesting: inside a multipart, whose boundary ends its
 * parts, or inside a message/rfc822, which ends with what it is in. */
struct level {
	char boundary[MAX_BOUNDARY + 1]; /* "" for message/rfc822 */
};

struct scan {
	const char *p, *end;
	struct level levels[MESSAGE_MAX_DEPTH];
	guint depth; /* levels in use */
	guint parts;
	GError *error;
};

static void fail(struct scan *scan, enum message_error code, const char *why)
{
	if (!scan->error)
		scan->error = g_error_new_literal(MESSAGE_ERROR, code, why);
}

static gboolean next_line(struct scan *scan, struct line *line_r)
{
	const char *lf;

	if (scan->p == scan->end || scan->error)
		return FALSE;
	lf = memchr(scan->p, '\n', (gsize)(scan->end - scan->p));
	line_r->text = scan->p;
	line_r->length = (gsize)((lf ? lf : scan->end) - scan->p);
	scan->p = lf ? lf + 1 : scan->end;
	if (line_r->length && line_r->text[line_r->length - 1] == '\r')
		line_r->length--;
	return TRUE;
}

/* Length of the field name that the line begins with; 0: it is no field. */
static gsize field_name(const struct line *line)
{
	gsize n = 0, colon;

	while (n < line->length && g_ascii_isgraph(line->text[n]) &&
	       line->text[n] != ':')
		n++;
	colon = n;
	while (colon < line->length && strchr(WSP, line->text[colon]) &&
	       line->text[colon])
		colon++;
	return colon < line->length && line->text[colon] == ':' ? n : 0;
}

static gboolean is_field(const struct line *line, const char *name)
{
	return field_name(line) == strlen(name) &&
	       !g_ascii_strncasecmp(line->text, name, strlen(name));
}

static gboolean is_continuation(const struct line *line)
{
	return line->length && (*line->text == ' ' || *line->text == '\t');
}

static gboolean is_blank(const struct line *line)
{
	for (gsize i = 0; i < line->length; i++)
		if (line->text[i] != ' ' && line->text[i] != '\t')
			return FALSE;
	return TRUE;
}

/* What may not be among the fields of the mail itself, where a later
 * program may see another mail than we do. */
static void check_top_line(struct scan *scan, const struct line *line,
			   gboolean first)
{
	/* An mbox "From " line, left by some delivery agents. */
	if (first && line->length > 5 && !strncmp(line->text, "From ", 5))
		return;
	if (memchr(line->text, '\0', line->length) ||
	    memchr(line->text, '\r', line->length))
		fail(scan, MESSAGE_ERROR_MALFORMED,
		     "the mail has a NUL or a bare CR in its header fields");
	else if (is_continuation(line) ? first || is_blank(line)
				       : field_name(line) == 0)
		fail(scan, MESSAGE_ERROR_MALFORMED,
		     "the mail has a line that is no header field among its "
		     "header fields");
}

static void check_top_fields(struct scan *scan)
{
	static const char *const once[] = { "From", "Content-Type",
					    "Message-ID" };
	const char *start = scan->p;
	guint seen[G_N_ELEMENTS(once)] = { 0 };
	gboolean first = TRUE;
	struct line line;

	while (next_line(scan, &line) && line.length) {
		if (scan->p - start > MESSAGE_MAX_HEADERS)
			fail(scan, MESSAGE_ERROR_TOO_LARGE,
			     "the mail's header fields have more than 64 KiB");
		check_top_line(scan, &line, first);
		for (guint i = 0; i < G_N_ELEMENTS(once); i++)
			if (is_field(&line, once[i]) && ++seen[i] > 1)
				fail(scan, MESSAGE_ERROR_MALFORMED,
				     "the mail has more than one From, "
				     "Content-Type or Message-ID");
		first = FALSE;
	}
	scan->p = start;
}

/* Reads one header block and returns its unfolded Content-Type ("" when it
 * has none). */
static GString *content_type(struct scan *scan)
{
	GString *type = g_string_new(NULL);
	gboolean inside = FALSE;
	struct line line;

	while (next_line(scan, &line) && line.length) {
		if (!is_continuation(&line))
			inside = is_field(&line, "Content-Type");
		if (inside)
			g_string_append_len(type, line.text,
					    (gssize)line.length);
	}
	g_string_erase(type, 0,
		       type->len ? (gssize)strcspn(type->str, ":") + 1 : 0);
	g_strchug(type->str);
	return type;
}

/* The boundary parameter, quoted or not; FALSE when there is none that RFC
 * 2046 would let be one. What hides it better (RFC 2231) is counted after
 * parsing. */
static gboolean find_boundary(const char *type, char *boundary_r)
{
	g_autofree char *lower = g_ascii_strdown(type, -1);
	const char *found = strstr(lower, "boundary");
	const char *value;
	gsize n;

	if (!found)
		return FALSE;
	value = type + (found - lower) + strlen("boundary");
	value += strspn(value, WSP);
	if (*value++ != '=')
		return FALSE;
	value += strspn(value, WSP);
	n = *value == '"' ? strcspn(++value, "\"") : strcspn(value, " \t;");
	if (n == 0 || n > MAX_BOUNDARY)
		return FALSE;
	g_strlcpy(boundary_r, value, n + 1);
	return TRUE;
}

static void enter(struct scan *scan, const char *boundary)
{
	/* A part in this level would be at depth + 2. */
	if (scan->depth + 2 > MESSAGE_MAX_DEPTH) {
		fail(scan, MESSAGE_ERROR_TOO_LARGE,
		     "the mail's parts are nested more than 5 deep");
		return;
	}
	g_strlcpy(scan->levels[scan->depth++].boundary, boundary,
		  sizeof(scan->levels->boundary));
}

/* Reads header blocks: the part's own and, where it is a message, that of
 * the message within. */
static void read_part(struct scan *scan)
{
	gboolean message = TRUE;

	while (message && !scan->error) {
		g_autoptr(GString) type = content_type(scan);
		char boundary[MAX_BOUNDARY + 1];

		if (++scan->parts > MESSAGE_MAX_PARTS)
			fail(scan, MESSAGE_ERROR_TOO_LARGE,
			     "the mail has more than 20 parts");
		message = !g_ascii_strncasecmp(type->str, "message/rfc822",
					       strlen("message/rfc822"));
		if (message)
			enter(scan, "");
		else if (!g_ascii_strncasecmp(type->str, "multipart/",
					      strlen("multipart/")) &&
			 find_boundary(type->str, boundary))
			enter(scan, boundary);
	}
}

/* The level whose boundary this line is, counted from 1; 0: none. */
static guint boundary_level(const struct scan *scan, const struct line *line,
			    gboolean *closes_r)
{
	if (line->length < 3 || memcmp(line->text, "--", 2) != 0)
		return 0;
	for (guint i = scan->depth; i > 0; i--) {
		const char *boundary = scan->levels[i - 1].boundary;
		gsize n = strlen(boundary);
		struct line rest;

		if (n == 0 || line->length < n + 2 ||
		    memcmp(line->text + 2, boundary, n) != 0)
			continue;
		rest.text = line->text + 2 + n;
		rest.length = line->length - 2 - n;
		*closes_r = rest.length >= 2 && !memcmp(rest.text, "--", 2);
		if (*closes_r || is_blank(&rest))
			return i;
	}
	return 0;
}

static void count_parts(struct scan *scan)
{
	struct line line;

	read_part(scan);
	while (scan->depth > 0 && next_line(scan, &line)) {
		gboolean closes;
		guint level = boundary_level(scan, &line, &closes);

		if (level == 0)
			continue;
		scan->depth = closes ? level - 1 : level;
		if (!closes)
			read_part(scan);
	}
}

gboolean rawmail_check(GBytes *mail, GError **error)
{
	gsize size;
	const char *data = g_bytes_get_data(mail, &size);
	struct scan scan = { .p = data };

	scan.end = size ? data + size : data; /* data of no bytes is NULL */
	if (size > MESSAGE_MAX_SIZE)
		fail(&scan, MESSAGE_ERROR_TOO_LARGE,
		     "the mail has more than 256 KiB");
	check_top_fields(&scan);
	count_parts(&scan);
	if (scan.error)
		g_propagate_error(error, scan.error);
	return !scan.error;
}
