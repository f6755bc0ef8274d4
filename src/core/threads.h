/* SPDX-License-Identifier: MIT
 *
 * core/threads.h - a number of threads that are started together and joined together.
 */
#ifndef PX_CORE_THREADS_H
#define PX_CORE_THREADS_H

#include <pthread.h>
#include <stddef.h>

#include <pxfer/attr.h>

struct threads {
    pthread_t *ids; /* owned */
    unsigned n;     /* to be joined */
};

/* Starts up to `n` threads: the i-th one calls run() with the address of the i-th of `args`, elements of
 * `size` bytes, which outlive threads_join(). Stops at the first that cannot be had; `threads->n` says
 * how many there are. They have all signals blocked and are named NAME-0, NAME-1 ... (of NAME, 10
 * bytes). PX_ENOMEM. */
PX_NODISCARD int threads_start(struct threads *threads, unsigned n, const char *name,
                               void *(*run)(void *), void *args, size_t size);

/* Waits until all have ended. Idempotent; what is all 0 has no threads. */
void threads_join(struct threads *threads);

#endif
