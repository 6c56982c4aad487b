/* ear - what one of the loadgen's callers hears, kept at 12 kHz for analysis
 * after the run: a fourth of the memory, and all that tones and chirps need.
 *
 * Created, read and destroyed by the control thread; filled by the media
 * thread until its line is retired. */
#ifndef LOADGEN_EAR_H
#define LOADGEN_EAR_H

#include <stddef.h>
#include <stdint.h>

#define EAR_RATE 12000

struct ear;

/* Returns 0, -EINVAL or -ENOMEM. */
int ear_create(struct ear **ear_r, unsigned seconds);
void ear_destroy(struct ear **earp);

/* RT. 960 samples at 48 kHz, to be heard from tick_us on; wait_us as call_io
 * has it. Frames must follow each other; what finds no more place is left
 * out. */
void ear_hear(struct ear *ear, const int16_t *pcm, uint64_t tick_us,
	      int wait_us);

/* n samples heard from time_us on. NULL when they were not all heard. */
const int16_t *ear_at(const struct ear *ear, uint64_t time_us, size_t n);

/* wait_us of the frame heard at time_us; 0 when there is none. */
int ear_wait_us(const struct ear *ear, uint64_t time_us);

#endif
