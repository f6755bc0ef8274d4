/* SPDX-License-Identifier: MIT
 *
 * core/autolevel.h - how many tasks at a time are best? (-j auto). Hill climbing: samples in, a level out;
 * pure, with the time as an argument.
 *
 * It starts low and doubles the level as long as that brings at least 5 % more work done in the same
 * time. When it does not, it goes back to the level before and holds it; now and then it tries one a
 * quarter higher, and one a quarter lower: a level is kept only while it gives 5 % more than the next
 * lower one, so a server that has a limit for the sum of connections is left with few.
 *
 * What counts as work: an item counts like AUTOLEVEL_ITEM_BYTES bytes. Of many small items it is
 * their number that says how fast it goes, of large ones their bytes, and of a mixture the sum: a
 * stretch of the list with other sizes moves it far less than either of the two. The figure is about
 * what a connection carries in the time that a request costs without any bytes; with 256 KiB, the
 * few items of 1 MB that half a second just did or did not see the end of were worth the 5 %.
 */
#ifndef CORE_AUTOLEVEL_H
#define CORE_AUTOLEVEL_H

#include <stdbool.h>
#include <stdint.h>

#define AUTOLEVEL_ITEM_BYTES (64 * 1024)

struct autolevel_rule {
    unsigned start, most;   /* 1 <= start <= most */
    int64_t settle_ns;      /* after a change nothing is measured for so long */
    int64_t window_ns;      /* a measurement takes so long, or until it has enough to count ... */
    int64_t window_most_ns; /* ... at the most so long */
    int64_t hold_ns; /* a level is held so long before another one is tried; doubled each time
                               that the trial brings nothing, up to eight times */
};

/* The rule of the programs: from 2 to `most`. */
struct autolevel_rule autolevel_rule_default(unsigned most);

/* Running totals. */
struct autolevel_work {
    uint64_t items; /* finished */
    uint64_t bytes; /* moved, also of items that are not finished */
    uint64_t busy;  /* replies of servers that asked for less */
};

struct autolevel_change {
    unsigned from, to;
    double items_per_s, bytes_per_s; /* measured at `from` */
    const char *why;                 /* static: "start", "better", "no better", "busy", "try more",
                                        "try less", "as good", "worse" */
};

/* Private; in place. */
struct autolevel {
    struct autolevel_rule rule;
    unsigned level;   /* now */
    unsigned base;    /* the level that is kept when the trial fails */
    double base_rate; /* work per second there; 0 = not measured */
    enum { AUTOLEVEL_CLIMB, AUTOLEVEL_HOLD, AUTOLEVEL_TRY_MORE, AUTOLEVEL_TRY_LESS } phase;
    bool less_next; /* the next trial is a lower level */
    bool starved;   /* in this window */
    unsigned patience;
    int64_t hold_until_ns;
    int64_t begin_ns; /* of the window: after settling */
    bool begun;
    struct autolevel_work at_begin;
};

void autolevel_init(struct autolevel *autolevel, const struct autolevel_rule *rule, int64_t now_ns);

/* There was less to do than the level allows: this window says nothing about it. */
void autolevel_note_starved(struct autolevel *autolevel);

/* When the next sample is wanted; earlier ones are ignored. */
int64_t autolevel_due_ns(const struct autolevel *autolevel);

/* A sample. True: the level has changed, `*change` says how and why. */
bool autolevel_sample(struct autolevel *autolevel, const struct autolevel_work *work,
                      int64_t now_ns, struct autolevel_change *change);

#endif
