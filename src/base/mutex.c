/* SPDX-License-Identifier: MIT
 *
 * base/mutex.c - the one place that calls pthread_mutex_* and pthread_cond_*. Entered by every
 * thread. A failing lock or unlock is a programming error (unlocking what is not held, using what
 * was destroyed): there is nothing sane to go on with, so it aborts with a line that says where.
 */
#ifdef __linux__
#define _GNU_SOURCE /* PTHREAD_MUTEX_ADAPTIVE_NP */
#endif

#include "base/mutex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <pxfer/queue.h> /* PX_NOWAIT */
#include <pxfer/status.h>

#include "base/clock.h"

/* glibc since 2.27 (Debian 12 has 2.36) can lose a pthread_cond_signal when a woken waiter is overtaken
 * (sourceware.org/bugzilla, bug 25847). So nobody waits longer than this at a time: a lost wake-up costs a
 * second, not the run, and an idle thread looks up once a second. */
#define LOOK_AGAIN_NS PX_NS_PER_S

static void mutex_check(int err, const char *text, size_t len)
{
    if (err != 0) {
        /* No stdio here: another thread may hold its lock. */
        PX_IGNORE(write(STDERR_FILENO, text, len) < 0);
        abort();
    }
}

#define MUTEX_CHECK(call) \
    mutex_check((call), "pxfer: fatal: " #call "\n", sizeof "pxfer: fatal: " #call)

/* Critical sections are a few stores long here: a lock that is held is free again long before this
 * thread could go to sleep and be woken. glibc's adaptive mutex tries some tens of times first, as
 * often as it took of late; on a single processor it does not. */
static int mutex_set_kind(pthread_mutexattr_t *attr)
{
#ifdef __GLIBC__
    return pthread_mutexattr_settype(attr, PTHREAD_MUTEX_ADAPTIVE_NP);
#else
    (void)attr;
    return 0;
#endif
}

int px_mutex_init(struct px_mutex *mutex)
{
    pthread_mutexattr_t attr;
    if (pthread_mutexattr_init(&attr) != 0) {
        return PX_ENOMEM;
    }
    int err = mutex_set_kind(&attr);
    if (err == 0) {
        err = pthread_mutex_init(&mutex->raw, &attr);
    }
    MUTEX_CHECK(pthread_mutexattr_destroy(&attr));
    return err == 0 ? PX_OK : PX_ENOMEM;
}

void px_mutex_fini(struct px_mutex *mutex)
{
    MUTEX_CHECK(pthread_mutex_destroy(&mutex->raw));
}

void px_mutex_lock(struct px_mutex *mutex) PX_NO_ANALYSIS
{
    MUTEX_CHECK(pthread_mutex_lock(&mutex->raw));
}

bool px_mutex_trylock(struct px_mutex *mutex) PX_NO_ANALYSIS
{
    const int err = pthread_mutex_trylock(&mutex->raw);
    if (err == EBUSY) {
        return false;
    }
    MUTEX_CHECK(err);
    return true;
}

void px_mutex_unlock(struct px_mutex *mutex) PX_NO_ANALYSIS
{
    MUTEX_CHECK(pthread_mutex_unlock(&mutex->raw));
}

int px_cond_init(struct px_cond *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) {
        return PX_ENOMEM;
    }
    int err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (err == 0) {
        err = pthread_cond_init(&cond->raw, &attr);
    }
    MUTEX_CHECK(pthread_condattr_destroy(&attr));
    return err == 0 ? PX_OK : PX_ENOMEM;
}

void px_cond_fini(struct px_cond *cond)
{
    MUTEX_CHECK(pthread_cond_destroy(&cond->raw));
}

void px_cond_signal(struct px_cond *cond)
{
    MUTEX_CHECK(pthread_cond_signal(&cond->raw));
}

void px_cond_broadcast(struct px_cond *cond)
{
    MUTEX_CHECK(pthread_cond_broadcast(&cond->raw));
}

int px_cond_wait_until(struct px_cond *cond, struct px_mutex *mutex, int64_t deadline_ns)
{
    const int64_t look_again = px_deadline_in_ns(LOOK_AGAIN_NS);
    const bool longer = deadline_ns > look_again;
    const int64_t at = longer ? look_again : deadline_ns > 0 ? deadline_ns : 0;
    const struct timespec when = {.tv_sec = (time_t)(at / PX_NS_PER_S),
                                  .tv_nsec = (long)(at % PX_NS_PER_S)};
    const int err = pthread_cond_timedwait(&cond->raw, &mutex->raw, &when);
    if (err == ETIMEDOUT) {
        return longer ? PX_OK : PX_ETIMEDOUT;
    }
    MUTEX_CHECK(err);
    return PX_OK;
}

int px_cond_wait_by(struct px_cond *cond, struct px_mutex *mutex, int64_t deadline_ns)
{
    return deadline_ns == PX_NOWAIT ? PX_EAGAIN : px_cond_wait_until(cond, mutex, deadline_ns);
}
