#include "mixer/packets.h"

#include <glib.h>
#include <string.h>

#define CAP   8
#define BYTES 1000

static struct packet *add(struct packets *pkts, int64_t time, unsigned size)
{
	const struct packet pkt = { .sequence = (uint64_t)time,
				    .time = time,
				    .samples = 1,
				    .size = size };
	uint8_t payload[BYTES + 1];

	memset(payload, (int)time, sizeof(payload));
	return packets_add(pkts, &pkt, payload);
}

/* Its bytes are as they were put in. */
static void check(const struct packet *pkt)
{
	const uint8_t *payload = packets_payload(pkt);

	for (unsigned i = 0; i < pkt->size; i++)
		g_assert_cmpuint(payload[i], ==, (uint8_t)pkt->time);
}

static void are_found_by_time(void)
{
	static const int64_t times[] = { 5, 2, 9, -3, 7 };
	static const int64_t sorted[] = { -3, 2, 5, 7, 9 };
	const struct packet longer = { .time = 2, .samples = 3, .size = 1 };
	const struct packet *pkt;
	struct packets pkts;
	int64_t end = -100;

	g_assert_cmpint(packets_init(&pkts, CAP, BYTES), ==, 0);
	g_assert_null(packets_from(&pkts, end));
	for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
		g_assert_nonnull(add(&pkts, times[i], 100));
	for (unsigned i = 0; i < G_N_ELEMENTS(sorted); i++) {
		pkt = packets_from(&pkts, end);
		g_assert_cmpint(pkt->time, ==, sorted[i]);
		check(pkt);
		end = pkt->time + pkt->samples;
	}
	g_assert_null(packets_from(&pkts, end));
	g_assert_nonnull(packets_add(&pkts, &longer, (const uint8_t *)"x"));
	g_assert_cmpuint(packets_from(&pkts, 2)->samples, ==, 3);
	packets_fini(&pkts);
}

static void no_byte_is_overwritten_while_it_waits(void)
{
	struct packet *kept[CAP] = { NULL };
	struct packets pkts;
	unsigned refused = 0, x = 1;

	g_assert_cmpint(packets_init(&pkts, CAP, BYTES), ==, 0);
	for (int i = 0; i < 20000; i++) {
		/* Any of them goes, sizes do not fit evenly. */
		unsigned k = (x = x * 1664525u + 1013904223u) >> 29;

		if (kept[k]) {
			check(kept[k]);
			packets_free(kept[k]);
		}
		kept[k] = add(&pkts, i, 1 + (unsigned)i * 37 % 400);
		refused += !kept[k];
	}
	g_assert_cmpuint(refused, >, 0);
	g_assert_cmpuint(refused, <, 20000);
	for (unsigned k = 0; k < CAP; k++)
		if (kept[k]) {
			check(kept[k]);
			packets_free(kept[k]);
		}
	g_assert_null(packets_from(&pkts, 0));
	g_assert_nonnull(add(&pkts, 1, BYTES));
	packets_fini(&pkts);
}

static void what_does_not_fit_is_refused(void)
{
	struct packet *kept[CAP];
	struct packets pkts;

	g_assert_cmpint(packets_init(&pkts, CAP, BYTES), ==, 0);
	g_assert_null(add(&pkts, 0, BYTES + 1));
	for (int i = 0; i < CAP; i++) {
		kept[i] = add(&pkts, i, 10);
		g_assert_nonnull(kept[i]);
	}
	g_assert_null(add(&pkts, CAP, 10));
	for (int i = 0; i < CAP; i++)
		packets_free(kept[i]);
	kept[0] = add(&pkts, 0, 600);
	g_assert_nonnull(kept[0]);
	g_assert_null(add(&pkts, 1, 600));
	check(kept[0]);
	packets_fini(&pkts);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/packets/are found by time", are_found_by_time);
	g_test_add_func("/packets/no byte is overwritten while it waits",
			no_byte_is_overwritten_while_it_waits);
	g_test_add_func("/packets/what does not fit is refused",
			what_does_not_fit_is_refused);
	return g_test_run();
}
