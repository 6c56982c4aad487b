#include "signaling/imap_parse.h"

#include <string.h>

#define MAX_WORDS 200 /* bytes of a text for people that are kept */

struct imap_parser {
	gsize body_max;
	GString *text;	     /* the response; a literal is "{n}" in it */
	GPtrArray *literals; /* GBytes *, in their order in text */
	GByteArray *literal; /* being read, as far as it is kept */
	guint64 to_skip;     /* bytes of it that are still to come */
	gsize kept;	     /* bytes of literals in this response */
	gboolean in_literal;
	gboolean ended; /* the response was handed out: begin anew */
	const char *error;
	struct imap_response response;
};

/* A place in a response's text, and the literal that comes next in it. */
struct scan {
	const char *at;
	GPtrArray *literals;
	guint next_literal;
};

/* What stands at a place: text from start to end, or a literal. */
struct value {
	const char *start, *end;
	GBytes *literal; /* the scan's, or NULL */
	gboolean quoted;
};

static void response_clear(struct imap_response *rsp)
{
	g_free(rsp->text);
	g_clear_pointer(&rsp->uids, g_array_unref);
	g_clear_pointer(&rsp->body, g_bytes_unref);
	memset(rsp, 0, sizeof(*rsp));
}

struct imap_parser *imap_parser_create(gsize body_max)
{
	struct imap_parser *prs = g_new0(struct imap_parser, 1);

	prs->body_max = body_max;
	prs->text = g_string_new(NULL);
	prs->literals =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	return prs;
}

void imap_parser_destroy(struct imap_parser **prsp)
{
	struct imap_parser *prs = g_steal_pointer(prsp);

	if (!prs)
		return;
	response_clear(&prs->response);
	g_string_free(prs->text, TRUE);
	g_ptr_array_unref(prs->literals);
	g_clear_pointer(&prs->literal, g_byte_array_unref);
	g_free(prs);
}

const char *imap_parser_error(const struct imap_parser *prs)
{
	return prs->error;
}

/* ---- words and numbers ---- */

/* Steps over `word` and one space behind it, or the end. */
static gboolean take_word(const char **atp, const char *word)
{
	gsize n = strlen(word);

	if (g_ascii_strncasecmp(*atp, word, n))
		return FALSE;
	if ((*atp)[n] != ' ' && (*atp)[n] != '\0')
		return FALSE;
	*atp += n + ((*atp)[n] == ' ');
	return TRUE;
}

/* A number of 32 bits; 0 when there is none or it is larger. */
static guint32 take_number(const char **atp)
{
	guint64 number = 0;

	for (; g_ascii_isdigit(**atp); (*atp)++)
		number = MIN(number * 10 + (guint64)(**atp - '0'),
			     G_GUINT64_CONSTANT(1) << 32);
	return number > G_MAXUINT32 ? 0 : (guint32)number;
}

static gboolean take_status(const char **atp, enum imap_status *status_r)
{
	static const char *const words[] = {
		[IMAP_OK] = "OK",	    [IMAP_NO] = "NO",
		[IMAP_BAD] = "BAD",	    [IMAP_BYE] = "BYE",
		[IMAP_PREAUTH] = "PREAUTH",
	};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!take_word(atp, words[i]))
			continue;
		*status_r = (enum imap_status)i;
		return TRUE;
	}
	return FALSE;
}

/* ---- values: atom, "quoted", {literal}, (list) ---- */

static void skip_quoted(struct scan *scn)
{
	scn->at++;
	while (*scn->at && *scn->at != '"')
		scn->at += scn->at[0] == '\\' && scn->at[1] ? 2 : 1;
	if (*scn->at)
		scn->at++;
}

static GBytes *skip_literal(struct scan *scn)
{
	while (*scn->at && *scn->at++ != '}')
		;
	if (scn->next_literal >= scn->literals->len)
		return NULL;
	return scn->literals->pdata[scn->next_literal++];
}

static void skip_list(struct scan *scn)
{
	guint depth = 0;

	do {
		if (*scn->at == '"') {
			skip_quoted(scn);
			continue;
		}
		if (*scn->at == '{') {
			skip_literal(scn);
			continue;
		}
		depth += *scn->at == '(';
		depth -= *scn->at == ')';
		scn->at++;
	} while (depth && *scn->at);
}

static void take_value(struct scan *scn, struct value *val_r)
{
	*val_r = (struct value){ .start = scn->at };
	switch (*scn->at) {
	case '(':
		skip_list(scn);
		break;
	case '"':
		val_r->quoted = TRUE;
		skip_quoted(scn);
		break;
	case '{':
		val_r->literal = skip_literal(scn);
		break;
	default:
		scn->at += strcspn(scn->at, " ()");
	}
	val_r->end = scn->at;
}

/* The bytes of a string; NULL for NIL or what is no string. */
static GBytes *string_bytes(const struct value *val)
{
	GByteArray *bytes;

	if (val->literal)
		return g_bytes_ref(val->literal);
	if (!val->quoted || val->end - val->start < 2)
		return NULL;
	bytes = g_byte_array_new();
	for (const char *c = val->start + 1; c < val->end - 1; c++) {
		if (*c == '\\' && c + 1 < val->end - 1)
			c++;
		g_byte_array_append(bytes, (const guint8 *)c, 1);
	}
	return g_byte_array_free_to_bytes(bytes);
}

static gboolean has_flag(const struct value *list, const char *flag)
{
	g_autofree char *text =
		g_strndup(list->start, (gsize)(list->end - list->start));
	g_auto(GStrv) words = g_strsplit_set(text, "() ", -1);

	for (guint i = 0; words[i]; i++)
		if (!g_ascii_strcasecmp(words[i], flag))
			return TRUE;
	return FALSE;
}

/* ---- one whole response ---- */

/* "[CODE args] text": the codes we know, then the words for people. */
static void parse_resp_text(struct imap_response *rsp, const char *at)
{
	gsize n;

	if (*at == '[') {
		const char *code = at + 1;

		if (take_word(&code, "UIDVALIDITY"))
			rsp->uidvalidity = take_number(&code);
		else if (take_word(&code, "UIDNEXT"))
			rsp->uidnext = take_number(&code);
		at += strcspn(at, "]");
		at += *at == ']';
		at += *at == ' ';
	}
	n = MIN(strlen(at), MAX_WORDS);
	rsp->text = g_strndup(at, n);
	for (char *c = rsp->text; *c; c++)
		if (!g_ascii_isprint(*c))
			*c = '?';
}

static void parse_capability(struct imap_response *rsp, const char *at)
{
	g_auto(GStrv) words = g_strsplit(at, " ", -1);

	rsp->kind = IMAP_CAPABILITY;
	for (guint i = 0; words[i]; i++) {
		rsp->idle |= !g_ascii_strcasecmp(words[i], "IDLE");
		rsp->uidplus |= !g_ascii_strcasecmp(words[i], "UIDPLUS");
	}
}

static void parse_search(struct imap_response *rsp, const char *at)
{
	rsp->kind = IMAP_SEARCH;
	rsp->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	while (g_ascii_isdigit(*at)) {
		guint32 uid = take_number(&at);

		if (uid)
			g_array_append_val(rsp->uids, uid);
		at += *at == ' ';
	}
}

static gboolean is_whole_body(const char *name, gsize n)
{
	return (n == 6 && !g_ascii_strncasecmp(name, "BODY[]", n)) ||
	       (n == 9 && !g_ascii_strncasecmp(name, "BODY[]<0>", n));
}

static void parse_fetch(struct imap_response *rsp, struct scan *scn)
{
	rsp->kind = IMAP_FETCH;
	if (*scn->at == '(')
		scn->at++;
	while (*scn->at && *scn->at != ')') {
		const char *name = scn->at;
		gsize n = strcspn(name, " )[");
		struct value val;

		if (name[n] == '[') /* a section may hold spaces and lists */
			n += strcspn(name + n, "]");
		n += strcspn(name + n, " )");
		scn->at += n;
		scn->at += *scn->at == ' ';
		take_value(scn, &val);
		if (n == 3 && !g_ascii_strncasecmp(name, "UID", n)) {
			rsp->uid = take_number(&val.start);
		} else if (n == 5 && !g_ascii_strncasecmp(name, "FLAGS", n)) {
			rsp->deleted = has_flag(&val, "\\Deleted");
		} else if (is_whole_body(name, n)) {
			g_clear_pointer(&rsp->body, g_bytes_unref);
			rsp->body = string_bytes(&val);
		}
		if (scn->at == name) /* nothing we understand */
			break;
		scn->at += *scn->at == ' ';
	}
}

static void parse_untagged(struct imap_parser *prs, const char *at)
{
	struct imap_response *rsp = &prs->response;

	if (take_status(&at, &rsp->status)) {
		rsp->kind = IMAP_STATUS;
		parse_resp_text(rsp, at);
	} else if (take_word(&at, "CAPABILITY")) {
		parse_capability(rsp, at);
	} else if (take_word(&at, "SEARCH")) {
		parse_search(rsp, at);
	} else if (g_ascii_isdigit(*at)) {
		take_number(&at);
		at += *at == ' ';
		if (take_word(&at, "EXISTS")) {
			rsp->kind = IMAP_EXISTS;
		} else if (take_word(&at, "FETCH")) {
			struct scan scn = { .at = at,
					    .literals = prs->literals };

			parse_fetch(rsp, &scn);
		}
	}
}

static void parse_response(struct imap_parser *prs)
{
	struct imap_response *rsp = &prs->response;
	const char *at = prs->text->str;
	gsize n = strcspn(at, " ");

	rsp->kind = IMAP_OTHER;
	if (take_word(&at, "*")) {
		parse_untagged(prs, at);
	} else if (*at == '+') {
		rsp->kind = IMAP_CONTINUE;
	} else if (n && n < sizeof(rsp->tag)) {
		memcpy(rsp->tag, at, n);
		at += n + (at[n] == ' ');
		if (take_status(&at, &rsp->status) && rsp->status <= IMAP_BAD) {
			rsp->kind = IMAP_TAGGED;
			parse_resp_text(rsp, at);
		}
	}
}

/* ---- the stream ---- */

static void begin_response(struct imap_parser *prs)
{
	response_clear(&prs->response);
	g_string_truncate(prs->text, 0);
	g_ptr_array_set_size(prs->literals, 0);
	prs->kept = 0;
	prs->ended = FALSE;
}

/* Whether the line so far ends in "{n}", the head of a literal. In the free
 * text of a status it would only look like one. */
static gboolean ends_in_literal(struct imap_parser *prs, guint64 *size_r)
{
	const char *at = prs->text->str;
	enum imap_status status;
	const char *brace;

	if (!take_word(&at, "*") || take_status(&at, &status) ||
	    !g_str_has_suffix(at, "}"))
		return FALSE;
	brace = strrchr(at, '{');
	if (!brace || !g_ascii_isdigit(brace[1]) ||
	    brace[1 + strspn(brace + 1, "0123456789")] != '}')
		return FALSE;
	*size_r = g_ascii_strtoull(brace + 1, NULL, 10);
	return TRUE;
}

static void begin_literal(struct imap_parser *prs, guint64 size)
{
	if (size > IMAP_MAX_LITERAL)
		prs->error = "the server announced a literal without bounds";
	else if (prs->literals->len >= IMAP_MAX_LITERALS)
		prs->error = "the server sent too many literals";
	prs->in_literal = TRUE;
	prs->to_skip = size;
	prs->literal = g_byte_array_new();
}

static void take_literal(struct imap_parser *prs, const char **bytesp,
			 gsize *sizep)
{
	gsize n = (gsize)MIN((guint64)*sizep, prs->to_skip);
	gsize keep = MIN(n, prs->body_max - prs->kept);

	g_byte_array_append(prs->literal, (const guint8 *)*bytesp, (guint)keep);
	prs->kept += keep;
	prs->to_skip -= n;
	*bytesp += n;
	*sizep -= n;
	if (prs->to_skip)
		return;
	prs->in_literal = FALSE;
	g_ptr_array_add(prs->literals, g_byte_array_free_to_bytes(
					       g_steal_pointer(&prs->literal)));
}

/* TRUE when the text has come to the end of a line. */
static gboolean take_text(struct imap_parser *prs, const char **bytesp,
			  gsize *sizep)
{
	const char *end = memchr(*bytesp, '\n', *sizep);
	gsize n = end ? (gsize)(end + 1 - *bytesp) : *sizep;
	GString *text = prs->text;

	if (text->len + n > IMAP_MAX_TEXT)
		prs->error = "the server sent a line without an end";
	else if (memchr(*bytesp, '\0', n))
		prs->error = "the server sent a NUL in a line";
	if (prs->error)
		return FALSE;
	g_string_append_len(text, *bytesp, (gssize)n);
	*bytesp += n;
	*sizep -= n;
	if (!end)
		return FALSE;
	g_string_truncate(text, text->len - 1);
	if (text->len && text->str[text->len - 1] == '\r')
		g_string_truncate(text, text->len - 1);
	return TRUE;
}

const struct imap_response *imap_parser_next(struct imap_parser *prs,
					     const char **bytesp, gsize *sizep)
{
	if (prs->ended)
		begin_response(prs);
	while (!prs->error && *sizep) {
		guint64 size;

		if (prs->in_literal) {
			take_literal(prs, bytesp, sizep);
		} else if (take_text(prs, bytesp, sizep)) {
			if (ends_in_literal(prs, &size)) {
				begin_literal(prs, size);
				continue;
			}
			prs->ended = TRUE;
			parse_response(prs);
			return &prs->response;
		}
	}
	return NULL;
}
