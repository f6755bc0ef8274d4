/* SPDX-License-Identifier: MIT
 *
 * copy/opendirs.c - the bounded set of open directories. Entered by all workers.
 *
 * One lock, over the ring and the count; a descriptor is opened and closed outside it. Whoever uses a
 * directory pins it, with one compare-and-swap and no lock: `pins` counts users, and goes from 0 to
 * -1 only under the lock, when it is closed, and from -1 to 1 when it was opened again. The
 * descriptors are written only while it is -1. Which one is closed next is decided by the clock
 * algorithm: a hand goes round and takes the first that was not used since it was there last.
 */
#define _GNU_SOURCE /* O_PATH */

#include "copy/opendirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/dir.h"
#include "copy/engine.h"

#define OPEN_LIST (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN_PATH (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Descriptors that are not directories in the set: those of the process (standard ones, outputs,
 * target), and of a worker (two of a file, two of one in chunks, a temporary one, four while a
 * directory is opened again). */
#define OWN_FDS 16
#define WORKER_FDS 9
#define BUDGET_MIN 2
/* More would only keep the kernel's memory: a directory that was closed by mistake costs 5 us. */
#define BUDGET_MAX 1024

size_t px_opendirs_budget(size_t nofile, unsigned workers)
{
    const size_t taken = OWN_FDS + (size_t)WORKER_FDS * workers;
    const size_t budget = nofile > taken ? (nofile - taken) / 2 : 0;
    return budget < BUDGET_MIN ? BUDGET_MIN : budget > BUDGET_MAX ? BUDGET_MAX : budget;
}

int px_opendirs_init(struct px_opendirs *dirs, unsigned workers)
{
    struct rlimit limit;
    const bool limited =
        getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 4 * (rlim_t)BUDGET_MAX;
    *dirs = (struct px_opendirs){
        .budget = limited ? px_opendirs_budget((size_t)limit.rlim_cur, workers) : BUDGET_MAX};
    return px_mutex_init(&dirs->lock);
}

void px_opendirs_fini(struct px_opendirs *dirs)
{
    px_mutex_fini(&dirs->lock);
}

static const struct px_io_ops *dir_io(const struct px_dir *dir)
{
    return dir->copy->io;
}

/* A container's target is the plan's, which stays open for the run. */
static void fds_close(const struct px_io_ops *io, struct px_dir_fds fds, bool container)
{
    if (fds.source >= 0) {
        PX_IGNORE(io->close(fds.source)); /* directories: nothing was written through them */
    }
    if (fds.target >= 0 && !container) {
        PX_IGNORE(io->close(fds.target));
    }
}

static void opendirs_close(const struct px_dir *dir, struct px_dir_fds fds)
{
    fds_close(dir_io(dir), fds, dir->parent == NULL);
}

/* --- pins ------------------------------------------------------------------------------------- */

/* False: it is closed. */
static bool dir_pin(struct px_dir *dir)
{
    int pins = atomic_load_explicit(&dir->place.pins, memory_order_relaxed);
    while (pins >= 0) {
        if (atomic_compare_exchange_weak_explicit(&dir->place.pins, &pins, pins + 1,
                                                  memory_order_acquire, memory_order_relaxed)) {
            if (!atomic_load_explicit(&dir->place.recent, memory_order_relaxed)) {
                atomic_store_explicit(&dir->place.recent, true, memory_order_relaxed);
            }
            return true;
        }
    }
    return false;
}

void px_dir_release(struct px_dir *dir)
{
    atomic_fetch_sub_explicit(&dir->place.pins, 1, memory_order_release);
}

/* True: nobody used it, and nobody will before it was opened again. */
static bool dir_shut(struct px_dir *dir)
{
    int none = 0;
    return atomic_compare_exchange_strong_explicit(&dir->place.pins, &none, -1,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

/* --- the ring --------------------------------------------------------------------------------- */

static void ring_add_locked(struct px_opendirs *dirs, struct px_dir *dir) PX_REQUIRES(dirs->lock)
{
    struct px_dir *hand = dirs->hand;
    if (hand == NULL) {
        dir->place.next = dir->place.prev = dir;
        dirs->hand = dir;
    } else { /* just behind the hand: looked at last */
        dir->place.next = hand;
        dir->place.prev = hand->place.prev;
        hand->place.prev->place.next = dir;
        hand->place.prev = dir;
    }
    dirs->open++;
}

/* Takes it out, shut before, and remembers where its listing goes on. */
static struct px_dir_fds ring_take_locked(struct px_opendirs *dirs, struct px_dir *dir)
    PX_REQUIRES(dirs->lock)
{
    const struct px_dir_fds fds = dir->fds;
    dir->place.prev->place.next = dir->place.next;
    dir->place.next->place.prev = dir->place.prev;
    if (dirs->hand == dir) {
        dirs->hand = dir->place.next != dir ? dir->place.next : NULL;
    }
    dirs->open--;
    dir->place.listed = fds.source >= 0 ? dir_io(dir)->lseek(fds.source, 0, SEEK_CUR) : 0;
    dir->fds = (struct px_dir_fds){-1, -1};
    return fds;
}

/* Once round clears the marks, the second time takes the first unused one. */
static struct px_dir *ring_choose_locked(struct px_opendirs *dirs) PX_REQUIRES(dirs->lock)
{
    for (size_t left = 2 * dirs->open; left > 0; left--) {
        struct px_dir *dir = dirs->hand;
        dirs->hand = dir->place.next;
        if (atomic_exchange_explicit(&dir->place.recent, false, memory_order_relaxed)) {
            continue;
        }
        if (dir_shut(dir)) {
            return dir;
        }
    }
    return NULL;
}

/* Closes one when more than `most` are open. False: not so many, or all in use. */
static bool opendirs_evict(struct px_opendirs *dirs, size_t most) PX_EXCLUDES(dirs->lock)
{
    struct px_dir_fds fds = {-1, -1};
    struct px_dir *dir = NULL;
    px_mutex_lock(&dirs->lock);
    if (dirs->open > most) {
        dir = ring_choose_locked(dirs);
    }
    const struct px_io_ops *io = NULL;
    bool container = false;
    if (dir != NULL) { /* it may be gone when the lock is */
        fds = ring_take_locked(dirs, dir);
        io = dir_io(dir);
        container = dir->parent == NULL;
    }
    px_mutex_unlock(&dirs->lock);
    if (io == NULL) {
        return false;
    }
    fds_close(io, fds, container);
    return true;
}

void px_opendirs_room(struct px_copy *copy)
{
    while (opendirs_evict(&copy->opendirs, copy->opendirs.budget - 1)) {
    }
}

int px_opendirs_openat(struct px_copy *copy, int at, const char *name, int flags)
{
    int fd;
    do {
        fd = copy->io->openat(at, name, flags, 0);
    } while (fd < 0 && (errno == EMFILE || errno == ENFILE) && opendirs_evict(&copy->opendirs, 0));
    return fd;
}

void px_opendirs_add(struct px_dir *dir)
{
    struct px_opendirs *dirs = &dir->copy->opendirs;
    px_mutex_lock(&dirs->lock);
    ring_add_locked(dirs, dir);
    atomic_store_explicit(&dir->place.pins, 0, memory_order_release);
    px_mutex_unlock(&dirs->lock);
    while (opendirs_evict(dirs, dirs->budget)) {
    }
}

/* Installs what was opened; the caller has one pin. False: somebody else was faster. */
static bool opendirs_install(struct px_dir *dir, struct px_dir_fds fds, int pins)
{
    struct px_opendirs *dirs = &dir->copy->opendirs;
    px_mutex_lock(&dirs->lock);
    const bool closed = atomic_load_explicit(&dir->place.pins, memory_order_relaxed) < 0;
    if (closed) {
        dir->fds = fds;
        ring_add_locked(dirs, dir);
        if (dir->place.listed > 0 && fds.source >= 0) {
            PX_IGNORE(dir_io(dir)->lseek(fds.source, dir->place.listed, SEEK_SET) < 0);
        }
        atomic_store_explicit(&dir->place.pins, pins, memory_order_release);
    }
    px_mutex_unlock(&dirs->lock);
    return closed;
}

/* --- opening again ---------------------------------------------------------------------------- */

static bool fd_is(const struct px_dir *dir, int fd, dev_t dev, ino_t ino)
{
    struct stat st;
    return dir_io(dir)->fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

static bool dir_is_finished(const struct px_dir *dir)
{
    return atomic_load_explicit(&dir->finished, memory_order_relaxed);
}

int px_opendirs_open_source(const struct px_dir *dir, int at, int flags)
{
    struct px_copy *copy = dir->copy;
    const int noatime = (flags & O_PATH) == 0 ? copy->open_flags : 0;
    int fd = px_opendirs_openat(copy, at, dir->source_name, flags | noatime);
    if (fd < 0 && errno == EPERM && noatime != 0) {
        fd = px_opendirs_openat(copy, at, dir->source_name, flags);
    }
    if (fd < 0 && errno == EACCES && dir->is_listed) {
        fd = px_opendirs_openat(copy, at, dir->source_name, flags | O_PATH);
    }
    return fd;
}

/* Are these two the two sides of `dir`? A side that it does not need may be missing. */
static bool fds_are(const struct px_dir *dir, struct px_dir_fds fds)
{
    const bool source = dir_is_finished(dir) ||
                        (fds.source >= 0 && fd_is(dir, fds.source, dir->st.st_dev, dir->st.st_ino));
    const bool target =
        dir->target_is.type == 0 ||
        (fds.target >= 0 && fd_is(dir, fds.target, dir->target_is.dev, dir->target_is.ino));
    return source && target;
}

static struct px_dir_fds container_open(const struct px_dir *dir)
{
    struct px_dir_fds fds = {.source = -1, .target = dir->dest->plan.target_fd};
    fds.source = px_opendirs_openat(dir->copy, AT_FDCWD, dir->root->source_dir,
                                    O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fds;
}

/* One step down, from `at` to `dir`. `last`: for use, not only to go on. */
static struct px_dir_fds dir_step(const struct px_dir *dir, struct px_dir_fds at, bool last)
{
    const bool finished = dir_is_finished(dir);
    struct px_dir_fds fds = {-1, -1};
    if (!finished && at.source >= 0) {
        const int flags = (last ? OPEN_LIST : OPEN_PATH) & ~(dir->followed ? O_NOFOLLOW : 0);
        fds.source = px_opendirs_open_source(dir, at.source, flags);
    }
    if (dir->target_is.type != 0 && at.target >= 0) {
        fds.target = px_opendirs_openat(dir->copy, at.target, dir->target_name,
                                        last && !finished ? OPEN_LIST : OPEN_PATH);
    }
    return fds;
}

/* From `above`, which is open in `at`, down to `dir`. The directories between are `path`, the lowest
 * first. */
static struct px_dir_fds dir_descend(struct px_dir *const *path, size_t n, struct px_dir_fds at)
{
    for (size_t i = n; i-- > 0;) {
        const struct px_dir_fds next = dir_step(path[i], at, i == 0);
        if (i + 1 < n) {
            opendirs_close(path[i + 1], at);
        }
        at = next;
    }
    return at;
}

/* Opens `dir` for the caller, known to nobody. {-1, -1}: it cannot be, or is another one. */
static struct px_dir_fds dir_open_again(struct px_dir *dir)
{
    size_t n = 0;
    struct px_dir *up = dir;
    do {
        n++;
        up = up->parent;
    } while (up != NULL && !dir_pin(up));
    struct px_dir **path = malloc(n * sizeof *path);
    if (path == NULL) {
        if (up != NULL) {
            px_dir_release(up);
        }
        return (struct px_dir_fds){-1, -1};
    }
    struct px_dir *at = dir;
    for (size_t i = 0; i < n; i++, at = at->parent) {
        path[i] = at;
    }
    struct px_dir_fds fds;
    if (up != NULL) {
        fds = dir_descend(path, n, up->fds);
        px_dir_release(up);
    } else { /* the container itself, by its path */
        fds = container_open(dir->top);
        if (n > 1) {
            const struct px_dir_fds top = fds;
            fds = dir_descend(path, n - 1, top);
            opendirs_close(dir->top, top);
        }
    }
    free(path);
    if (!fds_are(dir, fds)) {
        opendirs_close(dir, fds);
        fds = (struct px_dir_fds){-1, -1};
    }
    return fds;
}

struct px_dir_fds px_dir_acquire(struct px_dir *dir)
{
    while (!dir_pin(dir)) {
        px_opendirs_room(dir->copy);
        const struct px_dir_fds fds = dir_open_again(dir);
        if (opendirs_install(dir, fds, 1)) {
            return fds;
        }
        opendirs_close(dir, fds);
    }
    return dir->fds;
}

/* --- closing ---------------------------------------------------------------------------------- */

/* By way of "..", which is one step where the way from above may be hundreds. */
static void parent_reopen(struct px_dir *dir)
{
    struct px_dir *parent = dir->parent;
    if (atomic_load_explicit(&parent->place.pins, memory_order_relaxed) >= 0 ||
        parent->parent == NULL || !dir_pin(dir)) {
        return;
    }
    px_opendirs_room(dir->copy);
    struct px_dir_fds fds = {-1, -1};
    if (dir->fds.source >= 0) {
        fds.source =
            px_opendirs_openat(dir->copy, dir->fds.source, "..", OPEN_LIST | dir->copy->open_flags);
    }
    if (dir->fds.target >= 0) {
        fds.target = px_opendirs_openat(dir->copy, dir->fds.target, "..", OPEN_LIST);
    }
    px_dir_release(dir);
    if (!fds_are(parent, fds) || !opendirs_install(parent, fds, 0)) {
        opendirs_close(parent, fds); /* then from above, when it is wanted */
    }
}

static bool opendirs_remove(struct px_dir *dir)
{
    struct px_opendirs *dirs = &dir->copy->opendirs;
    struct px_dir_fds fds = {-1, -1};
    px_mutex_lock(&dirs->lock);
    const bool shut = dir_shut(dir);
    if (shut) {
        fds = ring_take_locked(dirs, dir);
    }
    px_mutex_unlock(&dirs->lock);
    opendirs_close(dir, fds);
    return shut;
}

void px_opendirs_retire(struct px_dir *dir)
{
    if (dir->parent != NULL) {
        parent_reopen(dir);
    }
    atomic_store_explicit(&dir->finished, true, memory_order_relaxed);
    PX_IGNORE(!opendirs_remove(dir)); /* in use: closed when there is need */
}

void px_opendirs_forget(struct px_dir *dir)
{
    PX_IGNORE(!opendirs_remove(dir)); /* false: it was closed before */
}
