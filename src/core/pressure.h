/* SPDX-License-Identifier: MIT
 *
 * core/pressure.h - do others wait for I/O? Then fewer workers (--max-pressure).
 *
 * The kernel's pressure stall information (Documentation/accounting/psi.rst): "some ... total=N" is
 * the time, in us, in which some task of the machine, or of a cgroup, waited for I/O. How much that
 * grows in a second is the pressure; avg10 would tell of it ten seconds late.
 */
#ifndef CORE_PRESSURE_H
#define CORE_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include <pxfer/attr.h>

#define PRESSURE_FILE "/proc/pressure/io"

/* The total of the line "some" of a file of that format. Any failure, PX_EIO: there is none. */
PX_NODISCARD int pressure_read(const char *path, uint64_t *total_us);

/* How many workers may work. In place; {0} and pressure_init(). Pure; the owner's thread. */
struct pressure {
    double most_share; /* of the time; fixed */
    unsigned most;     /* workers; fixed */
    unsigned cap;      /* now */
    bool begun;
    int64_t begin_ns;  /* of the window */
    uint64_t begin_us; /* the total then */
    /* for the report */
    double share;   /* in the last window */
    double highest; /* share */
    unsigned least; /* cap */
    int64_t capped_ns;
};

void pressure_init(struct pressure *pressure, double most_share, unsigned most);

/* When the next sample is wanted; earlier ones are ignored. 0: now. */
int64_t pressure_due_ns(const struct pressure *pressure);

/* A sample. Above the limit the number is halved, below half of it there is one more. True: `cap` has
 * changed. */
bool pressure_sample(struct pressure *pressure, uint64_t total_us, int64_t now_ns);

#endif
