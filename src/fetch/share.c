/* SPDX-License-Identifier: MIT
 *
 * fetch/share.c - how much of a piece of a file a helper should take over.
 *
 * Called by split.c under its lock. Pure functions; no clock, no locks.
 */
#include "fetch/share.h"

#include <pxfer/timing.h>

/* Before that a piece's speed is not known. */
#define SPEED_LEAST_NS (500 * PX_NS_PER_MS)
/* A speed is that of the last one to two of these. */
#define SPEED_WINDOW_NS (2 * PX_NS_PER_S)
/* A piece that will be there so soon is left to its worker. A helper's first byte comes after a
 * connection (1 to 3 round trips) and a slow start. */
#define STEAL_LEAST_NS PX_NS_PER_S
/* So many times slower than the mean: all that it lacks is asked for anew. */
#define FAR_BELOW 8

void share_pace_begin(struct share_pace *pace, uint64_t pos, int64_t now_ns)
{
    *pace = (struct share_pace){.at_ns = {now_ns, now_ns}, .pos = {pos, pos}};
}

void share_pace_move(struct share_pace *pace, uint64_t pos, int64_t now_ns)
{
    if (now_ns - pace->at_ns[1] >= SPEED_WINDOW_NS) {
        *pace = (struct share_pace){.at_ns = {pace->at_ns[1], now_ns}, .pos = {pace->pos[1], pos}};
    }
}

double share_speed(const struct share_pace *pace, uint64_t pos, int64_t now_ns)
{
    int64_t span = now_ns - pace->at_ns[0];

    return span >= SPEED_LEAST_NS
               ? (double)(pos - pace->pos[0]) * (double)PX_NS_PER_S / (double)span
               : SHARE_UNKNOWN;
}

/* Into how many parts `left` is to be cut so that all have about the same share; more than those that
 * are at it. */
static uint64_t parts_of(const struct share_survey *survey, unsigned idle, uint64_t left,
                         uint64_t workers_there)
{
    uint64_t share = survey->left / (survey->workers + idle);
    uint64_t parts = share > 0 ? (left + share / 2) / share : 1;

    return parts > workers_there ? parts : workers_there + 1;
}

uint64_t share_of_free(const struct share_survey *survey, const struct share_limits *limits,
                       unsigned idle, uint64_t left)
{
    uint64_t parts = parts_of(survey, idle, left, 0);

    return left / parts >= limits->least ? left / parts : left;
}

/* A piece whose speed is not known: the tail of a stream that has just begun is shared out at once, a
 * new piece of several is given time to show what it can do. */
static uint64_t share_of_untried(const struct share_survey *survey,
                                 const struct share_limits *limits, unsigned idle, uint64_t left)
{
    if (!survey->fresh) {
        return 0;
    }
    uint64_t parts = parts_of(survey, idle, left, 1);
    if (left / parts < limits->least) {
        parts = limits->least > 0 ? left / limits->least : parts;
    }
    return parts >= 2 && left / parts >= limits->least ? left / parts : 0;
}

uint64_t share_of_tail(const struct share_survey *survey, const struct share_limits *limits,
                       unsigned idle, uint64_t left, double speed)
{
    bool alone = survey->workers == 1;
    uint64_t least = alone ? limits->least : limits->least_late;

    if (speed < 0) {
        return share_of_untried(survey, limits, idle, left);
    }
    if (speed * STEAL_LEAST_NS / PX_NS_PER_S > (double)left) {
        return 0;
    }
    if (!alone && speed * FAR_BELOW < survey->mean) {
        return left >= least ? left : 0;
    }
    uint64_t parts = parts_of(survey, idle, left, 1);
    double keep = alone || parts > 2 ? (double)left - (double)left / (double)parts
                                     : (double)left * speed / (speed + survey->mean);
    uint64_t taken = left - (uint64_t)keep;
    if (taken < least && left >= 2 * least) {
        taken = least;
    }
    return taken >= least && left - taken >= least ? taken : 0;
}

double share_time_left(const struct share_survey *survey, uint64_t left, double speed)
{
    double expected = speed < 0 ? survey->mean : speed;

    return (double)left / (expected > 1 ? expected : 1);
}
