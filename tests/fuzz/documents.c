/* links: bridge */
/* What stands in the directory: it is refused by a sentence, or written as
 * something that reads the same. The first byte says which kind it is. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

union any {
	struct document_site site;
	struct document_owner owner;
	struct document_member member;
	struct document_want_hub want_hub;
	struct document_want_session want_session;
	struct document_status_hub status_hub;
	struct document_status_session status_session;
	struct document_answer answer;
};

/* What was read once is read again, and from then on stays as it is. */
static void check(enum document_kind kind, const union any *doc)
{
	g_autofree char *text = document_write(kind, doc);
	g_autofree char *again = NULL;
	union any same;

	require(document_read(kind, &same, text, strlen(text), NULL));
	again = document_write(kind, &same);
	require(!strcmp(text, again));
	document_clear(kind, &same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum document_kind kind;
	union any doc;
	GError *error = NULL;
	gboolean read;

	if (!size)
		return 0;
	kind = (*data - '0') & (DOCUMENT_KINDS - 1);
	read = document_read(kind, &doc, (const char *)data + 1, size - 1,
			     &error);
	require(read == !error);
	if (read)
		check(kind, &doc);
	document_clear(kind, &doc);
	g_clear_error(&error);
	return 0;
}
