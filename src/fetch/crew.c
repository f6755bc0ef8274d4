/* SPDX-License-Identifier: MIT
 *
 * fetch/crew.c - the source's part of files in pieces.
 *
 * Called by source.c on the owner's thread, between results. The workers see of it only what it puts
 * into the map of a file (split.h): claims. Everything in joint.crew is written here alone, but for
 * the link that a worker sets before it posts a joint.
 */
#include "fetch/crew.h"

#include <stddef.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/board.h"
#include "fetch/engine.h"
#include "fetch/joint.h"
#include "fetch/mirrors.h"
#include "fetch/retry.h"
#include "fetch/task.h"
#include "fetch/task_make.h"

/* A helper takes over no less of a piece than this. What it costs is a request and a slow start:
 * docs/DESIGN.md has the measurement. */
#define LEAST_LATE_BYTES ((uint64_t)1 << 20)
#define SHOW_ROOM 512

static void collect(struct crew *crew)
{
    for (struct joint *next, *joint = board_take(crew->fetch->board); joint != NULL; joint = next) {
        next = joint->crew.next;
        joint->crew.next = crew->first;
        crew->first = joint;
    }
}

static void unlink_joint(struct crew *crew, const struct joint *joint)
{
    for (struct joint **at = &crew->first; *at != NULL; at = &(*at)->crew.next) {
        if (*at == joint) {
            *at = joint->crew.next;
            return;
        }
    }
}

void crew_forget(struct crew *crew, struct fetch_task *owner)
{
    struct joint *joint = owner->joint;

    if (joint == NULL || task_is_helper(owner)) {
        return;
    }
    collect(crew);
    unlink_joint(crew, joint);
    crew->parked -= joint->crew.parked;
    joint->crew.parked = false;
    joint_leave(owner);
    owner->posted = false;
}

void crew_fini(struct crew *crew)
{
    collect(crew);
    for (struct joint *next, *joint = crew->first; joint != NULL; joint = next) {
        struct fetch_task *owner = joint->owner;

        next = joint->crew.next;
        if (joint->crew.parked) {
            task_free(owner);
        }
    }
    crew->first = NULL;
    crew->parked = 0;
}

/* --- owners -----------------------------------------------------------------------------------*/

static int park(struct crew *crew, struct joint *joint)
{
    joint->crew.parked = true;
    crew->parked++;
    return PX_EAGAIN;
}

int crew_owner_done(struct crew *crew, struct fetch_task *owner)
{
    struct joint *joint = owner->joint;

    if (joint == NULL) {
        return PX_OK;
    }
    collect(crew);
    if (!owner->posted) { /* nobody may help: it is in the list only while it is here */
        owner->posted = true;
        joint->crew.off = true;
        joint->crew.next = crew->first;
        crew->first = joint;
    }
    if (owner->waits) {
        owner->waits = false;
        return park(crew, joint);
    }
    return PX_OK;
}

int crew_owner_ends(struct crew *crew, struct fetch_task *owner)
{
    struct joint *joint = owner->joint;

    if (joint == NULL) {
        return PX_OK;
    }
    split_stop(&joint->split, SPLIT_DONE);
    if (joint->crew.helpers == 0) {
        crew_forget(crew, owner);
        return PX_OK;
    }
    joint->crew.final = true;
    return park(crew, joint);
}

/* All its bytes are dropped, and it begins anew. True: it has done so too often. */
static bool begin_anew(struct crew *crew, struct fetch_task *owner, enum split_stop why)
{
    bool changed = why == SPLIT_CHANGED;
    const char *text = changed ? "changed on the server" : "the server ignores ranges";
    char shown[SHOW_ROOM];

    owner->joint->crew.drop = true;
    crew_forget(crew, owner);
    owner->part.held = 0;
    owner->size = GATE_UNKNOWN;
    owner->detail.etag = NULL;
    owner->detail.last_modified = NULL;
    owner->detail.resumed = false;
    owner->detail.segments = 0;
    owner->one_stream |= why == SPLIT_RANGELESS;
    if (why == SPLIT_DONE || why == SPLIT_MIRROR) {
        return false; /* what was wrong with it has been said */
    }
    if (owner->restarts++ >= TASK_RESTARTS_MAX) {
        task_set_failed(owner, changed ? PX_EINTEGRITY : PX_EPROTO, 0, "%s: %s",
                        changed ? "transfer" : "protocol", text);
        return true;
    }
    px_log_line(crew->fetch->opts.log, changed ? PX_LOG_NORMAL : PX_LOG_VERBOSE, PX_LOG_MAIN,
                "%s: %s, restarting", px_show_str(shown, sizeof shown, owner->target), text);
    return false;
}

struct fetch_task *crew_next_owner(struct crew *crew, int64_t now_ns, bool *final)
{
    *final = false;
    for (struct joint *joint = crew->parked > 0 ? crew->first : NULL; joint != NULL;
         joint = joint->crew.next) {
        struct fetch_task *owner = joint->owner;
        enum split_stop stop = split_stopped(&joint->split);

        if (!joint->crew.parked) {
            continue;
        }
        if (joint->crew.helpers > 0) {
            if (stop != SPLIT_GOES_ON || now_ns < joint->crew.not_before_ns ||
                !split_has_free(&joint->split)) {
                continue;
            }
        } else if (joint->crew.final) {
            *final = true;
            crew_forget(crew, owner);
            return owner;
        } else if (stop != SPLIT_GOES_ON) {
            *final = begin_anew(crew, owner, stop);
            owner->goes_on = !*final; /* a clean restart is not a try */
            return owner;
        }
        joint->crew.parked = false;
        crew->parked--;
        owner->goes_on = true;
        return owner;
    }
    return NULL;
}

/* --- helpers ----------------------------------------------------------------------------------*/

static bool wants_help(const struct joint *joint, int64_t now_ns)
{
    return !joint->crew.off && !joint->crew.final && now_ns >= joint->crew.not_before_ns;
}

/* The posted file that has most left to do, of those with less than `below`. */
static struct joint *most_left(const struct crew *crew, int64_t now_ns, uint64_t below,
                               uint64_t *left)
{
    struct joint *best = NULL;

    *left = 0;
    for (struct joint *joint = crew->first; joint != NULL; joint = joint->crew.next) {
        if (wants_help(joint, now_ns)) {
            uint64_t mine = joint->split.size - split_accepted_bytes(&joint->split);

            if (mine > *left && mine < below) {
                best = joint;
                *left = mine;
            }
        }
    }
    return best;
}

struct fetch_task *crew_next_helper(struct crew *crew, unsigned idle, int64_t now_ns)
{
    const struct px_fetch_opts *opts = &crew->fetch->opts;
    struct share_limits limits = {.least = opts->min_split_bytes,
                                  .least_late = opts->min_split_bytes < LEAST_LATE_BYTES
                                                    ? opts->min_split_bytes
                                                    : LEAST_LATE_BYTES};
    uint64_t left = UINT64_MAX;

    collect(crew);
    for (struct joint *joint; (joint = most_left(crew, now_ns, left, &left)) != NULL;) {
        struct split_claim claim;
        struct fetch_task *helper;
        struct mirrors *set = joint->owner->set;
        const uint64_t most = joint->owner->split;

        limits.most = most > 0 && most < opts->split ? (unsigned)most : opts->split;
        if (!split_ask(&joint->split, &limits, idle, now_ns, &claim)) {
            continue;
        }
        size_t mirror = set != NULL ? mirrors_for_helper(set) : 0;
        if (mirror == MIRRORS_MAX ||
            task_new_helper(joint->owner, &claim, mirror, &helper) != PX_OK) {
            split_drop_claim(&joint->split, claim.id); /* no memory: then without help */
            joint->crew.off |= mirror == MIRRORS_MAX;
            continue;
        }
        if (!crew->may_start(crew->ctx, helper, now_ns)) {
            split_drop_claim(&joint->split, claim.id);
            task_free(helper);
            continue;
        }
        helper->plan.ready_ns = now_ns;
        joint->crew.helpers++;
        if (set != NULL) {
            set->at[mirror].helpers++;
        }
        return helper;
    }
    return NULL;
}

bool crew_may_want(const struct crew *crew)
{
    for (const struct joint *joint = crew->first; joint != NULL; joint = joint->crew.next) {
        if (!joint->crew.off && !joint->crew.final) {
            return true;
        }
    }
    return crew->fetch->opts.split > 1;
}

/* What a helper has learnt of its mirror. */
static void mirror_done(struct fetch_task *helper, const struct retry_decision *decision)
{
    struct mirror *mirror = &helper->set->at[helper->mirror];

    mirror->helpers--;
    mirror->unlike |= helper->rejected;
    if (decision != NULL) {
        mirror->failed = true;
        mirror->out |= !decision->again;
    }
}

void crew_helper_done(struct crew *crew, struct fetch_task *helper,
                      const struct retry_decision *decision, int64_t now_ns)
{
    struct joint *joint = helper->joint;

    (void)crew;
    joint->crew.helpers--;
    if (helper->claim.id != SPLIT_NONE) {
        split_drop_claim(&joint->split, helper->claim.id);
    }
    if (helper->set != NULL) {
        mirror_done(helper, decision);
        return;
    }
    if (helper->rejected) {
        joint->crew.off = true;
    } else if (decision == NULL) {
        joint->crew.tries = 0;
    } else {
        joint->crew.tries += decision->counts;
        joint->crew.pauses += !decision->counts;
        joint->crew.not_before_ns = now_ns + decision->wait_ms * PX_NS_PER_MS;
        joint->crew.off |= !decision->again;
    }
}
