/* voices - what the members say: loops of 9.6 s, encoded once before the run,
 * so that every server gets the same packets.
 *
 * Opus at 32 kb/s for speech, as telephones send it. Voices 0, 1 and 2 are
 * the three talkers: -26 dBov, and every 800 ms a burst of a tone of their own,
 * by which the delay is measured. Voice 3 is everybody else's speech, 10 dB
 * lower, so that the three are the loudest in a room where all talk. Voice 4
 * is a quiet room under Opus' DTX: a packet in 400 ms. */
#ifndef BENCH_VOICES_H
#define BENCH_VOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOICES	       5
#define VOICES_TALKERS 3
#define VOICES_QUIET   4
#define VOICES_FRAMES  480 /* of 20 ms */
#define VOICES_RATE    48000
#define VOICES_FRAME   960

/* Between the bursts of one talker: no delay above this can be told. */
#define VOICES_PERIOD_MS 800
#define VOICES_PERIOD	 (VOICES_PERIOD_MS * VOICES_RATE / 1000)
#define VOICES_BURSTS	 (VOICES_FRAMES * VOICES_FRAME / VOICES_PERIOD)

struct voices_packet {
	const uint8_t *payload;
	uint16_t size; /* 0: DTX, not sent */
	uint8_t level; /* RFC 6464: -dBov, 0 to 127 */
};

/* Reads DIR/0.wav to 3.wav, encodes. Says what is wrong and exits. */
void voices_prepare(const char *dir);

/* frame counts on over the end of the loop. */
struct voices_packet voices_packet(int voice, unsigned frame);

/* Whether the voice bursts, and at what frequency. */
bool voices_bursts(int voice);
double voices_hz(int voice);

/* Whether it must begin at frame 0: its bursts are looked up by frame. */
bool voices_fixed(int voice);

/* Where in the loop, in samples of its own decoded sound, burst i begins. */
double voices_burst(int voice, unsigned i);

#endif
