#include "mixer/emodel.h"

#include <glib.h>
#include <math.h>

static double mos(double delay_ms, double loss, double burst_ratio)
{
	const struct emodel_path path = { delay_ms, loss, burst_ratio };

	return emodel_mos(emodel_rating(&path));
}

static void a_clean_short_path_rates_93(void)
{
	const struct emodel_path clean = { .burst_ratio = 1 };

	g_assert_cmpfloat_with_epsilon(emodel_rating(&clean), 93.1, 0.05);
	g_assert_cmpfloat_with_epsilon(mos(0, 0, 1), 4.41, 0.01);
	/* Up to 100 ms nobody minds. */
	g_assert_cmpfloat(mos(100, 0, 1), ==, mos(0, 0, 1));
}

/* Worked by hand from the formulas of the header. */
static void known_points(void)
{
	g_assert_cmpfloat_with_epsilon(mos(400, 0, 1), 3.55, 0.01);
	g_assert_cmpfloat_with_epsilon(mos(80, 0.01, 1), 4.21, 0.01);
	g_assert_cmpfloat_with_epsilon(mos(80, 0.05, 1), 3.35, 0.01);
	g_assert_cmpfloat_with_epsilon(mos(80, 0.20, 1), 1.94, 0.01);
}

static void more_delay_or_loss_is_never_better(void)
{
	for (int loss = 0; loss <= 100; loss++)
		for (int delay = 0; delay < 1000; delay += 20) {
			double here = mos(delay, loss / 100.0, 1);

			g_assert_cmpfloat(mos(delay + 20, loss / 100.0, 1), <=,
					  here);
			g_assert_cmpfloat(mos(delay, (loss + 1) / 100.0, 1), <=,
					  here);
			g_assert_cmpfloat(mos(delay, loss / 100.0, 1.5), <=,
					  here);
		}
	g_assert_cmpfloat(mos(300, 0.05, 1), <, mos(200, 0.05, 1));
	g_assert_cmpfloat(mos(200, 0.06, 1), <, mos(200, 0.05, 1));
	g_assert_cmpfloat(mos(200, 0.05, 2), <, mos(200, 0.05, 1));
}

static void it_stays_between_1_and_4_5_whatever_comes(void)
{
	static const double odd[] = { -INFINITY, -1,  0,     0.5,     1,
				      7,	 1e9, 1e300, INFINITY };

	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
		for (gsize j = 0; j < G_N_ELEMENTS(odd); j++)
			for (gsize k = 0; k < G_N_ELEMENTS(odd); k++) {
				double m = mos(odd[i], odd[j], odd[k]);

				g_assert_true(m >= 1 && m <= 4.5);
			}
	for (double rating = -10; rating <= 110; rating++)
		g_assert_true(emodel_mos(rating) >= 1 &&
			      emodel_mos(rating) <= 4.5);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/emodel/a clean short path rates 93",
			a_clean_short_path_rates_93);
	g_test_add_func("/emodel/known points", known_points);
	g_test_add_func("/emodel/more delay or loss is never better",
			more_delay_or_loss_is_never_better);
	g_test_add_func("/emodel/it stays between 1 and 4.5 whatever comes",
			it_stays_between_1_and_4_5_whatever_comes);
	return g_test_run();
}
