/* SPDX-License-Identifier: MIT
 *
 * Which server a URL names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fetch/authority.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void test_authority_of_a_url_is_its_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *path;
        size_t host_len;
        bool userinfo;
    } rows[] = {
        {"http://h", "h", "", 1, false},
        {"http://h/", "h", "/", 1, false},
        {"http://h:8080?q", "h:8080", "?q", 1, false},
        {"https://u:p@h.org/x@y", "h.org", "/x@y", 5, true},
        {"https://u@p@h#f", "h", "#f", 1, true},
        {"http://[::1]/a", "[::1]", "/a", 5, false},
        {"http://[::1]:81/a", "[::1]:81", "/a", 5, false},
        {"http://h/a://b", "h", "/a://b", 1, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct authority got = authority_of(rows[i].url, strlen(rows[i].url));
        assert_int_equal(got.len, strlen(rows[i].host));
        assert_memory_equal(got.host, rows[i].host, got.len);
        assert_int_equal(got.host_len, rows[i].host_len);
        assert_string_equal(got.path, rows[i].path);
        assert_int_equal(got.has_userinfo, rows[i].userinfo);
    }
}

static void test_authority_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"http://h/a", "http://h/b?c", true},        {"http://h/a", "HTTP://H/a", true},
        {"http://h/a", "http://u:p@H/b?c", true},    {"http://h/a", "http://h:81/a", false},
        {"http://h/a", "https://h/a", false},        {"http://h/a", "http://h2/a", false},
        {"http://h", "http://h?x/y", true},          {"http://h/a", "http://h:80/b", true},
        {"https://h:443/a", "HTTPS://h/b", true},    {"http://h:/a", "http://h/b", true},
        {"http://h:443/a", "http://h/b", false},     {"https://h:80/a", "https://h/b", false},
        {"http://h:8080/a", "http://h:80/b", false}, {"http://[::80]/a", "http://[::]/b", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(authority_origin(rows[i].a) == authority_origin(rows[i].b), rows[i].same);
    }
}

static void test_authority_is_below_a_domain_at_a_dot_only(void **state)
{
    (void)state;
    static const struct {
        const char *url, *domain;
        bool below;
    } rows[] = {
        {"http://a.example.org/", "example.org", true},
        {"http://a.example.org:81/", ".example.org", true},
        {"http://EXAMPLE.org/", "example.ORG", true},
        {"http://badexample.org/", "example.org", false},
        {"http://example.org.evil/", "example.org", false},
        {"http://org/", "example.org", false},
        {"http://example.org/", "", false},
        {"http://example.org/", ".", false},
        {"http://evil/example.org", "example.org", false},
        {"http://example.org@evil/", "example.org", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct authority host = authority_of(rows[i].url, strlen(rows[i].url));
        assert_int_equal(authority_is_below(&host, rows[i].domain, strlen(rows[i].domain)),
                         rows[i].below);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authority_of_a_url_is_its_host_and_port),
        cmocka_unit_test(test_authority_origin_is_scheme_host_and_port),
        cmocka_unit_test(test_authority_is_below_a_domain_at_a_dot_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
