/* SPDX-License-Identifier: MIT
 *
 * Which directories a URL's file gets (--dirs, --cut-dirs), also for URLs that mean harm (F19).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/layout.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void expect(const char *url, enum px_dirs dirs, unsigned cut, const char *want)
{
    char got[NAME_PATH_ROOM];
    const char *why;

    assert_int_equal(layout_path(url, strlen(url), dirs, cut, got, &why), PX_OK);
    if (strcmp(got, want) != 0) {
        fail_msg("%s: got %s, expected %s", url, got, want);
    }
}

static void test_layout_each_kind(void **state)
{
    (void)state;
    const char *url = "http://H.org:8080/a/b/c.bin?q=/x#/y";

    expect(url, PX_DIRS_FLAT, 0, "c.bin");
    expect(url, PX_DIRS_HOST, 0, "h.org:8080/c.bin");
    expect(url, PX_DIRS_PATH, 0, "a/b/c.bin");
    expect(url, PX_DIRS_HOST_PATH, 0, "h.org:8080/a/b/c.bin");
}

static void test_layout_host_has_no_usual_port_and_no_userinfo(void **state)
{
    (void)state;
    expect("http://u:p@h:80/x", PX_DIRS_HOST, 0, "h/x");
    expect("https://h:443/x", PX_DIRS_HOST, 0, "h/x");
    expect("https://h:80/x", PX_DIRS_HOST, 0, "h:80/x");
    expect("http://h:/x", PX_DIRS_HOST, 0, "h/x");
    expect("http://[::1]:81/x", PX_DIRS_HOST, 0, "[::1]:81/x");
    expect("http://h", PX_DIRS_HOST, 0, "h/index.html");
    expect("http://.h/x", PX_DIRS_HOST, 0, "_h/x");
    expect("http://%2e%2e/x", PX_DIRS_HOST, 0, "_./x");
}

static void test_layout_cut_leaves_out_directories_of_the_path_only(void **state)
{
    (void)state;
    const char *url = "http://h/a/b/c/d";

    expect(url, PX_DIRS_PATH, 1, "b/c/d");
    expect(url, PX_DIRS_PATH, 3, "d");
    expect(url, PX_DIRS_PATH, 1000, "d");
    expect(url, PX_DIRS_HOST_PATH, 2, "h/c/d");
    expect(url, PX_DIRS_HOST_PATH, 9, "h/d");
    expect(url, PX_DIRS_HOST, 9, "h/d");
    expect(url, PX_DIRS_FLAT, 9, "d");
    expect("http://h/x/", PX_DIRS_PATH, 0, "x/index.html");
}

static void test_layout_hostile_directories_stay_below(void **state)
{
    (void)state;
    expect("http://h/../../x", PX_DIRS_PATH, 0, "x");
    expect("http://h/a/../../../b/x", PX_DIRS_HOST_PATH, 0, "h/b/x");
    expect("http://h/a/./b//c/x", PX_DIRS_PATH, 0, "a/b/c/x");
    expect("http://h/%2e%2e/x", PX_DIRS_PATH, 0, "_./x");
    expect("http://h/..%2f..%2f/x", PX_DIRS_PATH, 0, "_._.._/x");
    expect("http://h/.ssh/x", PX_DIRS_PATH, 0, "_ssh/x");
    expect("http://h/a%00b%1b/x", PX_DIRS_PATH, 0, "a_b_/x");
    expect("http://h/a%5cb/x", PX_DIRS_PATH, 0, "a_b/x");
    expect("http://h/a/..", PX_DIRS_PATH, 0, "a/_.");
}

static void test_layout_long_parts_are_cut_and_too_deep_is_refused(void **state)
{
    (void)state;
    enum { LONG = 20000 };
    char *url = malloc(LONG + 1), got[NAME_PATH_ROOM];
    const char *why;

    assert_non_null(url);
    memset(url, 'a', LONG);
    memcpy(url, "http://h/", 9);
    memcpy(url + 1000, "/x", 3);
    assert_int_equal(layout_path(url, 1002, PX_DIRS_PATH, 0, got, &why), PX_OK);
    assert_int_equal(strlen(got), 255 + 2);
    for (size_t i = 10; i < LONG; i += 2) {
        url[i] = '/';
        url[i + 1] = 'a';
    }
    assert_int_equal(layout_path(url, LONG, PX_DIRS_PATH, 0, got, &why), PX_EBADLINE);
    assert_non_null(why);
    assert_int_equal(layout_path(url, 4000, PX_DIRS_PATH, 0, got, &why), PX_OK);
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_each_kind),
        cmocka_unit_test(test_layout_host_has_no_usual_port_and_no_userinfo),
        cmocka_unit_test(test_layout_cut_leaves_out_directories_of_the_path_only),
        cmocka_unit_test(test_layout_hostile_directories_stay_below),
        cmocka_unit_test(test_layout_long_parts_are_cut_and_too_deep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
