/* SPDX-License-Identifier: MIT
 *
 * fetch/jointly.h - for tests of files in pieces: an owner and its joint. Header only. Include after
 * <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_JOINTLY_H
#define PX_TESTS_FETCH_JOINTLY_H

#include "fetch/fetching.h"
#include "fetch/joint.h"

#define SIZE 100000

static struct area area;
static struct px_fetch *fetch;
static struct fetch_task *owner;

/* An owner with a kept part, and a joint of a file whose first 10,000 bytes are there. */
static int open_joint(void **state)
{
    (void)state;
    area_make(&area);
    const struct px_fetch_opts opts = {
        .workers = 4, .dir = area.dir, .split = 4, .min_split_bytes = 10000};
    fetch = fetching_new(&opts);
    owner = fetching_task(fetch, "http://h/x", "");
    assert_int_equal(task_open_dir(owner), PX_OK);
    struct part_place place = task_place(owner);
    char bytes[10000] = {0};
    assert_int_equal(part_append(&owner->part, &place, bytes, sizeof bytes), PX_OK);
    assert_int_equal(part_keep(&owner->part, &place), PX_OK);
    owner->size = SIZE;
    owner->detail.etag = "\"e\"";
    const struct ranges held = {1, {{0, 10000}}};
    assert_int_equal(joint_new(owner, &held, GATE_STRICT, 100 * PX_NS_PER_S), PX_OK);
    return 0;
}

#endif
