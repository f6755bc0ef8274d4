/* SPDX-License-Identifier: MIT
 *
 * fetch/ranges.c - a few stretches of a file, in order.
 *
 * Used by the state beside a part file and by the map of a file in pieces. Pure functions; no locks.
 */
#include "fetch/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/parse.h"

void ranges_add(struct ranges *ranges, uint64_t from, uint64_t to)
{
    if (from >= to) {
        return;
    }
    if (ranges->n > 0 && ranges->at[ranges->n - 1].to == from) {
        ranges->at[ranges->n - 1].to = to;
    } else if (ranges->n < RANGES_MAX) {
        ranges->at[ranges->n++] = (struct range){from, to};
    }
}

void ranges_clip(struct ranges *ranges, uint64_t end)
{
    while (ranges->n > 0 && ranges->at[ranges->n - 1].from >= end) {
        ranges->n--;
    }
    if (ranges->n > 0 && ranges->at[ranges->n - 1].to > end) {
        ranges->at[ranges->n - 1].to = end;
    }
}

uint64_t ranges_sum(const struct ranges *ranges)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < ranges->n; i++) {
        sum += ranges->at[i].to - ranges->at[i].from;
    }
    return sum;
}

uint64_t ranges_prefix(const struct ranges *ranges)
{
    return ranges->n > 0 && ranges->at[0].from == 0 ? ranges->at[0].to : 0;
}

void ranges_format(const struct ranges *ranges, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < ranges->n; i++) {
        int n = snprintf(text + used, RANGES_TEXT_ROOM - used, "%s%" PRIu64 "-%" PRIu64,
                         i > 0 ? " " : "", ranges->at[i].from, ranges->at[i].to);
        used += n > 0 ? (size_t)n : 0;
    }
}

int ranges_parse(const char *text, size_t len, uint64_t limit, struct ranges *out)
{
    uint64_t least = 0;

    out->n = 0;
    while (len > 0) {
        const char *space = memchr(text, ' ', len);
        size_t n = space != NULL ? (size_t)(space - text) : len;
        const char *dash = memchr(text, '-', n);
        struct range range;

        if (dash == NULL || out->n == RANGES_MAX ||
            px_parse_u64_n(text, (size_t)(dash - text), least, limit, &range.from) != PX_OK ||
            range.from == limit ||
            px_parse_u64_n(dash + 1, n - (size_t)(dash - text) - 1, range.from + 1, limit,
                           &range.to) != PX_OK) {
            return PX_EINVAL;
        }
        ranges_add(out, range.from, range.to);
        least = range.to;
        if (space != NULL && len == n + 1) {
            return PX_EINVAL; /* a blank at the end */
        }
        text += n + (space != NULL);
        len -= n + (space != NULL);
    }
    return PX_OK;
}
