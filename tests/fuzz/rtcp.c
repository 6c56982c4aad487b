/* links: mixer */
#include "mixer/rtcp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
	if (!truth)
		abort();
}

static void same_blocks(const struct rtcp_compound *a,
			const struct rtcp_compound *b)
{
	expect(a->n_blocks == b->n_blocks);
	for (unsigned i = 0; i < a->n_blocks; i++)
		expect(a->blocks[i].ssrc == b->blocks[i].ssrc &&
		       a->blocks[i].fraction == b->blocks[i].fraction &&
		       a->blocks[i].lost == b->blocks[i].lost &&
		       a->blocks[i].highest == b->blocks[i].highest &&
		       a->blocks[i].jitter == b->blocks[i].jitter &&
		       a->blocks[i].lsr == b->blocks[i].lsr &&
		       a->blocks[i].dlsr == b->blocks[i].dlsr);
}

/* What was read lies inside the packet, and is read again from what is
 * written of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[1 << 19]; /* APPs of 256 KiB are legal */
	struct rtcp_compound cmp, again;
	int n;

	if (rtcp_decode(&cmp, data, size))
		return 0;
	for (unsigned i = 0; i < cmp.n_apps; i++)
		expect(cmp.apps[i].data >= data &&
		       cmp.apps[i].data + cmp.apps[i].size <= data + size);
	n = rtcp_encode(&cmp, buf, sizeof(buf));
	if (n < 0)
		return 0;
	expect(!rtcp_decode(&again, buf, (size_t)n));
	expect(again.ssrc == cmp.ssrc && again.bye == cmp.bye &&
	       again.has_sender == cmp.has_sender && again.ntp == cmp.ntp &&
	       again.packets == cmp.packets && again.octets == cmp.octets &&
	       again.cname_size == cmp.cname_size);
	if (cmp.cname_size)
		expect(!memcmp(again.cname, cmp.cname, cmp.cname_size));
	same_blocks(&cmp, &again);
	expect(again.n_apps == cmp.n_apps);
	for (unsigned i = 0; i < cmp.n_apps; i++)
		expect(again.apps[i].subtype == cmp.apps[i].subtype &&
		       again.apps[i].size >= cmp.apps[i].size &&
		       !memcmp(again.apps[i].data, cmp.apps[i].data,
			       cmp.apps[i].size));
	return 0;
}
