/* SPDX-License-Identifier: MIT
 *
 * Patterns of --exclude: the first line is a path, the others are patterns. The matcher says what
 * a plain recursive one says, wherever that one can tell.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "copy/pattern.h"
#include "fuzz/fuzz.h"

#define ORACLE_BYTES 14 /* it tries everything */

/* By definition; without sets and backslashes. */
static bool matches(const char *pattern, const char *text)
{
    if (*pattern == '\0') {
        return *text == '\0';
    }
    if (pattern[0] == '*') {
        const bool crosses = pattern[1] == '*';
        const char *rest = pattern + (crosses ? strspn(pattern, "*") : 1);
        for (;; text++) {
            if (matches(rest, text)) {
                return true;
            }
            if (*text == '\0' || (*text == '/' && !crosses)) {
                return false;
            }
        }
    }
    return *text != '\0' && (*pattern == '?' ? *text != '/' : *pattern == *text) &&
           matches(pattern + 1, text + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct px_patterns patterns = {0};
    char *path = fuzz_line(&data, &size);
    while (size > 0) {
        char *pattern = fuzz_line(&data, &size);
        const int rc = px_patterns_add(&patterns, pattern, strlen(pattern), false);
        assert_true(rc == PX_OK || rc == PX_EINVAL);
        const bool found = px_pattern_glob(pattern, path);
        if (strpbrk(pattern, "[\\") == NULL && strlen(pattern) < ORACLE_BYTES &&
            strlen(path) < ORACLE_BYTES) {
            assert_int_equal(found, matches(pattern, path));
        }
        free(pattern);
    }
    const bool as_file = px_patterns_exclude(&patterns, path, false);
    assert_true(!as_file || patterns.n > 0);
    (void)px_patterns_exclude(&patterns, path, true);
    px_patterns_free(&patterns);
    free(path);
    return 0;
}
