#include "signaling/pop3_parse.h"

#include <string.h>

#include "signaling/lines.h"

/* Where in a line of a mail we are: its leading dot is doubled, and a dot
 * alone ends the mail (RFC 1939 3). */
enum place {
	LINE_BEGIN,
	AFTER_DOT,    /* a dot at the begin, not yet kept */
	AFTER_DOT_CR, /* and a CR behind it */
	IN_LINE,
};

struct pop3_parser {
	struct lines lines;
	enum pop3_what what;
	gboolean in_body; /* the status was +OK, lines follow */
	gboolean wrong;
	gsize mail_max;
	GByteArray *mail;
	enum place place;
	const char *text;
};

struct pop3_parser *pop3_parser_create(gsize mail_max)
{
	struct pop3_parser *prs = g_new0(struct pop3_parser, 1);

	lines_init(&prs->lines, POP3_MAX_LINE);
	prs->mail_max = mail_max;
	prs->mail = g_byte_array_new();
	prs->text = "";
	return prs;
}

void pop3_parser_destroy(struct pop3_parser **prsp)
{
	struct pop3_parser *prs = g_steal_pointer(prsp);

	if (!prs)
		return;
	lines_fini(&prs->lines);
	g_byte_array_unref(prs->mail);
	g_free(prs);
}

void pop3_parser_expect(struct pop3_parser *prs, enum pop3_what what)
{
	prs->what = what;
	prs->in_body = FALSE;
	prs->place = LINE_BEGIN;
	g_byte_array_set_size(prs->mail, 0);
}

const char *pop3_parser_text(const struct pop3_parser *prs)
{
	return prs->text;
}

GBytes *pop3_parser_mail(struct pop3_parser *prs)
{
	GBytes *mail = g_byte_array_free_to_bytes(prs->mail);

	prs->mail = g_byte_array_new();
	return mail;
}

static enum pop3_result wrong(struct pop3_parser *prs, const char *why)
{
	prs->wrong = TRUE;
	prs->text = why;
	return POP3_WRONG;
}

/* FALSE when no more of the mail is kept. */
static gboolean keep(struct pop3_parser *prs, const char *bytes, gsize size)
{
	gsize room = prs->mail_max - prs->mail->len;

	g_byte_array_append(prs->mail, (const guint8 *)bytes,
			    (guint)MIN(size, room));
	return size <= room;
}

/* One byte that may be part of the end; the rest goes by in runs. TRUE: the
 * mail has ended. */
static gboolean step(struct pop3_parser *prs, char c, gboolean *room)
{
	switch (prs->place) {
	case LINE_BEGIN:
		if (c == '.') {
			prs->place = AFTER_DOT;
			return FALSE;
		}
		break;
	case AFTER_DOT:
		if (c == '\n')
			return TRUE;
		if (c == '\r') {
			prs->place = AFTER_DOT_CR;
			return FALSE;
		}
		break; /* the dot was stuffing */
	case AFTER_DOT_CR:
		if (c == '\n')
			return TRUE;
		*room = keep(prs, "\r", 1);
		break;
	case IN_LINE:
		break;
	}
	*room &= keep(prs, &c, 1);
	prs->place = c == '\n' ? LINE_BEGIN : IN_LINE;
	return FALSE;
}

static enum pop3_result take_mail(struct pop3_parser *prs, const char **bytesp,
				  gsize *sizep)
{
	gboolean room = TRUE;

	while (*sizep && room) {
		const char *end = memchr(*bytesp, '\n', *sizep);
		gsize run = end ? (gsize)(end + 1 - *bytesp) : *sizep;

		if (prs->place != IN_LINE) {
			gboolean ended = step(prs, **bytesp, &room);

			++*bytesp;
			--*sizep;
			if (ended) {
				prs->in_body = FALSE;
				return POP3_OK;
			}
			continue;
		}
		room = keep(prs, *bytesp, run);
		prs->place = end ? LINE_BEGIN : IN_LINE;
		*bytesp += run;
		*sizep -= run;
	}
	return room ? POP3_MORE : POP3_FULL;
}

static enum pop3_result take_status(struct pop3_parser *prs, const char *line)
{
	if (g_str_has_prefix(line, "-ERR")) {
		prs->text = line[4] == ' ' ? line + 5 : line + 4;
		return POP3_ERR;
	}
	if (!g_str_has_prefix(line, "+OK"))
		return wrong(prs, "the server does not speak POP3");
	prs->in_body = prs->what != POP3_STATUS;
	return prs->in_body ? POP3_MORE : POP3_OK;
}

static enum pop3_result take_list_line(struct pop3_parser *prs,
				       const char *line)
{
	if (!strcmp(line, ".")) {
		prs->in_body = FALSE;
		return POP3_OK;
	}
	prs->text = *line == '.' ? line + 1 : line;
	return POP3_LINE;
}

enum pop3_result pop3_parser_next(struct pop3_parser *prs, const char **bytesp,
				  gsize *sizep)
{
	enum pop3_result result = POP3_MORE;

	while (result == POP3_MORE && *sizep && !prs->wrong) {
		const char *line;
		gsize length;

		if (prs->in_body && prs->what == POP3_MAIL) {
			result = take_mail(prs, bytesp, sizep);
			continue;
		}
		line = lines_next(&prs->lines, bytesp, sizep, &length);
		if (prs->lines.too_long)
			return wrong(prs, "the server sends lines without end");
		if (line)
			result = prs->in_body ? take_list_line(prs, line)
					      : take_status(prs, line);
	}
	return prs->wrong ? POP3_WRONG : result;
}
