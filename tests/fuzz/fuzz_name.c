/* SPDX-License-Identifier: MIT
 *
 * Names from URLs, from out= and from headers: one component, no control byte, at most 255 bytes,
 * no leading dot.
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

#include "fetch/name.h"
#include "fuzz/fuzz.h"

static void check_path(const char *path)
{
    for (;;) {
        const size_t len = strcspn(path, "/");
        char *name = fuzz_text((const uint8_t *)path, len);
        fuzz_check_name(name, len);
        free(name);
        if (path[len] == '\0') {
            return;
        }
        path += len + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char name[NAME_ROOM];
    char again[NAME_ROOM];
    char path[NAME_PATH_ROOM];
    const char *why = NULL;

    fuzz_check_name(name, name_from_url(text, size, name));
    fuzz_check_name(again, name_for_url(name, text, size, again));
    fuzz_check_name(name, name_from_component(text, size, name));
    fuzz_check_name(name, name_make_safe(text, size, name));
    assert_int_equal(name_make_safe(name, strlen(name), again), strlen(name));
    assert_string_equal(again, name); /* what is safe stays as it is */
    const size_t len = name_beside(name, ".part.state", again);
    assert_in_range(len, 2, NAME_BYTES);
    assert_true(again[0] == '.' && strlen(again) == len);
    if (name_from_out(text, size, path, &why) == PX_OK) {
        check_path(path);
    } else {
        assert_non_null(why);
    }
    return 0;
}
