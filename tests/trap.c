#include "tests/trap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#ifndef TRAP_OFF
/* glibc keeps its own allocator reachable under these names. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);
#endif

static _Thread_local bool armed;
static _Thread_local unsigned calls;

void trap_begin(void)
{
	calls = 0;
	armed = true;
}

unsigned trap_end(void)
{
	armed = false;
	return calls;
}

#ifndef TRAP_OFF
void *malloc(size_t size)
{
	calls += armed;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	calls += armed;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	calls += armed;
	return __libc_realloc(p, size);
}

void free(void *p)
{
	calls += armed && p;
	__libc_free(p);
}

#endif
