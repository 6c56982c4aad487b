/* Line by line and not as a MIME tree: reports and the header fields that
 * they return are plain ASCII (RFC 3464 2.1), and servers differ in how they
 * wrap them. */
#include "signaling/bounce.h"

#include <string.h>

#include "signaling/text.h"

#define WHY_MAX 200 /* bytes */

struct report {
	gboolean body;	 /* past the mail's own header fields */
	gboolean report; /* it is one */
	gboolean failed, ours;
	gboolean folded; /* the field before is the diagnostic */
	GString *why;
};

/* What follows "Name:" in a line; NULL when it is another field. */
static const char *value_of(const char *line, const char *name)
{
	gsize length = strlen(name);

	if (g_ascii_strncasecmp(line, name, length) || line[length] != ':')
		return NULL;
	return line + length + 1 + strspn(line + length + 1, " \t");
}

/* "smtp; 550 5.1.1 ...", and the lines into which it is folded. */
static void note_why(struct report *rep, const char *line)
{
	const char *value = value_of(line, "Diagnostic-Code");
	const char *text = value ? strchr(value, ';') : NULL;

	if (rep->folded && (*line == ' ' || *line == '\t')) {
		g_string_append_printf(rep->why, " %s",
				       line + strspn(line, " \t"));
		return;
	}
	rep->folded = text && !rep->why->len;
	if (rep->folded)
		g_string_append(rep->why, text + 1);
}

static void read_line(struct report *rep, const char *line, const char *id)
{
	const char *value;

	if (!*line)
		rep->body = TRUE;
	if (!rep->body) {
		value = value_of(line, "Content-Type");
		rep->report |= value &&
			       !g_ascii_strncasecmp(value, "multipart/report",
						    strlen("multipart/report"));
		return;
	}
	value = value_of(line, "Action");
	rep->failed |= value &&
		       !g_ascii_strncasecmp(value, "failed", strlen("failed"));
	value = value_of(line, "Message-ID");
	rep->ours |= value && strstr(value, id);
	note_why(rep, line);
}

gboolean bounce_reports(GBytes *mail, const char *message_id, char **why_r)
{
	gsize size;
	const char *data = g_bytes_get_data(mail, &size);
	g_autofree char *text = g_strndup(data ? data : "", size);
	g_autofree char *id = g_strconcat("<", message_id, ">", NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct report rep = { .why = g_string_new(NULL) };
	gboolean ours;

	for (guint i = 0; lines[i]; i++)
		read_line(&rep, g_strchomp(lines[i]), id);
	ours = rep.report && rep.failed && rep.ours;
	*why_r = NULL;
	if (ours && rep.why->len)
		*why_r = text_line(rep.why->str, WHY_MAX);
	g_string_free(rep.why, TRUE);
	return ours;
}
