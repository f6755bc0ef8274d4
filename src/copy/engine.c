/* SPDX-License-Identifier: MIT
 *
 * copy/engine.c - the engine as the caller sees it: made from checked operands, names for its phases
 * and counters, the accounts. Everything here runs on the owner's thread, before the workers start
 * or after they were joined.
 */
#define _GNU_SOURCE /* O_NOATIME */

#include "copy/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/parents.h"
#include "copy/select.h"
#include "copy/shard.h"
#include "copy/space.h"
#include "copy/worker.h"

const char *const *px_copy_phase_names(void)
{
    static const char *const names[] = {"walk", "open", "data", "meta", "sync", NULL};
    return names;
}

const char *const *px_copy_counter_names(void)
{
    static const char *const names[] = {
        "reflink",     "copy_file_range", "read/write", "directories",  "chunks",
        "chunks kept", "deleted",         "hard links", "system calls", NULL};
    return names;
}

const char *px_copy_type_name(enum px_copy_type type)
{
    switch (type) {
    case PX_COPY_FILE: return "file";
    case PX_COPY_DIR: return "directory";
    case PX_COPY_LINK: return "link";
    case PX_COPY_SPECIAL: return "special";
    }
    return "unknown";
}

const char *px_copy_engine_name(enum px_copy_engine engine)
{
    switch (engine) {
    case PX_ENGINE_NONE: return "none";
    case PX_ENGINE_REFLINK: return "reflink";
    case PX_ENGINE_COPY_FILE_RANGE: return "copy_file_range";
    case PX_ENGINE_READ_WRITE: return "read/write";
    case PX_ENGINE_LINK: return "hard link";
    case PX_ENGINE_SYMLINK: return "symbolic link";
    case PX_COPY_ENGINES_: break;
    }
    return "unknown";
}

/* There is no call that only reads it; set and set back while no worker runs yet. */
static mode_t engine_read_umask(void)
{
    const mode_t mask = umask(077);
    (void)umask(mask);
    return mask;
}

static int engine_alloc(struct px_copy *copy)
{
    const size_t bytes = copy->opts.workers * sizeof *copy->slots;
    copy->slots = aligned_alloc(PX_CACHE_LINE, bytes);
    if (copy->slots == NULL) {
        return PX_ENOMEM;
    }
    memset(copy->slots, 0, bytes);
    if (px_opendirs_init(&copy->opendirs, copy->opts.workers) != PX_OK) {
        return PX_ENOMEM;
    }
    if (px_hardlinks_init(&copy->hardlinks) != PX_OK) {
        goto out_opendirs;
    }
    if (px_pairs_init(&copy->pairs) != PX_OK) {
        goto out_hardlinks;
    }
    return PX_OK;

out_hardlinks:
    px_hardlinks_fini(&copy->hardlinks);
out_opendirs:
    px_opendirs_fini(&copy->opendirs);
    return PX_ENOMEM;
}

int px_copy_new(const struct px_copy_opts *opts, char *error, size_t n, struct px_copy **out)
{
    struct px_copy *copy = calloc(1, sizeof *copy);
    if (copy == NULL) {
        goto out_memory;
    }
    copy->opts = *opts;
    copy->opts.workers = opts->workers > 0 ? opts->workers : 1;
    copy->shard_io = px_shard_io();
    copy->io = opts->io != NULL ? opts->io : opts->shard_count > 1 ? &copy->shard_io : px_io_real();
    copy->meter.bytes_per_s = copy->opts.limit_rate;
    copy->umask = engine_read_umask();
    copy->uid = geteuid();
    copy->gid = getegid();
    /* Reading leaves the source's access times alone, and spares writing them. */
    copy->open_flags = copy->uid == 0 ? O_NOATIME : 0;
    if (engine_alloc(copy) != PX_OK) {
        goto out_free;
    }
    int status = px_select_load(&copy->opts, &copy->patterns, error, n);
    if (status == PX_OK && opts->n_names > 0) {
        status = px_parents_list(opts, error, n, &copy->names);
    }
    if (status != PX_OK) {
        px_copy_free(copy);
        return status;
    }
    status = px_dests_open(copy, error, n, &copy->dests);
    if (status == PX_OK) {
        status = px_space_check(copy, error, n);
    }
    if (status != PX_OK) {
        px_copy_free(copy);
        return status;
    }
    *out = copy;
    return PX_OK;

out_free:
    free(copy->slots);
    free(copy);
out_memory:
    (void)snprintf(error, n, "out of memory");
    return PX_ENOMEM;
}

void px_copy_free(struct px_copy *copy)
{
    if (copy == NULL) {
        return;
    }
    px_hardlinks_fini(&copy->hardlinks);
    px_dests_close(&copy->dests);
    px_pairs_fini(&copy->pairs);
    px_patterns_free(&copy->patterns);
    px_listed_free(copy->names);
    px_opendirs_fini(&copy->opendirs);
    free(copy->slots);
    free(copy);
}

struct px_worker_body px_copy_body(struct px_copy *copy)
{
    return px_copy_worker_body(copy);
}

int px_copy_sync(struct px_copy *copy)
{
    if (copy->opts.sync != PX_SYNC_END || copy->opts.dry_run || copy->opts.check) {
        return PX_OK;
    }
    int status = PX_OK;
    for (size_t i = 0; i < copy->dests.n; i++) {
        const struct px_dest *dest = &copy->dests.items[i];
        const bool again = dest->volume != &dest->own; /* the file system of another one */
        if (!again && syncfs(dest->plan.target_fd) != 0) {
            status = PX_EIO;
        }
    }
    return status;
}

const struct px_account *px_copy_account(const struct px_copy *copy, unsigned worker)
{
    return worker < copy->opts.workers ? &copy->slots[worker].account : NULL;
}
