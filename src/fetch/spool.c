/* SPDX-License-Identifier: MIT
 *
 * fetch/spool.c - where a body waits that goes to standard output. On the thread that has the task;
 * no locks.
 */
#define _GNU_SOURCE
#include "fetch/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/engine.h"
#include "fetch/task.h"

static int fail(struct part *part, const char *stage, int err)
{
    part->stage = stage;
    part->err = err;
    return px_status_from_errno(err);
}

/* On a file system without O_TMPFILE: under a name for a moment. */
static int open_unlinked(const struct px_io_ops *io, int dirfd, uint64_t order)
{
    char name[64];

    snprintf(name, sizeof name, ".pfetch-%ld-%" PRIu64, (long)getpid(), order);
    int fd = io->openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        PX_IGNORE(io->unlinkat(dirfd, name, 0)); /* a name that stays is litter, not an error */
    }
    return fd;
}

static int open_file(struct fetch_task *task)
{
    const struct px_io_ops *io = task->fetch->io;
    int fd = px_open_nameless(io, task->dir->fd, 0600);

    if (fd < 0 && errno != ENOSPC && errno != EDQUOT && errno != EMFILE && errno != ENFILE) {
        fd = open_unlinked(io, task->dir->fd, task->plan.order);
    }
    if (fd < 0) {
        return fail(&task->part, "create temporary file", errno);
    }
    task->part.fd = fd;
    task->part.held = 0;
    return PX_OK;
}

static int keep_in_memory(struct fetch_task *task, const char *bytes, size_t n)
{
    free(task->body);
    task->body = malloc(n);
    if (task->body == NULL) {
        return fail(&task->part, "body", ENOMEM);
    }
    memcpy(task->body, bytes, n);
    task->part.held = n;
    return PX_OK;
}

int spool_append(struct fetch_task *task, const char *bytes, size_t n, bool last)
{
    if (!part_is_open(&task->part)) {
        if (last && n <= SPOOL_SMALL_BYTES) {
            return keep_in_memory(task, bytes, n);
        }
        int rc = open_file(task);
        if (rc != PX_OK) {
            return rc;
        }
    }
    struct part_place place = task_place(task);
    return part_append(&task->part, &place, bytes, n);
}

struct ordered_body spool_body(const struct fetch_task *task)
{
    return (struct ordered_body){
        .fd = task->part.fd, .bytes = task->body, .size = task->item.bytes};
}

uint64_t spool_room(int dirfd, uint64_t wanted)
{
    struct statvfs fs;

    if (fstatvfs(dirfd, &fs) != 0) {
        return wanted;
    }
    const uint64_t half = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize / 2;
    return wanted < half ? wanted : half;
}
