/* SPDX-License-Identifier: MIT
 *
 * Which cookies a handle is given: those of the file for the host that is asked, and what servers
 * set only for as long as the URL takes. What is sent on the wire is tested in test_connect.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/cookies.h"
#include "fetch/fetching.h"

static struct area area;

static struct cookies *load(const char *text, int want)
{
    char path[128];
    struct cookies *cookies = NULL;
    area_put(&area, "cookies", text, strlen(text));
    snprintf(path, sizeof path, "%s/cookies", area.dir);
    assert_int_equal(cookies_load(path, &cookies), want);
    return cookies;
}

/* The names of the cookies that the handle holds, sorted by nothing but its own order. */
static void expect_held(CURL *easy, const char *const *names, size_t n)
{
    struct curl_slist *held = NULL;
    size_t count = 0;
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &held), CURLE_OK);
    for (const struct curl_slist *at = held; at != NULL; at = at->next) {
        count++;
    }
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        char name[64];
        snprintf(name, sizeof name, "\t%s", names[i]);
        for (const struct curl_slist *at = held; at != NULL; at = at->next) {
            found |= strstr(at->data, name) != NULL;
        }
        assert_true(found);
    }
    assert_int_equal(count, n);
    curl_slist_free_all(held);
}

#define HELD(easy, ...)                                     \
    expect_held((easy), (const char *const[]){__VA_ARGS__}, \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char file[] = "# Netscape HTTP Cookie File\n"
                           "\n"
                           "a.org\tFALSE\t/\tFALSE\t0\tone\t1\r\n"
                           "#HttpOnly_.a.org\tTRUE\t/\tFALSE\t0\ttwo\t2\n"
                           "b.org\tFALSE\t/\tTRUE\t0\tthree\t3\n"
                           "odd line\n"
                           ".c.b.org\tTRUE\t/\tFALSE\t0\tempty\t";

static void test_cookies_handle_gets_those_of_the_host(void **state)
{
    (void)state;
    struct cookies *cookies = load(file, PX_OK);
    struct jar jar = {0};
    CURL *easy = curl_easy_init();
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://u@a.org:81/x", true), PX_OK);
    HELD(easy, "one", "two");
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.org/y", true), PX_OK);
    HELD(easy, "one", "two");
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://nota.org/", true), PX_OK);
    expect_held(easy, NULL, 0);
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://d.c.b.org/", true), PX_OK);
    HELD(easy, "three", "empty"); /* libcurl tells b.org's from its sub-domains' */
    jar_fini(&jar);
    curl_easy_cleanup(easy);
    cookies_free(cookies);
}

static void test_cookies_hop_adds_and_the_next_url_forgets(void **state)
{
    (void)state;
    struct cookies *cookies = load(file, PX_OK);
    struct jar jar = {0};
    CURL *easy = curl_easy_init();
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.org/", true), PX_OK);
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://b.org/", false), PX_OK);
    HELD(easy, "one", "two", "three");
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.org/", true), PX_OK);
    HELD(easy, "one", "two");
    jar_fini(&jar);
    curl_easy_cleanup(easy);
    cookies_free(cookies);
}

static void test_cookies_set_by_a_server_count_for_its_url_only(void **state)
{
    (void)state;
    struct cookies *cookies = load(file, PX_OK);
    struct jar jar = {0};
    CURL *easy = curl_easy_init();
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.org/", true), PX_OK);
    /* as a reply of a.org would */
    curl_easy_setopt(easy, CURLOPT_COOKIELIST, "a.org\tFALSE\t/\tFALSE\t0\tone\tnew");
    curl_easy_setopt(easy, CURLOPT_COOKIELIST, "a.org\tFALSE\t/\tFALSE\t0\tmore\t1");
    jar.learnt = true;
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://b.org/", false), PX_OK);
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.org/", false), PX_OK);
    HELD(easy, "one\tnew", "two", "more", "three");
    assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.org/", true), PX_OK);
    HELD(easy, "one\t1", "two");
    jar_fini(&jar);
    curl_easy_cleanup(easy);
    cookies_free(cookies);
}

static void test_cookies_go_along_to_a_new_handle(void **state)
{
    (void)state;
    struct cookies *cookies = load(file, PX_OK);
    struct jar jar = {0};
    CURL *old = curl_easy_init(), *easy = curl_easy_init();
    assert_int_equal(jar_fill(&jar, cookies, old, "http://a.org/", true), PX_OK);
    assert_int_equal(jar_move(old, easy), PX_OK);
    HELD(easy, "one", "two");
    jar_fini(&jar);
    curl_easy_cleanup(old);
    curl_easy_cleanup(easy);
    cookies_free(cookies);
}

static void test_cookies_without_a_file_forget_what_was_learnt(void **state)
{
    (void)state;
    struct jar jar = {0};
    CURL *easy = curl_easy_init();
    assert_int_equal(jar_fill(&jar, NULL, easy, "http://a.org/", true), PX_OK);
    curl_easy_setopt(easy, CURLOPT_COOKIELIST, "a.org\tFALSE\t/\tFALSE\t0\tmore\t1");
    jar.learnt = true;
    assert_int_equal(jar_fill(&jar, NULL, easy, "http://a.org/", false), PX_OK);
    HELD(easy, "more");
    assert_int_equal(jar_fill(&jar, NULL, easy, "http://a.org/", true), PX_OK);
    expect_held(easy, NULL, 0);
    jar_fini(&jar);
    curl_easy_cleanup(easy);
}

static void test_cookies_file_that_is_none_is_told(void **state)
{
    (void)state;
    struct cookies *cookies = NULL;
    load("{\"name\": \"json\"}\n", PX_EUSAGE);
    cookies_free(load("", PX_OK));
    cookies_free(load("# nothing\n\n", PX_OK));
    assert_int_equal(cookies_load("/nonexistent/cookies", &cookies), PX_EIO);
    assert_int_equal(cookies_load("/", &cookies), PX_EIO);
    cookies_free(NULL);
}

static int make_area(void **state)
{
    area_make(&area);
    return fetching_setup(state);
}

static int drop_area(void **state)
{
    area_remove(&area);
    return fetching_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookies_handle_gets_those_of_the_host),
        cmocka_unit_test(test_cookies_hop_adds_and_the_next_url_forgets),
        cmocka_unit_test(test_cookies_set_by_a_server_count_for_its_url_only),
        cmocka_unit_test(test_cookies_go_along_to_a_new_handle),
        cmocka_unit_test(test_cookies_without_a_file_forget_what_was_learnt),
        cmocka_unit_test(test_cookies_file_that_is_none_is_told),
    };
    return cmocka_run_group_tests(tests, make_area, drop_area);
}
