/* SPDX-License-Identifier: MIT
 *
 * The writer of JSON lines (journal, --json, reports) against jansson: any bytes make one line of
 * valid JSON without control bytes, and come back as they were.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/jsonl.h"
#include "base/parse.h"
#include "base/show.h"
#include "fuzz/fuzz.h"

static void check_bytes(const json_t *object, const uint8_t *data, size_t size)
{
    const json_t *text = json_object_get(object, "a");
    const char *base64 = json_string_value(json_object_get(object, "a_b64"));
    assert_int_equal(base64 == NULL, px_utf8_valid((const char *)data, size));
    if (base64 == NULL) {
        assert_int_equal(json_string_length(text), size);
        assert_memory_equal(json_string_value(text), data, size);
        return;
    }
    unsigned char *back = malloc(size + 1);
    size_t len = 0;
    assert_non_null(back);
    assert_int_equal(px_parse_base64(base64, strlen(base64), back, size, &len), PX_OK);
    assert_int_equal(len, size);
    assert_memory_equal(back, data, size);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jsonl json = {0};
    const char *text = (const char *)data;
    const uint8_t *rest = data;
    size_t left = size;
    const uint64_t bits = fuzz_number(&rest, &left, 8);
    double real;
    memcpy(&real, &bits, sizeof real);
    real =
        real > 1e15 || real < -1e15 ? 0 : real; /* jansson takes no longer ones without a point */
    jsonl_object(&json, NULL);
    jsonl_bytes(&json, "a", text, size);
    jsonl_array(&json, "list");
    jsonl_bytes(&json, NULL, text, size);
    jsonl_double(&json, NULL, real, (int)(bits & 7));
    jsonl_close(&json);
    jsonl_i64(&json, "i", (int64_t)bits);
    jsonl_ms(&json, "ms", (int64_t)bits);
    jsonl_close(&json);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    assert_int_equal(json.text[json.len - 1], '\n');
    json.text[json.len - 1] = '\0';
    assert_int_equal(strlen(json.text), json.len - 1);
    fuzz_check_shown(json.text);
    json_t *object = json_loadb(json.text, json.len - 1, JSON_ALLOW_NUL, NULL);
    assert_non_null(object);
    check_bytes(object, data, size);
    assert_true(json_integer_value(json_object_get(object, "i")) == (int64_t)bits);
    json_decref(object);
    jsonl_fini(&json);
    return 0;
}
