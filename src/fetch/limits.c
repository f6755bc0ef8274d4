/* SPDX-License-Identifier: MIT
 *
 * fetch/limits.c - what the user allows a file to be. Asked by body.c at the head of a reply, and by
 * outcome.c at the end. Pure; any thread.
 */
#define _GNU_SOURCE
#include "fetch/limits.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/show.h"
#include "fetch/gate.h"

#define TYPE_ROOM 128
#define NO_TYPE "application/octet-stream"

/* The media type without its parameters. One that does not fit is none that anybody expects. */
static void bare_type(const char *content_type, char out[TYPE_ROOM])
{
    size_t len = strcspn(content_type, ";");

    while (len > 0 && (content_type[len - 1] == ' ' || content_type[len - 1] == '\t')) {
        len--;
    }
    snprintf(out, TYPE_ROOM, "%.*s", (int)(len < TYPE_ROOM ? len : TYPE_ROOM - 1), content_type);
}

static bool is_expected(const struct px_fetch_opts *opts, const char *type)
{
    bool fits = opts->n_expect_types == 0;

    for (size_t i = 0; i < opts->n_expect_types && !fits; i++) {
        fits = fnmatch(opts->expect_types[i], type, FNM_CASEFOLD) == 0;
    }
    return fits;
}

const char *limits_of_reply(const struct px_fetch_opts *opts, const char *content_type,
                            uint64_t size, char why[LIMITS_WHY_ROOM])
{
    char type[TYPE_ROOM], shown[TYPE_ROOM];

    bare_type(content_type != NULL && *content_type != '\0' ? content_type : NO_TYPE, type);
    if (!is_expected(opts, type)) {
        snprintf(why, LIMITS_WHY_ROOM, "Content-Type is %s (--expect-type)",
                 px_show_str(shown, sizeof shown, type));
        return why;
    }
    return size != GATE_UNKNOWN ? limits_of_file(opts, size, why) : NULL;
}

const char *limits_of_file(const struct px_fetch_opts *opts, uint64_t bytes,
                           char why[LIMITS_WHY_ROOM])
{
    if (limits_exceeded(opts, bytes)) {
        snprintf(why, LIMITS_WHY_ROOM, "%" PRIu64 " bytes, more than --max-size %" PRIu64, bytes,
                 opts->max_bytes);
        return why;
    }
    if (bytes < opts->min_bytes) {
        snprintf(why, LIMITS_WHY_ROOM, "%" PRIu64 " bytes, less than --min-size %" PRIu64, bytes,
                 opts->min_bytes);
        return why;
    }
    return NULL;
}
