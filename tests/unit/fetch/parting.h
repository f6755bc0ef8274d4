/* SPDX-License-Identifier: MIT
 *
 * fetch/parting.h - a directory, a place in it, and the few calls that the tests of part files are made
 * of. Header only, for one file of a program. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_PARTING_H
#define PX_TESTS_FETCH_PARTING_H

#include <errno.h>

#include "fetch/fetching.h"
#include "fetch/part.h"
#include "fetch/state.h"
#include "support/io_fault.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct area area;
static struct part_place place;

static inline int make_area(void **state)
{
    (void)state;
    area_make(&area);
    io_fault_reset();
    place = (struct part_place){.io = io_fault_ops(), .dirfd = area.fd, .name = "x", .mode = 0640};
    return 0;
}

static inline int remove_area(void **state)
{
    (void)state;
    area_remove(&area);
    return 0;
}

static const struct part empty = {.fd = -1};

static inline int append(struct part *part, const char *text)
{
    return part_append(part, &place, text, strlen(text));
}

static inline int publish(struct part *part)
{
    char *name = NULL;
    const int rc = part_publish(part, &place, &name);
    free(name);
    return rc;
}

static inline void refuse_nameless(void)
{
    /* O_TMPFILE is the first openat of a part */
    io_fault_arm(IO_FAULT(openat), 1, EOPNOTSUPP, IO_FAULT_ONCE);
}

static const struct state of_x = {.url_hash = 7, .size = 11, .boot = "boot", .etag = "\"e\""};

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_area)

#endif
