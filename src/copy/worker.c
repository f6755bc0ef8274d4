/* SPDX-License-Identifier: MIT
 *
 * copy/worker.c - the body of a copy worker, and how the workers share a tree.
 *
 * What is handed around. A task (task.h) is an operand, a directory to list, a pack of at most 256
 * names of one directory, or a call for help with one large file. A worker takes one, works on it
 * alone, and emits it: the task is its own result. Nothing in a task is locked, for it is always in
 * exactly one place: the queue, a worker's hands, a worker's own stack, or with the owner.
 *
 * Order. Sub-directories are handed out before the files beside them, so that there is soon enough
 * for everybody; the files of a directory are copied by whoever lists it, who gives half of them away
 * (handout.c) when they turn out to be large or slow. What the queue has no room for the worker puts on
 * a stack of its own and does next, deepest first. So the tree is walked breadth first while there is
 * room, depth first when there is none, and neither its width nor its depth decides about memory: one
 * buffer of names for each level on each stack. Everything that is on a stack was offered before, so
 * the pool knows that its result is owed.
 *
 * Who owns what when. The data buffer, the buffer of directory entries and the two packs being filled
 * are the worker's for its whole life and hold nothing between two files, two listings. A file's two
 * descriptors are the worker's that opened it, from open to name; those of a file in chunks belong to
 * the struct px_chunks, whose last active worker finishes it (chunks.c). A directory's descriptors
 * belong to the struct px_dir (dir.c), which lives as long as anything refers to it: each task in it,
 * each sub-directory, each file in chunks. Whoever gives up the last reference gives the directory
 * its owner, mode and times, there and then, and the directory's item goes with the task that worker
 * has in hand. Only so many directories are open at a time as RLIMIT_NOFILE allows; the others are
 * opened again, and checked, when somebody wants them (opendirs.c). A reference goes down from
 * directory to parent only after the directory was finished, so its times are always set after
 * everything below it was written. Descriptors are shared by all workers: that is why none of them
 * leaves the common table (unshare(2) with CLONE_FILES), which would spare the table's lock but leave
 * each with directories that the others have opened since.
 *
 * On error. A failure is the item's: it is settled (copier.c) with its sentence, the temporary file
 * is removed, the next name is taken. Only what every other file would meet too, a full or read-only
 * target, raises the engine's `full` flag; then all workers wind up as if canceled, and there is one
 * message, not ten thousand. A directory that cannot be opened costs what is in it; one whose listing
 * breaks off is finished like any other and reported as failed.
 *
 * On cancel. px_worker_stopping() is asked before each name and after each piece of data (one buffer,
 * or one copy_file_range() of 64 MiB). The file in hand is given up and leaves nothing; what is left
 * of a pack is counted as canceled, with nothing begun; tasks that still come out of the queue or are
 * on the stack are emitted the same way. All of them give up their references, so every directory
 * that was begun gets its owner, mode and times before the worker returns.
 */

#include "copy/worker.h"

#include <pxfer/timing.h>

#include "copy/chunks.h"
#include "copy/copier.h"
#include "copy/walk.h"

static int worker_init(struct px_worker *worker, void *ctx, void **state)
{
    struct px_copier *copier = NULL;
    const int status = px_copier_new(ctx, worker, &copier);
    *state = copier;
    return status;
}

static void worker_fini(struct px_worker *worker, void *state)
{
    (void)worker;
    px_copier_free(state);
}

/* False: laid aside, no result yet. A call for help is answered even when the worker is to stop: it
 * holds a reference to give up, and finds nothing to do. */
static bool worker_work(struct px_copier *copier)
{
    if (copier->task->kind == PX_TASK_HELP) {
        px_chunks_help(copier, copier->task);
        return true;
    }
    if (!px_walk_run(copier)) {
        return false;
    }
    px_walk_end(copier);
    return true;
}

static void worker_handle(struct px_copier *copier, struct px_copy_task *task)
{
    const int64_t begin_ns = px_now_ns();
    copier->task = task;
    const bool done = worker_work(copier);
    copier->task = NULL;
    copier->account->busy_ns += px_now_ns() - begin_ns;
    if (done) {
        px_worker_emit(copier->worker, task);
    }
}

static void worker_run(struct px_worker *worker, void *state)
{
    struct px_copier *copier = state;
    copier->worker = worker;
    for (;;) {
        struct px_copy_task *task = px_copier_pop(copier);
        void *next = NULL;
        if (task == NULL && px_worker_next(worker, PX_FOREVER, &next) != PX_OK) {
            return;
        }
        worker_handle(copier, task != NULL ? task : next);
    }
}

struct px_worker_body px_copy_worker_body(void *ctx)
{
    return (struct px_worker_body){
        .init = worker_init,
        .run = worker_run,
        .fini = worker_fini,
        .ctx = ctx,
    };
}
