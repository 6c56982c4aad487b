/* message_address(): what is a mail address here, and its one spelling. */
#include "signaling/message.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_LOCAL  64  /* octets, RFC 5321 4.5.3.1.1 */
#define MAX_DOMAIN 253 /* RFC 1035 2.3.4, without the final dot */
#define MAX_LABEL  63

/* RFC 5322 3.2.3, with RFC 6532's UTF-8. Dots may stand anywhere: addresses
 * like "taro..@docomo.ne.jp" were given out in millions. */
static gboolean is_local_atom(const char *local, gsize length)
{
	for (gsize i = 0; i < length; i++) {
		guchar c = (guchar)local[i];

		if (c < 0x80 && !g_ascii_isalnum(c) &&
		    (!c || !strchr("!#$%&'*+-/=?^_`{|}~.", c)))
			return FALSE;
	}
	return length > 0;
}

/* RFC 5322 3.2.4, without quoted pairs: nobody has such an address. */
static gboolean is_local_quoted(const char *local, gsize length)
{
	if (length < 3 || local[0] != '"' || local[length - 1] != '"')
		return FALSE;
	for (gsize i = 1; i < length - 1; i++)
		if (!g_ascii_isprint(local[i]) || local[i] == '"' ||
		    local[i] == '\\')
			return FALSE;
	return TRUE;
}

static gboolean is_domain(const char *domain)
{
	g_auto(GStrv) labels = g_strsplit(domain, ".", -1);

	if (strlen(domain) > MAX_DOMAIN || !labels[0])
		return FALSE;
	for (char **label = labels; *label; label++) {
		gsize length = strlen(*label);

		if (length == 0 || length > MAX_LABEL || **label == '-' ||
		    (*label)[length - 1] == '-' ||
		    strspn(*label, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
			    length)
			return FALSE;
	}
	return TRUE;
}

char *message_address(const char *text)
{
	const char *at = strrchr(text, '@');
	gsize local = at ? (gsize)(at - text) : 0;
	g_autofree char *ascii = NULL;
	g_autofree char *domain = NULL;

	if (!at || local > MAX_LOCAL || strlen(at) > 4 * MAX_DOMAIN ||
	    !g_utf8_validate(text, -1, NULL) ||
	    !(is_local_atom(text, local) || is_local_quoted(text, local)))
		return NULL;
	ascii = g_hostname_to_ascii(at + 1);
	if (!ascii)
		return NULL;
	domain = g_ascii_strdown(ascii, -1);
	if (!is_domain(domain))
		return NULL;
	return g_strdup_printf("%.*s@%s", (int)local, text, domain);
}
