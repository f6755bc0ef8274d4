/* SPDX-License-Identifier: MIT
 *
 * copy/dir.h - a directory being copied: source and target, open together, shared by everything that
 * works below it, finished (owner, mode, times) after the last of it.
 *
 * With several destinations there is one struct px_dir for each, all of the same source directory:
 * a set, of which the first one, the head, has the references; they are finished together.
 *
 * References: each task, each large file in chunks and each sub-directory that needs the directory
 * holds one. Whoever gives up the last one finishes the directory (copy/finish.h), there and then,
 * and gives up the reference to the parent that the directory held.
 *
 * Descriptors: nobody reads the fields; users ask with px_dir_acquire() for the time of one
 * operation and give back with px_dir_release(). So a directory in which nobody is busy can have
 * its descriptors closed and opened again by way of its parent (copy/opendirs.h).
 *
 * Who only wants to find the target again after it was finished (hard links) keeps the structure
 * with px_dir_keep(), which holds nothing open and nothing up.
 */
#ifndef PX_COPY_DIR_H
#define PX_COPY_DIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/listed.h"
#include "copy/meta.h"
#include "copy/opendirs.h"

enum px_side { PX_SIDE_SOURCE, PX_SIDE_TARGET };

struct px_dir_fds {
    int source;
    int target; /* -1: dry run, and there is none */
};

struct px_dir {
    /* fixed once others know it */
    struct px_copy *copy;
    struct px_dest *dest; /* where the target is */
    struct px_dir *head; /* of the set: the same source directory for each destination that takes */
    struct px_dir *also; /* it; the head has the references. `also`: the next one, NULL: the last */
    struct px_dir *parent; /* of the same destination; NULL: a container */
    struct px_dir *top;    /* the container at the upper end; itself for a container */
    struct px_pair *pair;
    struct stat st;             /* the source's, as it was when opened */
    struct px_expect target_is; /* the target; type 0: there is none (dry run) */
    bool made;     /* the target was made by this run, so nothing in it is anybody else's */
    bool plain;    /* what a new file in it will have is known: `fresh` and its mode & ~umask */
    bool inherits; /* what is made in the target gets an ACL from it */
    struct px_owned fresh;        /* plain: owner of new files; `made`: mode it was made with */
    bool is_listed;               /* its names come from a list only: */
    struct px_listed_part listed; /* what a list asks for in it, and nobody has seen yet */
    unsigned level;     /* below the container; with the hash of the path there for --shard */
    uint64_t path_hash; /* (copy/shard.h) */
    bool followed;      /* by way of a symbolic link, as was asked for */
    bool elsewhere;     /* -x: on another file system, left empty */
    const char *source_name;
    const char *target_name;

    struct px_listed *batch; /* containers only, owned: what all below it is listed in */

    /* containers only; the last guards against a target that turns up below the source (bind
     * mounts), as does target_is */
    const struct px_root *root;   /* borrowed from the plan */
    dev_t source_dev;             /* of the operand, for -x */
    struct px_expect target_root; /* the operand's own target directory; set before it is listed */

    /* atomic */
    atomic_uint refs;
    atomic_uint keeps;    /* of the structure itself; all references together have one */
    atomic_bool partly;   /* something below it was canceled */
    atomic_bool failed;   /* something in it failed */
    atomic_bool finished; /* only its target is opened again */

    /* copy/opendirs.c's; others ask with px_dir_acquire() */
    struct px_dir_fds fds;
    struct px_opendir place;

    /* the head's, written by the lister only, before it gives up its reference */
    size_t listed_at;
    struct px_fail *listing_fail; /* the listing broke off; owned */

    char text[]; /* names; container: base paths */
};

/* The directories that hold an operand on both sides, `root` of the plan of `dest`. Its source_dir is
 * resolved here, once; the target is the plan's.
 * `*set`: NULL, or the head of the set that it joins; NULL becomes the new one.
 * PX_ESRC, PX_ECHANGED, PX_EIO, PX_ENOMEM with the text in `fail`. */
PX_NODISCARD int px_dir_open_container(struct px_copier *copier, struct px_dest *dest,
                                       const struct px_root *root, struct px_dir **set,
                                       struct px_fail *fail);

/* Opens the sub-directory of `entry` (entry->dir is its parent, of which the new one takes a
 * reference) and makes or opens its target. One reference is the caller's. `*set` as above: a set
 * has one source directory, and holds the parents' set up once.
 * PX_ESRC, PX_ECHANGED: the source. PX_EEXIST: something else has the target's name. PX_EREFUSED:
 * the target itself. PX_EIO, PX_EFULL, PX_ENOMEM. */
PX_NODISCARD int px_dir_open(struct px_copier *copier, const struct px_entry *entry,
                             struct px_dir **set, struct px_fail *fail);

/* How many destinations take it. */
size_t px_dir_set_size(const struct px_dir *head);

/* Something below it was canceled, or never seen, for all destinations. */
void px_dir_set_partly(struct px_dir *head);

/* One more reference; the caller must hold one. Given up with px_dir_drop() of copy/finish.h. */
void px_dir_hold(struct px_dir *dir);

/* Keeps the structure, not the reference: the directory is finished all the same. */
void px_dir_keep(struct px_dir *dir);
void px_dir_unkeep(struct px_dir *dir);

/* The descriptors for one operation of the holder of a reference (of a keep: the target's only).
 * Both are -1 when the directory had to be closed meanwhile and cannot be opened again, or is
 * another one now; a call on them fails with EBADF, for which px_fail_source() and
 * px_fail_target() have the words. To be released in any case. */
struct px_dir_fds px_dir_acquire(struct px_dir *dir);
void px_dir_release(struct px_dir *dir);

/* What the directory is as an item of its parent, to be settled; phases and times are empty. */
struct px_entry px_dir_entry(const struct px_dir *dir);

/* Do names in it come from a list? Then they need not ever have been there. */
bool px_dir_is_asked(const struct px_dir *dir);

/* The path of `name` in `dir` for messages and items; raw bytes, caller frees. NULL: no memory. */
PX_NODISCARD char *px_dir_path(const struct px_dir *dir, enum px_side side, const char *name);

#endif
