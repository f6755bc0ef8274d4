/* SPDX-License-Identifier: MIT
 *
 * Reports through a print lock: each mode, and a stream that is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "app/report.h"
#include "support/sheet.h"
#include "support/summaries.h"

static const struct report_row rows[] = {{1, PX_NS_PER_S, 0}, {2, PX_NS_PER_S / 2, 0}};

/* What a report in `mode` writes begins with `expected` and ends with a newline. */
static void check_modes(enum report_mode mode, const char *of_run, const char *of_rows)
{
    struct summaries_run run;
    summaries_fill(&run, 0.9, 9);
    const char *const expected[] = {of_run, of_rows};
    for (int i = 0; i < 2; i++) {
        struct sheet sheet;
        sheet_open(&sheet);
        const int status =
            i == 0 ? report_print(mode, &summaries_schema, &run.summary, NULL, sheet.lock)
                   : report_compare(mode, &summaries_schema, rows, 2, sheet.lock);
        assert_int_equal(status, PX_OK);
        const char *text = sheet_text(&sheet);
        const size_t n = strlen(text);
        assert_true(n >= strlen(expected[i]));
        assert_memory_equal(text, expected[i], strlen(expected[i]));
        assert_true(n == 0 ? *expected[i] == '\0' : text[n - 1] == '\n');
        sheet_close(&sheet);
    }
}

static void test_report_print_in_each_mode(void **state)
{
    (void)state;
    check_modes(REPORT_TEXT, "prog: 36 files: 36 ok;", "prog: measured against 1 worker\n");
    check_modes(REPORT_JSON, "{\"program\":\"prog\",\"ok\":36,",
                "{\"program\":\"prog\",\"compare\":");
    check_modes(REPORT_NONE, "", "");
}

static void test_report_print_to_a_full_device_is_an_error(void **state)
{
    (void)state;
    struct summaries_run run;
    summaries_fill(&run, 0.9, 9);
    const int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    struct px_outlock *lock = NULL;
    assert_int_equal(px_outlock_new(fd, &lock), PX_OK);
    assert_int_equal(report_print(REPORT_TEXT, &summaries_schema, &run.summary, NULL, lock),
                     PX_EIO);
    assert_int_equal(report_print(REPORT_JSON, &summaries_schema, &run.summary, NULL, lock),
                     PX_EIO);
    assert_int_equal(report_compare(REPORT_TEXT, &summaries_schema, rows, 2, lock), PX_EIO);
    px_outlock_free(lock);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_print_in_each_mode),
        cmocka_unit_test(test_report_print_to_a_full_device_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
