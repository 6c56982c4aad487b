/* links: mixer */
#include "mixer/stun.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody forges MESSAGE-INTEGRITY, and what is written of a message is read
 * as the same message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stun_message msg, again;
	struct stun_key key;
	uint8_t buf[STUN_MAX_MESSAGE];
	int n;

	stun_key_init(&key, "a password that is in no corpus");
	if (stun_decode(&msg, data, size))
		return 0;
	if (stun_authentic(&msg, data, &key))
		abort();
	n = stun_encode(&msg, &key, buf, sizeof(buf));
	if (n < 0)
		return 0;
	if (stun_decode(&again, buf, (size_t)n) ||
	    !stun_authentic(&again, buf, &key) || !again.fingerprint ||
	    again.type != msg.type || again.error != msg.error ||
	    again.use_candidate != msg.use_candidate ||
	    again.address.ss_family != msg.address.ss_family ||
	    again.alternate.ss_family != msg.alternate.ss_family ||
	    strcmp(again.username, msg.username) ||
	    memcmp(again.cookie, msg.cookie, sizeof(msg.cookie)) ||
	    memcmp(again.transaction, msg.transaction, sizeof(msg.transaction)))
		abort();
	return 0;
}
