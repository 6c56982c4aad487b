/* micro - times one stage of the media path: how, and the stages by area. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stdint.h>

/* One frame, packet or tick of the stage; i counts on. */
typedef void (*micro_stage)(void *context, unsigned i);

/* Times the stage on the thread's own clock in batches that are long enough
 * for it, and prints the least and the median of them, in ns for one call. A
 * call may do its work `times` times; 1 but for the smallest stages. */
void micro_time(const char *name, micro_stage stage, void *context,
		unsigned times);

/* A figure that was found otherwise. */
void micro_print(const char *name, double least_ns, double median_ns);

void micro_codec(void);
void micro_sound(void);
void micro_packets(void);
void micro_crypto(void);
void micro_room(void);
void micro_trunk(void);

#endif
