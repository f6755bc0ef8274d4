/* SPDX-License-Identifier: MIT
 *
 * The gate for a range inside of a file, as a segment asks for it: what goes on, what begins anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "fetch/gate.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct gate_result judge(uint64_t size, long status, const char *range)
{
    const struct gate_ask ask = {.from = 5, .to = 10, .size = size, .etag = "\"a\""};
    const struct gate_reply reply = {.status = status, .content_range = range, .etag = "\"a\""};
    return gate_judge(&ask, &reply);
}

static void test_gate_segment_by_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        long status;
        const char *range;
        enum gate_verdict verdict;
    } rows[] = {
        {20, 206, "bytes 5-9/20", GATE_CONTINUE},
        {GATE_UNKNOWN, 206, "bytes 5-9/20", GATE_CONTINUE},
        {GATE_UNKNOWN, 206, "bytes 5-9/10", GATE_CONTINUE},
        {GATE_UNKNOWN, 206, "bytes 5-9/9", GATE_ANEW}, /* RFC 9110 section 14.4: invalid */
        {GATE_UNKNOWN, 206, "bytes 5-9/5", GATE_ANEW},
        {GATE_UNKNOWN, 206, "bytes 5-9/0", GATE_ANEW},
        {20, 206, "bytes 5-8/20", GATE_ANEW},
        {20, 206, "bytes 5-10/20", GATE_ANEW},
        {20, 206, "bytes 4-9/20", GATE_ANEW},
        {20, 206, "bytes 5-9/21", GATE_ANEW}, /* the same version cannot have another size */
        {20, 206, "bytes 5-9/*", GATE_ANEW},
        {20, 416, "bytes */20", GATE_ANEW},
        {20, 200, NULL, GATE_WHOLE},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct gate_result result = judge(rows[i].size, rows[i].status, rows[i].range);
        if (result.verdict != rows[i].verdict) {
            fail_msg("%s: verdict %d", rows[i].range, (int)result.verdict);
        }
        assert_true(result.verdict != GATE_CONTINUE || result.body_bytes == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_segment_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
