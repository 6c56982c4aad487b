#include "mixer/emodel.h"

#include <math.h>

#define SCALE	   1.48	 /* of fullband R against the narrowband one */
#define BEST	   148.0 /* Ro */
#define WORST_IE   132.0 /* what Ie,eff tends to */
#define CODEC_IE   10.2	 /* EVS 48 kbit/s, standing in for Opus */
#define CODEC_BPL  9.6	 /* percent */
#define FREE_MS	   100.0 /* delay that nobody minds */
#define END_MS	   1e4	 /* longer is not worse */
#define DELAY_UNIT 25.0
#define MAX_BURST  2.0

static double sixth_root(double x)
{
	return pow(x, 1.0 / 6.0);
}

static double delay_impairment(double ms)
{
	double x;

	if (!(ms > FREE_MS))
		return 0;
	x = log2(fmin(ms, END_MS) / FREE_MS);
	return SCALE * DELAY_UNIT *
	       (sixth_root(1 + pow(x, 6)) - 3 * sixth_root(1 + pow(x / 3, 6)) +
		2);
}

static double codec_impairment(double loss, double burst_ratio)
{
	double percent = 100 * fmin(fmax(loss, 0), 1);
	double ratio = fmin(fmax(burst_ratio, 1), MAX_BURST);

	return CODEC_IE +
	       (WORST_IE - CODEC_IE) * percent / (percent / ratio + CODEC_BPL);
}

double emodel_rating(const struct emodel_path *path)
{
	double rating = BEST - delay_impairment(path->delay_ms) -
			codec_impairment(path->loss, path->burst_ratio);

	return fmin(fmax(rating / SCALE, 0), 100);
}

double emodel_mos(double rating)
{
	double mos = 1 + 0.035 * rating +
		     7e-6 * rating * (rating - 60) * (100 - rating);

	/* The cubic dips below 1 on its first steps. */
	return fmin(fmax(mos, 1), 4.5);
}
