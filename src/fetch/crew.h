/* SPDX-License-Identifier: MIT
 *
 * fetch/crew.h - the source's part of files in pieces: which of them get helpers, what a helper's
 * return means, and when an owner may go on: not before the last of its helpers is back.
 *
 * One thread (the source's).
 */
#ifndef FETCH_CREW_H
#define FETCH_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/timing.h>

struct fetch_task;
struct joint;
struct px_fetch;
struct retry_decision;

/* How often free workers are matched with files that could do with help. */
#define CREW_LOOK_NS (50 * PX_NS_PER_MS)

struct crew {
    const struct px_fetch *fetch; /* borrowed */
    /* Takes a slot of its host for a helper that is about to start. */
    bool (*may_start)(void *ctx, struct fetch_task *helper, int64_t now_ns);
    void *ctx;
    struct joint *first;
    unsigned parked; /* owners that are here */
};

/* An owner that may go on. `*final`: it only needs to be reported. NULL: none. */
struct fetch_task *crew_next_owner(struct crew *crew, int64_t now_ns, bool *final);

/* A helper for the file that needs it most; `idle` workers have nothing to do. NULL: none. */
struct fetch_task *crew_next_helper(struct crew *crew, unsigned idle, int64_t now_ns);

/* Is there a file that may want a helper later? */
bool crew_may_want(const struct crew *crew);

/* An owner came back. PX_EAGAIN: it stays here until crew_next_owner(); PX_OK: it has no helpers and
 * its result is what it says. */
PX_NODISCARD int crew_owner_done(struct crew *crew, struct fetch_task *owner);

/* The owner's failure is final, or it is canceled: its helpers stop. PX_EAGAIN as above. */
PX_NODISCARD int crew_owner_ends(struct crew *crew, struct fetch_task *owner);

/* A helper came back; the decision is that of the policy for its failure, NULL: it did not fail. */
void crew_helper_done(struct crew *crew, struct fetch_task *helper,
                      const struct retry_decision *decision, int64_t now_ns);

/* The task is about to be freed, or to lose its part. */
void crew_forget(struct crew *crew, struct fetch_task *owner);

/* Frees the owners that are here. */
void crew_fini(struct crew *crew);

#endif
