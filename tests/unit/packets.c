#include "mixer/packets.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define CAP   8
#define BYTES 1000

static int add(struct packets *pkts, int64_t time, unsigned size)
{
	const struct packet pkt = { .sequence = (uint64_t)time,
				    .time = time,
				    .samples = 960,
				    .size = size };
	uint8_t payload[BYTES + 1];

	memset(payload, (int)time, sizeof(payload));
	return packets_add(pkts, &pkt, payload);
}

/* The first one, whose bytes are as they were put in. */
static int64_t first(const struct packets *pkts)
{
	const struct packet *pkt = packets_first(pkts);
	const uint8_t *payload = packets_payload(pkts, pkt);

	for (unsigned i = 0; i < pkt->size; i++)
		g_assert_cmpuint(payload[i], ==, (uint8_t)pkt->time);
	return pkt->time;
}

static void come_out_by_time(void)
{
	static const int64_t times[] = { 5, 2, 9, -3, 7 };
	static const int64_t sorted[] = { -3, 2, 5, 7, 9 };
	struct packets pkts;

	g_assert_cmpint(packets_init(&pkts, CAP, BYTES), ==, 0);
	g_assert_null(packets_first(&pkts));
	for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
		g_assert_cmpint(add(&pkts, times[i], 100), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(sorted); i++) {
		g_assert_cmpint(first(&pkts), ==, sorted[i]);
		packets_drop(&pkts);
	}
	g_assert_null(packets_first(&pkts));
	packets_fini(&pkts);
}

static void no_byte_is_overwritten_while_it_waits(void)
{
	struct packets pkts;
	int refused = 0;

	g_assert_cmpint(packets_init(&pkts, CAP, BYTES), ==, 0);
	for (int i = 0; i < 20000; i++) {
		/* In and out at changing pace, sizes that do not fit evenly. */
		refused += add(&pkts, i, 1 + (unsigned)i * 37 % 400) < 0;
		if (i % 3 == 0 || pkts.n > 5) {
			first(&pkts);
			packets_drop(&pkts);
		}
	}
	g_assert_cmpint(refused, >, 0);
	g_assert_cmpint(refused, <, 20000);
	while (packets_first(&pkts)) {
		first(&pkts);
		packets_drop(&pkts);
	}
	g_assert_cmpint(add(&pkts, 1, BYTES), ==, 0);
	packets_fini(&pkts);
}

static void what_does_not_fit_is_refused(void)
{
	struct packets pkts;

	g_assert_cmpint(packets_init(&pkts, CAP, BYTES), ==, 0);
	g_assert_cmpint(add(&pkts, 0, BYTES + 1), ==, -ENOBUFS);
	for (int i = 0; i < CAP; i++)
		g_assert_cmpint(add(&pkts, i, 10), ==, 0);
	g_assert_cmpint(add(&pkts, CAP, 10), ==, -ENOBUFS);
	packets_clear(&pkts);
	g_assert_cmpint(add(&pkts, 0, 600), ==, 0);
	g_assert_cmpint(add(&pkts, 1, 600), ==, -ENOBUFS);
	g_assert_cmpint(first(&pkts), ==, 0);
	packets_fini(&pkts);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/packets/come out by time", come_out_by_time);
	g_test_add_func("/packets/no byte is overwritten while it waits",
			no_byte_is_overwritten_while_it_waits);
	g_test_add_func("/packets/what does not fit is refused",
			what_does_not_fit_is_refused);
	return g_test_run();
}
