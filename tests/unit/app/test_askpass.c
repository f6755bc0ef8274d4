/* SPDX-License-Identifier: MIT
 *
 * Secrets of the command line: what is complete is not asked for, what is one is overwritten. Typing
 * a password is tested on a real terminal, in tests/e2e/pfetch-password.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "app/askpass.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_askpass_complete_text_is_only_copied(void **state)
{
    (void)state;
    static const char *const texts[] = {"user:pass", "user:", ":", ":pass", "u:p:w"};
    for (size_t i = 0; i < ROWS(texts); i++) {
        char *out = NULL;
        assert_int_equal(askpass_complete("server", texts[i], &out), PX_OK);
        assert_string_equal(out, texts[i]);
        free(out);
    }
}

static void test_askpass_without_a_terminal_is_an_error(void **state)
{
    (void)state;
    char *out = NULL;
    if (setsid() < 0) { /* a group leader keeps its terminal */
        skip();
    }
    assert_int_equal(askpass_complete("server", "user", &out), PX_EUSAGE);
    assert_null(out);
}

static void test_askpass_hide_overwrites_secrets_only(void **state)
{
    (void)state;
    static const struct {
        enum askpass_secret kind;
        const char *text;
        bool secret;
    } rows[] = {
        {ASKPASS_ALL, "user:pass", true},
        {ASKPASS_ALL, "", true},
        {ASKPASS_HEADER, "Authorization: Bearer x", true},
        {ASKPASS_HEADER, "cookie: a=b", true},
        {ASKPASS_HEADER, "X-Api-Key: k", true},
        {ASKPASS_HEADER, "Accept: authorization", false},
        {ASKPASS_USERINFO, "http://u:p@h/x", true},
        {ASKPASS_USERINFO, "u:p@proxy:81", true},
        {ASKPASS_USERINFO, "http://h/x@y", false},
        {ASKPASS_USERINFO, "http://h?x@y", false},
        {ASKPASS_USERINFO, "list.txt", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char text[64], *copy = NULL;
        strncpy(text, rows[i].text, sizeof text - 1);
        text[sizeof text - 1] = '\0';
        const char *argument = text;
        assert_int_equal(askpass_hide(rows[i].kind, &argument, &copy), PX_OK);
        assert_string_equal(argument, rows[i].text);
        assert_int_equal(copy != NULL, rows[i].secret);
        assert_int_equal(strlen(text), strlen(rows[i].text));
        assert_int_equal(strspn(text, " ") == strlen(text), rows[i].secret);
        free(copy);
    }
    const char *none = NULL;
    char *copy;
    assert_int_equal(askpass_hide(ASKPASS_ALL, &none, &copy), PX_OK);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_askpass_complete_text_is_only_copied),
        cmocka_unit_test(test_askpass_without_a_terminal_is_an_error),
        cmocka_unit_test(test_askpass_hide_overwrites_secrets_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
