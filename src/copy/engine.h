/* SPDX-License-Identifier: MIT
 *
 * copy/engine.h - what all workers of one engine share.
 */
#ifndef PX_COPY_ENGINE_H
#define PX_COPY_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <pxfer/copy.h>

#include "base/cache_line.h"
#include "base/fdio.h"
#include "core/meter.h"
#include "copy/dest.h"
#include "copy/hardlink.h"
#include "copy/opendirs.h"
#include "copy/pair.h"
#include "copy/pattern.h"

/* One worker's. */
struct px_copy_slot {
    _Alignas(PX_CACHE_LINE) struct px_account account;
};

struct px_copy {
    /* fixed after new */
    struct px_copy_opts opts;
    const struct px_io_ops *io;
    struct px_io_ops shard_io; /* with --shard: what `io` is */
    struct px_dests dests;     /* the flags in it are atomic */
    mode_t umask;
    uid_t uid; /* effective */
    gid_t gid;
    int open_flags; /* O_NOATIME where it is allowed (root), else 0 */
    struct px_patterns patterns;
    struct px_listed *names;    /* of --parents, owned until the source gives it out; else NULL */
    struct px_copy_slot *slots; /* one for each worker; written by that worker only */

    struct px_pairs pairs;         /* has its own lock */
    struct px_opendirs opendirs;   /* the same */
    struct px_hardlinks hardlinks; /* the same */
    struct meter meter;            /* --limit-rate */
};

#endif
