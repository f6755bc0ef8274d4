/* SPDX-License-Identifier: MIT
 *
 * Numbers, sizes, durations, lists of numbers, hexadecimal and base64 of options and headers, and
 * the values of options of every kind. What a number is written as is read as that number.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/human.h"
#include "app/option_value.h"
#include "app/shard_words.h"
#include "app/words.h"
#include "base/digest.h"
#include "base/parse.h"
#include "fuzz/fuzz.h"

static void check_written(uint64_t number)
{
    static const struct {
        const char *unit;
        uint64_t factor;
    } units[] = {{"", 1}, {"K", 1 << 10}, {"MiB", 1 << 20}, {"GB", 1000000000}};
    char text[32];
    uint64_t back = 0;
    snprintf(text, sizeof text, "%" PRIu64, number);
    assert_int_equal(px_parse_u64(text, 0, UINT64_MAX, &back), PX_OK);
    assert_true(back == number);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        snprintf(text, sizeof text, "%" PRIu64 "%s", number, units[i].unit);
        const bool fits = number <= UINT64_MAX / units[i].factor;
        assert_int_equal(px_parse_size(text, &back), fits ? PX_OK : PX_EINVAL);
        assert_true(!fits || back == number * units[i].factor);
    }
    snprintf(text, sizeof text, "%" PRIu64 "ms", number % 1000000000000);
    int64_t ns = 0;
    assert_int_equal(px_parse_duration(text, &ns), PX_OK);
    assert_true(ns == (int64_t)(number % 1000000000000) * 1000000);
}

static void check_base64(const uint8_t *data, size_t size)
{
    unsigned char *text = malloc(size / 3 * 4 + 5);
    unsigned char *back = malloc(size + 1);
    size_t len = 0;
    assert_true(text != NULL && back != NULL);
    const int n = EVP_EncodeBlock(text, data, (int)size);
    assert_int_equal(px_parse_base64((char *)text, (size_t)n, back, size, &len), PX_OK);
    assert_int_equal(len, size);
    assert_memory_equal(back, data, size);
    free(back);
    free(text);
}

static void check_values(const char *text)
{
    static const struct option_choice choices[] = {{"auto", 1}, {"never", 2}, {NULL, 0}};
    for (enum option_kind kind = OPTION_INT; kind <= OPTION_NUMBERS; kind++) {
        struct option_numbers field = {0}; /* the largest of all fields */
        const struct option_spec spec = {.kind = kind, .min = 1, .max = 1000, .choices = choices};
        const char *reason = NULL;
        const int rc = option_value_store(&spec, text, &field, &reason);
        assert_true(rc == PX_OK || rc == PX_EINVAL);
        if (rc == PX_OK && (kind == OPTION_U64 || kind == OPTION_SIZE)) {
            assert_in_range(field.value[0], 1, 1000);
        }
        option_value_free(&spec, &field);
    }
}

static char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static void check_words(const char *text)
{
    struct shard_words shard = {0};
    char why[256];
    if (shard_words_read(text, no_environment, &shard, why, sizeof why) == PX_OK) {
        assert_true(shard.index < shard.count && shard.count <= SHARD_MAX);
    }
    char **words = NULL;
    const char *reason = NULL;
    if (words_split(text, &words, &reason) == PX_OK) {
        assert_non_null(words[0]);
        free(words_fill(words[0], "{url}", "{}"));
        free(words);
    } else {
        assert_non_null(reason);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    uint64_t number = 0, many[8];
    int64_t ns = 0;
    size_t count = 0;
    unsigned char bytes[16];
    struct px_checksum sum;
    if (px_parse_size(text, &number) == PX_OK) {
        fuzz_check_shown(human_bytes(number).text);
    }
    if (px_parse_duration(text, &ns) == PX_OK) {
        assert_true(ns >= 0);
        fuzz_check_shown(human_duration(ns).text);
    }
    if (px_parse_list(text, 2, 1000, many, 8, &count) == PX_OK) {
        assert_in_range(count, 1, 8);
        assert_in_range(many[count - 1], 2, 1000);
    }
    (void)!px_parse_hex(text, bytes, size / 2 < sizeof bytes ? size / 2 : sizeof bytes);
    (void)!px_parse_base64(text, size, bytes, sizeof bytes, &count);
    if (px_checksum_parse(text, &sum) == PX_OK) {
        assert_int_equal(sum.len, px_digest_len(sum.kind));
    }
    check_values(text);
    check_words(text);
    check_base64(data, size);
    check_written(fuzz_number(&data, &size, 8));
    free(text);
    return 0;
}
