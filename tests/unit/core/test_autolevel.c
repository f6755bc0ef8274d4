/* SPDX-License-Identifier: MIT
 *
 * The search for a level, over servers that are a function from level to throughput, with a clock of
 * the test's own: it climbs where that pays, and stays low where it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include <pxfer/timing.h>

#include "core/autolevel.h"
#include "support/random.h"

#define S PX_NS_PER_S
#define STEP_NS (10 * PX_NS_PER_MS)
#define MB 1e6

struct world {
    struct autolevel autolevel;
    double (*rate)(unsigned level); /* bytes per second; or items, if `in_items` */
    bool in_items;
    double noise; /* share */
    double done;  /* items or bytes */
    uint64_t busy;
    unsigned busy_above; /* the server refuses some when there are more; 0 = never */
    unsigned highest;
    unsigned changes;
    const char *last_why;
    uint64_t random;
    int64_t now;
};

static struct world new_world(double (*rate)(unsigned level), unsigned most)
{
    struct world world = {.rate = rate, .random = 88172645463325252U, .now = 1000 * S};
    const struct autolevel_rule rule = autolevel_rule_default(most);
    autolevel_init(&world.autolevel, &rule, world.now);
    world.highest = world.autolevel.level;
    return world;
}

static double random_share(struct world *world)
{
    return (double)(random_next(&world->random) >> 40) / (double)(1 << 24);
}

static void run_for(struct world *world, double seconds)
{
    struct autolevel *a = &world->autolevel;
    const int64_t end = world->now + (int64_t)(seconds * (double)S);
    double gust = 1;
    while (world->now < end) {
        world->now += STEP_NS;
        if (world->now % (S / 5) ==
            0) { /* fifths of a second that are better or worse as a whole */
            gust = 1 + world->noise * (2 * random_share(world) - 1);
        }
        world->done += world->rate(a->level) * gust * (double)STEP_NS / (double)S;
        world->busy += world->busy_above > 0 && a->level > world->busy_above;
        const struct autolevel_work work = {
            .items = world->in_items ? (uint64_t)world->done : 0,
            .bytes = world->in_items ? 0 : (uint64_t)world->done,
            .busy = world->busy,
        };
        struct autolevel_change change;
        if (autolevel_sample(a, &work, world->now, &change)) {
            assert_int_equal(change.to, a->level);
            assert_in_range(change.to, 1, a->rule.most);
            world->changes++;
            world->last_why = change.why;
            world->highest = a->level > world->highest ? a->level : world->highest;
        }
    }
}

static double linear(unsigned level)
{
    return level * 1.5 * MB;
}

static double flat_from_8(unsigned level)
{
    return (level < 8 ? level : 8) * 1.5 * MB;
}

static double flat_from_1(unsigned level)
{
    (void)level;
    return 10 * MB;
}

static double falls_after_4(unsigned level)
{
    return level <= 4 ? level * 5 * MB : 20 * MB * 4 / level;
}

static double falls_from_1(unsigned level)
{
    return 10 * MB / level;
}

static double pages_flat_from_16(unsigned level)
{
    return (level < 16 ? level : 16) * 5.0; /* 200 ms each */
}

static void test_autolevel_climbs_to_the_top_where_each_connection_has_its_own_rate(void **state)
{
    (void)state;
    struct world world = new_world(linear, 64);
    run_for(&world, 10);
    assert_int_equal(world.autolevel.level, 64);
}

static void test_autolevel_stops_at_the_plateau(void **state)
{
    (void)state;
    struct world world = new_world(flat_from_8, 64);
    run_for(&world, 5);
    assert_int_equal(world.autolevel.level, 8);
    assert_int_equal(world.highest, 16); /* one trial beyond */
    assert_string_equal(world.last_why, "no better");
    run_for(&world, 300);
    assert_in_range(world.autolevel.base, 7, 9);
}

static void test_autolevel_does_not_add_where_the_sum_is_limited(void **state)
{
    (void)state;
    struct world world = new_world(flat_from_1, 64);
    run_for(&world, 5);
    assert_int_equal(world.autolevel.level, 2);
    assert_int_equal(world.highest, 4);
    run_for(&world, 300);
    assert_int_equal(world.autolevel.base, 1); /* the second one brings nothing either */
    assert_int_equal(world.highest, 4);
}

static void test_autolevel_goes_back_where_more_is_less(void **state)
{
    (void)state;
    struct world world = new_world(falls_after_4, 64);
    run_for(&world, 5);
    assert_int_equal(world.autolevel.level, 4);
    run_for(&world, 300);
    assert_in_range(world.autolevel.base, 3, 5);

    world = new_world(falls_from_1, 64);
    run_for(&world, 60);
    assert_int_equal(world.autolevel.base, 1);
}

static void test_autolevel_counts_items_where_they_have_no_size_to_speak_of(void **state)
{
    (void)state;
    struct world world = new_world(pages_flat_from_16, 64);
    world.in_items = true;
    run_for(&world, 40);
    assert_int_equal(world.autolevel.base, 16);
}

static void test_autolevel_with_noise_ends_near_the_plateau(void **state)
{
    (void)state;
    unsigned near = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct world world = new_world(flat_from_8, 64);
        world.noise = 0.15;
        world.random *= seed;
        run_for(&world, 120);
        near += world.autolevel.base >= 5 && world.autolevel.base <= 16;
        assert_in_range(world.highest, 8, 64);
    }
    assert_in_range(near, 45, 50);
}

static void test_autolevel_follows_a_server_that_has_become_faster(void **state)
{
    (void)state;
    struct world world = new_world(flat_from_8, 64);
    run_for(&world, 20);
    assert_in_range(world.autolevel.base, 7, 9);
    world.rate = linear;
    run_for(&world, 300);
    assert_in_range(world.autolevel.base, 60, 64); /* the last step of all may be less than 5 % */
}

static void test_autolevel_steps_back_when_the_server_asks_for_less(void **state)
{
    (void)state;
    struct world world = new_world(linear, 64);
    world.busy_above = 8;
    run_for(&world, 6);
    assert_int_equal(world.autolevel.level, 8);
    assert_string_equal(world.last_why, "busy");
}

static void test_autolevel_ignores_time_in_which_there_is_too_little_to_do(void **state)
{
    (void)state;
    struct world world = new_world(linear, 64);
    for (int i = 0; i < 2000; i++) {
        run_for(&world, 0.01);
        autolevel_note_starved(&world.autolevel);
    }
    assert_int_equal(world.autolevel.level, 2);
    assert_int_equal(world.changes, 0);
}

static void test_autolevel_is_bounded_by_the_rule(void **state)
{
    (void)state;
    static const unsigned mosts[] = {1, 2, 3, 5, 7};
    for (size_t i = 0; i < sizeof mosts / sizeof mosts[0]; i++) {
        struct world world = new_world(linear, mosts[i]);
        run_for(&world, 100);
        assert_int_equal(world.autolevel.base, mosts[i]);
        assert_in_range(world.highest, 1, mosts[i]);
    }
}

static void test_autolevel_with_nothing_done_decides_nothing(void **state)
{
    (void)state;
    struct autolevel a;
    const struct autolevel_rule rule = autolevel_rule_default(64);
    const struct autolevel_work none = {0};
    struct autolevel_change change;
    autolevel_init(&a, &rule, S);
    for (int64_t t = 1; t < 1000; t++) {
        assert_false(autolevel_sample(&a, &none, S + t * STEP_NS, &change));
    }
    assert_int_equal(a.level, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_autolevel_climbs_to_the_top_where_each_connection_has_its_own_rate),
        cmocka_unit_test(test_autolevel_stops_at_the_plateau),
        cmocka_unit_test(test_autolevel_does_not_add_where_the_sum_is_limited),
        cmocka_unit_test(test_autolevel_goes_back_where_more_is_less),
        cmocka_unit_test(test_autolevel_counts_items_where_they_have_no_size_to_speak_of),
        cmocka_unit_test(test_autolevel_with_noise_ends_near_the_plateau),
        cmocka_unit_test(test_autolevel_follows_a_server_that_has_become_faster),
        cmocka_unit_test(test_autolevel_steps_back_when_the_server_asks_for_less),
        cmocka_unit_test(test_autolevel_ignores_time_in_which_there_is_too_little_to_do),
        cmocka_unit_test(test_autolevel_is_bounded_by_the_rule),
        cmocka_unit_test(test_autolevel_with_nothing_done_decides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
