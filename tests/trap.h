/* trap - counts heap calls between begin and end on the calling thread.
 *
 * glibc only. A build with sanitizers, which bring their own allocator,
 * defines TRAP_OFF; then trap_end() is always 0. */
#ifndef TESTS_TRAP_H
#define TESTS_TRAP_H

void trap_begin(void);
unsigned trap_end(void);

#endif
