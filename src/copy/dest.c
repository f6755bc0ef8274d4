/* SPDX-License-Identifier: MIT
 *
 * copy/dest.c - several destinations beside each other. The flags only ever go from false to true, so
 * a worker that reads an old one at worst tries once more. No locks.
 */
#define _GNU_SOURCE /* O_PATH */

#include "copy/dest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/show.h"
#include "copy/engine.h"

/* --- one beside the other --------------------------------------------------------------------- */

static const char *dest_name(const struct px_copy *copy, size_t i)
{
    return i == 0 ? copy->opts.target : copy->opts.also[i - 1];
}

static int dest_refuse(const struct px_copy *copy, size_t i, size_t other, const char *text,
                       char *error, size_t n)
{
    char *left = px_show_dup(dest_name(copy, i));
    char *right = px_show_dup(dest_name(copy, other));
    (void)snprintf(error, n, "%s: %s %s", left != NULL ? left : "", text,
                   right != NULL ? right : "");
    free(left);
    free(right);
    return PX_EREFUSED;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_dir_at(int fd, const char *name, struct stat *st)
{
    return fstatat(fd, name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st->st_mode);
}

/* Is `dir` the directory `what`, or below it? */
static bool is_inside(int dir, const struct stat *what)
{
    int fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    struct stat st;
    struct stat last = {0};
    bool inside = false;
    while (fd >= 0 && !inside && fstat(fd, &st) == 0 && !same_file(&st, &last)) {
        inside = same_file(&st, what);
        last = st; /* ".." of the root is the root */
        const int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        PX_IGNORE(close(fd)); /* only looked at */
        fd = up;
    }
    if (fd >= 0) {
        PX_IGNORE(close(fd)); /* only looked at */
    }
    return inside;
}

/* Do both put operand `root` at one place? */
static bool same_place(const struct px_plan *a, const struct px_plan *b, size_t root)
{
    struct stat left;
    struct stat right;
    if (is_dir_at(a->target_fd, a->roots[root].target_name, &left) &&
        is_dir_at(b->target_fd, b->roots[root].target_name, &right)) {
        return same_file(&left, &right);
    }
    return strcmp(a->roots[root].target_name, b->roots[root].target_name) == 0 &&
           fstat(a->target_fd, &left) == 0 && fstat(b->target_fd, &right) == 0 &&
           same_file(&left, &right);
}

/* Does `inner` put operand `root` into what `outer` copies there? It is asked of directories that
 * exist: nothing can be inside one that does not. */
static bool lies_inside(const struct px_plan *outer, const struct px_plan *inner, size_t root)
{
    struct stat taken;
    return is_dir_at(outer->target_fd, outer->roots[root].target_name, &taken) &&
           is_inside(inner->target_fd, &taken);
}

static int dests_check_pair(const struct px_copy *copy, const struct px_dests *dests, size_t i,
                            size_t other, char *error, size_t n)
{
    const struct px_plan *plan = &dests->items[i].plan;
    const struct px_plan *next = &dests->items[other].plan;
    for (size_t root = 0; root < plan->n_roots; root++) {
        if (plan->roots[root].status != PX_OK || next->roots[root].status != PX_OK) {
            continue;
        }
        if (same_place(plan, next, root)) {
            return dest_refuse(copy, i, other, "is the same destination as", error, n);
        }
        if (lies_inside(plan, next, root)) {
            return dest_refuse(copy, other, i, "lies inside the destination", error, n);
        }
        if (lies_inside(next, plan, root)) {
            return dest_refuse(copy, i, other, "lies inside the destination", error, n);
        }
    }
    return PX_OK;
}

static int dests_check(const struct px_copy *copy, const struct px_dests *dests, char *error,
                       size_t n)
{
    for (size_t i = 0; i < dests->n; i++) {
        for (size_t other = i + 1; other < dests->n; other++) {
            const int status = dests_check_pair(copy, dests, i, other, error, n);
            if (status != PX_OK) {
                return status;
            }
        }
    }
    return PX_OK;
}

/* --- making ----------------------------------------------------------------------------------- */

static void dest_find_volume(struct px_dests *dests, size_t i)
{
    struct px_dest *dest = &dests->items[i];
    struct stat st;
    if (fstat(dest->plan.target_fd, &st) == 0) {
        dest->own.dev = st.st_dev;
    }
    dest->volume = &dest->own;
    for (size_t other = 0; other < i; other++) {
        if (dests->items[other].own.dev == dest->own.dev) {
            dest->volume = dests->items[other].volume;
            return;
        }
    }
    atomic_fetch_add_explicit(&dests->open_volumes, 1, memory_order_relaxed);
}

static int dests_fill(const struct px_copy *copy, struct px_dests *dests, size_t wanted,
                      char *error, size_t n)
{
    for (; dests->n < wanted; dests->n++) {
        struct px_copy_opts opts = copy->opts;
        opts.target = dest_name(copy, dests->n);
        const int status = px_plan_make(&opts, error, n, &dests->items[dests->n].plan);
        if (status != PX_OK) {
            return status;
        }
        dest_find_volume(dests, dests->n);
    }
    return dests_check(copy, dests, error, n);
}

int px_dests_open(const struct px_copy *copy, char *error, size_t n, struct px_dests *out)
{
    const size_t wanted = 1 + copy->opts.n_also;
    *out = (struct px_dests){.items = calloc(wanted, sizeof *out->items)};
    if (out->items == NULL) {
        (void)snprintf(error, n, "out of memory");
        return PX_ENOMEM;
    }
    const int status = dests_fill(copy, out, wanted, error, n);
    if (status != PX_OK) {
        px_dests_close(out);
    }
    return status;
}

void px_dests_close(struct px_dests *dests)
{
    for (size_t i = 0; i < dests->n; i++) {
        px_plan_fini(&dests->items[i].plan);
        free(dests->items[i].shortfall);
    }
    free(dests->items);
    *dests = (struct px_dests){0};
}

/* --- while it runs ---------------------------------------------------------------------------- */

bool px_dest_is_full(const struct px_dest *dest)
{
    return atomic_load_explicit(&dest->volume->full, memory_order_relaxed);
}

bool px_dest_fill(struct px_dests *dests, struct px_dest *dest)
{
    if (atomic_exchange_explicit(&dest->volume->full, true, memory_order_relaxed)) {
        return false;
    }
    if (atomic_fetch_sub_explicit(&dests->open_volumes, 1, memory_order_relaxed) == 1) {
        atomic_store_explicit(&dests->full, true, memory_order_relaxed);
    }
    return true;
}

const struct px_root *px_dest_root(const struct px_dests *dests, const struct px_dest *dest,
                                   const struct px_root *root)
{
    return root != NULL ? &dest->plan.roots[root - dests->items[0].plan.roots] : NULL;
}
