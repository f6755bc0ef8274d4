/* SPDX-License-Identifier: MIT
 *
 * core/turns.c - who works and who waits. Entered by all workers of a pool and its owner. One lock,
 * held for a few instructions; nothing is called under it.
 */
#include "core/turns.h"

#include <pxfer/queue.h> /* PX_NOWAIT, PX_FOREVER */
#include <pxfer/status.h>
#include <pxfer/timing.h>

static unsigned load(const atomic_uint *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(atomic_uint *value, unsigned n)
{
    atomic_store_explicit(value, n, memory_order_relaxed);
}

int turns_init(struct turns *turns, unsigned limit) PX_NO_ANALYSIS
{
    *turns = (struct turns){.since_ns = px_now_ns()};
    atomic_init(&turns->limit, limit > 0 ? limit : 1);
    atomic_init(&turns->working, 0);
    if (px_mutex_init(&turns->lock) != PX_OK) {
        return PX_ENOMEM;
    }
    if (px_cond_init(&turns->raised) != PX_OK) {
        goto out_lock;
    }
    if (px_cond_init(&turns->freed) != PX_OK) {
        goto out_raised;
    }
    return PX_OK;

out_raised:
    px_cond_fini(&turns->raised);
out_lock:
    px_mutex_fini(&turns->lock);
    return PX_ENOMEM;
}

void turns_fini(struct turns *turns)
{
    px_cond_fini(&turns->freed);
    px_cond_fini(&turns->raised);
    px_mutex_fini(&turns->lock);
}

/* --- the owner -------------------------------------------------------------------------------- */

void turns_set(struct turns *turns, unsigned limit)
{
    px_mutex_lock(&turns->lock);
    store(&turns->limit, limit > 0 ? limit : 1);
    px_mutex_unlock(&turns->lock);
    px_cond_broadcast(&turns->raised);
    px_cond_broadcast(&turns->freed);
}

void turns_open(struct turns *turns)
{
    px_mutex_lock(&turns->lock);
    turns->open = true;
    px_mutex_unlock(&turns->lock);
    px_cond_broadcast(&turns->raised);
    px_cond_broadcast(&turns->freed);
}

/* --- workers ---------------------------------------------------------------------------------- */

static void count_locked(struct turns *turns, int64_t now_ns) PX_REQUIRES(turns->lock)
{
    if (now_ns > turns->since_ns) {
        turns->worked_ns += (uint64_t)(now_ns - turns->since_ns) * load(&turns->working);
        turns->since_ns = now_ns;
    }
}

static void take_locked(struct turns *turns) PX_REQUIRES(turns->lock)
{
    while (!turns->open && load(&turns->working) >= load(&turns->limit)) {
        PX_IGNORE(px_cond_wait_until(&turns->freed, &turns->lock, PX_FOREVER));
    }
    count_locked(turns, px_now_ns());
    store(&turns->working, load(&turns->working) + 1);
}

static void give_locked(struct turns *turns) PX_REQUIRES(turns->lock)
{
    count_locked(turns, px_now_ns());
    store(&turns->working, load(&turns->working) - 1);
}

int turns_await(struct turns *turns, unsigned rank, int64_t deadline_ns)
{
    int status = PX_OK;
    px_mutex_lock(&turns->lock);
    while (status == PX_OK && !turns->open && rank >= load(&turns->limit)) {
        status = px_cond_wait_by(&turns->raised, &turns->lock, deadline_ns);
    }
    px_mutex_unlock(&turns->lock);
    return status;
}

void turns_take(struct turns *turns)
{
    px_mutex_lock(&turns->lock);
    take_locked(turns);
    px_mutex_unlock(&turns->lock);
}

void turns_give(struct turns *turns)
{
    px_mutex_lock(&turns->lock);
    give_locked(turns);
    px_mutex_unlock(&turns->lock);
    px_cond_signal(&turns->freed);
}

void turns_pass(struct turns *turns)
{
    if (load(&turns->working) <= load(&turns->limit)) {
        return;
    }
    px_mutex_lock(&turns->lock);
    if (!turns->open && load(&turns->working) > load(&turns->limit)) {
        give_locked(turns);
        take_locked(turns);
    }
    px_mutex_unlock(&turns->lock);
}

uint64_t turns_worked_ns(struct turns *turns, int64_t now_ns)
{
    px_mutex_lock(&turns->lock);
    count_locked(turns, now_ns);
    const uint64_t worked_ns = turns->worked_ns;
    px_mutex_unlock(&turns->lock);
    return worked_ns;
}
