/* SPDX-License-Identifier: MIT
 *
 * Which of pfetch's arguments are hidden; how is tested in test_askpass.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/fetch_secrets.h"

static void test_fetch_secrets_leave_the_command_line_and_stay_in_the_options(void **state)
{
    (void)state;
    char user[] = "u:p1", proxy_user[] = "u:p2", proxy[] = "http://u:p3@h";
    char secret[] = "Authorization: p4", plain[] = "Accept: x";
    char url[] = "http://u:p5@h/x", list[] = "list.txt";
    const char *headers[] = {secret, plain};
    const char *inputs[] = {url, list};
    struct px_fetch_opts opts = {
        .headers = headers,
        .n_headers = 2,
        .inputs = inputs,
        .n_inputs = 2,
        .access = {.user = user, .proxy_user = proxy_user, .proxy = proxy},
    };
    struct fetch_secrets secrets = {0};
    const char *which = NULL;
    assert_int_equal(fetch_secrets_take(&opts, headers, inputs, &secrets, &which), PX_OK);
    assert_string_equal(opts.access.user, "u:p1");
    assert_string_equal(opts.access.proxy_user, "u:p2");
    assert_string_equal(opts.access.proxy, "http://u:p3@h");
    assert_string_equal(opts.headers[0], "Authorization: p4");
    assert_string_equal(opts.inputs[0], "http://u:p5@h/x");
    const char *const hidden[] = {user, proxy_user, proxy, secret, url};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        assert_null(strchr(hidden[i], 'p'));
    }
    assert_string_equal(plain, "Accept: x");
    assert_ptr_equal(opts.inputs[1], list);
    fetch_secrets_free(&secrets);
}

static void test_fetch_secrets_none_is_nothing_to_do(void **state)
{
    (void)state;
    struct px_fetch_opts opts = {0};
    struct fetch_secrets secrets = {0};
    const char *which = NULL;
    assert_int_equal(fetch_secrets_take(&opts, NULL, NULL, &secrets, &which), PX_OK);
    assert_int_equal(secrets.n, 0);
    fetch_secrets_free(&secrets);
    fetch_secrets_free(&(struct fetch_secrets){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_secrets_leave_the_command_line_and_stay_in_the_options),
        cmocka_unit_test(test_fetch_secrets_none_is_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
