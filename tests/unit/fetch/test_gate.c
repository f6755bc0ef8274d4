/* SPDX-License-Identifier: MIT
 *
 * Which replies may be written behind the bytes that are held: the whole "Resume" paragraph of the
 * contract, and F3, F4, F6, F7, F8, F9 and F29, as tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/gate.h"
#include "support/random.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define UNKNOWN GATE_UNKNOWN
#define DAY1 "Sat, 01 Jan 2022 00:00:00 GMT"
#define DAY2 "Sun, 02 Jan 2022 00:00:00 GMT"

struct row {
    const char *what;
    struct gate_ask ask;
    struct gate_reply reply; /* content_length: see lengths */
    const char *lengths[3];
    struct gate_result expected; /* why: any text stands for "some text" */
};

static void judge_row(const struct row *row)
{
    struct gate_reply reply = row->reply;
    reply.content_length = row->lengths;
    while (reply.n_content_length < ROWS(row->lengths) &&
           row->lengths[reply.n_content_length] != NULL) {
        reply.n_content_length++;
    }
    const struct gate_result got = gate_judge(&row->ask, &reply);
    if (got.verdict != row->expected.verdict || (got.why == NULL) != (row->expected.why == NULL) ||
        got.body_bytes != row->expected.body_bytes || got.size != row->expected.size) {
        fail_msg("%s: verdict %d, body %llx, size %llx, why %s", row->what, (int)got.verdict,
                 (unsigned long long)got.body_bytes, (unsigned long long)got.size,
                 got.why != NULL ? got.why : "none");
    }
}

static void judge_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        judge_row(&rows[i]);
    }
}

/* --- a whole file was asked for --------------------------------------------------------------- */

#define WHOLE                      \
    {                              \
        .from = 0, .size = UNKNOWN \
    }

static void test_gate_whole_asked_by_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"200 with a length", WHOLE, {.status = 200}, {"10"}, {GATE_WHOLE, 10, 10, NULL}},
        {"200 without", WHOLE, {.status = 200}, {0}, {GATE_WHOLE, UNKNOWN, UNKNOWN, NULL}},
        {"203 from a proxy", WHOLE, {.status = 203}, {"10"}, {GATE_WHOLE, 10, 10, NULL}},
        {"200, empty", WHOLE, {.status = 200}, {"0"}, {GATE_WHOLE, 0, 0, NULL}},
        {"an encoding is bytes as any other",
         WHOLE,
         {.status = 200, .content_encoding = "gzip"},
         {"10"},
         {GATE_WHOLE, 10, 10, NULL}},
        {"206 unasked",
         WHOLE,
         {.status = 206, .content_range = "bytes 0-9/10", .etag = "\"a\""},
         {"10"},
         {GATE_REFUSE, 0, 0, "why"}},
        {"304 on a condition",
         {.size = UNKNOWN, .conditional = true},
         {.status = 304, .etag = "\"a\""},
         {0},
         {GATE_UNMODIFIED, UNKNOWN, UNKNOWN, NULL}},
        {"200 on a condition",
         {.size = UNKNOWN, .conditional = true},
         {.status = 200},
         {"10"},
         {GATE_WHOLE, 10, 10, NULL}},
        {"304 to a rest on a condition",
         {.from = 5, .size = 10, .etag = "\"a\"", .conditional = true},
         {.status = 304, .etag = "\"b\""},
         {0},
         {GATE_UNMODIFIED, UNKNOWN, UNKNOWN, NULL}},
        {"416 unasked",
         WHOLE,
         {.status = 416, .content_range = "bytes */10"},
         {0},
         {GATE_REFUSE, 0, 0, NULL}},
    };
    judge_rows(rows, ROWS(rows));
}

static void test_gate_whole_asked_other_status_is_refused_by_the_status(void **state)
{
    (void)state;
    static const long statuses[] = {0,   100, 101, 201, 202, 204, 205, 207, 226, 299, 300, 304, 305,
                                    399, 400, 401, 403, 404, 408, 412, 429, 500, 503, 599, 999, -1};
    for (size_t i = 0; i < ROWS(statuses); i++) {
        for (uint64_t from = 0; from < 10; from += 5) {
            const struct gate_ask ask = {.from = from, .size = 10, .etag = "\"a\""};
            const struct gate_reply reply = {.status = statuses[i], .etag = "\"a\""};
            const struct gate_result got = gate_judge(&ask, &reply);
            assert_int_equal(got.verdict, GATE_REFUSE);
            assert_null(got.why);
        }
    }
}

static void test_gate_redirect_needs_a_location(void **state)
{
    (void)state;
    static const long statuses[] = {300, 301, 302, 303, 307, 308};
    for (size_t i = 0; i < ROWS(statuses); i++) {
        const struct gate_ask ask = {.from = 5, .size = 10, .etag = "\"a\""};
        struct gate_reply reply = {.status = statuses[i], .has_location = true};
        assert_int_equal(gate_judge(&ask, &reply).verdict, GATE_REDIRECT);
        reply.has_location = false;
        assert_int_equal(gate_judge(&ask, &reply).verdict, GATE_REFUSE);
    }
    const struct gate_ask ask = {.size = UNKNOWN};
    static const long others[] = {200, 304, 404};
    for (size_t i = 0; i < ROWS(others); i++) {
        const struct gate_reply reply = {.status = others[i], .has_location = true};
        assert_int_not_equal(gate_judge(&ask, &reply).verdict, GATE_REDIRECT);
    }
}

/* F29: a length that cannot be trusted, whatever the status. */
static void test_gate_content_length_must_be_one_number(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"negative", WHOLE, {.status = 200}, {"-1"}, {GATE_REFUSE, 0, 0, "why"}},
        {"two that differ", WHOLE, {.status = 200}, {"10", "11"}, {GATE_REFUSE, 0, 0, "why"}},
        {"two of one mind", WHOLE, {.status = 200}, {"10", "10"}, {GATE_WHOLE, 10, 10, NULL}},
        {"the third differs",
         WHOLE,
         {.status = 200},
         {"10", "10", "9"},
         {GATE_REFUSE, 0, 0, "why"}},
        {"2^64", WHOLE, {.status = 200}, {"18446744073709551616"}, {GATE_REFUSE, 0, 0, "why"}},
        {"2^64 - 1", WHOLE, {.status = 200}, {"18446744073709551615"}, {GATE_REFUSE, 0, 0, "why"}},
        {"2^63", WHOLE, {.status = 200}, {"9223372036854775808"}, {GATE_REFUSE, 0, 0, "why"}},
        {"2^63 - 1 is an offset",
         WHOLE,
         {.status = 200},
         {"9223372036854775807"},
         {GATE_WHOLE, INT64_MAX, INT64_MAX, NULL}},
        {"empty", WHOLE, {.status = 200}, {""}, {GATE_REFUSE, 0, 0, "why"}},
        {"hex", WHOLE, {.status = 200}, {"0x10"}, {GATE_REFUSE, 0, 0, "why"}},
        {"a list", WHOLE, {.status = 200}, {"10, 11"}, {GATE_REFUSE, 0, 0, "why"}},
        {"a sign", WHOLE, {.status = 200}, {"+10"}, {GATE_REFUSE, 0, 0, "why"}},
        {"chunked: it does not count",
         WHOLE,
         {.status = 200, .chunked = true},
         {"10", "x"},
         {GATE_WHOLE, UNKNOWN, UNKNOWN, NULL}},
        {"on a redirect",
         WHOLE,
         {.status = 302, .has_location = true},
         {"1", "2"},
         {GATE_REFUSE, 0, 0, "why"}},
    };
    judge_rows(rows, ROWS(rows));
}

/* --- the rest of a file was asked for --------------------------------------------------------- */

/* Five of ten bytes are held; the ETag of the reply that they came with was "a". */
#define HALF                                                          \
    {                                                                 \
        .from = 5, .size = 10, .etag = "\"a\"", .last_modified = DAY1 \
    }
#define PART(range) .status = 206, .content_range = (range), .etag = "\"a\""
#define CHANGED                   \
    {                             \
        GATE_CHANGED, 0, 0, "why" \
    }
#define ANEW                   \
    {                          \
        GATE_ANEW, 0, 0, "why" \
    }
#define GO_ON                      \
    {                              \
        GATE_CONTINUE, 5, 10, NULL \
    }

static void test_gate_rest_asked_range_by_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as asked", HALF, {PART("bytes 5-9/10")}, {"5"}, GO_ON},
        {"without a length", HALF, {PART("bytes 5-9/10")}, {0}, GO_ON},
        {"chunked", HALF, {PART("bytes 5-9/10"), .chunked = true}, {"77"}, GO_ON},
        {"unit in capitals", HALF, {PART("Bytes 5-9/10")}, {"5"}, GO_ON},
        {"identity is no encoding",
         HALF,
         {PART("bytes 5-9/10"), .content_encoding = "identity"},
         {"5"},
         GO_ON},
        {"a type of its own",
         HALF,
         {PART("bytes 5-9/10"), .content_type = "text/html"},
         {"5"},
         GO_ON},
        {"from the start", HALF, {PART("bytes 0-9/10")}, {"10"}, ANEW},
        {"one byte early", HALF, {PART("bytes 4-9/10")}, {"6"}, ANEW},
        {"one byte late", HALF, {PART("bytes 6-9/10")}, {"4"}, ANEW},
        {"ends early", HALF, {PART("bytes 5-8/10")}, {"4"}, ANEW},
        {"ends beyond the end", HALF, {PART("bytes 5-10/10")}, {"6"}, ANEW},
        {"backwards", HALF, {PART("bytes 9-5/10")}, {0}, ANEW},
        {"length says less (F3)", HALF, {PART("bytes 5-9/10")}, {"4"}, ANEW},
        {"length says more (F3)", HALF, {PART("bytes 5-9/10")}, {"6"}, ANEW},
        {"another total", HALF, {PART("bytes 5-9/11")}, {"5"}, CHANGED},
        {"another total, all of it", HALF, {PART("bytes 5-10/11")}, {"6"}, CHANGED},
        {"total not told", HALF, {PART("bytes 5-9/*")}, {"5"}, ANEW},
        {"total not told, changed",
         HALF,
         {.status = 206, .content_range = "bytes 5-9/*", .etag = "\"b\""},
         {"5"},
         CHANGED},
    };
    judge_rows(rows, ROWS(rows));
}

static void test_gate_rest_asked_other_reply_by_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"no Content-Range", HALF, {.status = 206, .etag = "\"a\""}, {"5"}, ANEW},
        {"another unit", HALF, {PART("lines 5-9/10")}, {"5"}, ANEW},
        {"unsatisfied in a 206", HALF, {PART("bytes */10")}, {"5"}, ANEW},
        {"multipart",
         HALF,
         {PART("bytes 5-9/10"), .content_type = "multipart/byteranges; boundary=x"},
         {"5"},
         ANEW},
        {"Multipart",
         HALF,
         {PART("bytes 5-9/10"), .content_type = "Multipart/ByteRanges"},
         {"5"},
         ANEW},
        {"gzip", HALF, {PART("bytes 5-9/10"), .content_encoding = "gzip"}, {"5"}, ANEW},
        {"two encodings",
         HALF,
         {PART("bytes 5-9/10"), .content_encoding = "identity, br"},
         {"5"},
         ANEW},
        {"range ignored (F6)",
         HALF,
         {.status = 200, .etag = "\"a\""},
         {"10"},
         {GATE_WHOLE, 10, 10, NULL}},
        {"range ignored, changed",
         HALF,
         {.status = 200, .etag = "\"b\""},
         {"12"},
         {GATE_WHOLE, 12, 12, NULL}},
        {"a length that is none",
         HALF,
         {PART("bytes 5-9/10")},
         {"5", "6"},
         {GATE_REFUSE, 0, 0, "why"}},
    };
    judge_rows(rows, ROWS(rows));
}

/* The size was not known so far: the reply must tell it, or where the file ends is a guess. */
static void test_gate_rest_of_unknown_size_by_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"told now",
         {.from = 5, .size = UNKNOWN, .etag = "\"a\""},
         {PART("bytes 5-9/10")},
         {"5"},
         GO_ON},
        {"not told",
         {.from = 5, .size = UNKNOWN, .etag = "\"a\""},
         {PART("bytes 5-9/*")},
         {"5"},
         ANEW},
        {"not told, huge",
         {.from = 5, .size = UNKNOWN, .etag = "\"a\""},
         {PART("bytes 5-9223372036854775807/*")},
         {0},
         ANEW},
        {"not all of it",
         {.from = 5, .size = UNKNOWN, .etag = "\"a\""},
         {PART("bytes 5-8/10")},
         {"4"},
         ANEW},
        {"nothing is left",
         {.from = 5, .size = UNKNOWN, .etag = "\"a\""},
         {PART("bytes 5-4/5")},
         {"0"},
         ANEW},
        {"total of 0",
         {.from = 5, .size = UNKNOWN, .etag = "\"a\""},
         {PART("bytes 5-9/0")},
         {"5"},
         ANEW},
    };
    judge_rows(rows, ROWS(rows));
}

/* F4, F9: the validators of what is held against those of the reply. */
static void test_gate_rest_asked_validators_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *ask_etag, *ask_date, *etag, *date;
        bool goes_on;
    } rows[] = {
        {"\"a\"", NULL, "\"a\"", NULL, true},
        {"\"a\"", NULL, "\"b\"", NULL, false},
        {"\"a\"", NULL, "\"A\"", NULL, false},
        {"\"a\"", NULL, "W/\"a\"", NULL, false},
        {"\"a\"", NULL, NULL, NULL, false},
        {"\"a\"", DAY1, "\"a\"", DAY2, true}, /* servers behind a balancer differ in dates */
        {"\"a\"", DAY1, "\"b\"", DAY1, false},
        {"\"a\"", DAY1, NULL, DAY1, false},
        {NULL, DAY1, NULL, DAY1, true},
        {NULL, DAY1, NULL, DAY2, false},
        {NULL, DAY1, NULL, NULL, false},
        {NULL, DAY1, "\"a\"", DAY1, true},
        {NULL, DAY1, "\"a\"", NULL, false},
        {NULL, NULL, NULL, NULL, false},
        {NULL, NULL, "\"a\"", DAY1, false},
        {"W/\"a\"", NULL, "W/\"a\"", NULL, false},
        {"", NULL, "", NULL, false},
        {"a", NULL, "a", NULL, false}, /* not an entity tag */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct gate_ask ask = {
            .from = 5, .size = 10, .etag = rows[i].ask_etag, .last_modified = rows[i].ask_date};
        const struct gate_reply reply = {.status = 206,
                                         .content_range = "bytes 5-9/10",
                                         .etag = rows[i].etag,
                                         .last_modified = rows[i].date};
        const struct gate_result got = gate_judge(&ask, &reply);
        if (got.verdict != (rows[i].goes_on ? GATE_CONTINUE : GATE_CHANGED)) {
            fail_msg("row %zu: verdict %d", i, (int)got.verdict);
        }
    }
}

/* F8: complete only if the total is the recorded size and all of that is held. */
static void test_gate_unsatisfied_by_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"all is held",
         {.from = 10, .size = 10},
         {.status = 416, .content_range = "bytes */10"},
         {0},
         {GATE_COMPLETE, 0, 10, NULL}},
        {"smaller now",
         {.from = 10, .size = 10},
         {.status = 416, .content_range = "bytes */9"},
         {0},
         CHANGED},
        {"larger now",
         {.from = 10, .size = 10},
         {.status = 416, .content_range = "bytes */11"},
         {0},
         CHANGED},
        {"total not told", {.from = 10, .size = 10}, {.status = 416}, {0}, CHANGED},
        {"total unknown",
         {.from = 10, .size = 10},
         {.status = 416, .content_range = "bytes */*"},
         {0},
         CHANGED},
        {"a range",
         {.from = 10, .size = 10},
         {.status = 416, .content_range = "bytes 0-9/10"},
         {0},
         CHANGED},
        {"a part is held",
         {.from = 5, .size = 10},
         {.status = 416, .content_range = "bytes */10"},
         {0},
         CHANGED},
        {"a part is held, all there is now",
         {.from = 5, .size = 10},
         {.status = 416, .content_range = "bytes */5"},
         {0},
         CHANGED},
        {"size was not known",
         {.from = 10, .size = UNKNOWN},
         {.status = 416, .content_range = "bytes */10"},
         {0},
         CHANGED},
    };
    judge_rows(rows, ROWS(rows));
}

static void test_gate_has_validator_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *etag, *date;
        bool expected;
    } rows[] = {
        {"\"a\"", NULL, true},    {"\"a\"", DAY1, true}, {NULL, DAY1, true},
        {"\"\"", NULL, true},     {NULL, NULL, false},   {"W/\"a\"", NULL, false},
        {"W/\"a\"", DAY1, false}, {"a", NULL, false},    {"", NULL, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(gate_has_validator(rows[i].etag, rows[i].date), rows[i].expected);
    }
}

/* --- whatever a server says ------------------------------------------------------------------- */

/* A reply with a few small numbers, so that every relation between them happens. */
static struct gate_reply random_reply(uint64_t *x, char range[64], char length[16],
                                      const char **lengths)
{
    static const long statuses[] = {200, 206, 206, 206, 206, 416};
    static const char *const etags[] = {NULL, "\"a\"", "\"b\"", "W/\"a\""};
    const unsigned first = (unsigned)(random_next(x) % 6), last = (unsigned)(random_next(x) % 6);
    const unsigned size = (unsigned)(random_next(x) % 6);

    snprintf(range, 64, size == 0 ? "bytes %u-%u/*" : "bytes %u-%u/%u", first, last, size);
    snprintf(length, 16, "%u", (unsigned)(random_next(x) % 6));
    *lengths = length;
    return (struct gate_reply){
        .status = statuses[random_next(x) % ROWS(statuses)],
        .content_length = lengths,
        .n_content_length = random_next(x) % 2,
        .content_range = range,
        .etag = etags[random_next(x) % ROWS(etags)],
        .last_modified = random_next(x) % 2 != 0 ? DAY1 : NULL,
    };
}

/* Bytes are joined only to bytes of the same version, at the right place, up to the known end. */
static void test_gate_random_replies_continue_only_where_all_is_proved(void **state)
{
    (void)state;
    uint64_t x = UINT64_C(0x2545f4914f6cdd1d);
    unsigned went_on = 0;
    for (int i = 0; i < 400000; i++) {
        char range[64], length[16];
        const char *lengths;
        const struct gate_reply reply = random_reply(&x, range, length, &lengths);
        const struct gate_ask ask = {.from = random_next(&x) % 6,
                                     .size = random_next(&x) % 4 == 0 ? UNKNOWN : 5,
                                     .etag = random_next(&x) % 2 != 0 ? "\"a\"" : NULL,
                                     .last_modified = DAY1};
        const struct gate_result got = gate_judge(&ask, &reply);
        assert_int_not_equal(got.verdict, GATE_COMPLETE);
        if (got.verdict == GATE_CONTINUE) {
            char proof[64];
            went_on++;
            assert_true(ask.from > 0 && reply.status == 206);
            assert_true(ask.size == UNKNOWN || got.size == ask.size);
            assert_true(ask.from + got.body_bytes == got.size && got.body_bytes > 0);
            snprintf(proof, sizeof proof, "bytes %u-%u/%u", (unsigned)ask.from,
                     (unsigned)got.size - 1, (unsigned)got.size);
            assert_string_equal(range, proof);
            assert_true(ask.etag != NULL ? reply.etag != NULL && strcmp(reply.etag, "\"a\"") == 0
                                         : reply.last_modified != NULL);
        }
    }
    assert_true(went_on > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_whole_asked_by_table),
        cmocka_unit_test(test_gate_whole_asked_other_status_is_refused_by_the_status),
        cmocka_unit_test(test_gate_redirect_needs_a_location),
        cmocka_unit_test(test_gate_content_length_must_be_one_number),
        cmocka_unit_test(test_gate_rest_asked_range_by_table),
        cmocka_unit_test(test_gate_rest_asked_other_reply_by_table),
        cmocka_unit_test(test_gate_rest_of_unknown_size_by_table),
        cmocka_unit_test(test_gate_rest_asked_validators_by_table),
        cmocka_unit_test(test_gate_unsatisfied_by_table),
        cmocka_unit_test(test_gate_has_validator_by_table),
        cmocka_unit_test(test_gate_random_replies_continue_only_where_all_is_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
