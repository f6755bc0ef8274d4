/* SPDX-License-Identifier: MIT
 *
 * core/threads.c - starting, naming and joining the pool's threads. The pool's owner alone enters; no
 * lock.
 */
#ifdef __linux__
#define _GNU_SOURCE /* pthread_setname_np */
#endif

#include "core/threads.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <pxfer/status.h>

/* For ps and gdb only. */
static void threads_name(pthread_t thread, const char *name, unsigned i)
{
#ifdef __linux__
    char text[16]; /* pthread_setname_np(3): 16 bytes with the NUL */
    if (snprintf(text, sizeof text, "%.10s-%u", name, i) > 0) {
        PX_IGNORE(pthread_setname_np(thread, text));
    }
#else
    (void)thread;
    (void)name;
    (void)i;
#endif
}

int threads_start(struct threads *threads, unsigned n, const char *name, void *(*run)(void *),
                  void *args, size_t size)
{
    threads->n = 0;
    threads->ids = calloc(n > 0 ? n : 1, sizeof *threads->ids);
    if (threads->ids == NULL) {
        return PX_ENOMEM;
    }
    sigset_t all;
    sigset_t old;
    PX_IGNORE(sigfillset(&all));
    const bool masked = pthread_sigmask(SIG_SETMASK, &all, &old) == 0;
    /* EAGAIN for one: the next one would fail, too. */
    while (threads->n < n && pthread_create(&threads->ids[threads->n], NULL, run,
                                            (char *)args + size * threads->n) == 0) {
        threads_name(threads->ids[threads->n], name, threads->n);
        threads->n++;
    }
    if (masked) {
        PX_IGNORE(pthread_sigmask(SIG_SETMASK, &old, NULL));
    }
    return PX_OK;
}

void threads_join(struct threads *threads)
{
    for (unsigned i = 0; i < threads->n; i++) {
        PX_IGNORE(pthread_join(threads->ids[i], NULL)); /* ours, and joined once */
    }
    free(threads->ids);
    *threads = (struct threads){NULL, 0};
}
