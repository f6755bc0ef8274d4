/* SPDX-License-Identifier: MIT
 *
 * The door through which names and URLs reach a terminal: no control byte comes out, and no
 * secret, whatever is around it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/show.h"
#include "fuzz/fuzz.h"

#define SECRET "XyZZy9"

static void check_secret(const char *before, const char *text, const char *after)
{
    const size_t room = strlen(before) + strlen(text) + strlen(after) + 1;
    char *url = malloc(room);
    char *out = malloc(PX_SHOW_ROOM(2 * room));
    assert_true(url != NULL && out != NULL);
    (void)snprintf(url, room, "%s%s%s", before, text, after);
    fuzz_check_shown(px_show_url(out, PX_SHOW_ROOM(2 * room), url));
    assert_null(strstr(out, SECRET));
    fuzz_check_shown(px_show_header(out, PX_SHOW_ROOM(2 * room), url));
    char *masked = px_mask_url_dup(url);
    assert_non_null(masked);
    assert_null(strstr(masked, SECRET));
    free(masked);
    free(out);
    free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    char *text = fuzz_text(data, size);
    char *out = malloc(PX_SHOW_ROOM(size) + 64);
    assert_non_null(out);
    const size_t len = px_show(out, PX_SHOW_ROOM(size), bytes, size);
    assert_int_equal(strlen(out), len);
    fuzz_check_shown(out);
    for (size_t room = 4; room < 32; room++) {
        assert_true(px_show(out, room, bytes, size) < room);
        fuzz_check_shown(out);
        (void)px_show_url(out, room, text);
        assert_true(strlen(out) < room);
        fuzz_check_shown(out);
    }
    if (strstr(text, SECRET) == NULL) {
        if (strpbrk(text, "/?#\\") == NULL) {
            check_secret("http://" SECRET, text, "@h/");
            check_secret("http://u:" SECRET, text, "@h/");
        }
        check_secret("http://u:" SECRET "@h", text, "");
        check_secret("http://h/?", text, "&token=" SECRET);
        check_secret("http://h/?token=" SECRET "&a=", text, "");
    }
    free(out);
    free(text);
    return 0;
}
