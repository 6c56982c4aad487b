/* links: signaling */
/* The JSON part, and the standby told in-band. What is read can be written, and
 * is then read the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signaling/ipsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_standby(const uint8_t *data, size_t size)
{
	g_autofree char *text = NULL;
	struct ipsp_gate gate, back;

	if (!ipsp_decode_standby(&gate, (const char *)data, size))
		return;
	text = ipsp_encode_standby(&gate, gate.place);
	if (!ipsp_decode_standby(&back, text, strlen(text)) ||
	    (back.n_candidates == gate.n_candidates &&
	     memcmp(&gate, &back, sizeof(gate))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) part = g_bytes_new(data, size);
	g_autoptr(GBytes) again = NULL;
	g_autoptr(GBytes) third = NULL;
	struct ipsp_message msg, back;

	read_standby(data, size);
	if (!ipsp_decode(&msg, part, NULL))
		return 0;
	/* An INVITE whose suites or codecs are all strange is read, but
	 * nothing that we would write. */
	if (msg.method == IPSP_INVITE &&
	    (!msg.audio_opus || !(msg.suite_aes128gcm || msg.suite_plain)))
		return 0;
	again = ipsp_encode(&msg);
	if (!ipsp_decode(&back, again, NULL))
		abort();
	third = ipsp_encode(&back);
	if (!g_bytes_equal(again, third))
		abort();
	return 0;
}
