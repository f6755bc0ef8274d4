/* SPDX-License-Identifier: MIT
 *
 * fetch/part.h - a file while it is being fetched, and the step that gives it its name.
 *
 * It begins nameless (O_TMPFILE): a small file then costs an open and a linkat, and nothing is left
 * behind when the process dies. part_keep() gives it the name .NAME.part, mode 0600, under an
 * exclusive flock(2), so that the bytes survive the process, and so that a second process with the
 * same target is refused. Where the file system has no O_TMPFILE it is .NAME.part from the start.
 *
 * Whatever happens, the final name is old, absent or complete. A leftover .NAME.part is touched
 * only under its lock, and never written to while it has a second name (a crash between link and
 * unlink leaves one).
 *
 * A part is used by one thread at a time: it travels with its task.
 */
#ifndef FETCH_PART_H
#define FETCH_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

struct px_io_ops;
struct state;

/* Around the name, by name_beside(). */
#define PART_SUFFIX ".part"
#define PART_STATE_SUFFIX ".part.state"

/* Where the file is to go. Borrowed by each call. */
struct part_place {
    const struct px_io_ops *io;
    int dirfd;
    const char *name; /* one component */
    enum px_on_exist on_exist;
    enum px_fsync fsync;
    mode_t mode;   /* of the finished file */
    int64_t mtime; /* likewise, seconds since the epoch; 0 = as it is */
};

/* {.fd = -1} is an empty part. */
struct part {
    int fd;
    bool has_state; /* a later run can go on with it */
    bool ragged;    /* a failed write may have left bytes behind `held` */
    bool unproven;  /* adopted, and longer than its state says: written after that, or by others */
    char *base;     /* owned; NAME, or NAME.N with --on-exist=rename; NULL while it is nameless */
    uint64_t held;  /* bytes [0, held) are in the file */
    const char *stage; /* what failed last: "write", "link" ... static; with errno in err */
    int err;
};

static inline bool part_is_open(const struct part *part)
{
    return part->fd >= 0;
}

/* Appends. Opens the file when this is the first byte. PX_EFULL, PX_EIO, PX_EINUSE, PX_ENOMEM, with
 * stage and err; held is as before. */
PX_NODISCARD int part_append(struct part *part, const struct part_place *place, const void *bytes,
                             size_t n);

/* Opens the file when nothing has yet. As part_append(). */
PX_NODISCARD int part_open(struct part *part, const struct part_place *place);

/* Names a nameless file .NAME.part. No-op when it has that name. PX_EINUSE: another process is
 * fetching to the same target; else as part_append(). */
PX_NODISCARD int part_keep(struct part *part, const struct part_place *place);

/* Drops all bytes, keeps the file. As part_append(). */
PX_NODISCARD int part_restart(struct part *part, const struct part_place *place);

/* Takes over what an earlier run left: a .NAME.part that nobody holds, with a state for `url_hash`
 * and some good bytes. PX_OK: `*state` says of what, and which bytes (state->held); part->held is
 * where the first stretch of them, from byte 0, ends. PX_EAGAIN: there is nothing of use.
 * PX_ECHANGED: there was something of no use (another URL's, no state); it was removed. PX_EINUSE:
 * another process is at it. */
PX_NODISCARD int part_adopt(struct part *part, const struct part_place *place, uint64_t url_hash,
                            const char *boot, struct state *state);

/* The final name is there and stays: removes what a run that was killed while it gave the name left
 * beside it, a second name of the finished file and a state without a part. A part that is a file of
 * its own, or that another process holds, is left alone. */
void part_tidy(const struct part_place *place);

/* Writes the state beside a kept part that has only been appended to; a no-op for a nameless one, and
 * while bytes are unproven: the old state names those that are not.
 * state->held, synced and grows are set here. As part_append(). */
PX_NODISCARD int part_save_state(struct part *part, const struct part_place *place,
                                 struct state *state, const char *url);

/* Writes a state as it is beside the part of that base name. Touches no struct part, so any thread may
 * do it for a part that is kept; one at a time. PX_EIO, PX_EFULL with errno; PX_EINVAL: a value of
 * absurd length: then the part cannot be resumed later. */
PX_NODISCARD int part_store_state(const struct part_place *place, const char *base,
                                  const struct state *state, const char *url);

/* Gives the file its name, by place->on_exist: PX_EEXIST: the name is taken and must stay so (skip,
 * fail); PX_EIO: it is a directory, a FIFO, or a call failed. With --on-exist=rename
 * `*final_name` is the name that was free, owned by the caller; else NULL. On success the part is
 * empty; on failure it is as before. */
PX_NODISCARD int part_publish(struct part *part, const struct part_place *place, char **final_name);

/* Closes. A kept part stays for a later run, a nameless one is gone. */
void part_suspend(struct part *part, const struct px_io_ops *io);

/* Closes and removes everything. */
void part_discard(struct part *part, const struct part_place *place);

#endif
