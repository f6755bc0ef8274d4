/* SPDX-License-Identifier: MIT
 *
 * pxfer/future.h - tasks whose results are waited for: submit, map, as-completed.
 *
 *     any thread --submit--> [tasks] --> workers 1..n: task.run --> the future: waiters, callbacks
 *
 * An executor is a pool (pxfer/pool.h) with a bounded queue; each task that it takes has a future.
 *
 *     static int square(void *arg, void *state, void **result)
 *     {
 *         long *n = arg;
 *         *n *= *n;
 *         *result = n;
 *         return PX_OK;
 *     }
 *     ...
 *     px_executor_submit(executor, square, &n, &future);
 *     px_future_result(future, PX_FOREVER, &status, &result);
 *     px_future_unref(future);
 *
 * Two kinds of failure are kept apart. What a call returns is about the call: a deadline that
 * passed, misuse. What became of the task is data, `status`: whatever the task returned, or
 * PX_ECANCELED. Every future that was given out is finished at some time, in one of two states. Whoever
 * has seen that it is finished sees what the task wrote.
 *
 *     PENDING --a worker takes it--> RUNNING --returns--> DONE
 *        \------cancel, shutdown--> CANCELED
 *
 * Any thread may call anything here, but for what is said of inline executors, iterators and maps.
 * No lock is held in any callback. Deadlines are absolute, as in pxfer/queue.h.
 *
 * Tasks may submit to their own executor and wait for what they submitted. Where all workers wait for
 * each other other pools hang; here a worker that would wait for room, or for a task that is still
 * queued, runs that task itself. It does so with any deadline but PX_NOWAIT when it submits, and with
 * PX_FOREVER alone when it waits, since a task may take as long as it likes.
 *
 * With 0 workers ("inline") a task is run by the call that submits it. Such an executor belongs to
 * the thread that made it; another one's submit is refused.
 */
#ifndef PXFER_FUTURE_H
#define PXFER_FUTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/queue.h>

PX_BEGIN_DECLS

struct px_executor;
struct px_future;
struct px_as_completed;
struct px_map;

/* --- Executor -------------------------------------------------------------------------------- */

struct px_executor_opts {
    unsigned workers; /* threads; 0 = inline */
    size_t capacity;  /* tasks that may wait in the queue; 0 means 1 */
    const char *name; /* as in struct px_pool_opts */

    /* For each worker, on its thread: makes what its tasks get as `state` (a curl handle, a buffer).
     * A failure means that this worker does not start. `*state` is NULL on entry. May be NULL. */
    int (*init)(void *ctx, unsigned index, void **state);
    void (*fini)(void *ctx, void *state); /* for each init that returned PX_OK; may be NULL */
    void *ctx;                            /* borrowed; handed to init and fini */
};

/* What a task does, on a worker's thread: `arg` as submitted, `state` from init, `*result` is NULL on
 * entry. Returns PX_OK or any other status, which is handed on untouched. */
typedef int px_task_fn(void *arg, void *state, void **result);

struct px_task {
    px_task_fn *run;
    void *arg; /* borrowed until the future is finished */
    /* Called with the last reference, for a result that is not NULL and that nobody took
     * (px_future_take). NULL: the result is not the future's to free. */
    void (*free_result)(void *result);
};

/* Starts the workers and waits until each has run its init. Goes on with those that could be
 * started. PX_ENOMEM. PX_ETHREAD: not one started; or the status of init when that was why. */
PX_API PX_NODISCARD int px_executor_new(const struct px_executor_opts *opts,
                                        struct px_executor **out);

/* px_executor_shutdown() with PX_SHUTDOWN_CANCEL, then frees. Not from a task of its own. Futures may
 * be kept longer. NULL is legal. */
PX_API void px_executor_free(struct px_executor *executor);

/* Hands over a task and waits for room until the deadline. `*out` is a reference that the caller
 * gives back with px_future_unref(); a task whose reference is given back early is run all the same.
 * PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT): no room in time. PX_ECLOSED: shut down. PX_ENOMEM.
 * PX_EINVAL: no task->run, or another thread's inline executor. */
PX_API PX_NODISCARD int px_executor_submit_task(struct px_executor *executor,
                                                const struct px_task *task, int64_t deadline_ns,
                                                struct px_future **out);

/* The same for {run, arg}, waiting without a limit. */
PX_API PX_NODISCARD int px_executor_submit(struct px_executor *executor, px_task_fn *run, void *arg,
                                           struct px_future **out);

enum px_shutdown {
    PX_SHUTDOWN_DRAIN,  /* what is queued is run */
    PX_SHUTDOWN_CANCEL, /* what is queued is canceled; what runs is finished */
};

/* Refuses tasks from now on, waits until all futures are finished and the workers have returned from
 * their callbacks, then joins the workers. May be called again, also with CANCEL while another thread drains.
 * PX_EINVAL: from a task of this executor, which would wait for itself; or another thread's inline
 * executor. */
PX_API PX_NODISCARD int px_executor_shutdown(struct px_executor *executor, enum px_shutdown how);

/* How many workers were started (0 for an inline executor). */
PX_API unsigned px_executor_workers(const struct px_executor *executor);

/* --- Future ---------------------------------------------------------------------------------- */

enum px_future_state {
    PX_FUTURE_PENDING,  /* queued */
    PX_FUTURE_RUNNING,  /* a worker has it */
    PX_FUTURE_DONE,     /* the task has returned */
    PX_FUTURE_CANCELED, /* the task was never run and never will be */
};

/* One more reference; returns `future`. */
PX_API struct px_future *px_future_ref(struct px_future *future);

/* Gives a reference back; the last one frees. NULL is legal. */
PX_API void px_future_unref(struct px_future *future);

/* A snapshot; DONE and CANCELED last. */
PX_API enum px_future_state px_future_state(struct px_future *future);

static inline bool px_future_running(struct px_future *future)
{
    return px_future_state(future) == PX_FUTURE_RUNNING;
}

/* True when finished, well or not. */
static inline bool px_future_done(struct px_future *future)
{
    return px_future_state(future) >= PX_FUTURE_DONE;
}

/* What was submitted as `arg`. */
PX_API void *px_future_arg(const struct px_future *future);

/* Cancels if it is still queued: then it is never run, and its callbacks are called here. PX_OK: it is
 * canceled, now or before. PX_EREFUSED: it runs or has run. */
PX_API PX_NODISCARD int px_future_cancel(struct px_future *future);

/* Waits until it is finished. PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT): not in time. */
PX_API PX_NODISCARD int px_future_wait(struct px_future *future, int64_t deadline_ns);

/* The same, and tells what came of it: `*status` is what the task returned, or PX_ECANCELED;
 * `*result` its result, borrowed from the future when there is a free_result, as agreed with the task
 * when there is none; NULL when canceled or taken. Either pointer may be NULL. Both are left alone on
 * failure. */
PX_API PX_NODISCARD int px_future_result(struct px_future *future, int64_t deadline_ns, int *status,
                                         void **result);

/* Takes the result of a finished future away, so that free_result will not see it. PX_EAGAIN: not
 * finished. PX_EINVAL: taken before. */
PX_API PX_NODISCARD int px_future_take(struct px_future *future, void **result);

/* Has `fn` called once when the future is finished, on the thread that finishes it: the worker that
 * ran the task, the one that canceled, or this one, at once, when it is finished already. Several are
 * called in the order in which they were added. The future is finished when they are called, so they
 * may ask it anything; they may submit. Waiters do not wait for them. PX_ENOMEM. */
PX_API PX_NODISCARD int px_future_on_done(struct px_future *future,
                                          void (*fn)(void *ctx, struct px_future *future),
                                          void *ctx);

/* --- Many futures ---------------------------------------------------------------------------- */

enum px_wait_for {
    PX_WAIT_FIRST_COMPLETED, /* any one is finished */
    PX_WAIT_FIRST_FAILED,    /* one is DONE with another status than PX_OK, or all are finished */
    PX_WAIT_ALL,             /* all are finished */
};

/* Waits for `n` futures, borrowed. `*which` (may be NULL) is the index of the one that ended the wait
 * for a first one, else n. None to wait for is no failure. PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT):
 * not in time. PX_EINVAL: one is NULL. PX_ENOMEM. */
PX_API PX_NODISCARD int px_futures_wait(struct px_future *const *futures, size_t n,
                                        enum px_wait_for what, int64_t deadline_ns, size_t *which);

/* An iterator over `n` futures in the order in which they finish; those that are finished already come
 * first, in the order given. It keeps a reference of its own to each; the array is not needed after.
 * One thread at a time. PX_EINVAL: one is NULL. PX_ENOMEM. */
PX_API PX_NODISCARD int px_as_completed_new(struct px_future *const *futures, size_t n,
                                            struct px_as_completed **out);

/* The next finished future, borrowed until px_as_completed_free(); `*index` (may be NULL) is its place
 * in the array. PX_ETIMEDOUT (PX_EAGAIN with PX_NOWAIT): none in time. PX_EEND: that was all. */
PX_API PX_NODISCARD int px_as_completed_next(struct px_as_completed *iterator, int64_t deadline_ns,
                                             struct px_future **out, size_t *index);

/* At any time; the futures go on. NULL is legal. */
PX_API void px_as_completed_free(struct px_as_completed *iterator);

/* --- Map ------------------------------------------------------------------------------------- */

struct px_map_opts {
    px_task_fn *run;
    /* Where the arguments come from: this, on the thread that calls px_map_next(), no earlier than
     * there is room. PX_OK and an argument, PX_EEND, or any other status, which ends the map. */
    int (*next)(void *ctx, void **arg);
    void *ctx; /* borrowed; handed to next */
    /* When next is NULL: the addresses of `n` elements of `size` bytes each. */
    void *items;
    size_t n, size;
    size_t ahead; /* tasks submitted and not yet handed out, at most; 0: workers + capacity */
    /* For what px_map_free() finds that was not handed out. May be NULL. */
    void (*free_arg)(void *arg);
    void (*free_result)(void *result);
};

struct px_mapped {
    void *arg;    /* as it came from next */
    int status;   /* what the task returned; PX_ECANCELED: the executor was shut down before */
    void *result; /* the caller's from here */
};

/* Runs a function over a sequence of arguments, which may be endless: results come in the order of the
 * arguments, arguments are asked for as results are handed out. Nothing is submitted before the first
 * px_map_next(). The executor, borrowed, may be shut down earlier, but not freed. An inline one runs
 * each task when its result is asked for. One thread at a time.
 * PX_EINVAL: no run; neither next nor items (unless n is 0). PX_ENOMEM. */
PX_API PX_NODISCARD int px_map_new(struct px_executor *executor, const struct px_map_opts *opts,
                                   struct px_map **out);

/* The next result, exactly one for each argument, failed or canceled ones too. PX_ETIMEDOUT (PX_EAGAIN
 * with PX_NOWAIT): not in time; ask again. PX_EEND: that was all. PX_ECLOSED: the executor was shut
 * down, and that was all. Other codes, after the results of all arguments before: what next returned,
 * for good. PX_ENOMEM: ask again. */
PX_API PX_NODISCARD int px_map_next(struct px_map *map, int64_t deadline_ns, struct px_mapped *out);

/* Cancels what is queued, waits for what runs. NULL is legal. */
PX_API void px_map_free(struct px_map *map);

PX_END_DECLS

#endif
