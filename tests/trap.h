/* trap - counts heap calls, and locks taken, between begin and end on the
 * calling thread.
 *
 * glibc only. A build with sanitizers, which bring their own allocator and
 * locks, defines TRAP_OFF; then both counts are always 0. */
#ifndef TESTS_TRAP_H
#define TESTS_TRAP_H

void trap_begin(void);
/* Heap calls. */
unsigned trap_end(void);
/* Mutexes, rwlocks and spinlocks taken, until trap_end(). */
unsigned trap_locks(void);

#endif
