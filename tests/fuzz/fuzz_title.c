/* SPDX-License-Identifier: MIT
 *
 * Titles of pages: whatever the page, the title is bounded, one line of UTF-8. The first line of
 * the input is its Content-Type.
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

#include "base/show.h"
#include "fetch/title.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct title *title = NULL;
    char *type = fuzz_line(&data, &size);
    title_prepare();
    (void)title_is_likely(type);
    assert_int_equal(title_new(type, &title), PX_OK);
    const size_t half = size / 2;
    if (!title_feed(title, (const char *)data, half)) {
        (void)title_feed(title, (const char *)data + half, size - half);
    }
    const char *text = title_text(title);
    if (text != NULL) {
        assert_in_range(strlen(text), 1, TITLE_MAX_BYTES);
        assert_true(px_utf8_valid(text, strlen(text)));
        assert_null(strpbrk(text, "\n\r\t"));
    }
    title_free(title);
    free(type);
    return 0;
}
