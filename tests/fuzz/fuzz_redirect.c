/* SPDX-License-Identifier: MIT
 *
 * Where a redirect leads: http or https, never down from https unless that is allowed, and the
 * credentials of a URL never to another origin. Relative URLs of lists with a base, too.
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

#include "fetch/list/entry.h"
#include "fetch/redirect.h"
#include "fetch/list/resolve.h"
#include "fetch/syntax.h"
#include "fuzz/fuzz.h"

#define GIVEN "https://u5er:pa55@h.example/x"

static void check_step(const char *location, bool allow)
{
    struct redirect_step step = {0};
    const char *why = NULL;
    const int rc =
        redirect_resolve(GIVEN, "https://other.example:8443/y?z", location, allow, &step, &why);
    if (rc != PX_OK) {
        assert_int_equal(rc, PX_EPROTO);
        assert_non_null(why);
        return;
    }
    assert_true(strncmp(step.url, "https://", 8) == 0 ||
                (allow && strncmp(step.url, "http://", 7) == 0));
    if (!step.same_origin && strstr(location, "pa55") == NULL && strchr(location, '%') == NULL) {
        assert_null(strstr(step.url, "pa55"));
    }
    free(step.url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *location = fuzz_text(data, size);
    char *url = NULL;
    check_step(location, false);
    check_step(location, true);
    const size_t len = strlen(location);
    if (!list_url_has_scheme(location, len) && list_url_byte_fault(location, len) == NULL &&
        resolve_url("http://h/d/e?q", location, len, &url) == PX_OK) {
        assert_true(strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
        free(url);
    }
    (void)syntax_is_url(location);
    (void)syntax_is_header((const char *)data, size);
    free(location);
    return 0;
}
