/* SPDX-License-Identifier: MIT
 *
 * Content-Disposition: whatever a server proposes, the name that is made of it is one component.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fetch/disposition.h"
#include "fetch/name.h"
#include "fuzz/fuzz.h"

#define HEADER_BYTES 4095 /* head.h keeps no longer value */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = fuzz_text(data, size < HEADER_BYTES ? size : HEADER_BYTES);
    char proposed[DISPOSITION_ROOM];
    char safe[NAME_ROOM];
    const size_t len = disposition_filename(value, proposed);
    assert_true(len <= sizeof proposed);
    if (len > 0) {
        assert_null(memchr(proposed, '/', len));
        assert_null(memchr(proposed, '\\', len));
        assert_false(len <= 2 && memcmp(proposed, "..", len) == 0);
        fuzz_check_name(safe, name_make_safe(proposed, len, safe));
    }
    free(value);
    return 0;
}
