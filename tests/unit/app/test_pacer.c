/* SPDX-License-Identifier: MIT
 *
 * How many workers work at a time: the level of -j auto, and the pressure of I/O from a file of the
 * test's own. The time is an argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "app/pacer.h"
#include "support/scratch.h"

#define S PX_NS_PER_S
#define TICK_NS (S / 10)

struct world {
    struct scratch scratch;
    char file[SCRATCH_ROOM];
    struct pacer pacer;
    struct px_activity *activity;
    int64_t now_ns;
    uint64_t worked_ns;
    uint64_t waited_us;
    unsigned limit;
};

static void put_pressure(struct world *world)
{
    char text[128];
    snprintf(text, sizeof text, "some avg10=0.00 avg60=0.00 avg300=0.00 total=%" PRIu64 "\n",
             world->waited_us);
    scratch_put(&world->scratch, "io", text);
}

static void begin(struct world *world, struct pacer_opts opts)
{
    *world = (struct world){.now_ns = 100 * S};
    scratch_make(&world->scratch);
    snprintf(world->file, sizeof world->file, "%s", scratch_path(&world->scratch, "io"));
    put_pressure(world);
    assert_int_equal(px_activity_new(1, &world->activity), PX_OK);
    opts.activity = world->activity;
    opts.pressure_file = opts.pressure_file != NULL ? opts.pressure_file : world->file;
    world->limit = pacer_init(&world->pacer, &opts, world->now_ns);
}

static void end(struct world *world)
{
    px_activity_free(world->activity);
    scratch_remove(&world->scratch);
}

/* All that may work do, with so much done a second by each, while others wait so much. */
static void run_for(struct world *world, double seconds, uint64_t bytes_per_s, unsigned percent)
{
    for (int64_t left = (int64_t)(seconds * (double)S); left > 0; left -= TICK_NS) {
        int64_t until_ns = PX_FOREVER;
        world->now_ns += TICK_NS;
        world->worked_ns += (uint64_t)TICK_NS * world->limit;
        world->waited_us += percent * (uint64_t)1000;
        put_pressure(world);
        px_activity_add(world->activity, 0, bytes_per_s / 10 * world->limit);
        world->limit = pacer_step(&world->pacer, world->worked_ns, world->now_ns, &until_ns);
        assert_true(until_ns > world->now_ns && until_ns < world->now_ns + 2 * S);
    }
}

static void test_pacer_without_options_never_limits(void **state)
{
    (void)state;
    struct world world;
    begin(&world, (struct pacer_opts){.workers = 8});
    assert_int_equal(world.limit, 0);
    end(&world);
}

static void test_pacer_without_the_file_is_silently_off(void **state)
{
    (void)state;
    struct world world;
    begin(&world, (struct pacer_opts){
                      .workers = 8, .max_pressure = 10, .pressure_file = "/nonexistent/io"});
    assert_int_equal(world.limit, 0);
    assert_false(world.pacer.backs_off);
    end(&world);
}

static void test_pacer_auto_climbs_while_it_pays(void **state)
{
    (void)state;
    struct world world;
    struct px_decision decision;
    begin(&world, (struct pacer_opts){.workers = 16, .start = 4});
    assert_int_equal(world.limit, 4);
    run_for(&world, 6, 100000000, 0);
    assert_int_equal(world.limit, 16);
    assert_true(pacer_take_decision(&world.pacer, &decision));
    assert_int_equal(decision.to, 16);
    end(&world);
}

/* No more workers than there are, also at the start. */
static void test_pacer_auto_with_one_worker_stays(void **state)
{
    (void)state;
    struct world world;
    begin(&world, (struct pacer_opts){.workers = 1, .start = 4});
    assert_int_equal(world.limit, 1);
    run_for(&world, 3, 100000000, 0);
    assert_int_equal(world.limit, 1);
    end(&world);
}

static void test_pacer_idle_workers_say_nothing_of_the_level(void **state)
{
    (void)state;
    struct world world;
    begin(&world, (struct pacer_opts){.workers = 16, .start = 4});
    for (int i = 0; i < 60; i++) {
        int64_t until_ns = PX_FOREVER;
        world.now_ns += TICK_NS;
        world.worked_ns += TICK_NS; /* one of four */
        px_activity_add(world.activity, 0, 1000000);
        world.limit = pacer_step(&world.pacer, world.worked_ns, world.now_ns, &until_ns);
    }
    assert_int_equal(world.limit, 4);
    end(&world);
}

static void test_pacer_pressure_halves_and_calm_gives_back(void **state)
{
    (void)state;
    struct world world;
    struct px_decision decision;
    begin(&world, (struct pacer_opts){.workers = 8, .max_pressure = 10});
    assert_int_equal(world.limit, 8);
    run_for(&world, 1.2, 0, 40);
    assert_int_equal(world.limit, 4);
    assert_true(pacer_take_decision(&world.pacer, &decision));
    assert_int_equal(decision.from, 8);
    assert_int_equal(decision.to, 4);
    assert_string_equal(decision.why, "I/O pressure");
    run_for(&world, 4, 0, 40);
    assert_int_equal(world.limit, 1);
    run_for(&world, 3, 0, 0);
    assert_in_range(world.limit, 3, 4);
    assert_true(pacer_take_decision(&world.pacer, &decision));
    assert_string_equal(decision.why, "less I/O pressure");
    assert_int_equal(world.pacer.pressure.least, 1);
    end(&world);
}

/* The smaller of the two holds, and the level is not judged while it is held back. */
static void test_pacer_pressure_holds_back_auto(void **state)
{
    (void)state;
    struct world world;
    begin(&world, (struct pacer_opts){.workers = 8, .start = 4, .max_pressure = 10});
    run_for(&world, 4, 100000000, 90);
    assert_int_equal(world.limit, 1);
    run_for(&world, 30, 100000000, 0);
    assert_int_equal(world.limit, 8);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pacer_without_options_never_limits),
        cmocka_unit_test(test_pacer_without_the_file_is_silently_off),
        cmocka_unit_test(test_pacer_auto_climbs_while_it_pays),
        cmocka_unit_test(test_pacer_auto_with_one_worker_stays),
        cmocka_unit_test(test_pacer_idle_workers_say_nothing_of_the_level),
        cmocka_unit_test(test_pacer_pressure_halves_and_calm_gives_back),
        cmocka_unit_test(test_pacer_pressure_holds_back_auto),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
