/* SPDX-License-Identifier: MIT
 *
 * copy/plan.h - the operands, checked: what each is, and where it goes. Nothing is written here.
 */
#ifndef PX_COPY_PLAN_H
#define PX_COPY_PLAN_H

#include <stddef.h>
#include <sys/stat.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "copy/task.h"

/* One source operand. All strings owned. */
struct px_root {
    const char *operand; /* borrowed, as the user wrote it */
    char *source_dir;    /* path of the directory that holds it; for "src/." the directory itself */
    char *source_base;   /* what its path begins with in messages: source_dir, or "" */
    char *source_name;   /* a single component, or "." */
    char *target_name;   /* a single component in the target directory, or "." */
    struct px_expect expect;
    int status; /* PX_OK, or why it is a failed item; then only `operand` is set */
    int os_errno;
};

struct px_plan {
    struct px_root *roots;
    size_t n_roots;
    int target_fd;     /* the directory that all target names are in */
    char *target_base; /* its path in messages */
};

/* Applies cp's destination rule and refuses what must not be:
 *   PX_EUSAGE    several sources or -t without a target directory, no source, DST's parent missing
 *   PX_EREFUSED  same file (also by hard link), directory into itself, directory over something
 *                else and reverse, two sources with one target
 *   PX_EIO       DST cannot be opened; PX_ENOMEM
 * The message, escaped, goes to `error` (n bytes). On failure nothing is left to free. */
PX_NODISCARD int px_plan_make(const struct px_copy_opts *opts, char *error, size_t n,
                              struct px_plan *out);
void px_plan_fini(struct px_plan *plan);

#endif
