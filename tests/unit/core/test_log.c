/* SPDX-License-Identifier: MIT
 *
 * Diagnostic lines: whose they are, and which are wanted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/log.h>
#include <pxfer/status.h>

#include "support/sheet.h"

static void test_log_line_names_worker_and_respects_level(void **state)
{
    (void)state;
    struct sheet sheet;
    sheet_open(&sheet);
    const struct px_log log = {.out = sheet.lock, .level = PX_LOG_VERBOSE, .program = "pfetch"};
    px_log_line(&log, PX_LOG_VERBOSE, 3, "start %s", "x");
    px_log_line(&log, PX_LOG_DEBUG, 3, "not wanted");
    px_log_line(&log, PX_LOG_NORMAL, PX_LOG_MAIN, "note");
    px_log_line(NULL, PX_LOG_NORMAL, 0, "nobody listens");
    assert_false(px_log_wants(&log, PX_LOG_DEBUG));
    assert_false(px_log_wants(NULL, PX_LOG_QUIET));
    assert_string_equal(sheet_text(&sheet), "[pfetch-3] start x\npfetch: note\n");
    sheet_close(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_line_names_worker_and_respects_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
