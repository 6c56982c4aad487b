#include "loadgen/figures.h"

#include <math.h>

void figures_init(struct figures *fig)
{
	*fig = (struct figures){
		.values = g_array_new(FALSE, FALSE, sizeof(double)),
	};
}

void figures_fini(struct figures *fig)
{
	g_clear_pointer(&fig->values, g_array_unref);
}

void figures_add(struct figures *fig, double value)
{
	g_array_append_val(fig->values, value);
	fig->sorted = FALSE;
}

guint figures_count(const struct figures *fig)
{
	return fig->values->len;
}

static gint by_value(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double figures_percentile(struct figures *fig, double percent)
{
	guint n = fig->values->len, rank;

	if (!n)
		return NAN;
	if (!fig->sorted)
		g_array_sort(fig->values, by_value);
	fig->sorted = TRUE;
	rank = (guint)ceil(percent / 100 * n);
	return g_array_index(fig->values, double, CLAMP(rank, 1, n) - 1);
}
