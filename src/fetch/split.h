/* SPDX-License-Identifier: MIT
 *
 * fetch/split.h - the map of a file that several workers fetch at once: which bytes are there, who is
 * at which of the missing ones, and where the next helper is of most use. No IO, no clock, no waiting.
 *
 * A stretch of missing bytes is a piece. Each belongs to one worker, or to nobody (it is free). A
 * helper gets a claim first: bytes to ask a server for, out of somebody's piece or a free one. Only
 * when the server's answer has passed the gate does the claim cut them off from there (confirm). So
 * every missing byte is always in exactly one piece, and a server that does not give ranges, or dies
 * before it answers, costs the others nothing.
 *
 * Any thread; each call takes the map's own lock for a few loads and stores.
 */
#ifndef FETCH_SPLIT_H
#define FETCH_SPLIT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "base/mutex.h"
#include "fetch/ranges.h"
#include "fetch/share.h"

#define SPLIT_PIECES 128 /* pieces, and claims, at a time; a claim may become two pieces */
#define SPLIT_MAX 60     /* workers at one file */
#define SPLIT_NONE UINT_MAX

/* Bytes that a helper is to ask for. */
struct split_claim {
    unsigned id;
    uint64_t from, to;
};

enum split_stop {
    SPLIT_GOES_ON,
    SPLIT_DONE,     /* the file is finished, or given up: nobody needs more bytes */
    SPLIT_CHANGED,  /* the server has another file now: drop all bytes */
    SPLIT_MIRROR,   /* it goes on with a mirror whose file may be another: drop all bytes */
    SPLIT_RANGELESS /* the server gives no ranges any more: drop all bytes, use one stream */
};

struct split_piece {
    uint64_t at;  /* missing from here ... */
    uint64_t end; /* ... to here */
    uint64_t pos; /* its worker has accepted the bytes [at, pos), but not written them yet */
    bool used;
    bool taken;
    struct share_pace pace;
};

struct split {
    uint64_t size; /* fixed after init */
    struct px_mutex lock;

    /* protected by lock */
    struct split_piece piece[SPLIT_PIECES] PX_GUARDED;
    struct range claim[SPLIT_PIECES] PX_GUARDED; /* to == 0: not in use */
    unsigned taken_ever PX_GUARDED;
    enum split_stop stop PX_GUARDED;
};

/* All of the `size` bytes are missing but those of `held`. PX_ENOMEM. */
PX_NODISCARD int split_init(struct split *split, uint64_t size, const struct ranges *held);
void split_fini(struct split *split);

/* --- who fetches what -------------------------------------------------------------------------*/

/* The first free piece that nobody has a claim on; it belongs to the caller. False: there is none. */
bool split_take_free(struct split *split, int64_t now_ns, struct split_claim *out);

/* Where one more helper does most good: a free piece, else the tail of the piece that will take
 * longest. `idle`: helpers that could be had now, this one included: a single stream is shared out
 * evenly among them. False: nowhere. */
bool split_ask(struct split *split, const struct share_limits *limits, unsigned idle,
               int64_t now_ns, struct split_claim *out);

/* The claim's answer has passed the gate: what is left of the claim (others went on meanwhile) is now
 * a piece of the caller: out->id, from, to. False: nothing is left. The claim is gone either way. */
bool split_confirm(struct split *split, unsigned claim, int64_t now_ns, struct split_claim *out);
void split_drop_claim(struct split *split, unsigned claim);

/* --- the owner of a piece ---------------------------------------------------------------------*/

/* How many of n received bytes belong to the piece; they count as accepted. Fewer than n: its end has
 * been reached, or somebody else has taken the rest over. */
size_t split_accept(struct split *split, unsigned piece, size_t n);

/* The bytes of the piece before `at` are in the file. */
void split_written(struct split *split, unsigned piece, uint64_t at);

/* Every byte of it was accepted: by its worker, or cut off for another. */
bool split_is_done(struct split *split, unsigned piece);

/* Without the bytes that were accepted and not written. What is missing of it is free. */
void split_give_back(struct split *split, unsigned piece);

/* --- looking ----------------------------------------------------------------------------------*/

bool split_is_complete(struct split *split); /* every byte is written */
bool split_has_free(struct split *split);    /* a free piece without a claim */
void split_held(struct split *split, struct ranges *out);
uint64_t split_accepted_bytes(struct split *split);
unsigned split_segments(struct split *split); /* pieces that somebody has ever had */

/* The first reason stays. */
void split_stop(struct split *split, enum split_stop why);
enum split_stop split_stopped(struct split *split);

#endif
