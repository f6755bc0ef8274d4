/* SPDX-License-Identifier: MIT
 *
 * fetch/mirrors.c - the several URLs of one file.
 *
 * Called by the source on the owner's thread. Pure but for its memory; no locks.
 */
#include "fetch/mirrors.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/authority.h"
#include "fetch/syntax.h"

/* A mirror that is earlier in the list is given up for a later one that is so many times faster. */
#define BETTER 1.5

static void add(struct mirrors *mirrors, const char *url)
{
    struct mirror *mirror = &mirrors->at[mirrors->n];

    for (size_t i = 0; i < mirrors->n; i++) {
        if (strcmp(mirrors->at[i].url, url) == 0) {
            return;
        }
    }
    *mirror = (struct mirror){.url = url,
                              .origin = authority_origin(url),
                              .has_userinfo = authority_of(url, strlen(url)).has_userinfo};
    mirrors->n++;
}

int mirrors_new(const char *first, const char *more, struct mirrors **out)
{
    size_t len = strlen(more);
    struct mirrors *mirrors = calloc(1, sizeof *mirrors + len + 1);

    *out = NULL;
    if (mirrors == NULL) {
        return PX_ENOMEM;
    }
    memcpy(mirrors->text, more, len + 1);
    add(mirrors, first);
    for (char *at = mirrors->text, *end; at != NULL; at = end) {
        end = strchr(at, '\t');
        if (end != NULL) {
            *end++ = '\0';
        }
        if (mirrors->n < MIRRORS_MAX && syntax_is_url(at)) {
            add(mirrors, at);
        }
    }
    if (mirrors->n < 2) {
        free(mirrors);
        return PX_OK;
    }
    *out = mirrors;
    return PX_OK;
}

void mirrors_free(struct mirrors *mirrors)
{
    free(mirrors);
}

/* --- choosing ---------------------------------------------------------------------------------*/

static bool may_be_asked(const struct mirror *mirror)
{
    return !mirror->out && !mirror->failed;
}

void mirrors_choose(struct mirrors *mirrors, mirrors_speed *speed, void *ctx)
{
    size_t best = MIRRORS_MAX;
    double best_speed = 0;

    for (size_t i = 0; i < mirrors->n; i++) {
        if (!may_be_asked(&mirrors->at[i])) {
            continue;
        }
        double mine = speed(ctx, mirrors->at[i].origin);
        bool better = best == MIRRORS_MAX || (best_speed < 0 && mine >= 0) ||
                      (best_speed > 0 && mine > best_speed * BETTER);
        if (better) {
            best = i;
            best_speed = mine;
        }
    }
    mirrors->now = best != MIRRORS_MAX ? best : mirrors->now;
}

size_t mirrors_for_helper(const struct mirrors *mirrors)
{
    size_t best = MIRRORS_MAX;

    if (mirrors->alone) {
        return mirrors->now;
    }
    for (size_t i = 0; i < mirrors->n; i++) {
        const struct mirror *mirror = &mirrors->at[i];
        unsigned used = mirror->helpers + (i == mirrors->now);

        if (may_be_asked(mirror) && !mirror->unlike &&
            (best == MIRRORS_MAX || used < mirrors->at[best].helpers + (best == mirrors->now))) {
            best = i;
        }
    }
    return best;
}

/* --- failing ----------------------------------------------------------------------------------*/

enum mirrors_after mirrors_outlook(const struct mirrors *mirrors, bool transient)
{
    bool some = transient;

    for (size_t i = 0; i < mirrors->n; i++) {
        if (i != mirrors->now && may_be_asked(&mirrors->at[i])) {
            return MIRRORS_NEXT;
        }
        some |= i != mirrors->now && !mirrors->at[i].out;
    }
    return some ? MIRRORS_AGAIN : MIRRORS_NONE;
}

enum mirrors_after mirrors_fail(struct mirrors *mirrors, bool transient, mirrors_speed *speed,
                                void *ctx)
{
    enum mirrors_after after = mirrors_outlook(mirrors, transient);

    mirrors->at[mirrors->now].failed = true;
    mirrors->at[mirrors->now].out = !transient;
    if (after == MIRRORS_AGAIN) {
        for (size_t i = 0; i < mirrors->n; i++) {
            mirrors->at[i].failed = false;
        }
    }
    if (after != MIRRORS_NONE) {
        mirrors_choose(mirrors, speed, ctx);
    }
    return after;
}
