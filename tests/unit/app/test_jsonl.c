/* SPDX-License-Identifier: MIT
 *
 * JSON Lines, character by character. (That jq reads what comes out is checked by the CLI tests.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "app/jsonl.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void check_line(struct jsonl *json, const char *expected)
{
    assert_int_equal(jsonl_end_line(json), PX_OK);
    assert_string_equal(json->text, expected);
    assert_int_equal(json->len, strlen(expected));
    jsonl_reset(json);
}

static void test_jsonl_values_of_each_kind(void **state)
{
    (void)state;
    struct jsonl json = {0};
    jsonl_object(&json, NULL);
    jsonl_string(&json, "s", "x");
    jsonl_string(&json, "no", NULL);
    jsonl_u64(&json, "u", UINT64_MAX);
    jsonl_i64(&json, "i", INT64_MIN);
    jsonl_double(&json, "d", 0.125, 2);
    jsonl_double(&json, "nan", NAN, 2);
    jsonl_double(&json, "inf", INFINITY, 2);
    jsonl_ms(&json, "ms", 1234567);
    jsonl_bool(&json, "t", true);
    jsonl_bool(&json, "f", false);
    jsonl_null(&json, "n");
    jsonl_close(&json);
    check_line(&json, "{\"s\":\"x\",\"no\":null,\"u\":18446744073709551615,"
                      "\"i\":-9223372036854775808,\"d\":0.12,\"nan\":null,\"inf\":null,"
                      "\"ms\":1.235,\"t\":true,\"f\":false,\"n\":null}\n");
    jsonl_fini(&json);
}

static void test_jsonl_objects_and_arrays_nest(void **state)
{
    (void)state;
    struct jsonl json = {0};
    jsonl_object(&json, NULL);
    jsonl_array(&json, "a");
    jsonl_u64(&json, NULL, 1);
    jsonl_object(&json, NULL);
    jsonl_close(&json);
    jsonl_array(&json, NULL);
    jsonl_string(&json, NULL, "x");
    jsonl_string(&json, NULL, "\xff");
    jsonl_close(&json);
    jsonl_close(&json);
    jsonl_object(&json, "o");
    jsonl_bool(&json, "b", true);
    jsonl_close(&json);
    jsonl_u64(&json, "z", 0);
    jsonl_close(&json);
    check_line(&json, "{\"a\":[1,{},[\"x\",\"\xef\xbf\xbd\"]],\"o\":{\"b\":true},\"z\":0}\n");
    jsonl_fini(&json);
}

static void test_jsonl_string_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *value, *expected;
    } rows[] = {
        {"", "{\"x\":\"\"}\n"},
        {"\"\\/", "{\"x\":\"\\\"\\\\/\"}\n"},
        {"\n\t\r\b\x01\x1f", "{\"x\":\"\\n\\t\\u000d\\u0008\\u0001\\u001f\"}\n"},
        {"\x7f\xc2\x80\xc2\x9f\xc2\xa0", "{\"x\":\"\\u007f\\u0080\\u009f\xc2\xa0\"}\n"},
        {"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8", "{\"x\":\"\\u202e\\u2066\\u2028\"}\n"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
         "{\"x\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}\n"},
    };
    struct jsonl json = {0};
    for (size_t i = 0; i < ROWS(rows); i++) {
        jsonl_object(&json, NULL);
        jsonl_string(&json, "x", rows[i].value);
        jsonl_close(&json);
        check_line(&json, rows[i].expected);
    }
    jsonl_fini(&json);
}

static void test_jsonl_bytes_that_are_no_utf8_come_as_base64_too(void **state)
{
    (void)state;
#define BAD "\xef\xbf\xbd"
    static const struct {
        const char *value;
        size_t n;
        const char *expected;
    } rows[] = {
        {"\xff", 1, "{\"p\":\"" BAD "\",\"p_b64\":\"/w==\"}\n"},
        {"a\xff", 2, "{\"p\":\"a" BAD "\",\"p_b64\":\"Yf8=\"}\n"},
        {"a\xff z", 4, "{\"p\":\"a" BAD " z\",\"p_b64\":\"Yf8geg==\"}\n"},
        {"\xe2\x82", 2, "{\"p\":\"" BAD BAD "\",\"p_b64\":\"4oI=\"}\n"},         /* cut short */
        {"\xc0\xaf", 2, "{\"p\":\"" BAD BAD "\",\"p_b64\":\"wK8=\"}\n"},         /* overlong */
        {"\xed\xa0\x80", 3, "{\"p\":\"" BAD BAD BAD "\",\"p_b64\":\"7aCA\"}\n"}, /* surrogate */
        {"a\0b", 3, "{\"p\":\"a\\u0000b\"}\n"},
    };
#undef BAD
    struct jsonl json = {0};
    for (size_t i = 0; i < ROWS(rows); i++) {
        jsonl_object(&json, NULL);
        jsonl_bytes(&json, "p", rows[i].value, rows[i].n);
        jsonl_close(&json);
        check_line(&json, rows[i].expected);
    }
    jsonl_fini(&json);
}

static void test_jsonl_long_line_grows_and_the_memory_is_kept(void **state)
{
    (void)state;
    struct jsonl json = {0};
    char value[5000];
    memset(value, 'v', sizeof value);
    for (int round = 0; round < 2; round++) {
        jsonl_object(&json, NULL);
        jsonl_bytes(&json, "x", value, sizeof value);
        jsonl_double(&json, "big", DBL_MAX, 3);
        jsonl_close(&json);
        assert_int_equal(jsonl_end_line(&json), PX_OK);
        assert_true(json.len > sizeof value + 309);
        jsonl_reset(&json);
    }
    jsonl_fini(&json);
    assert_null(json.text);
}

static void test_jsonl_unbalanced_or_too_deep_is_an_error(void **state)
{
    (void)state;
    struct jsonl json = {0};
    jsonl_object(&json, NULL);
    assert_int_equal(jsonl_end_line(&json), PX_EINVAL);

    jsonl_reset(&json);
    jsonl_close(&json);
    assert_int_equal(jsonl_end_line(&json), PX_EINVAL);

    jsonl_reset(&json);
    for (unsigned i = 0; i < JSONL_DEPTH + 1; i++) {
        jsonl_array(&json, NULL);
    }
    assert_int_equal(jsonl_end_line(&json), PX_EINVAL);

    jsonl_reset(&json);
    jsonl_object(&json, NULL);
    jsonl_close(&json);
    check_line(&json, "{}\n");
    jsonl_fini(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonl_values_of_each_kind),
        cmocka_unit_test(test_jsonl_objects_and_arrays_nest),
        cmocka_unit_test(test_jsonl_string_is_escaped),
        cmocka_unit_test(test_jsonl_bytes_that_are_no_utf8_come_as_base64_too),
        cmocka_unit_test(test_jsonl_long_line_grows_and_the_memory_is_kept),
        cmocka_unit_test(test_jsonl_unbalanced_or_too_deep_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
