/* SPDX-License-Identifier: MIT
 *
 * The lines of a dry run: what they say, and that they are not a write each.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/outlock.h>
#include <pxfer/status.h>

#include "app/plan.h"

static struct plan plan; /* as large as its room */
static int ends[2];

static int setup(void **state)
{
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    plan = (struct plan){0};
    return px_outlock_new(ends[1], &plan.out);
}

static int teardown(void **state)
{
    (void)state;
    px_outlock_free(plan.out);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void add(const char *source, const char *target, bool is_url)
{
    const struct px_item item = {.source = source, .target = target};
    assert_int_equal(plan_add(&plan, &item, is_url), PX_OK);
}

/* What was written so far. */
static const char *written(void)
{
    static char text[PLAN_BYTES + 1];
    const ssize_t n = read(ends[0], text, PLAN_BYTES);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void test_plan_lines_are_written_together(void **state)
{
    (void)state;
    add("http://u:secret@h/a", "./a", true);
    add("b\n", "c\x1b", false);
    assert_string_equal(written(), "");
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(written(), "http://***@h/a -> ./a\nb\\n -> c\\e\n");
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(written(), "");
}

static void test_plan_that_is_full_goes_out_in_whole_lines(void **state)
{
    (void)state;
    size_t lines = 0, all = 0;
    for (; all == 0; lines++) {
        add("source", "target", false);
        all = strlen(written());
    }
    assert_int_equal(all, PLAN_BYTES / 17 * 17); /* "source -> target\n" */
    assert_int_equal(all / 17, lines - 1);
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(written(), "source -> target\n");
}

static void test_plan_line_longer_than_its_room(void **state)
{
    (void)state;
    char *source = malloc(PLAN_BYTES);
    assert_non_null(source);
    memset(source, 'x', PLAN_BYTES - 1);
    source[PLAN_BYTES - 1] = '\0';
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4 * PLAN_BYTES) > 0, 1);
    add("a", "b", false);
    add(source, "target", false);
    assert_int_equal(strlen(written()), PLAN_BYTES);
    const char *rest = written();
    assert_string_equal(rest + strlen(rest) - 10, "-> target\n");
    free(source);
}

static void test_plan_without_an_output_says_nothing(void **state)
{
    (void)state;
    struct plan *none = calloc(1, sizeof *none);
    assert_non_null(none);
    assert_int_equal(plan_flush(none), PX_OK);
    free(none);
}

static void test_plan_output_that_fails_is_told(void **state)
{
    (void)state;
    const int full = open("/dev/full", O_WRONLY);
    struct px_outlock *out = plan.out, *bad = NULL;
    assert_int_equal(px_outlock_new(full, &bad), PX_OK);
    plan.out = bad;
    add("a", "b", false);
    assert_int_equal(plan_flush(&plan), PX_EIO);
    px_outlock_free(bad);
    close(full);
    plan.out = out;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan_lines_are_written_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_that_is_full_goes_out_in_whole_lines, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_plan_line_longer_than_its_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_without_an_output_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_output_that_fails_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
