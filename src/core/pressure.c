/* SPDX-License-Identifier: MIT
 *
 * core/pressure.c - back-off by the pressure of I/O: halve at once, add one by one (as TCP does: AIMD). No
 * locks; the owner's thread.
 */
#include "core/pressure.h"

#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "base/parse.h"

/* Long enough that a single slow write is not half of it, short enough that others soon have the
 * disk back: from 8 workers to 1 in three seconds. */
#define WINDOW_NS PX_NS_PER_S

int pressure_read(const char *path, uint64_t *total_us)
{
    char line[256];
    int status = PX_EIO;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return PX_EIO;
    }
    while (status != PX_OK && fgets(line, sizeof line, file) != NULL) {
        const char *total = strncmp(line, "some ", 5) == 0 ? strstr(line, " total=") : NULL;
        if (total != NULL) {
            total += strlen(" total=");
            status = px_parse_u64_n(total, strspn(total, "0123456789"), 0, UINT64_MAX, total_us);
        }
    }
    (void)fclose(file); /* only read */
    return status == PX_OK ? PX_OK : PX_EIO;
}

void pressure_init(struct pressure *pressure, double most_share, unsigned most)
{
    *pressure =
        (struct pressure){.most_share = most_share, .most = most, .cap = most, .least = most};
}

int64_t pressure_due_ns(const struct pressure *pressure)
{
    return pressure->begun ? pressure->begin_ns + WINDOW_NS : 0;
}

static unsigned judge(const struct pressure *pressure)
{
    if (pressure->share > pressure->most_share) {
        return pressure->cap > 1 ? pressure->cap / 2 : 1;
    }
    const bool calm = pressure->share < pressure->most_share / 2;
    return calm && pressure->cap < pressure->most ? pressure->cap + 1 : pressure->cap;
}

bool pressure_sample(struct pressure *pressure, uint64_t total_us, int64_t now_ns)
{
    const unsigned before = pressure->cap;
    if (now_ns < pressure_due_ns(pressure)) {
        return false;
    }
    if (pressure->begun && total_us >= pressure->begin_us) {
        const int64_t took_ns = now_ns - pressure->begin_ns;
        const double waited_ns = (double)(total_us - pressure->begin_us) * 1000;
        pressure->share = waited_ns < (double)took_ns ? waited_ns / (double)took_ns : 1;
        pressure->highest =
            pressure->share > pressure->highest ? pressure->share : pressure->highest;
        pressure->capped_ns += before < pressure->most ? took_ns : 0;
        pressure->cap = judge(pressure);
        pressure->least = pressure->cap < pressure->least ? pressure->cap : pressure->least;
    }
    pressure->begun = true;
    pressure->begin_ns = now_ns;
    pressure->begin_us = total_us;
    return pressure->cap != before;
}
