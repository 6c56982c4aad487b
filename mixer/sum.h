/* sum - the arithmetic of mixing, in integers: every voice becomes a part,
 * parts are added in int32, and who is one of them hears the sum less his
 * own part. What is subtracted is the very array that was added, so nothing
 * of his own voice is left at any volume, in any place.
 *
 * Sound of two channels is interleaved: left, right, left, right.
 *
 * There is a version of each function for each instruction set, made from one
 * source; the best that this processor has is chosen before main(). All give
 * the same bits: a test holds them against plain C. Keeps no state. */
#ifndef MIXER_SUM_H
#define MIXER_SUM_H

#include <stddef.h>
#include <stdint.h>

/* Gains are fixed point: SUM_UNITY is 1. At most 4 (12 dB), so that a part
 * is within 2^17 and eight thousand of them are within 2^30. */
#define SUM_UNITY (1 << 14)
#define SUM_MOST  (4 * SUM_UNITY)

/* What one voice sounds like in each channel. */
struct sum_gain {
	int32_t left, right; /* 0 to SUM_MOST; a mono sum uses left only */
};

struct sum_version {
	const char *name;
	void (*scale)(int32_t *part_r, const int16_t *pcm, size_t n,
		      int32_t from, int32_t to);
	void (*pan)(int32_t *part_r, const int16_t *pcm, size_t n,
		    struct sum_gain from, struct sum_gain to);
	void (*add)(int32_t *sum, const int32_t *part, size_t n);
	void (*subtract)(int32_t *rest_r, const int32_t *sum,
			 const int32_t *part, size_t n);
	int32_t (*peak)(const int32_t *in, size_t n);
	void (*narrow)(int16_t *out_r, const int32_t *in, size_t n);
	void (*duck)(int16_t *out_r, const int32_t *in, size_t n, float from,
		     float to, int32_t ceiling);
	uint64_t (*energy)(const int16_t *pcm, size_t n);
};

/* The versions that this processor can run, the best one first; NULL beyond
 * the last. For tests and measurements. */
const struct sum_version *sum_version(unsigned i);

/* RT. A part of n samples from n of mono sound. The gain goes in a straight
 * line from `from` at the sample before the first to `to` at the last. */
void sum_scale(int32_t *part_r, const int16_t *pcm, size_t n, int32_t from,
	       int32_t to);

/* RT. A part of two channels, 2 * n samples, from n of mono sound. */
void sum_pan(int32_t *part_r, const int16_t *pcm, size_t n,
	     struct sum_gain from, struct sum_gain to);

/* RT. sum += part. */
void sum_add(int32_t *sum, const int32_t *part, size_t n);

/* RT. rest = sum - part; rest is neither of them. */
void sum_subtract(int32_t *rest_r, const int32_t *sum, const int32_t *part,
		  size_t n);

/* RT. The largest absolute value; |in| is at most 2^30. */
int32_t sum_peak(const int32_t *in, size_t n);

/* RT. The same numbers; all fit into 16 bits. */
void sum_narrow(int16_t *out_r, const int32_t *in, size_t n);

/* RT. Times a gain of 0 to 1 that goes in a straight line, as in sum_scale();
 * rounded to the nearest, and within the ceiling (at most 32767). */
void sum_duck(int16_t *out_r, const int32_t *in, size_t n, float from, float to,
	      int32_t ceiling);

/* RT. The sum of the squares. */
uint64_t sum_energy(const int16_t *pcm, size_t n);

#endif
