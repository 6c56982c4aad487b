/* tone - each caller's own pair of tones, and how loud a tone is in what
 * somebody hears (Goertzel's algorithm under a Hann window). */
#ifndef LOADGEN_TONE_H
#define LOADGEN_TONE_H

#include <stddef.h>
#include <stdint.h>

#define TONE_MAX_PAIRS 3216 /* after so many the plan repeats */

struct tone_pair {
	double low, high; /* Hz: 400..1575 and 1700..3350, in steps of 25 */
};

/* The pair of caller n. Neighbours share neither tone, so that those who talk
 * at once can be told apart. */
struct tone_pair tone_plan(unsigned n);

/* Amplitude of a tone of `hz` in pcm, 1.0 being a sine at full scale.
 * Tones further away than 4 / (n / rate) Hz do not disturb it. */
double tone_amplitude(const int16_t *pcm, size_t n, double rate, double hz);

/* 20 log10, at least -120. */
double tone_db(double amplitude);

#endif
