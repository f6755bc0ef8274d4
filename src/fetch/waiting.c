/* SPDX-License-Identifier: MIT
 *
 * fetch/waiting.c - tasks that wait: for their own time in a heap (kept.c), then for their host
 * (origin.c). Part of the source, on the owner's thread; no locks.
 */
#include "fetch/waiting.h"

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "fetch/origin.h"
#include "fetch/task.h"

size_t waiting_count(const struct waiting *waiting)
{
    return waiting->kept.len + origins_waiting(waiting->origins);
}

size_t waiting_tries(const struct waiting *waiting)
{
    return waiting->kept.len;
}

/* Of a file in pieces others may have the bytes in hand: it stays as it is. */
static bool counts(const struct fetch_task *task)
{
    return part_is_open(&task->part) && task->joint == NULL;
}

/* Too many open files: a named part will be found again, a nameless one starts over. */
static void note_kept(struct waiting *waiting, struct fetch_task *task)
{
    if (!counts(task)) {
        return;
    }
    if (waiting->parts < WAITING_PARTS) {
        waiting->parts++;
    } else {
        task_suspend_part(task);
        task->looked_for_leftover = false;
        task->left_a_part = true;
    }
}

static void note_taken(struct waiting *waiting, const struct fetch_task *task)
{
    if (counts(task)) {
        waiting->parts--;
    }
}

static void earlier(int64_t *until_ns, int64_t other_ns)
{
    *until_ns = other_ns < *until_ns ? other_ns : *until_ns;
}

int waiting_add(struct waiting *waiting, struct fetch_task *task)
{
    int rc = kept_add(&waiting->kept, task);

    if (rc == PX_OK) {
        note_kept(waiting, task);
    }
    return rc;
}

int waiting_start(struct waiting *waiting, struct fetch_task *task, int64_t now_ns,
                  int64_t *until_ns)
{
    int64_t ready_ns;
    int rc = origins_acquire(waiting->origins, task->origin, now_ns, &ready_ns);

    if (rc != PX_EAGAIN) {
        return rc;
    }
    rc = origins_wait(waiting->origins, task, now_ns);
    if (rc != PX_OK) {
        return rc;
    }
    note_kept(waiting, task);
    earlier(until_ns, ready_ns);
    return PX_EAGAIN;
}

int waiting_take_due(struct waiting *waiting, int64_t now_ns, struct fetch_task **out,
                     int64_t *until_ns)
{
    struct fetch_task *first;
    int64_t host_ns;

    /* whose own time has come waits for its host, before those that came later from the list */
    while ((first = kept_first(&waiting->kept)) != NULL && first->plan.ready_ns <= now_ns) {
        int rc = origins_wait(waiting->origins, kept_take(&waiting->kept), now_ns);
        if (rc != PX_OK) {
            PX_IGNORE(kept_add(&waiting->kept, first)); /* into the room that it had */
            return rc;
        }
    }
    *out = origins_next(waiting->origins, now_ns, &host_ns);
    if (*out == NULL) {
        earlier(until_ns, host_ns);
        earlier(until_ns, first != NULL ? first->plan.ready_ns : PX_FOREVER);
        return PX_EAGAIN;
    }
    (*out)->plan.ready_ns = now_ns;
    note_taken(waiting, *out);
    return PX_OK;
}

struct fetch_task *waiting_take_any(struct waiting *waiting)
{
    struct fetch_task *task = kept_take(&waiting->kept);

    if (task == NULL && waiting->origins != NULL) {
        task = origins_drop(waiting->origins);
    }
    if (task != NULL) {
        note_taken(waiting, task);
    }
    return task;
}

void waiting_fini(struct waiting *waiting)
{
    kept_fini(&waiting->kept);
}
