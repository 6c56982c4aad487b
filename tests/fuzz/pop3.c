/* links: signaling */
/* POP3 answers. The first byte says what is expected and where the stream is
 * cut: however it is, the same comes out as from the whole. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signaling/pop3_parse.h"

#define MAIL_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell_mail(struct pop3_parser *prs, GString *told)
{
	g_autoptr(GBytes) mail = pop3_parser_mail(prs);
	gsize n;
	const char *bytes = g_bytes_get_data(mail, &n);

	if (n > MAIL_MAX)
		abort();
	if (n)
		g_string_append_len(told, bytes, (gssize)n);
}

/* FALSE when the parser takes no more. */
static gboolean feed(struct pop3_parser *prs, enum pop3_what what,
		     GString *told, const char *bytes, gsize size)
{
	while (size) {
		enum pop3_result result = pop3_parser_next(prs, &bytes, &size);

		if (result == POP3_MORE)
			break;
		g_string_append_printf(told, "%d", result);
		if (result == POP3_WRONG || result == POP3_FULL)
			return FALSE;
		if (result == POP3_LINE) {
			g_string_append(told, pop3_parser_text(prs));
			continue;
		}
		if (result == POP3_OK && what == POP3_MAIL)
			tell_mail(prs, told);
		pop3_parser_expect(prs, what);
	}
	return TRUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pop3_parser *whole = pop3_parser_create(MAIL_MAX);
	struct pop3_parser *cut = pop3_parser_create(MAIL_MAX);
	g_autoptr(GString) of_whole = g_string_new(NULL);
	g_autoptr(GString) of_cut = g_string_new(NULL);
	enum pop3_what what = size ? data[0] % 3 : POP3_STATUS;
	size_t piece = size ? data[0] / 3 % 16 + 1 : 1;
	size_t at = 1;

	pop3_parser_expect(whole, what);
	pop3_parser_expect(cut, what);
	if (size > 1)
		feed(whole, what, of_whole, (const char *)data + 1, size - 1);
	while (at < size && feed(cut, what, of_cut, (const char *)data + at,
				 MIN(piece, size - at)))
		at += piece;
	if (!g_string_equal(of_whole, of_cut))
		abort();
	pop3_parser_destroy(&whole);
	pop3_parser_destroy(&cut);
	return 0;
}
