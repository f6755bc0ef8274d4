/* SPDX-License-Identifier: MIT
 *
 * copy/finish.c - the end of a directory: extra names, attributes, durability or comparison, and
 * its item. Entered by whoever gives up the last reference, any worker.
 *
 * No locks. The decrement is acquire-release, so the finisher sees all that the others did; from
 * then on the set is the finisher's alone, but for keeps, whose holders ask for a descriptor only.
 */
#include "copy/finish.h"

#include <errno.h>

#include "copy/check.h"
#include "copy/durable.h"
#include "copy/extra.h"
#include "copy/meta.h"
#include "copy/parents.h"

#define MODE_BITS 07777

/* Attributes, also when something below failed or was canceled. */
static int finish_apply_to(struct px_copier *copier, struct px_dir *dir, struct px_dir_fds fds,
                           struct px_fail *fail)
{
    struct px_meta meta = {.pair = dir->pair,
                           .in = fds.source,
                           .out = fds.target,
                           .want = &dir->st,
                           .has = dir->fresh,
                           .clean = dir->made && !dir->parent->inherits};
    if (!dir->made) {
        struct stat st;
        if (copier->io->fstat(fds.target, &st) != 0) {
            return px_fail_target(fail, errno, "stat target directory", fds.target);
        }
        meta.has = (struct px_owned){st.st_uid, st.st_gid, st.st_mode & MODE_BITS};
        if ((copier->copy->opts.keep.lose & PX_KEEP_MODE) != 0) { /* it keeps the mode it has */
            meta.has.mode = px_meta_new_mode(copier, dir->st.st_mode) & ~copier->copy->umask;
        }
    }
    return px_meta_apply(copier, &meta, fail);
}

static int finish_apply(struct px_copier *copier, struct px_dir *dir, struct px_fail *fail)
{
    const struct px_dir_fds fds = px_dir_acquire(dir);
    const int status = finish_apply_to(copier, dir, fds, fail);
    px_dir_release(dir);
    return status;
}

static void finish_settle(struct px_copier *copier, struct px_dir *dir)
{
    struct px_fail fail = {.status = PX_OK};
    struct px_fail extra_fail;
    struct px_entry entry = px_dir_entry(dir);
    const bool top = px_parents_is_top(dir); /* its attributes are not copied, and it is no item */
    const int extra = px_extra_handle(copier, dir, &extra_fail);
    px_copier_begin(copier, &entry);
    int status = PX_OK;
    if (copier->copy->opts.dry_run) {
        entry.skip_reason = PX_SKIP_DRY_RUN;
    } else if (copier->copy->opts.check) {
        status = top ? PX_OK : px_check_dir(copier, dir, &fail);
    } else {
        status = top ? PX_OK : finish_apply(copier, dir, &fail);
        status = status == PX_OK ? px_durable_end(copier, dir, &fail) : status;
    }
    px_copier_phase(&entry, PX_COPY_META);
    const struct px_fail *why = &fail;
    const struct px_fail *listing_fail = dir->head->listing_fail;
    if (status == PX_OK && listing_fail != NULL) {
        status = listing_fail->status;
        why = listing_fail;
    } else if (status == PX_OK && extra != PX_OK) {
        status = extra;
        why = &extra_fail;
    } else if (status == PX_OK && atomic_load_explicit(&dir->partly, memory_order_relaxed)) {
        status = PX_ECANCELED;
    }
    if (!top || (status != PX_OK && status != PX_ECANCELED)) {
        px_copier_settle_status(copier, &entry, status, why);
    }
}

static void finish_one(struct px_copier *copier, struct px_dir *dir)
{
    if (dir->parent != NULL) {
        finish_settle(copier, dir);
    }
    px_opendirs_retire(dir);
    px_dir_unkeep(dir);
}

void px_dir_drop(struct px_copier *copier, struct px_dir *dir)
{
    struct px_dir *head = dir != NULL ? dir->head : NULL;
    while (head != NULL && atomic_fetch_sub_explicit(&head->refs, 1, memory_order_acq_rel) == 1) {
        struct px_dir *parents = head->parent != NULL ? head->parent->head : NULL;
        for (struct px_dir *other = head->also; other != NULL;) {
            struct px_dir *next = other->also;
            finish_one(copier, other);
            other = next;
        }
        finish_one(copier, head); /* the others look into it */
        head = parents;
    }
}
