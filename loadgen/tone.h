/* tone - each caller's own pair of tones, and how loud a tone is in what
 * somebody hears. */
#ifndef LOADGEN_TONE_H
#define LOADGEN_TONE_H

#include <stddef.h>
#include <stdint.h>

#define TONE_MAX_PAIRS 2300 /* after so many the plan repeats */

struct tone_pair {
	double low, high; /* Hz: 400 to 1520 and 1720 to 3130 */
};

/* The pair of caller n. The four of one turn, 4k to 4k + 3, talk at once:
 * their tones are 270 Hz apart and more, so that each can be found beside the
 * coding noise of the others, which is loudest right next to them. */
struct tone_pair tone_plan(unsigned n);

/* Amplitude of a tone of `hz` in pcm, 1.0 being a sine at full scale: the
 * median of looks of 40 ms, of which a gap, a seam or a change of delay spoils
 * a few. Tones must be 100 Hz apart. At most 1.3 s. */
double tone_amplitude(const int16_t *pcm, size_t n, double rate, double hz);

/* The same for faint tones beside louder ones: counts only what keeps its
 * phase all through pcm. What is noise has another in each look. */
double tone_steady(const int16_t *pcm, size_t n, double rate, double hz);

/* 20 log10, at least -120. */
double tone_db(double amplitude);

#endif
