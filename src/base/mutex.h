/* SPDX-License-Identifier: MIT
 *
 * base/mutex.h - pthread mutex and condition variable that clang's -Wthread-safety can follow.
 *
 * A raw pthread_mutex_t is not analysed; struct px_mutex is. Mark guarded fields with
 * PX_GUARDED ("protected by lock") and functions with PX_REQUIRES(q->lock) / PX_EXCLUDES(q->lock).
 * (clang 14 in C: guarded_by(sibling member) does not compile, guarded_var does.)
 *
 * Locking cannot fail here: the errors that pthread_mutex_lock(3) knows are programming errors and
 * abort().
 */
#ifndef PX_BASE_MUTEX_H
#define PX_BASE_MUTEX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#if defined(__clang__)
#define PX_CAPABILITY __attribute__((capability("mutex")))
#define PX_GUARDED __attribute__((guarded_var))
#define PX_REQUIRES(m) __attribute__((requires_capability(m)))
#define PX_EXCLUDES(m) __attribute__((locks_excluded(m)))
#define PX_ACQUIRE(m) __attribute__((acquire_capability(m)))
#define PX_TRY_ACQUIRE(m) __attribute__((try_acquire_capability(true, m)))
#define PX_RELEASE(m) __attribute__((release_capability(m)))
#define PX_NO_ANALYSIS __attribute__((no_thread_safety_analysis))
#else
#define PX_CAPABILITY
#define PX_GUARDED
#define PX_REQUIRES(m)
#define PX_EXCLUDES(m)
#define PX_ACQUIRE(m)
#define PX_TRY_ACQUIRE(m)
#define PX_RELEASE(m)
#define PX_NO_ANALYSIS
#endif

struct PX_CAPABILITY px_mutex {
    pthread_mutex_t raw;
};

struct px_cond {
    pthread_cond_t raw; /* on CLOCK_MONOTONIC */
};

/* PX_ENOMEM: the system has no resources for another one. */
PX_NODISCARD int px_mutex_init(struct px_mutex *mutex);
void px_mutex_fini(struct px_mutex *mutex);
void px_mutex_lock(struct px_mutex *mutex) PX_ACQUIRE(*mutex);
/* false: another thread has it. */
PX_NODISCARD bool px_mutex_trylock(struct px_mutex *mutex) PX_TRY_ACQUIRE(*mutex);
void px_mutex_unlock(struct px_mutex *mutex) PX_RELEASE(*mutex);

/* PX_ENOMEM as above. */
PX_NODISCARD int px_cond_init(struct px_cond *cond);
void px_cond_fini(struct px_cond *cond);
void px_cond_signal(struct px_cond *cond);
void px_cond_broadcast(struct px_cond *cond);

/* Waits until woken or until the absolute deadline (PX_FOREVER: no limit). Wakes for no reason, too,
 * at least once a second: call it in a while over the predicate. PX_OK or PX_ETIMEDOUT. */
PX_NODISCARD int px_cond_wait_until(struct px_cond *cond, struct px_mutex *mutex,
                                    int64_t deadline_ns) PX_REQUIRES(*mutex);

/* The same as the public functions want it, for deadlines of pxfer/queue.h: PX_EAGAIN at once with
 * PX_NOWAIT. */
PX_NODISCARD int px_cond_wait_by(struct px_cond *cond, struct px_mutex *mutex, int64_t deadline_ns)
    PX_REQUIRES(*mutex);

#endif
