/* SPDX-License-Identifier: MIT
 *
 * pthread_create(3) that fails when told to, and counts. Include it first, in one file of a program.
 */
#ifndef PX_TESTS_SUPPORT_FEW_THREADS_H
#define PX_TESTS_SUPPORT_FEW_THREADS_H

#define _GNU_SOURCE /* RTLD_NEXT */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* How many more may be made. */
static atomic_int threads_allowed = INT32_MAX;

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    create_fn *real = NULL;
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from object to function pointer */
    if (atomic_fetch_sub(&threads_allowed, 1) <= 0) {
        return EAGAIN;
    }
    return real(thread, attr, start, arg);
}

#endif
