/* Under which keys documents stand: see documents.h. */
#include <string.h>

#include "bridge/directory/directory.h"
#include "bridge/documents.h"

/* The words and gaps of each kind's key. */
enum part { END, WORD, SITE, ROOM, ACCOUNT, DID, DID_K, ANSWER };

static const struct {
	enum part part;
	const char *word;
} forms[DOCUMENT_KINDS][5] = {
	[DOCUMENT_SITE] = { { WORD, "sites" }, { SITE, NULL } },
	[DOCUMENT_OWNER] = { { WORD, "owners" }, { ACCOUNT, NULL } },
	[DOCUMENT_MEMBER] = { { WORD, "members" },
			      { ROOM, NULL },
			      { DID, NULL } },
	[DOCUMENT_WANT_HUB] = { { WORD, "want" },
				{ SITE, NULL },
				{ ROOM, NULL },
				{ WORD, "hub" } },
	[DOCUMENT_WANT_SESSION] = { { WORD, "want" },
				    { SITE, NULL },
				    { ROOM, NULL },
				    { WORD, "s" },
				    { DID_K, NULL } },
	[DOCUMENT_STATUS_HUB] = { { WORD, "status" },
				  { SITE, NULL },
				  { ROOM, NULL },
				  { WORD, "hub" } },
	[DOCUMENT_STATUS_SESSION] = { { WORD, "status" },
				      { SITE, NULL },
				      { ROOM, NULL },
				      { WORD, "s" },
				      { DID_K, NULL } },
	[DOCUMENT_ANSWER] = { { WORD, "answers" },
			      { ACCOUNT, NULL },
			      { ANSWER, NULL } },
};

#define MAX_PARTS G_N_ELEMENTS(forms[0])

char *document_key(const struct document_name *name)
{
	g_autofree char *did_k = g_strdup_printf("%s.%u", name->did, name->k);
	const char *parts[MAX_PARTS + 1] = { NULL };

	for (guint i = 0; i < MAX_PARTS; i++)
		switch (forms[name->kind][i].part) {
		case END:
			break;
		case WORD:
			parts[i] = forms[name->kind][i].word;
			break;
		case SITE:
			parts[i] = name->site;
			break;
		case ROOM:
			parts[i] = name->room;
			break;
		case ACCOUNT:
			parts[i] = name->account;
			break;
		case DID:
			parts[i] = name->did;
			break;
		case DID_K:
			parts[i] = did_k;
			break;
		case ANSWER:
			parts[i] = name->answer;
			break;
		}
	return directory_key(parts[0], parts[1], parts[2], parts[3], parts[4],
			     NULL);
}

static gboolean copy(char *buf, gsize cap, const char *text)
{
	return *text && g_strlcpy(buf, text, cap) < cap;
}

/* "DID.K" */
static gboolean read_did_k(struct document_name *name, const char *text)
{
	const char *dot = strrchr(text, '.');
	guint64 k;

	if (!dot || dot == text || (gsize)(dot - text) >= sizeof(name->did) ||
	    !g_ascii_string_to_unsigned(dot + 1, 10, 0, DOCUMENTS_MAX_PLACES,
					&k, NULL))
		return FALSE;
	memcpy(name->did, text, (gsize)(dot - text));
	name->k = (guint)k;
	return TRUE;
}

static gboolean read_part(struct document_name *name, guint i, const char *text)
{
	switch (forms[name->kind][i].part) {
	case WORD:
		return !strcmp(text, forms[name->kind][i].word);
	case SITE:
		return copy(name->site, sizeof(name->site), text);
	case ROOM:
		return copy(name->room, sizeof(name->room), text);
	case ACCOUNT:
		return copy(name->account, sizeof(name->account), text);
	case DID:
		return copy(name->did, sizeof(name->did), text);
	case DID_K:
		return read_did_k(name, text);
	case ANSWER:
		return copy(name->answer, sizeof(name->answer), text);
	case END:
		break;
	}
	return FALSE;
}

static gboolean read_as(struct document_name *name_r, enum document_kind kind,
			const GStrv parts)
{
	guint i;

	memset(name_r, 0, sizeof(*name_r));
	name_r->kind = kind;
	for (i = 0; parts[i]; i++)
		if (i == MAX_PARTS || !read_part(name_r, i, parts[i]))
			return FALSE;
	return i == MAX_PARTS || forms[kind][i].part == END;
}

gboolean document_name(struct document_name *name_r, const char *key)
{
	g_auto(GStrv) parts = directory_key_parts(key);

	for (guint kind = 0; parts && kind < DOCUMENT_KINDS; kind++)
		if (read_as(name_r, kind, parts))
			return TRUE;
	memset(name_r, 0, sizeof(*name_r));
	return FALSE;
}

char *document_prefix(enum document_kind kind, const char *part)
{
	g_autofree char *key = directory_key(forms[kind][0].word, part, NULL);

	return g_strconcat(key, "/", NULL);
}
