/* links: bridge */
/* What the phone of a lender says to its gate's host, a line for each message.
 * Whatever comes, what is told is text within its bounds, and what is said
 * keeps to its size. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/directory/directory.h"
#include "bridge/lent_link.h"
#include "signaling/ipsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

static void on_send(const char *json, void *arg)
{
	(void)arg;
	require(strlen(json) <= IPSP_MAX_MESSAGE);
}

static void on_put(const char *key, const char *value, void *arg)
{
	(void)arg;
	require(g_utf8_validate(key, -1, NULL) && !strchr(key, '\n'));
	require(!value || g_utf8_validate(value, -1, NULL));
}

static const struct lent_link_events events = { .send = on_send,
						.put = on_put };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lent_link *link = lent_link_create("lent-A.0", &events, NULL);
	gint64 now_ms = 1000;

	lent_link_put(link, "want/x", "what the gate is to do", now_ms);
	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		const size_t length = end ? (size_t)(end - data) : size;

		now_ms += 300;
		lent_link_message(link, (const char *)data, length, now_ms);
		lent_link_run(link, now_ms);
		data += length + (end != NULL);
		size -= length + (end != NULL);
	}
	lent_link_destroy(&link);
	return 0;
}
