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

static void same_reports(const struct rtcp_xr *a, const struct rtcp_xr *b)
{
	uint8_t bytes[2][4 + 8 + 4 + RTCP_XR_MAX * (12 + 36)];
	size_t size = rtcp_xr_size(a);

	expect(size == rtcp_xr_size(b) && size <= sizeof(bytes[0]));
	rtcp_xr_encode(a, bytes[0]);
	rtcp_xr_encode(b, bytes[1]);
	expect(!memcmp(bytes[0], bytes[1], size));
	expect(a->has_time == b->has_time && a->n_answers == b->n_answers &&
	       a->n_voip == b->n_voip);
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
	same_reports(&cmp.xr, &again.xr);
	expect(again.n_apps == cmp.n_apps);
	for (unsigned i = 0; i < cmp.n_apps; i++)
		expect(again.apps[i].subtype == cmp.apps[i].subtype &&
		       again.apps[i].size >= cmp.apps[i].size &&
		       !memcmp(again.apps[i].data, cmp.apps[i].data,
			       cmp.apps[i].size));
	return 0;
}
