/* SPDX-License-Identifier: MIT
 *
 * copy/pair.h - what has been found out about a pair of devices (source's, target's): tried once,
 * the answer kept for the run. Answers are atomics that only ever go from unknown to yes or no, so
 * a worker that reads an old one at worst tries once more.
 */
#ifndef PX_COPY_PAIR_H
#define PX_COPY_PAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include <pxfer/attr.h>

#include "base/mutex.h"

#define PX_PAIR_TOLD 16

/* Static text; NULL: free, or not yet set. */
struct px_pair_told {
    _Atomic(const char *) why;
    _Atomic(const char *) what;
};

struct px_pair {
    struct px_pair *next; /* fixed once it is in the list, as are these: */
    dev_t source_dev;
    dev_t target_dev;
    bool team_pays;          /* several workers on one large file pay: neither is a spinning disk */
    bool reserving_pays;     /* the target is ext4: see px_reserve() */
    bool reflink_small_pays; /* the target is btrfs: see px_data_reflink() */
    bool never_shares; /* the target's file system has no shared blocks: copy_file_range() copies */

    /* atomic: false = not refused (yet) */
    atomic_bool no_reflink;  /* FICLONE is not possible between the two */
    atomic_bool no_range;    /* copy_file_range() is not */
    atomic_bool no_reserve;  /* fallocate() is not possible on the target */
    atomic_bool no_nameless; /* the target knows no O_TMPFILE */
    atomic_bool no_xattr;    /* the source has no extended attributes */
    atomic_bool warned_xattr;
    atomic_bool no_once_in;  /* the source knows no reading that leaves nothing in memory */
    atomic_bool no_once_out; /* the target no such writing */
    atomic_bool slow_source; /* reading it takes long (copy/ahead.h) */
    struct px_pair_told told[PX_PAIR_TOLD]; /* by --explain */
};

struct px_pairs {
    struct px_mutex lock;
    struct px_pair *first PX_GUARDED; /* protected by lock */
};

/* PX_ENOMEM. */
PX_NODISCARD int px_pairs_init(struct px_pairs *pairs);
void px_pairs_fini(struct px_pairs *pairs);

/* The pair, made when it is new; lives until px_pairs_fini(). `target_fd` is anything on the target
 * device. Asked once for each directory, not for each file. NULL: out of memory. */
PX_NODISCARD struct px_pair *px_pairs_get(struct px_pairs *pairs, dev_t source_dev,
                                          dev_t target_dev, int target_fd) PX_EXCLUDES(pairs->lock);

/* True when the block device, or any disk that it is on, says that it spins
 * (/sys/dev/block/MAJ:MIN/queue/rotational). Virtio disks and loop devices are not believed; devices
 * without a disk (NFS, tmpfs) do not spin. */
bool px_device_spins(dev_t dev);

/* True for a file system type (f_type of statfs(2)) that is known to share no blocks between files. */
bool px_fs_never_shares(unsigned long type);

#endif
