/* links: signaling */
/* IMAP responses. The first byte says where the stream is cut: however it is,
 * the same responses come out as from the whole, and no body is larger than
 * what was asked for. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signaling/imap_parse.h"

#define BODY_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(GString *told, const struct imap_response *rsp)
{
	g_string_append_printf(
		told, "%d %s %d %u %u %s %d%d %u %d %u", rsp->kind, rsp->tag,
		rsp->status, rsp->uidvalidity, rsp->uidnext,
		rsp->text ? rsp->text : "-", rsp->idle, rsp->uidplus, rsp->uid,
		rsp->deleted, rsp->uids ? rsp->uids->len : 0);
	if (rsp->body) {
		gsize n;
		const char *bytes = g_bytes_get_data(rsp->body, &n);

		g_string_append_len(told, bytes, (gssize)n);
	}
	g_string_append_c(told, '\n');
}

static void feed(struct imap_parser *prs, GString *told, const char *bytes,
		 gsize size)
{
	const struct imap_response *rsp;

	while ((rsp = imap_parser_next(prs, &bytes, &size))) {
		if (rsp->body && g_bytes_get_size(rsp->body) > IMAP_MAX_TEXT)
			abort();
		describe(told, rsp);
	}
	if (size && !imap_parser_error(prs))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_parser *whole = imap_parser_create(BODY_MAX);
	struct imap_parser *cut = imap_parser_create(BODY_MAX);
	g_autoptr(GString) of_whole = g_string_new(NULL);
	g_autoptr(GString) of_cut = g_string_new(NULL);
	size_t piece = size ? data[0] % 16 + 1 : 1;

	feed(whole, of_whole, (const char *)data, size);
	for (size_t at = 0; at < size; at += piece)
		feed(cut, of_cut, (const char *)data + at,
		     MIN(piece, size - at));
	if (!imap_parser_error(whole) != !imap_parser_error(cut) ||
	    !g_string_equal(of_whole, of_cut))
		abort();
	imap_parser_destroy(&whole);
	imap_parser_destroy(&cut);
	return 0;
}
