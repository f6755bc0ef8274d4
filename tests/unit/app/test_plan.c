/* SPDX-License-Identifier: MIT
 *
 * The lines of a dry run: what they say, and that they are not a write each.
 */
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
#include "support/sheet.h"

static struct plan plan; /* as large as its room */
static struct sheet sheet;

static int setup(void **state)
{
    (void)state;
    sheet_open(&sheet);
    plan = (struct plan){.out = sheet.lock};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sheet_close(&sheet);
    return 0;
}

static void add(const char *source, const char *target, bool is_url)
{
    const struct px_item item = {.source = source, .target = target};
    assert_int_equal(plan_add(&plan, &item, is_url), PX_OK);
}

static void test_plan_lines_are_written_together(void **state)
{
    (void)state;
    add("http://u:secret@h/a", "./a", true);
    add("b\n", "c\x1b", false);
    assert_string_equal(sheet_text(&sheet), "");
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(sheet_text(&sheet), "http://***@h/a -> ./a\nb\\n -> c\\e\n");
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(sheet_text(&sheet), "");
}

static void words_of(const struct px_item *item, char *out, size_t room)
{
    (void)item;
    (void)snprintf(out, room, "delete ");
}

static void test_plan_names_the_target_alone_where_there_is_no_source(void **state)
{
    (void)state;
    const struct px_item item = {.source = "a", .target = "b", .target_only = true};
    plan.words = words_of;
    assert_int_equal(plan_add(&plan, &item, false), PX_OK);
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(sheet_text(&sheet), "delete b\n");
}

static void test_plan_that_is_full_goes_out_in_whole_lines(void **state)
{
    (void)state;
    size_t lines = 0, all = 0;
    for (; all == 0; lines++) {
        add("source", "target", false);
        all = strlen(sheet_text(&sheet));
    }
    assert_int_equal(all, PLAN_BYTES / 17 * 17); /* "source -> target\n" */
    assert_int_equal(all / 17, lines - 1);
    assert_int_equal(plan_flush(&plan), PX_OK);
    assert_string_equal(sheet_text(&sheet), "source -> target\n");
}

static void test_plan_line_longer_than_its_room(void **state)
{
    (void)state;
    char *source = malloc(PLAN_BYTES);
    assert_non_null(source);
    memset(source, 'x', PLAN_BYTES - 1);
    source[PLAN_BYTES - 1] = '\0';
    add("a", "b", false);
    add(source, "target", false);
    const char *text = sheet_text(&sheet);
    assert_int_equal(strlen(text), strlen("a -> b\n") + strlen(source) + strlen(" -> target\n"));
    assert_memory_equal(text, "a -> b\nxx", 9);
    assert_string_equal(text + strlen(text) - 12, "x -> target\n");
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
    struct px_outlock *bad = NULL;
    assert_int_equal(px_outlock_new(full, &bad), PX_OK);
    plan.out = bad;
    add("a", "b", false);
    assert_int_equal(plan_flush(&plan), PX_EIO);
    px_outlock_free(bad);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan_lines_are_written_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_names_the_target_alone_where_there_is_no_source,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_that_is_full_goes_out_in_whole_lines, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_plan_line_longer_than_its_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_without_an_output_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plan_output_that_fails_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
