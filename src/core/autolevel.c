/* SPDX-License-Identifier: MIT
 *
 * core/autolevel.c - a search for the level of work in parallel beyond which nothing is gained. Pure;
 * used by the thread that hands out tasks.
 */
#include "core/autolevel.h"

#include <pxfer/timing.h>

#define GAIN 1.05
#define PATIENCE_MAX 3 /* doublings of the time between trials */

/* A window is long enough when it has counted so many things, an item or so many bytes: with fewer,
 * the last one that just did or did not make it is more than the 5 % that are looked for. */
#define COUNT_ENOUGH 40
#define COUNT_BYTES (16 * 1024)

struct autolevel_rule autolevel_rule_default(unsigned most)
{
    return (struct autolevel_rule){
        .start = most < 2 ? most : 2,
        .most = most,
        .settle_ns = 250 * PX_NS_PER_MS,
        .window_ns = 500 * PX_NS_PER_MS,
        .window_most_ns = 8 * PX_NS_PER_S,
        .hold_ns = 8 * PX_NS_PER_S,
    };
}

static void begin_window(struct autolevel *a, int64_t begin_ns)
{
    a->begin_ns = begin_ns;
    a->begun = false;
    a->starved = false;
}

void autolevel_init(struct autolevel *a, const struct autolevel_rule *rule, int64_t now_ns)
{
    *a = (struct autolevel){.rule = *rule, .level = rule->start, .base = rule->start};
    begin_window(a, now_ns + rule->settle_ns);
}

void autolevel_note_starved(struct autolevel *a)
{
    a->starved = true;
}

int64_t autolevel_due_ns(const struct autolevel *a)
{
    return a->begun ? a->begin_ns + a->rule.window_ns : a->begin_ns;
}

/* --- the measurement -------------------------------------------------------------------------*/

struct measured {
    double items, bytes; /* per second */
    double rate;         /* work per second */
    bool busy;
};

/* False: the window goes on. */
static bool end_window(struct autolevel *a, const struct autolevel_work *work, int64_t now_ns,
                       struct measured *out)
{
    if (now_ns < autolevel_due_ns(a)) {
        return false;
    }
    if (!a->begun) {
        a->begun = true;
        a->begin_ns = now_ns;
        a->at_begin = *work;
        a->starved = false;
        return false;
    }
    const uint64_t items = work->items - a->at_begin.items;
    const uint64_t bytes = work->bytes - a->at_begin.bytes;
    if (items + bytes / COUNT_BYTES < COUNT_ENOUGH &&
        now_ns - a->begin_ns < a->rule.window_most_ns) {
        return false;
    }
    const double seconds = (double)(now_ns - a->begin_ns) / (double)PX_NS_PER_S;
    out->items = (double)items / seconds;
    out->bytes = (double)bytes / seconds;
    out->rate = out->items + out->bytes / AUTOLEVEL_ITEM_BYTES;
    out->busy = work->busy > a->at_begin.busy;
    return true;
}

/* --- the decision ----------------------------------------------------------------------------*/

static unsigned step_of(unsigned level)
{
    return level >= 8 ? level / 4 : 1;
}

static unsigned at_most(unsigned level, unsigned most)
{
    return level < most ? level : most;
}

static void hold(struct autolevel *a, int64_t now_ns)
{
    a->phase = AUTOLEVEL_HOLD;
    a->level = a->base;
    a->hold_until_ns = now_ns + (a->rule.hold_ns << a->patience);
}

/* The level is better than the one before: keep it and look further. */
static void keep_and_go_on(struct autolevel *a, double rate, int64_t now_ns)
{
    const unsigned next = a->phase == AUTOLEVEL_CLIMB ? 2 * a->level : a->level + step_of(a->level);

    a->base = a->level;
    a->base_rate = rate;
    a->patience = 0;
    a->level = at_most(next, a->rule.most);
    if (a->level == a->base) {
        hold(a, now_ns);
    }
}

static void give_up_trial(struct autolevel *a, int64_t now_ns)
{
    a->patience += a->phase != AUTOLEVEL_CLIMB && a->patience < PATIENCE_MAX;
    hold(a, now_ns);
}

static const char *judge_more(struct autolevel *a, const struct measured *m, int64_t now_ns)
{
    if (m->busy && a->level > a->base) {
        give_up_trial(a, now_ns);
        return "busy";
    }
    if (a->base_rate > 0 && m->rate < GAIN * a->base_rate) {
        give_up_trial(a, now_ns);
        return "no better";
    }
    const bool first = a->base_rate <= 0;
    keep_and_go_on(a, m->rate, now_ns);
    return first ? "start" : "better";
}

/* The higher level has to be worth it. */
static const char *judge_less(struct autolevel *a, const struct measured *m, int64_t now_ns)
{
    if (a->base_rate >= GAIN * m->rate) {
        give_up_trial(a, now_ns);
        return "worse";
    }
    a->base = a->level;
    a->base_rate = m->rate;
    a->patience = 0;
    a->level -= a->level > step_of(a->level) ? step_of(a->level) : 0;
    if (a->level == a->base) {
        hold(a, now_ns);
    }
    return "as good";
}

static const char *judge_hold(struct autolevel *a, const struct measured *m, int64_t now_ns)
{
    /* what the level gives changes with the time of the day and the list */
    a->base_rate = a->base_rate > 0 ? (a->base_rate + m->rate) / 2 : m->rate;
    if (now_ns < a->hold_until_ns) {
        return "";
    }
    const bool can_more = a->base < a->rule.most;
    const bool can_less = a->base > 1;
    const bool less = can_less && (a->less_next || !can_more);
    if (!less && !can_more) {
        return "";
    }
    a->less_next = !less;
    a->phase = less ? AUTOLEVEL_TRY_LESS : AUTOLEVEL_TRY_MORE;
    a->level =
        less ? a->base - step_of(a->base) : at_most(a->base + step_of(a->base), a->rule.most);
    return less ? "try less" : "try more";
}

bool autolevel_sample(struct autolevel *a, const struct autolevel_work *work, int64_t now_ns,
                      struct autolevel_change *change)
{
    struct measured m;
    const unsigned from = a->level;
    const char *why = "";

    if (!end_window(a, work, now_ns, &m)) {
        return false;
    }
    if (!a->starved && m.rate > 0) {
        switch (a->phase) {
        case AUTOLEVEL_CLIMB:
        case AUTOLEVEL_TRY_MORE: why = judge_more(a, &m, now_ns); break;
        case AUTOLEVEL_TRY_LESS: why = judge_less(a, &m, now_ns); break;
        case AUTOLEVEL_HOLD: why = judge_hold(a, &m, now_ns); break;
        }
    }
    const bool changed = a->level != from;
    begin_window(a, changed ? now_ns + a->rule.settle_ns : now_ns);
    if (changed) {
        *change = (struct autolevel_change){.from = from,
                                            .to = a->level,
                                            .items_per_s = m.items,
                                            .bytes_per_s = m.bytes,
                                            .why = why};
    }
    return changed;
}
