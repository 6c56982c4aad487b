#include "mixer/burst.h"

/* A bad packet alone among good ones is part of the gap around it. */
static void close_group(struct burst *bst)
{
	if (bst->group_bad >= 2) {
		/* What was judged before this group. */
		if (!bst->bursts)
			bst->gap_first = bst->packets >
					 bst->group_packets + bst->good_run;
		bst->bursts++;
		bst->burst_packets += bst->group_packets;
		bst->burst_bad += bst->group_bad;
	}
	bst->group_packets = bst->group_bad = 0;
}

static void judge_bad(struct burst *bst, uint64_t n)
{
	if (!bst->bad || bst->good_run)
		bst->bad_runs++;
	if (bst->good_run >= BURST_GMIN)
		close_group(bst);
	if (bst->group_bad)
		bst->group_packets += bst->good_run;
	bst->group_packets += n;
	bst->group_bad += n;
	bst->good_run = 0;
	bst->packets += n;
	bst->bad += n;
}

static void judge_good(struct burst *bst)
{
	bst->packets++;
	bst->good_run++;
}

/* The window moves n packets on; what falls out of it is judged. */
static void advance(struct burst *bst, uint64_t n)
{
	for (unsigned i = 0; i < n && i < BURST_WINDOW; i++) {
		if (bst->fill < BURST_WINDOW)
			bst->fill++;
		else if (bst->good >> (BURST_WINDOW - 1))
			judge_good(bst);
		else
			judge_bad(bst, 1);
		bst->good <<= 1;
	}
	if (n > BURST_WINDOW)
		judge_bad(bst, n - BURST_WINDOW);
}

/* The packet's place in the window; false when it was judged already. */
static bool place(const struct burst *bst, uint64_t sequence, unsigned *bit_r)
{
	uint64_t age = bst->newest - sequence;

	if (!bst->started || sequence > bst->newest || age >= bst->fill)
		return false;
	*bit_r = (unsigned)age;
	return true;
}

void burst_received(struct burst *bst, uint64_t sequence)
{
	unsigned bit;

	if (!bst->started) {
		bst->started = true;
		bst->newest = sequence;
		bst->fill = 1;
	} else if (sequence > bst->newest) {
		advance(bst, sequence - bst->newest);
		bst->newest = sequence;
	}
	if (place(bst, sequence, &bit))
		bst->good |= 1ull << bit;
}

void burst_discarded(struct burst *bst, uint64_t sequence)
{
	unsigned bit;

	bst->discarded++;
	if (place(bst, sequence, &bit))
		bst->good &= ~(1ull << bit);
}

void burst_jump(struct burst *bst, uint64_t sequence)
{
	/* What waits in the window is judged as it is. */
	for (unsigned i = bst->fill; i-- > 0;)
		if (bst->good >> i & 1)
			judge_good(bst);
		else
			judge_bad(bst, 1);
	bst->started = true;
	bst->good = 0;
	bst->fill = 1;
	bst->newest = sequence;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* G.107 7.5: the mean run of losses, against 1 / (1 - loss) of random ones. */
static double ratio_of(const struct burst *bst)
{
	double ratio = share(bst->bad, bst->bad_runs) *
		       (1 - share(bst->bad, bst->packets));

	return ratio > 1 ? ratio : 1;
}

void burst_report(const struct burst *bst, struct burst_report *rep_r)
{
	struct burst now = *bst; /* as if many good ones followed */
	uint64_t gap, gaps;

	close_group(&now);
	gap = now.packets - now.burst_packets;
	/* Between bursts there always is one. */
	gaps = now.bursts ? now.bursts - 1 + now.gap_first +
				    (now.good_run || bst->group_bad == 1)
			  : gap > 0;
	*rep_r = (struct burst_report){
		.burst_density = share(now.burst_bad, now.burst_packets),
		.gap_density = share(now.bad - now.burst_bad, gap),
		.burst_packets = share(now.burst_packets, now.bursts),
		.gap_packets = share(gap, gaps),
		.ratio = ratio_of(bst),
	};
}
