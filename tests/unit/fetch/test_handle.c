/* SPDX-License-Identifier: MIT
 *
 * When a place keeps its easy handle, and when it gets a new one. What is sent by it is tested in
 * test_connect.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/handle.h"
#include "fetch/transfer.h"

static struct area area;
static struct px_fetch *fetch;
static struct fetch_task *task;
static struct transfer place;

static void open_place(struct px_fetch_opts opts, const char *url)
{
    area_make(&area);
    opts.workers = 1;
    opts.dir = area.dir;
    fetch = fetching_new(&opts);
    task = fetching_task(fetch, url, "");
    place = (struct transfer){.fetch = fetch, .task = task};
    assert_int_equal(handle_make(&place), PX_OK);
    assert_int_equal(curl_easy_setopt(place.easy, CURLOPT_PRIVATE, "first"), CURLE_OK);
}

static void close_place(void)
{
    handle_fini(&place);
    task_free(task);
    px_fetch_free(fetch);
    area_remove(&area);
}

/* A new handle has the private pointer that hooks give it. */
static bool is_first(void)
{
    char *mark = NULL;
    return place.easy != NULL &&
           curl_easy_getinfo(place.easy, CURLINFO_PRIVATE, &mark) == CURLE_OK &&
           mark != (char *)&place;
}

static void go_to(const char *url, struct curl_slist *headers, bool begins)
{
    assert_int_equal(handle_prepare(&place, url, headers, begins), PX_OK);
}

static void test_handle_without_secrets_is_kept_for_every_origin(void **state)
{
    (void)state;
    open_place((struct px_fetch_opts){0}, "http://h/a");
    go_to("http://h/a", NULL, true);
    go_to("http://i/b", NULL, false);
    handle_leave_task(&place);
    go_to("https://h/c", NULL, true);
    assert_true(is_first());
    close_place();
}

static void test_handle_with_credentials_is_bound_to_one_origin(void **state)
{
    (void)state;
    open_place((struct px_fetch_opts){.access = {.user = "u:p"}}, "http://h/a");
    go_to("http://h/a", NULL, true);
    handle_leave_task(&place);
    go_to("http://h/b", NULL, true);
    assert_true(is_first());
    go_to("http://h:81/b", NULL, false);
    assert_false(is_first());
    close_place();
}

static void test_handle_of_a_url_with_userinfo_goes_with_its_task(void **state)
{
    (void)state;
    open_place((struct px_fetch_opts){0}, "http://u:p@h/a");
    go_to("http://u:p@h/a", NULL, true);
    go_to("http://u:p@h/b", NULL, false);
    assert_true(is_first());
    handle_leave_task(&place);
    assert_null(place.easy);
    go_to("http://h/a", NULL, true);
    assert_non_null(place.easy);
    close_place();
}

static void test_handle_with_a_login_of_a_list_is_not_for_other_origins(void **state)
{
    (void)state;
    open_place((struct px_fetch_opts){0}, "http://h/a");
    place.task->has_login = true;
    place.same_origin = true;
    go_to("http://h/a", NULL, true);
    assert_true(is_first());
    place.same_origin = false;
    go_to("http://i/a", NULL, false);
    assert_false(is_first());
    handle_leave_task(&place);
    assert_null(place.easy);
    close_place();
}

static void test_handle_with_a_host_header_is_not_for_other_origins(void **state)
{
    (void)state;
    struct curl_slist *headers = curl_slist_append(NULL, "host: x");
    open_place((struct px_fetch_opts){0}, "http://h/a");
    go_to("http://h/a", headers, true);
    assert_true(is_first());
    go_to("http://i/a", NULL, false);
    assert_false(is_first());
    curl_slist_free_all(headers);
    close_place();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handle_without_secrets_is_kept_for_every_origin),
        cmocka_unit_test(test_handle_with_credentials_is_bound_to_one_origin),
        cmocka_unit_test(test_handle_of_a_url_with_userinfo_goes_with_its_task),
        cmocka_unit_test(test_handle_with_a_login_of_a_list_is_not_for_other_origins),
        cmocka_unit_test(test_handle_with_a_host_header_is_not_for_other_origins),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
