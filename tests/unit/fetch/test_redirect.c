/* SPDX-License-Identifier: MIT
 *
 * Where a redirect leads, and that no credential goes to an origin it was not given for (F22).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <pxfer/status.h>

#include "fetch/redirect.h"
#include "support/random.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

struct row {
    const char *given, *current, *location, *url;
    bool same_origin;
};

static void follow_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct redirect_step step = {0};
        const char *why = NULL;
        const int rc =
            redirect_resolve(rows[i].given, rows[i].current, rows[i].location, false, &step, &why);
        if (rc != PX_OK || strcmp(step.url, rows[i].url) != 0 ||
            step.same_origin != rows[i].same_origin) {
            fail_msg("%s -> %s: status %d, url %s, same origin %d", rows[i].current,
                     rows[i].location, rc, rc == PX_OK ? step.url : "none", (int)step.same_origin);
        }
        free(step.url);
    }
}

static void test_redirect_target_is_resolved_as_a_url_reference(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"http://h/a/b", "http://h/a/b", "http://h/c", "http://h/c", true},
        {"http://h/a/b", "http://h/a/b", "/c", "http://h/c", true},
        {"http://h/a/b", "http://h/a/b", "c", "http://h/a/c", true},
        {"http://h/a/b", "http://h/a/b", "../c", "http://h/c", true},
        {"http://h/a/b", "http://h/a/b", "../../../c", "http://h/c", true},
        {"http://h/a/b", "http://h/a/b", "?q=1", "http://h/a/b?q=1", true},
        {"http://h/a/b?x", "http://h/a/b?x", "?q=http://i/", "http://h/a/b?q=http://i/", true},
        {"http://h/a", "http://h/a", "//i/c", "http://i/c", false},
        {"https://h/a", "https://h/a", "//i/c", "https://i/c", false},
        {"http://h/a", "http://h/a", "http://i", "http://i/", false},
        {"http://h/a", "http://i/x/y", "z", "http://i/x/z", false},
        {"http://h/a", "http://i/x/y", "http://h/z", "http://h/z", true},
        {"http://h/a", "http://h/a", "/a b", "http://h/a%20b", true},
        {"http://h/a", "http://h/a", "/\xc3\xa9", "http://h/%c3%a9", true},
        {"http://h/\xc3\xa9", "http://h/\xc3\xa9", "/c", "http://h/c", true},
        {"http://h/a", "http://h/a", "/..%2f..%2fetc", "http://h/..%2f..%2fetc", true},
    };
    follow_rows(rows, ROWS(rows));
}

static void test_redirect_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"http://h/a", "http://h/a", "http://h:80/c", "http://h:80/c", true},
        {"http://h:80/a", "http://h:80/a", "http://h/c", "http://h/c", true},
        {"http://h/a", "http://h/a", "HTTP://H/c", "http://H/c", true},
        {"HTTP://H/a", "HTTP://H/a", "http://h/c", "http://h/c", true},
        {"https://h/a", "https://h/a", "https://h:443/c", "https://h:443/c", true},
        {"http://[::1]:8/a", "http://[::1]:8/a", "/c", "http://[::1]:8/c", true},
        {"http://h/a", "http://h/a", "http://h:8080/c", "http://h:8080/c", false},
        {"http://h/a", "http://h/a", "https://h/c", "https://h/c", false},
        {"http://h:443/a", "http://h:443/a", "https://h:443/c", "https://h:443/c", false},
        {"http://h/a", "http://h/a", "http://h.evil/c", "http://h.evil/c", false},
        {"http://h/a", "http://h/a", "http://x.h/c", "http://x.h/c", false},
        {"http://h/a", "http://h/a", "http://h./c", "http://h./c", false},
        {"http://h/a", "http://h/a", "http://evil/http://h/", "http://evil/http://h/", false},
        {"http://h/a", "http://h/a", "http://h@evil/", "http://h@evil/", false},
        {"http://h/a", "http://h/a", "http://h:80@evil/", "http://h:80@evil/", false},
        {"http://h/a", "http://h/a", "http://evil?h", "http://evil/?h", false},
    };
    follow_rows(rows, ROWS(rows));
}

static void test_redirect_credentials_go_to_their_origin_only(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"http://u:p@h/a", "http://u:p@h/a", "/c", "http://u:p@h/c", true},
        {"http://u:p@h/a", "http://u:p@h/a", "http://h/c", "http://u:p@h/c", true},
        {"http://u:p@h/a", "http://u:p@h/a", "http://h:80/c", "http://u:p@h:80/c", true},
        {"http://u@h/a", "http://u@h/a", "c", "http://u@h/c", true},
        {"http://u%40x:p%3a%2f@h/a", "http://u%40x:p%3a%2f@h/a", "/c", "http://u%40x:p%3a%2f@h/c",
         true},
        {"http://u:p@h/a", "http://u:p@h/a", "http://i/c", "http://i/c", false},
        {"http://u:p@h/a", "http://u:p@h/a", "//i/c", "http://i/c", false},
        {"http://u:p@h/a", "http://u:p@h/a", "https://h/c", "https://h/c", false},
        {"http://u:p@h/a", "http://u:p@h/a", "http://h:81/c", "http://h:81/c", false},
        {"https://u:p@h/a", "https://u:p@h/a", "//h:444/c", "https://h:444/c", false},
        /* away and back: theirs again, and nothing of what the server on the way wrote */
        {"http://u:p@h/a", "http://i/x", "y", "http://i/y", false},
        {"http://u:p@h/a", "http://i/x", "http://h/y", "http://u:p@h/y", true},
        {"http://h/a", "http://v:q@i/x", "y", "http://i/y", false},
        {"http://h/a", "http://v:q@i/x", "http://h/y", "http://h/y", true},
        /* what the server itself writes stays */
        {"http://u:p@h/a", "http://u:p@h/a", "http://v:q@h/c", "http://v:q@h/c", true},
        {"http://u:p@h/a", "http://u:p@h/a", "http://v@i/c", "http://v@i/c", false},
    };
    follow_rows(rows, ROWS(rows));
}

static void expect_refused(const char *current, const char *location, const char *reason)
{
    struct redirect_step step = {0};
    const char *why = NULL;
    const int rc = redirect_resolve("https://u:p@h/", current, location, false, &step, &why);
    if (rc != PX_EPROTO || step.url != NULL || why == NULL || strstr(why, reason) == NULL) {
        fail_msg("%s -> %s: status %d, why %s", current, location, rc, why != NULL ? why : "none");
    }
}

static void test_redirect_to_another_scheme_is_refused(void **state)
{
    (void)state;
    static const char *const locations[] = {
        "file:///etc/passwd", "FILE:///etc/passwd", "ftp://h/c",
        "gopher://h:25/x",    "dict://h:11211/x",   "smb://h/x",
        "ws://h/x",           "httpx://h/x",        "unix:///x",
    };
    for (size_t i = 0; i < ROWS(locations); i++) {
        expect_refused("http://h/a", locations[i], "neither http nor https");
        expect_refused("https://h/a", locations[i], "neither http nor https");
    }
}

static void test_redirect_to_what_is_no_url_is_refused(void **state)
{
    (void)state;
    static const char *const locations[] = {
        "http://",      "file://h/x",  "http://h:99999/", "http://h:x/",
        "http://[::1/", "http://a b/", "http://h\x01/",   "http://@/",
    };
    for (size_t i = 0; i < ROWS(locations); i++) {
        expect_refused("http://h/a", locations[i], "not a URL");
    }
}

static void test_redirect_from_https_to_http_needs_permission(void **state)
{
    (void)state;
    static const char *const locations[] = {"http://h/c", "http://h:443/c", "HTTP://i/c"};
    for (size_t i = 0; i < ROWS(locations); i++) {
        struct redirect_step step = {0};
        const char *why = NULL;
        expect_refused("https://h/a", locations[i], "https to http");
        assert_int_equal(
            redirect_resolve("https://u:p@h/a", "https://u:p@h/a", locations[i], true, &step, &why),
            PX_OK);
        assert_false(step.same_origin);
        assert_null(strstr(step.url, "u:p"));
        free(step.url);
    }
}

/* The hop before counts, not the URL of the list: http -> https -> http is refused too. */
static void test_redirect_downgrade_is_judged_by_the_last_hop(void **state)
{
    (void)state;
    struct redirect_step step = {0};
    const char *why = NULL;
    assert_int_equal(redirect_resolve("http://h/", "https://h/", "http://h/", false, &step, &why),
                     PX_EPROTO);
    assert_int_equal(redirect_resolve("https://h/", "http://i/", "http://i/c", false, &step, &why),
                     PX_OK);
    free(step.url);
}

static bool has_secret(const char *url)
{
    return strstr(url, "sEcReT") != NULL;
}

static bool leads_home(const char *url)
{
    char *host = NULL, *port = NULL, *scheme = NULL;
    CURLU *parsed = curl_url();
    assert_non_null(parsed);
    assert_int_equal(curl_url_set(parsed, CURLUPART_URL, url, 0), CURLUE_OK);
    assert_int_equal(curl_url_get(parsed, CURLUPART_HOST, &host, 0), CURLUE_OK);
    assert_int_equal(curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0), CURLUE_OK);
    assert_int_equal(curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT), CURLUE_OK);
    const bool home =
        strcmp(scheme, "http") == 0 && strcmp(host, "h") == 0 && strcmp(port, "80") == 0;
    curl_free(host);
    curl_free(port);
    curl_free(scheme);
    curl_url_cleanup(parsed);
    return home;
}

/* Locations put together from pieces that attackers use: the secret is in the result exactly when
 * the next request goes home, and the next scheme is http or https. */
static void test_redirect_random_locations_leak_no_credentials(void **state)
{
    (void)state;
    static const char *const pieces[] = {"http:", "https:", "file:", "/",    "//",  "h",  "evil",
                                         "@",     ":",      "80",    "81",   "..",  "?",  "#",
                                         "\\",    "%2f",    "%40",   "[",    "]",   ".",  "\t",
                                         "u",     " ",      "%",     "\xff", "%00", "%68"};
    uint64_t x = UINT64_C(0x9e3779b97f4a7c15);
    unsigned followed = 0;
    for (int i = 0; i < 30000; i++) {
        char location[64];
        struct redirect_step step = {0};
        const char *why = NULL;
        (void)random_pieces(&x, pieces, ROWS(pieces), 1 + (size_t)i % 7, location);
        const int rc = redirect_resolve("http://u:sEcReT@h/", "http://u:sEcReT@h/a", location,
                                        false, &step, &why);
        assert_true(rc == PX_OK || (rc == PX_EPROTO && why != NULL && step.url == NULL));
        if (rc == PX_OK) {
            followed++;
            assert_true(strncmp(step.url, "http://", 7) == 0 ||
                        strncmp(step.url, "https://", 8) == 0);
            assert_int_equal(step.same_origin, leads_home(step.url));
            assert_true(step.same_origin || !has_secret(step.url));
        }
        free(step.url);
    }
    assert_true(followed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redirect_target_is_resolved_as_a_url_reference),
        cmocka_unit_test(test_redirect_origin_is_scheme_host_and_port),
        cmocka_unit_test(test_redirect_credentials_go_to_their_origin_only),
        cmocka_unit_test(test_redirect_to_another_scheme_is_refused),
        cmocka_unit_test(test_redirect_to_what_is_no_url_is_refused),
        cmocka_unit_test(test_redirect_from_https_to_http_needs_permission),
        cmocka_unit_test(test_redirect_downgrade_is_judged_by_the_last_hop),
        cmocka_unit_test(test_redirect_random_locations_leak_no_credentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
