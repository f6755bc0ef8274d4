/* SPDX-License-Identifier: MIT
 *
 * The digests that the head of a reply states: what is believed is as long as its kind.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fetch/stated.h"
#include "fuzz/fuzz.h"

static void check_sum(const struct px_checksum *sum)
{
    if (sum != NULL && sum->kind != PX_DIGEST_NONE) {
        assert_int_equal(sum->len, px_digest_len(sum->kind));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long replies[] = {200, 206, 203, 304};
    struct stated stated = {0};
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t len = end != NULL ? (size_t)(end - data) + 1 : size;
        stated_line(&stated, (const char *)data, len);
        data += len;
        size -= len;
    }
    check_sum(&stated.whole);
    check_sum(&stated.object);
    check_sum(&stated.content);
    check_sum(&stated.amz);
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        const struct px_checksum *plain = stated_of_whole(&stated, replies[i], NULL);
        const struct px_checksum *packed = stated_of_whole(&stated, replies[i], "gzip");
        assert_true(plain != NULL || packed == NULL);
        assert_true(packed == NULL || packed == &stated.whole);
        assert_true(replies[i] == 200 || (plain != &stated.content && plain != &stated.amz));
        assert_true(replies[i] <= 200 || replies[i] == 206 || plain == NULL);
    }
    return 0;
}
