/* SPDX-License-Identifier: MIT
 *
 * What each kind of reply is called, in the order of the answers, not of the questions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "example.h"
#include "pages.h"

#define main example_main
#include "examples/page_exists.c"
#undef main

static void test_look_names_each_reply(void **state)
{
    (void)state;
    const struct {
        char *url;
        int status;
        const char *answer;
    } rows[] = {
        {site.urls[PAGE_TITLED], PX_OK, "exists"},
        {site.urls[PAGE_EMPTY], PX_OK, "exists"},
        {site.urls[PAGE_MISSING], PX_OK, "does not exist"},
        {site.urls[PAGE_BROKEN], PX_OK, "unknown"},
        {site.nobody_url, PX_ENET, "unknown"},
    };
    void *curl = NULL;
    assert_int_equal(open_curl(NULL, 0, &curl), PX_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *answer = NULL;
        assert_int_equal(look(rows[i].url, curl, &answer), rows[i].status);
        assert_string_equal(answer, rows[i].answer);
    }
    close_curl(NULL, curl);
}

static int told[2]; /* standard output, as a pipe */

/* Answers when something was told, and with that. */
static int answer_late(void *arg, void *worker_state, void **result)
{
    static char line[64];
    struct pollfd fd = {.fd = told[0], .events = POLLIN};
    (void)arg;
    (void)worker_state;
    *result = line;
    return poll(&fd, 1, 30000) == 1 && read(told[0], line, sizeof line - 1) > 0 ? PX_OK : PX_EIO;
}

static int answer_soon(void *arg, void *worker_state, void **result)
{
    static char answer[] = "soon";
    (void)arg;
    (void)worker_state;
    *result = answer;
    return PX_OK;
}

/* The first waits for what is told of the second: in the order of the questions it would for ever. */
static void test_tell_as_completed_in_the_order_of_the_answers(void **state)
{
    (void)state;
    const struct px_executor_opts opts = {.workers = 2, .capacity = 2};
    static char first[] = "first", second[] = "second";
    struct px_executor *executor = NULL;
    struct px_future *futures[2];
    char line[128] = "";
    assert_int_equal(px_executor_new(&opts, &executor), PX_OK);
    assert_int_equal(pipe(told), 0);
    fflush(stdout);
    const int real = dup(STDOUT_FILENO);
    dup2(told[1], STDOUT_FILENO);
    assert_int_equal(px_executor_submit(executor, answer_late, first, &futures[0]), PX_OK);
    assert_int_equal(px_executor_submit(executor, answer_soon, second, &futures[1]), PX_OK);
    const int status = tell_as_completed(futures, 2);
    fflush(stdout);
    dup2(real, STDOUT_FILENO);
    close(real);
    close(told[1]);
    assert_int_equal(status, PX_OK);
    assert_true(read(told[0], line, sizeof line - 1) > 0);
    assert_string_equal(line, "first - second - soon\n\n");
    close(told[0]);
    px_executor_free(executor);
    px_future_unref(futures[0]);
    px_future_unref(futures[1]);
}

static void test_page_exists_any_number_of_workers_tells_of_all(void **state)
{
    (void)state;
    static const char *const workers[] = {"0", "1", "3"};
    for (size_t i = 0; i < 3; i++) {
        struct printed printed;
        char lines[3][128];
        assert_int_equal(example_run(&printed, "page_exists", workers[i], site.urls[PAGE_TITLED],
                                     site.nobody_url, site.urls[PAGE_MISSING]),
                         0);
        snprintf(lines[0], sizeof lines[0], "%s - exists", site.urls[PAGE_TITLED]);
        snprintf(lines[1], sizeof lines[1], "%s - unknown", site.nobody_url);
        snprintf(lines[2], sizeof lines[2], "%s - does not exist", site.urls[PAGE_MISSING]);
        assert_lines(&printed, lines[0], lines[1], lines[2]);
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* what is told is there at once */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look_names_each_reply),
        cmocka_unit_test(test_tell_as_completed_in_the_order_of_the_answers),
        cmocka_unit_test(test_page_exists_any_number_of_workers_tells_of_all),
    };
    return cmocka_run_group_tests(tests, pages_set_up, pages_tear_down);
}
