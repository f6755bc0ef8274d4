/* SPDX-License-Identifier: MIT
 *
 * Lists made of lines, in every format of them. What format_text.h asserts of any entry; and
 * however few bytes there are at first, the format is found to be the same.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"
#include "fuzz/fuzz.h"

static void check_sniff(const char *text, size_t len, bool has_base)
{
    enum px_list_format kind = PX_LIST_AUTO;
    enum px_list_format early;
    assert_int_equal(format_sniff(text, len, true, has_base, &kind), PX_OK);
    assert_true(kind != PX_LIST_AUTO && kind != PX_LIST_PAIRS);
    for (size_t n = 0; n < len; n += 1 + n / 8) {
        if (format_sniff(text, n, false, has_base, &early) == PX_OK) {
            assert_int_equal(early, kind);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum px_list_format kinds[] = {PX_LIST_ARIA2, PX_LIST_PAIRS, PX_LIST_SUMS,
                                                PX_LIST_JSONL};
    const char *text = (const char *)data;
    check_sniff(text, size, false);
    check_sniff(text, size, true);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        free(format_entries(format_of(kinds[i]), text, size, 0, NULL));
        free(format_entries(format_of(kinds[i]), text, size, 0, "https://h/d/"));
    }
    free(format_entries(&format_nul, text, size, 0, NULL));
    return 0;
}
