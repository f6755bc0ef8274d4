/* SPDX-License-Identifier: MIT
 *
 * fetch/mirrors.h - the several URLs of one file: which one is asked now, which have failed.
 *
 * Each mirror has its own memory of failures: while one of them has not failed, the failure of another
 * costs none of the file's tries. A round is over when all that are left have failed once; then the
 * file's own try counts, and those that may do better come again.
 *
 * Belongs to a task; changed by the source alone, while no worker has the task.
 */
#ifndef FETCH_MIRRORS_H
#define FETCH_MIRRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define MIRRORS_MAX 64 /* what is behind them on a line is not used */

struct mirror {
    const char *url;
    uint64_t origin;
    bool has_userinfo;
    bool failed;      /* in this round */
    bool out;         /* for good: it does not have the file */
    bool unlike;      /* its file cannot be told to be the same as that of the others */
    unsigned helpers; /* that ask it now */
};

struct mirrors {
    size_t n;   /* at least 2 */
    size_t now; /* the one that is asked */
    bool alone; /* what came from several did not fit: use one at a time */
    struct mirror at[MIRRORS_MAX];
    char text[];
};

/* How fast an origin was: bytes a second, 0 = not known, negative: it has just failed. */
typedef double mirrors_speed(void *ctx, uint64_t origin);

/* `first` (borrowed) and those in `more`, TAB-separated; what is no URL is passed over. `*out` is NULL
 * when only the first is left. PX_ENOMEM. */
PX_NODISCARD int mirrors_new(const char *first, const char *more, struct mirrors **out);
void mirrors_free(struct mirrors *mirrors);

enum mirrors_after {
    MIRRORS_NEXT,  /* there is one that has not failed yet */
    MIRRORS_AGAIN, /* all have failed once; some may do better later */
    MIRRORS_NONE,  /* none of them has the file */
};

/* What a failure of the one that is asked now leaves. Changes nothing. */
enum mirrors_after mirrors_outlook(const struct mirrors *mirrors, bool transient);

/* It has failed: notes that, and chooses the next (`now`), unless none is left. */
enum mirrors_after mirrors_fail(struct mirrors *mirrors, bool transient, mirrors_speed *speed,
                                void *ctx);

/* The first choice: the first in the list, unless another is known to be better. */
void mirrors_choose(struct mirrors *mirrors, mirrors_speed *speed, void *ctx);

/* For a helper: the one that is used least; MIRRORS_MAX: none may be used. */
size_t mirrors_for_helper(const struct mirrors *mirrors);

#endif
