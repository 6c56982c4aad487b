#include "tests/trap.h"

#include <dlfcn.h>
#include <pthread.h>
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
static _Thread_local unsigned calls, locks;

void trap_begin(void)
{
	calls = locks = 0;
	armed = true;
}

unsigned trap_end(void)
{
	armed = false;
	return calls;
}

unsigned trap_locks(void)
{
	return locks;
}

#ifndef TRAP_OFF
/* In the place of the C library's own, also for the libraries that we use:
 * counted, then done. */
#define COUNTED(name, type)                                                    \
	int name(type *lock)                                                   \
	{                                                                      \
		static int (*next)(type *);                                    \
		int (*todo)(type *) =                                          \
			__atomic_load_n(&next, __ATOMIC_RELAXED);              \
                                                                               \
		locks += armed;                                                \
		if (!todo) {                                                   \
			*(void **)&todo = dlsym(RTLD_NEXT, #name);             \
			__atomic_store_n(&next, todo, __ATOMIC_RELAXED);       \
		}                                                              \
		return todo(lock);                                             \
	}

COUNTED(pthread_mutex_lock, pthread_mutex_t)
COUNTED(pthread_mutex_trylock, pthread_mutex_t)
COUNTED(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNTED(pthread_rwlock_wrlock, pthread_rwlock_t)
COUNTED(pthread_spin_lock, pthread_spinlock_t)

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
