/* SPDX-License-Identifier: MIT
 *
 * The pressure of I/O: read from a file, and what becomes of the number of workers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "core/pressure.h"
#include "support/scratch.h"

#define S PX_NS_PER_S

static void test_pressure_read_finds_the_total_of_some(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t total;
    } rows[] = {
        {"some avg10=0.00 avg60=0.00 avg300=0.00 total=1814378696\n"
         "full avg10=0.16 avg60=0.37 avg300=0.85 total=7\n",
         true, 1814378696},
        {"full avg10=0.00 avg60=0.00 avg300=0.00 total=7\nsome avg10=0.00 total=0\n", true, 0},
        {"full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", false, 0},
        {"some avg10=0.00\n", false, 0},
        {"some total=\n", false, 0},
        {"some total=99999999999999999999999\n", false, 0},
        {"", false, 0},
    };
    struct scratch scratch;
    scratch_make(&scratch);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t total = 1;
        scratch_put(&scratch, "io", rows[i].text);
        assert_int_equal(pressure_read(scratch_path(&scratch, "io"), &total),
                         rows[i].good ? PX_OK : PX_EIO);
        assert_true(!rows[i].good || total == rows[i].total);
    }
    uint64_t total;
    assert_int_equal(pressure_read(scratch_path(&scratch, "none"), &total), PX_EIO);
    scratch_remove(&scratch);
}

/* One second with so many percent of pressure. */
static bool second(struct pressure *pressure, unsigned percent)
{
    return pressure_sample(pressure, pressure->begin_us + percent * 10000, pressure->begin_ns + S);
}

static void test_pressure_above_the_limit_halves_down_to_one(void **state)
{
    (void)state;
    static const unsigned caps[] = {4, 2, 1, 1};
    struct pressure pressure;
    pressure_init(&pressure, 0.2, 8);
    assert_int_equal(pressure_due_ns(&pressure), 0);
    assert_false(pressure_sample(&pressure, 5000, 100 * S)); /* the first one only begins */
    assert_int_equal(pressure.cap, 8);
    for (size_t i = 0; i < 4; i++) {
        assert_true(second(&pressure, 21) == (i < 3));
        assert_int_equal(pressure.cap, caps[i]);
    }
    assert_int_equal(pressure.least, 1);
    assert_true(pressure.capped_ns == 3 * S);
    assert_true(pressure.highest > 0.209 && pressure.highest < 0.211);
}

static void test_pressure_below_half_of_it_adds_one(void **state)
{
    (void)state;
    struct pressure pressure;
    pressure_init(&pressure, 0.2, 4);
    (void)pressure_sample(&pressure, 0, S);
    assert_true(second(&pressure, 50));
    assert_int_equal(pressure.cap, 2);
    assert_false(second(&pressure, 15)); /* between: it stays */
    assert_true(second(&pressure, 9));
    assert_int_equal(pressure.cap, 3);
    assert_true(second(&pressure, 0));
    assert_int_equal(pressure.cap, 4);
    assert_false(second(&pressure, 0));
    assert_int_equal(pressure.cap, 4);
    assert_int_equal(pressure.least, 2);
}

static void test_pressure_early_and_odd_samples_decide_nothing(void **state)
{
    (void)state;
    struct pressure pressure;
    pressure_init(&pressure, 0.2, 4);
    (void)pressure_sample(&pressure, 1000000, 10 * S);
    assert_false(pressure_sample(&pressure, 2000000, 10 * S + S / 2)); /* too early */
    assert_true(pressure_due_ns(&pressure) == 11 * S);
    assert_false(pressure_sample(&pressure, 0, 11 * S)); /* another file now */
    assert_int_equal(pressure.cap, 4);
    assert_true(second(&pressure, 500));
    assert_true(pressure.highest <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pressure_read_finds_the_total_of_some),
        cmocka_unit_test(test_pressure_above_the_limit_halves_down_to_one),
        cmocka_unit_test(test_pressure_below_half_of_it_adds_one),
        cmocka_unit_test(test_pressure_early_and_odd_samples_decide_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
