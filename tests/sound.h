/* sound - signals for tests, and what is in one: header only. */
#ifndef TESTS_SOUND_H
#define TESTS_SOUND_H

#include <glib.h>
#include <math.h>
#include <stdint.h>

#define SOUND_RATE  48000
#define SOUND_FRAME 960

/* A sine of `amplitude` that goes on from frame to frame. */
static inline void sound_tone(int16_t *pcm, double hz, double amplitude,
			      uint64_t frame)
{
	for (int i = 0; i < SOUND_FRAME; i++) {
		double t = (double)(frame * SOUND_FRAME + (uint64_t)i) /
			   SOUND_RATE;

		pcm[i] = (int16_t)lrint(amplitude * sin(2 * G_PI * hz * t));
	}
}

/* A voice-like sound: overtones of a pitch that wanders, in syllables. */
static inline void sound_speech(int16_t *pcm, uint64_t frame)
{
	for (int i = 0; i < SOUND_FRAME; i++) {
		double t = (double)(frame * SOUND_FRAME + (uint64_t)i) /
			   SOUND_RATE;
		double sum = 0;

		for (int k = 1; k < 12; k++)
			sum += sin(2 * G_PI * k *
				   (120 * t + 8 * sin(2 * G_PI * 0.7 * t))) /
			       k;
		sum *= 0.5 + 0.5 * sin(2 * G_PI * 3 * t);
		pcm[i] = (int16_t)(4000 * sum);
	}
}

/* Amplitude of one frequency in n samples, in dB of full scale. */
static inline double sound_find(const int16_t *pcm, size_t n, double hz)
{
	double s = 0, c = 0, w = 2 * G_PI * hz / SOUND_RATE;

	for (size_t i = 0; i < n; i++) {
		/* Hann: a strong neighbour does not leak in. */
		double window = 1 - cos(2 * G_PI * (double)i / (double)n);

		s += pcm[i] * window * sin(w * (double)i);
		c += pcm[i] * window * cos(w * (double)i);
	}
	return 20 * log10(2 * hypot(s, c) / (double)n / 32768 + 1e-9);
}

/* The largest second difference: a click stands out in it. */
static inline int sound_edge(const int16_t *pcm, size_t n)
{
	int edge = 0;

	for (size_t i = 2; i < n; i++)
		edge = MAX(edge, abs(pcm[i] - 2 * pcm[i - 1] + pcm[i - 2]));
	return edge;
}

#endif
