/* SPDX-License-Identifier: MIT
 *
 * Metalink, which is XML: the entries are the same however the bytes come in pieces.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"
#include "fuzz/fuzz.h"

/* Where a document is broken depends on what expat has seen when it looks: the last entry, then. */
static void cut_fault(char *entries)
{
    char *fault = strstr(entries, " !not well-formed XML");
    while (fault != NULL && fault > entries && fault[-1] != '\n') {
        fault--;
    }
    if (fault != NULL) {
        *fault = '\0';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char *whole = format_entries(&format_metalink, text, size, size + 1, "http://h/d/");
    char *pieces = format_entries(&format_metalink, text, size, 1 + size / 5, "http://h/d/");
    cut_fault(whole);
    cut_fault(pieces);
    assert_string_equal(pieces, whole);
    free(pieces);
    free(whole);
    return 0;
}
