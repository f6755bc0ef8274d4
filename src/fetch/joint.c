/* SPDX-License-Identifier: MIT
 *
 * fetch/joint.c - a file that several workers fetch at once: what its pieces have in common.
 *
 * Made by the worker that has the first reply, used by all that have a piece, freed by the source.
 * Owns `lock`, which guards nothing but whose turn it is to save; no IO is done under it.
 */
#include "fetch/joint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "fetch/engine.h"
#include "fetch/task.h"

/* What kill -9 costs. */
#define SAVE_NS PX_NS_PER_S
#define FIRST_SAVE_NS (100 * PX_NS_PER_MS)
/* What a power cut costs with --fsync=file or end: an fsync(2) for each save would be as slow as the
 * disk is at small ones. */
#define SYNC_NS (10 * PX_NS_PER_S)

static void fill_in_state(struct joint *joint, const struct fetch_task *task)
{
    struct state *state = &joint->state;
    const char *etag = task->detail.etag;
    const char *date = task->detail.last_modified;

    state->url_hash = task_url_hash(task);
    state->size = task->size;
    memcpy(state->boot, task->fetch->boot, sizeof state->boot);
    snprintf(state->etag, sizeof state->etag, "%s", etag != NULL ? etag : "");
    snprintf(state->last_modified, sizeof state->last_modified, "%s", date != NULL ? date : "");
    joint->etag = etag != NULL ? state->etag : NULL;
    joint->last_modified = date != NULL ? state->last_modified : NULL;
}

static int init_locks(struct joint *joint)
{
    int rc = px_mutex_init(&joint->lock);

    if (rc != PX_OK) {
        return rc;
    }
    rc = px_cond_init(&joint->saved);
    if (rc != PX_OK) {
        px_mutex_fini(&joint->lock);
    }
    return rc;
}

/* The first state is the one that must be there: a state of an earlier run may say that the file only
 * grows, which is true no longer. */
static int store_first(struct joint *joint, struct fetch_task *task)
{
    split_held(&joint->split, &joint->state.held);
    int rc = part_store_state(&joint->place, joint->base, &joint->state, task->url);

    if (rc == PX_EIO || rc == PX_EFULL) {
        task->part.stage = "write state";
        task->part.err = errno;
        return rc;
    }
    task->part.has_state = rc == PX_OK;
    return PX_OK;
}

int joint_new(struct fetch_task *task, const struct ranges *held, enum gate_trust trust,
              int64_t now_ns)
{
    struct joint *joint = calloc(1, sizeof *joint);

    if (joint == NULL) {
        return PX_ENOMEM;
    }
    int rc = init_locks(joint);
    if (rc != PX_OK) {
        free(joint);
        return rc;
    }
    rc = split_init(&joint->split, task->size, held);
    if (rc != PX_OK) {
        px_cond_fini(&joint->saved);
        px_mutex_fini(&joint->lock);
        free(joint);
        return rc;
    }
    joint->owner = task;
    joint->place = task_place(task);
    joint->fd = task->part.fd;
    joint->base = task->part.base;
    joint->trust = trust;
    joint->mirror = task->mirror_of_bytes;
    fill_in_state(joint, task);
    rc = store_first(joint, task);
    if (rc != PX_OK) {
        joint_free(joint);
        return rc;
    }
    px_mutex_lock(&joint->lock);
    joint->saved_ns = now_ns - SAVE_NS + FIRST_SAVE_NS;
    joint->synced_ns = now_ns;
    px_mutex_unlock(&joint->lock);
    task->joint = joint;
    return PX_OK;
}

void joint_free(struct joint *joint)
{
    if (joint == NULL) {
        return;
    }
    split_fini(&joint->split);
    px_cond_fini(&joint->saved);
    px_mutex_fini(&joint->lock);
    free(joint);
}

/* What was held before the fsync(2) is on stable storage after it. */
static bool sync_held(struct joint *joint)
{
    if (joint->place.io->fsync(joint->fd) != 0) {
        return false; /* what was synced before still is */
    }
    joint->state.synced = joint->state.held;
    return true;
}

void joint_save(struct joint *joint, int64_t now_ns, bool now_or_never)
{
    bool synced = false;

    px_mutex_lock(&joint->lock);
    bool mine =
        !joint->saving && !joint->closed && (now_or_never || now_ns - joint->saved_ns >= SAVE_NS);
    bool sync = joint->place.fsync != PX_FSYNC_NONE &&
                (now_or_never || now_ns - joint->synced_ns >= SYNC_NS);
    joint->saving |= mine;
    px_mutex_unlock(&joint->lock);
    if (!mine) {
        return;
    }
    split_held(&joint->split, &joint->state.held);
    if (sync) {
        synced = sync_held(joint);
    }
    PX_IGNORE(part_store_state(&joint->place, joint->base, &joint->state, joint->owner->url));
    px_mutex_lock(&joint->lock);
    joint->saving = false;
    joint->saved_ns = now_ns;
    joint->synced_ns = synced ? now_ns : joint->synced_ns;
    px_cond_broadcast(&joint->saved);
    px_mutex_unlock(&joint->lock);
}

void joint_close(struct joint *joint)
{
    px_mutex_lock(&joint->lock);
    joint->closed = true;
    while (joint->saving) {
        PX_IGNORE(px_cond_wait_until(&joint->saved, &joint->lock, PX_FOREVER)); /* never ends */
    }
    px_mutex_unlock(&joint->lock);
}

void joint_leave(struct fetch_task *task)
{
    struct joint *joint = task->joint;
    bool drop = joint->crew.drop;

    if (!drop && part_is_open(&task->part)) {
        joint_save(joint, 0, true);
    }
    task->joint = NULL;
    joint_free(joint);
    if (drop) {
        task_drop_part(task);
    }
}
