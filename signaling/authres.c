#include "signaling/authres.h"

#include <gio/gio.h>
#include <string.h>

#define WHITE " \t\r\n"

struct lexer {
	const char *p;
	gboolean broken; /* sticky: the grammar was left */
};

/* RFC 5322 3.2.2: white space and comments, which nest. */
static void skip(struct lexer *lex)
{
	guint depth = 0;

	for (; *lex->p; lex->p++) {
		if (*lex->p == '(')
			depth++;
		else if (*lex->p == ')' && depth > 0)
			depth--;
		else if (*lex->p == '\\' && depth > 0 && lex->p[1])
			lex->p++;
		else if (depth == 0 && !strchr(WHITE, *lex->p))
			return;
	}
	if (depth > 0)
		lex->broken = TRUE;
}

static void quoted(struct lexer *lex, GString *word)
{
	for (lex->p++; *lex->p && *lex->p != '"'; lex->p++) {
		if (*lex->p == '\\' && lex->p[1])
			lex->p++;
		g_string_append_c(word, *lex->p);
	}
	if (*lex->p == '"')
		lex->p++;
	else
		lex->broken = TRUE;
}

/* A token, a quoted string, or a local part of both with its domain; up to
 * one of `stops`, white space, ";" or a comment. An empty one is broken. */
static char *word(struct lexer *lex, const char *stops)
{
	GString *text = g_string_new(NULL);
	const char *start;

	skip(lex);
	start = lex->p;
	while (*lex->p && !strchr(WHITE ";()", *lex->p) &&
	       !strchr(stops, *lex->p)) {
		if (*lex->p == '"')
			quoted(lex, text);
		else
			g_string_append_c(text, *lex->p++);
	}
	if (lex->p == start)
		lex->broken = TRUE;
	skip(lex);
	return g_string_free(text, FALSE);
}

static gboolean take(struct lexer *lex, char c)
{
	if (lex->broken || *lex->p != c)
		return FALSE;
	lex->p++;
	skip(lex);
	return TRUE;
}

static void expect(struct lexer *lex, char c)
{
	if (!take(lex, c))
		lex->broken = TRUE;
}

static gboolean is_below(const char *sub, const char *domain)
{
	gsize n = strlen(sub), m = strlen(domain);

	/* Nobody's organisation is a whole top-level domain. */
	return n > m && strchr(domain, '.') && sub[n - m - 1] == '.' &&
	       !strcmp(sub + n - m, domain);
}

/* identity is a domain, "user@domain" or "@domain". */
static gboolean speaks_for(const char *identity, const char *from_domain,
			   gboolean strict)
{
	const char *at = identity ? strrchr(identity, '@') : NULL;
	g_autofree char *ascii = NULL;
	g_autofree char *domain = NULL;

	if (!identity)
		return FALSE;
	ascii = g_hostname_to_ascii(at ? at + 1 : identity);
	if (!ascii)
		return FALSE;
	domain = g_ascii_strdown(ascii, -1);
	if (!strcmp(domain, from_domain))
		return TRUE;
	return !strict &&
	       (is_below(domain, from_domain) || is_below(from_domain, domain));
}

/* What each method tells, by its preferred property first. */
static const struct {
	const char *method;
	const char *properties[2];
	gboolean strict;
} methods[] = {
	{ "dkim", { "header.d", "header.i" }, FALSE },
	{ "spf", { "smtp.mailfrom", NULL }, FALSE },
	{ "dmarc", { "header.from", NULL }, TRUE },
};

static gboolean passes(const char *method, GHashTable *properties,
		       const char *from_domain)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const *names = methods[i].properties;
		const char *identity;

		if (g_ascii_strcasecmp(method, methods[i].method) != 0)
			continue;
		identity = g_hash_table_lookup(properties, names[0]);
		if (!identity && names[1])
			identity = g_hash_table_lookup(properties, names[1]);
		return speaks_for(identity, from_domain, methods[i].strict);
	}
	return FALSE;
}

/* "ptype.property=value" and "reason=..."; FALSE when one property comes
 * twice: which of the two was verified, nobody knows. */
static gboolean read_properties(struct lexer *lex, GHashTable *properties)
{
	gboolean once = TRUE;

	while (!lex->broken && *lex->p && *lex->p != ';') {
		g_autofree char *raw = word(lex, "=");
		char *name = g_ascii_strdown(raw, -1);

		expect(lex, '=');
		if (g_hash_table_contains(properties, name))
			once = FALSE;
		g_hash_table_replace(properties, name, word(lex, ""));
	}
	return once;
}

/* RFC 8601 2.2: resinfo without its ";", or "none". */
static gboolean read_result(struct lexer *lex, const char *from_domain)
{
	g_autoptr(GHashTable) properties =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autofree char *method = word(lex, "=/");
	g_autofree char *result = NULL;
	gboolean once;

	if (!g_ascii_strcasecmp(method, "none") && (!*lex->p || *lex->p == ';'))
		return FALSE;
	if (take(lex, '/'))
		g_free(word(lex, "="));
	expect(lex, '=');
	result = word(lex, "");
	once = read_properties(lex, properties);
	return once && !g_ascii_strcasecmp(result, "pass") &&
	       passes(method, properties, from_domain);
}

enum authres authres_read(const char *value, const char *authserv_id,
			  const char *from_domain)
{
	struct lexer lex = { .p = value };
	g_autofree char *id = word(&lex, "");
	gboolean aligned = FALSE;

	if (lex.broken || g_ascii_strcasecmp(id, authserv_id) != 0)
		return AUTHRES_FOREIGN;
	if (*lex.p && *lex.p != ';') {
		g_autofree char *version = word(&lex, "");

		if (strcmp(version, "1") != 0)
			return AUTHRES_UNALIGNED;
	}
	while (!lex.broken && *lex.p) {
		expect(&lex, ';');
		if (!lex.broken && *lex.p && read_result(&lex, from_domain))
			aligned = TRUE;
	}
	return aligned && !lex.broken ? AUTHRES_ALIGNED : AUTHRES_UNALIGNED;
}
