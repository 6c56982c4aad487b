/* links: gate */
/* Arbitrary datagrams at a browser's DTLS. Input: records of two bytes of size
 * and a datagram. Whatever comes, nobody is let in: who has not signed with the
 * promised certificate gets no keys; and each answer is a datagram of DTLS. */
#include <stdlib.h>
#include <string.h>

#include "bridge/gate/dtls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_answers(struct dtls *dtls)
{
	uint8_t buf[DTLS_MAX_DATAGRAM];
	size_t size;

	while ((size = dtls_output(dtls, buf)))
		if (size > sizeof(buf) || buf[0] < 20 || buf[0] > 23)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t fingerprint[DTLS_FINGERPRINT];
	static struct dtls_identity *idn; /* it serves all inputs */
	struct dtls_keys keys;
	struct dtls *dtls;

	if (!idn && dtls_identity_create(&idn))
		abort();
	if (dtls_create(&dtls, idn, fingerprint))
		abort();
	while (size > 2) {
		size_t length = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		if (dtls_take(dtls, data, length) == DTLS_UP)
			abort();
		take_answers(dtls);
		dtls_repeat(dtls);
		take_answers(dtls);
		data += length;
		size -= length;
	}
	if (!dtls_keys(dtls, &keys))
		abort();
	dtls_destroy(&dtls);
	return 0;
}
