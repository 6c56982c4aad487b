#include "mixer/ring.h"

#include <errno.h>
#include <glib.h>
#include <stdint.h>

#include "tests/trap.h"

#define COUNT 200000

static void keeps_order_and_refuses_when_full(void)
{
	struct ring *ring = NULL;
	uint32_t v = 0;

	g_assert_cmpint(ring_create(&ring, 3, sizeof(v)), ==, 0);
	for (uint32_t i = 0; i < 4; i++)
		g_assert_true(ring_push(ring, &i));
	g_assert_false(ring_push(ring, &v));
	for (uint32_t i = 0; i < 4; i++) {
		g_assert_true(ring_pop(ring, &v));
		g_assert_cmpuint(v, ==, i);
	}
	g_assert_false(ring_pop(ring, &v));
	ring_destroy(&ring);
	g_assert_null(ring);
}

static void refuses_sizes_that_overflow(void)
{
	struct ring *ring = NULL;

	g_assert_cmpint(ring_create(&ring, 0, 4), ==, -EINVAL);
	g_assert_cmpint(ring_create(&ring, 4, 0), ==, -EINVAL);
	g_assert_cmpint(ring_create(&ring, SIZE_MAX / 2, 8), ==, -EINVAL);
	g_assert_null(ring);
}

static void *push_all(void *arg)
{
	struct ring *ring = arg;

	for (uint32_t i = 0; i < COUNT;)
		if (ring_push(ring, &i))
			i++;
	return NULL;
}

static void carries_every_slot_between_two_threads(void)
{
	struct ring *ring = NULL;
	GThread *producer;

	g_assert_cmpint(ring_create(&ring, 64, sizeof(uint32_t)), ==, 0);
	producer = g_thread_new("producer", push_all, ring);
	for (uint32_t i = 0; i < COUNT;) {
		uint32_t v;

		if (!ring_pop(ring, &v))
			continue;
		g_assert_cmpuint(v, ==, i);
		i++;
	}
	g_thread_join(producer);
	ring_destroy(&ring);
}

static void pushing_and_popping_never_touch_the_heap(void)
{
	struct ring *ring = NULL;
	uint32_t v = 7;

	g_assert_cmpint(ring_create(&ring, 8, sizeof(v)), ==, 0);
	trap_begin();
	for (int i = 0; i < 1000; i++)
		if (!ring_push(ring, &v) || !ring_pop(ring, &v))
			break;
	g_assert_cmpuint(trap_end(), ==, 0);
	ring_destroy(&ring);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ring/keeps order and refuses when full",
			keeps_order_and_refuses_when_full);
	g_test_add_func("/ring/refuses sizes that overflow",
			refuses_sizes_that_overflow);
	g_test_add_func("/ring/carries every slot between two threads",
			carries_every_slot_between_two_threads);
	g_test_add_func("/ring/pushing and popping never touch the heap",
			pushing_and_popping_never_touch_the_heap);
	return g_test_run();
}
