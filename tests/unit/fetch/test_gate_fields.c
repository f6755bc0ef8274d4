/* SPDX-License-Identifier: MIT
 *
 * Content-Range as RFC 9110 section 14.4 has it, and everything that looks like it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "fetch/gate.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define UNKNOWN GATE_UNKNOWN
#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

static void test_gate_parse_range_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t first, last, size;
    } rows[] = {
        {"bytes 5-9/10", 5, 9, 10},
        {"BYTES 5-9/10", 5, 9, 10},
        {"bytes 0-0/1", 0, 0, 1},
        {"bytes 5-9/*", 5, 9, UNKNOWN},
        {"bytes 9-5/1", 9, 5, 1}, /* sense is the judge's business */
        {"bytes 0-9223372036854775806/9223372036854775807", 0, INT64_MAX - 1, INT64_MAX},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t first = UNTOUCHED, last = UNTOUCHED, size = UNTOUCHED;
        assert_int_equal(gate_parse_range(rows[i].text, &first, &last, &size), PX_OK);
        assert_true(first == rows[i].first && last == rows[i].last && size == rows[i].size);
    }
}

static void test_gate_parse_range_refuses_everything_else(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "bytes",
        "bytes ",
        "bytes=5-9/10",
        "bytes  5-9/10",
        "bytes 5-9",
        "bytes 5-9/",
        "bytes 5-/10",
        "bytes -9/10",
        "bytes -5-9/10",
        "bytes 5--9/10",
        "bytes */10",
        "bytes 5-9/**",
        "bytes 5-9/10,",
        "bytes 5-9/10 ",
        "bytes 5 - 9/10",
        "bytes 5-9-10/20",
        "bytes 5/9-10",
        "bytes 0x5-9/10",
        "bytes 5-9/1e1",
        "bytes 5-9/-10",
        "bytes 5-9/9223372036854775808",
        "bytes 5-9223372036854775808/*",
        "bytes 18446744073709551621-9/10",
        "items 5-9/10",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t first, last, size;
        assert_int_equal(gate_parse_range(rows[i], &first, &last, &size), PX_EINVAL);
    }
}

static void test_gate_parse_unsatisfied_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        uint64_t size;
    } rows[] = {
        {"bytes */0", PX_OK, 0},
        {"bytes */10", PX_OK, 10},
        {"Bytes */10", PX_OK, 10},
        {"bytes */9223372036854775807", PX_OK, INT64_MAX},
        {"bytes */9223372036854775808", PX_EINVAL, UNTOUCHED},
        {"bytes */18446744073709551616", PX_EINVAL, UNTOUCHED},
        {"bytes */*", PX_EINVAL, UNTOUCHED},
        {"bytes */", PX_EINVAL, UNTOUCHED},
        {"bytes */-1", PX_EINVAL, UNTOUCHED},
        {"bytes */10 ", PX_EINVAL, UNTOUCHED},
        {"bytes 0-9/10", PX_EINVAL, UNTOUCHED},
        {"*/10", PX_EINVAL, UNTOUCHED},
        {"", PX_EINVAL, UNTOUCHED},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t size = UNTOUCHED;
        assert_int_equal(gate_parse_unsatisfied(rows[i].text, &size), rows[i].status);
        assert_true(size == rows[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_parse_range_by_table),
        cmocka_unit_test(test_gate_parse_range_refuses_everything_else),
        cmocka_unit_test(test_gate_parse_unsatisfied_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
