/* SPDX-License-Identifier: MIT
 *
 * fetch/share.h - how much of a piece of a file a helper should take over: arithmetic alone, over
 * speeds and bytes. Where the pieces are is known by split.c. Any thread.
 */
#ifndef FETCH_SHARE_H
#define FETCH_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/* What a piece must have for a helper to be worth its request. */
struct share_limits {
    unsigned most;       /* workers at one file at a time */
    uint64_t least;      /* bytes of a piece that is cut off a single stream */
    uint64_t least_late; /* bytes that are taken over from one of several */
};

/* Two moments, the older first, and where the piece's worker was then: its speed is measured from
 * the older. */
struct share_pace {
    int64_t at_ns[2];
    uint64_t pos[2];
};

#define SHARE_UNKNOWN (-1.0) /* a speed: there has been too little time to tell */

void share_pace_begin(struct share_pace *pace, uint64_t pos, int64_t now_ns);

/* To be called now and then: forgets what is older than some seconds. */
void share_pace_move(struct share_pace *pace, uint64_t pos, int64_t now_ns);

/* Bytes a second of the last seconds, or SHARE_UNKNOWN. */
double share_speed(const struct share_pace *pace, uint64_t pos, int64_t now_ns);

/* What all that are at a file have before them. */
struct share_survey {
    unsigned workers; /* at a piece, or about to ask for one */
    uint64_t left;    /* bytes that nobody has accepted yet */
    double mean;      /* of the speeds that are known, 0 = none is */
    bool fresh;       /* still the one stream that it began as */
};

/* How many of the `left` bytes of a free piece one of `idle` helpers should take: not 0. */
uint64_t share_of_free(const struct share_survey *survey, const struct share_limits *limits,
                       unsigned idle, uint64_t left);

/* How many of the last bytes of a piece that another worker is at, with `left` to go at `speed`; 0 =
 * it is better left alone. */
uint64_t share_of_tail(const struct share_survey *survey, const struct share_limits *limits,
                       unsigned idle, uint64_t left, double speed);

/* How long the rest of it will take, in seconds: the longest is helped first. Without a speed, as
 * the mean; without that, as long as it is. */
double share_time_left(const struct share_survey *survey, uint64_t left, double speed);

#endif
