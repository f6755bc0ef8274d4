/* SPDX-License-Identifier: MIT
 *
 * fetch/joint.h - a file that several workers fetch at once: what its pieces have in common. The
 * map of its bytes (split.h), the open file, what the bytes are known by, the saved state.
 *
 * It belongs to the task of the list (its owner), which outlives all helpers: the source (crew.h)
 * keeps an owner back until the last of them has returned. So a helper may use everything here
 * without asking whether it is still there. Only the source's thread frees it, or a worker's while
 * the task has never been shown to the source.
 */
#ifndef FETCH_JOINT_H
#define FETCH_JOINT_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "base/mutex.h"
#include "fetch/gate.h"
#include "fetch/part.h"
#include "fetch/split.h"
#include "fetch/state.h"

struct fetch_task;

struct joint {
    struct split split; /* has its own lock */

    /* fixed after joint_new() */
    struct fetch_task *owner;
    struct part_place place;
    int fd;                    /* the owner's part file, which has its name */
    const char *base;          /* of that name; the owner's */
    const char *etag;          /* NULL = none */
    const char *last_modified; /* NULL = none */
    enum gate_trust trust;
    size_t mirror; /* where the first bytes came from */

    struct px_mutex lock;
    struct px_cond saved; /* saving has become false */
    bool saving PX_GUARDED;
    bool closed PX_GUARDED; /* nothing may be saved any more */
    int64_t saved_ns PX_GUARDED;
    int64_t synced_ns PX_GUARDED;

    struct state state; /* of whoever set `saving` */

    /* the source's alone */
    struct {
        struct joint *next; /* on the board, then in the list of the crew */
        unsigned helpers;   /* that are out */
        unsigned tries;     /* failures of helpers since one did well */
        unsigned pauses;
        bool off; /* no more helpers */
        int64_t not_before_ns;
        bool parked; /* the owner is here */
        bool final;  /* and done with: it only waits for its helpers */
        bool drop;   /* the bytes are of no use */
    } crew;
};

/* For a task with a part that is open and kept, of which `held` is there. Saves the first state.
 * PX_ENOMEM; PX_EIO, PX_EFULL with part.stage and err. The task has it then. */
PX_NODISCARD int joint_new(struct fetch_task *task, const struct ranges *held,
                           enum gate_trust trust, int64_t now_ns);
void joint_free(struct joint *joint);

/* Saves which bytes are there, at most once a second unless `now_or_never`. Does not wait for
 * another that does so, and does not fail: the state before is as true. */
void joint_save(struct joint *joint, int64_t now_ns, bool now_or_never);

/* On the source's thread, when no helper is out (or the task was never shown to it): saves the last
 * state, frees the joint of `task`, and drops the part when its bytes are of no use. */
void joint_leave(struct fetch_task *task);

/* Nothing is saved from here on: the part is about to get its name. Waits for who is at it. */
void joint_close(struct joint *joint);

#endif
