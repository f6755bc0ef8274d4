/* SPDX-License-Identifier: MIT
 *
 * Threads, locks and condition variables that run out when told to: pthread_create(3),
 * pthread_mutex_init(3) and pthread_cond_init(3) that count, and fail when the count is used up.
 * Include it first, in one file of a program.
 */
#ifndef PX_TESTS_SUPPORT_SCARCE_H
#define PX_TESTS_SUPPORT_SCARCE_H

#define _GNU_SOURCE /* RTLD_NEXT */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* How many more may be made. */
static atomic_int threads_allowed = INT32_MAX;
static atomic_int locks_allowed = INT32_MAX; /* condition variables, too */

/* ISO C has no cast from object to function pointer. */
#define SCARCE_REAL(pointer, name)                    \
    do {                                              \
        void *symbol = dlsym(RTLD_NEXT, name);        \
        memcpy(&(pointer), &symbol, sizeof(pointer)); \
    } while (0)

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    SCARCE_REAL(real, "pthread_create");
    return atomic_fetch_sub(&threads_allowed, 1) > 0 ? real(thread, attr, start, arg) : EAGAIN;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    int (*real)(pthread_mutex_t *, const pthread_mutexattr_t *);
    SCARCE_REAL(real, "pthread_mutex_init");
    return atomic_fetch_sub(&locks_allowed, 1) > 0 ? real(mutex, attr) : ENOMEM;
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    int (*real)(pthread_cond_t *, const pthread_condattr_t *);
    SCARCE_REAL(real, "pthread_cond_init");
    return atomic_fetch_sub(&locks_allowed, 1) > 0 ? real(cond, attr) : ENOMEM;
}

#endif
