/* snr - how much of a sound arrived: segmental signal-to-noise ratio, and
 * the holes in it.
 *
 * What is heard is laid over what was sent anew for each half second, at the
 * delay where the two are most alike, because the delay may have changed. In
 * each 20 ms in which something was said (above -50 dBov) the ratio of signal
 * to difference is taken, limited to -10..35 dB, and the mean of all (as Hansen
 * & Pellom 1998). It says nothing good of a concealment that sounds right but
 * is not the wave that was lost; so those segments are counted, too, that are
 * 10 dB weaker than they should be. */
#ifndef TESTS_BENCH_QUALITY_SNR_H
#define TESTS_BENCH_QUALITY_SNR_H

#include <stddef.h>
#include <stdint.h>

struct snr {
	unsigned segments, holes;
	double sum; /* dB, over the segments */
};

/* Adds n samples of both, 48 kHz. */
void snr_add(struct snr *snr, const int16_t *sent, const int16_t *heard,
	     size_t n);

#endif
