/* SPDX-License-Identifier: MIT
 *
 * fetch/split.c - the map of a file that several workers fetch at once.
 *
 * Entered by the workers that have a piece (for every block of bytes), by those that get a claim
 * confirmed, and by the source on the owner's thread, which gives the claims out. One lock, held for
 * a walk over at most SPLIT_PIECES entries; nothing else is locked inside.
 */
#include "fetch/split.h"

#include <string.h>

#include <pxfer/status.h>

int split_init(struct split *split, uint64_t size, const struct ranges *held)
{
    uint64_t at = 0;
    unsigned n = 0;
    int rc = px_mutex_init(&split->lock);

    if (rc != PX_OK) {
        return rc;
    }
    px_mutex_lock(&split->lock);
    split->size = size;
    memset(split->piece, 0, sizeof split->piece);
    memset(split->claim, 0, sizeof split->claim);
    split->taken_ever = 0;
    split->stop = SPLIT_GOES_ON;
    for (size_t i = 0; i <= held->n; i++) {
        uint64_t end = i < held->n && n + 2 < SPLIT_PIECES / 2 ? held->at[i].from : size;

        if (at < end) {
            split->piece[n++] = (struct split_piece){.used = true, .at = at, .pos = at, .end = end};
        }
        if (end == size) {
            break; /* more gaps than there is room for: the rest is fetched again */
        }
        at = held->at[i].to;
    }
    px_mutex_unlock(&split->lock);
    return PX_OK;
}

void split_fini(struct split *split)
{
    px_mutex_fini(&split->lock);
}

/* --- walks ------------------------------------------------------------------------------------*/

/* A place for one more piece; SPLIT_NONE: full. */
static unsigned free_place(const struct split *split) PX_REQUIRES(split->lock)
{
    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        if (!split->piece[i].used) {
            return i;
        }
    }
    return SPLIT_NONE;
}

static unsigned free_claim(const struct split *split) PX_REQUIRES(split->lock)
{
    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        if (split->claim[i].to == 0) {
            return i;
        }
    }
    return SPLIT_NONE;
}

/* The piece's end as it will be when all claims are confirmed. */
static uint64_t end_with_claims(const struct split *split, const struct split_piece *piece)
    PX_REQUIRES(split->lock)
{
    uint64_t end = piece->end;

    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        const struct range *claim = &split->claim[i];

        if (claim->to > piece->pos && claim->from < end) {
            end = claim->from > piece->pos ? claim->from : piece->pos;
        }
    }
    return end;
}

/* Pieces and claims together: every confirmation needs at most two places. */
static bool has_room(const struct split *split) PX_REQUIRES(split->lock)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        n += (unsigned)split->piece[i].used + (split->claim[i].to != 0 ? 2 : 0);
    }
    return n + 2 < SPLIT_PIECES;
}

static void take(struct split *split, struct split_piece *piece, int64_t now_ns)
    PX_REQUIRES(split->lock)
{
    piece->taken = true;
    piece->pos = piece->at;
    share_pace_begin(&piece->pace, piece->pos, now_ns);
    split->taken_ever++;
}

/* --- where a helper is of use -----------------------------------------------------------------*/

static double speed_of(const struct split_piece *piece, int64_t now_ns)
{
    return share_speed(&piece->pace, piece->pos, now_ns);
}

static struct share_survey look_around(struct split *split, int64_t now_ns) PX_REQUIRES(split->lock)
{
    struct share_survey survey = {.fresh = split->taken_ever <= 1};
    double sum = 0;
    unsigned known = 0;

    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        struct split_piece *piece = &split->piece[i];

        survey.workers += split->claim[i].to != 0;
        survey.left += split->claim[i].to - split->claim[i].from;
        if (!piece->used) {
            continue;
        }
        survey.left += end_with_claims(split, piece) - piece->pos;
        if (piece->taken) {
            survey.workers++;
            share_pace_move(&piece->pace, piece->pos, now_ns);
            double speed = speed_of(piece, now_ns);
            if (speed >= 0) {
                sum += speed;
                known++;
            }
        }
    }
    survey.mean = known > 0 ? sum / known : 0;
    return survey;
}

static bool choose_free(struct split *split, const struct share_survey *survey,
                        const struct share_limits *limits, unsigned idle, struct range *out)
    PX_REQUIRES(split->lock)
{
    const struct split_piece *best = NULL;
    uint64_t most = 0;

    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        const struct split_piece *piece = &split->piece[i];
        uint64_t left = piece->used ? end_with_claims(split, piece) - piece->pos : 0;

        if (!piece->taken && left > most) {
            best = piece;
            most = left;
        }
    }
    if (best == NULL) {
        return false;
    }
    uint64_t end = best->pos + most;
    *out = (struct range){end - share_of_free(survey, limits, idle, most), end};
    return true;
}

static bool choose_tail(struct split *split, const struct share_survey *survey,
                        const struct share_limits *limits, unsigned idle, int64_t now_ns,
                        struct range *out) PX_REQUIRES(split->lock)
{
    double longest = 0;

    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        const struct split_piece *piece = &split->piece[i];

        if (!piece->used || !piece->taken) {
            continue;
        }
        uint64_t end = end_with_claims(split, piece);
        uint64_t left = end - piece->pos;
        double speed = speed_of(piece, now_ns);
        uint64_t taken = share_of_tail(survey, limits, idle, left, speed);
        double time = share_time_left(survey, left, speed);
        if (taken > 0 && time > longest) {
            longest = time;
            *out = (struct range){end - taken, end};
        }
    }
    return longest > 0;
}

bool split_ask(struct split *split, const struct share_limits *limits, unsigned idle,
               int64_t now_ns, struct split_claim *out)
{
    struct range range = {0, 0};
    bool found = false;

    px_mutex_lock(&split->lock);
    unsigned id = free_claim(split);
    if (split->stop == SPLIT_GOES_ON && id != SPLIT_NONE && has_room(split)) {
        struct share_survey survey = look_around(split, now_ns);
        unsigned room = limits->most > survey.workers ? limits->most - survey.workers : 0;
        unsigned could = idle < room ? idle : room;

        found = could > 0 && (choose_free(split, &survey, limits, could, &range) ||
                              choose_tail(split, &survey, limits, could, now_ns, &range));
    }
    if (found) {
        split->claim[id] = range;
        *out = (struct split_claim){.id = id, .from = range.from, .to = range.to};
    }
    px_mutex_unlock(&split->lock);
    return found;
}

/* --- taking -----------------------------------------------------------------------------------*/

bool split_take_free(struct split *split, int64_t now_ns, struct split_claim *out)
{
    bool found = false;

    px_mutex_lock(&split->lock);
    for (unsigned i = 0; i < SPLIT_PIECES && !found && split->stop == SPLIT_GOES_ON; i++) {
        struct split_piece *piece = &split->piece[i];

        if (piece->used && !piece->taken && end_with_claims(split, piece) == piece->end) {
            take(split, piece, now_ns);
            *out = (struct split_claim){.id = i, .from = piece->at, .to = piece->end};
            found = true;
        }
    }
    px_mutex_unlock(&split->lock);
    return found;
}

/* The piece that [from, to) or the rest of it lies in; SPLIT_NONE: it has all been fetched. A claim
 * never reaches beyond the piece that it was made for, and pieces only get shorter: at most one
 * piece has missing bytes in it, but for what another claim has cut off. */
static unsigned piece_with(const struct split *split, const struct range *range)
    PX_REQUIRES(split->lock)
{
    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        const struct split_piece *piece = &split->piece[i];

        if (piece->used && piece->pos < range->to && piece->end > range->from) {
            return i;
        }
    }
    return SPLIT_NONE;
}

/* Cuts [from, to) out of its piece: what is before it stays there, what is behind it is free. */
static bool cut_out(struct split *split, const struct range *range, int64_t now_ns,
                    struct split_claim *out) PX_REQUIRES(split->lock)
{
    unsigned from = piece_with(split, range);
    unsigned id = free_place(split);

    if (from == SPLIT_NONE || id == SPLIT_NONE) {
        return false;
    }
    struct split_piece *old = &split->piece[from];
    struct split_piece *piece = &split->piece[id];
    uint64_t end = old->end;
    *piece = (struct split_piece){.used = true};
    piece->at = range->from > old->pos ? range->from : old->pos;
    piece->end = range->to < end ? range->to : end;
    old->end = piece->at;
    old->used = old->taken || old->at < old->end;
    take(split, piece, now_ns);
    if (piece->end < end) {
        unsigned rest = free_place(split);
        if (rest == SPLIT_NONE) { /* never: has_room() kept two for each claim */
            piece->end = end;
        } else {
            split->piece[rest] =
                (struct split_piece){.used = true, .at = piece->end, .pos = piece->end, .end = end};
        }
    }
    *out = (struct split_claim){.id = id, .from = piece->at, .to = piece->end};
    return true;
}

bool split_confirm(struct split *split, unsigned claim, int64_t now_ns, struct split_claim *out)
{
    px_mutex_lock(&split->lock);
    struct range range = split->claim[claim];
    split->claim[claim] = (struct range){0, 0};
    bool left = split->stop == SPLIT_GOES_ON && cut_out(split, &range, now_ns, out);
    px_mutex_unlock(&split->lock);
    return left;
}

void split_drop_claim(struct split *split, unsigned claim)
{
    px_mutex_lock(&split->lock);
    split->claim[claim] = (struct range){0, 0};
    px_mutex_unlock(&split->lock);
}

/* --- the owner of a piece ---------------------------------------------------------------------*/

size_t split_accept(struct split *split, unsigned piece, size_t n)
{
    px_mutex_lock(&split->lock);
    struct split_piece *mine = &split->piece[piece];
    uint64_t left = mine->end - mine->pos;
    n = split->stop != SPLIT_GOES_ON ? 0 : n < left ? n : (size_t)left;
    mine->pos += n;
    px_mutex_unlock(&split->lock);
    return n;
}

void split_written(struct split *split, unsigned piece, uint64_t at)
{
    px_mutex_lock(&split->lock);
    split->piece[piece].at = at;
    px_mutex_unlock(&split->lock);
}

bool split_is_done(struct split *split, unsigned piece)
{
    px_mutex_lock(&split->lock);
    bool done = split->piece[piece].pos >= split->piece[piece].end;
    px_mutex_unlock(&split->lock);
    return done;
}

void split_give_back(struct split *split, unsigned piece)
{
    px_mutex_lock(&split->lock);
    struct split_piece *mine = &split->piece[piece];
    mine->taken = false;
    mine->pos = mine->at;
    mine->used = mine->at < mine->end;
    px_mutex_unlock(&split->lock);
}

/* --- looking ----------------------------------------------------------------------------------*/

bool split_is_complete(struct split *split)
{
    bool complete = true;

    px_mutex_lock(&split->lock);
    for (unsigned i = 0; i < SPLIT_PIECES && complete; i++) {
        complete = !split->piece[i].used || split->piece[i].at >= split->piece[i].end;
    }
    px_mutex_unlock(&split->lock);
    return complete;
}

bool split_has_free(struct split *split)
{
    bool found = false;

    px_mutex_lock(&split->lock);
    for (unsigned i = 0; i < SPLIT_PIECES && !found; i++) {
        const struct split_piece *piece = &split->piece[i];

        found = piece->used && !piece->taken && end_with_claims(split, piece) == piece->end;
    }
    px_mutex_unlock(&split->lock);
    return found;
}

/* The piece that begins next at or behind `from`, or NULL. */
static const struct split_piece *next_piece(const struct split *split, uint64_t from)
    PX_REQUIRES(split->lock)
{
    const struct split_piece *next = NULL;

    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        const struct split_piece *piece = &split->piece[i];

        if (piece->used && piece->at < piece->end && piece->at >= from &&
            (next == NULL || piece->at < next->at)) {
            next = piece;
        }
    }
    return next;
}

void split_held(struct split *split, struct ranges *out)
{
    uint64_t at = 0;

    out->n = 0;
    px_mutex_lock(&split->lock);
    for (const struct split_piece *piece; (piece = next_piece(split, at)) != NULL;) {
        ranges_add(out, at, piece->at);
        at = piece->end;
    }
    ranges_add(out, at, split->size);
    px_mutex_unlock(&split->lock);
}

uint64_t split_accepted_bytes(struct split *split)
{
    uint64_t missing = 0;

    px_mutex_lock(&split->lock);
    for (unsigned i = 0; i < SPLIT_PIECES; i++) {
        missing += split->piece[i].used ? split->piece[i].end - split->piece[i].pos : 0;
    }
    px_mutex_unlock(&split->lock);
    return split->size - missing;
}

unsigned split_segments(struct split *split)
{
    px_mutex_lock(&split->lock);
    unsigned n = split->taken_ever;
    px_mutex_unlock(&split->lock);
    return n;
}

void split_stop(struct split *split, enum split_stop why)
{
    px_mutex_lock(&split->lock);
    if (split->stop == SPLIT_GOES_ON) {
        split->stop = why;
    }
    px_mutex_unlock(&split->lock);
}

enum split_stop split_stopped(struct split *split)
{
    px_mutex_lock(&split->lock);
    enum split_stop stop = split->stop;
    px_mutex_unlock(&split->lock);
    return stop;
}
