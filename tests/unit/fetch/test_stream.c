/* SPDX-License-Identifier: MIT
 *
 * The source of --stdout: tasks come back in list order when their bodies are out; the first failure
 * ends the output; cancel and drain; a reader that is gone. The test plays the workers.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>

#include <pxfer/queue.h>

#include "fetch/fetching.h"
#include "fetch/stream.h"

#define TASKS 4

static struct area area;
static struct px_fetch *fetch;
static struct px_source *source;
static int fds[2];
static struct fetch_task *tasks[TASKS];

/* An engine for TASKS URLs, all of which are with the workers. */
static void open_stream(const char *const *urls, size_t n)
{
    char error[128];
    area_make(&area);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    const struct px_fetch_opts opts = {.workers = TASKS,
                                       .dir = area.dir,
                                       .out_fd = fds[1],
                                       .inputs = urls,
                                       .n_inputs = n,
                                       .retries = 0};
    assert_int_equal(px_fetch_new(&opts, error, sizeof error, &fetch), PX_OK);
    assert_int_equal(px_fetch_source(fetch, &source), PX_OK);
}

static void take_all(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct px_next next;
        assert_int_equal(source->ops->next(source, &next), PX_OK);
        assert_false(next.finished);
        tasks[i] = task_of(next.task);
    }
}

static void close_stream(void)
{
    source->ops->free(source);
    px_fetch_free(fetch);
    close(fds[0]);
    close(fds[1]);
    area_remove(&area);
}

/* A worker gives a task back. */
static void finish(size_t i, const char *text)
{
    tasks[i]->item.begin_ns = 1;
    if (text != NULL) {
        tasks[i]->body = strdup(text);
        tasks[i]->part.held = strlen(text);
        task_set_ok(tasks[i], strlen(text));
    } else {
        task_set_failed(tasks[i], PX_EHTTP, 0, "HTTP 404");
        tasks[i]->facts = (struct retry_facts){.status = PX_EHTTP};
    }
}

static int give_back(size_t i, const char *text)
{
    finish(i, text);
    return source->ops->done(source, &tasks[i]->result);
}

/* What next() has to say at last. */
static int wait_next(struct px_next *next)
{
    int rc;
    while ((rc = source->ops->next(source, next)) == PX_EAGAIN && next->until_ns != PX_FOREVER) {
        poll(NULL, 0, 1);
    }
    return rc;
}

static void expect_finished(size_t i, enum px_item_state state)
{
    struct px_next next;
    assert_int_equal(wait_next(&next), PX_OK);
    assert_true(next.finished);
    assert_ptr_equal(next.task, &tasks[i]->result);
    assert_int_equal(tasks[i]->item.state, state);
    source->ops->release(source, next.task);
}

static void expect_output(const char *want)
{
    char got[64] = "";
    close(fds[1]);
    fds[1] = -1;
    assert_true(read(fds[0], got, sizeof got - 1) >= 0);
    assert_string_equal(got, want);
}

static const char *const three[] = {"http://host/a", "http://host/b", "http://host/c"};

static void test_stream_tasks_come_back_in_list_order(void **state)
{
    struct px_next next;
    (void)state;
    open_stream(three, 3);
    take_all(3);
    assert_int_equal(give_back(2, "three"), PX_EAGAIN);
    assert_int_equal(give_back(1, "two"), PX_EAGAIN);
    assert_int_equal(wait_next(&next), PX_EAGAIN);
    assert_int_equal(give_back(0, "one"), PX_EAGAIN);
    for (size_t i = 0; i < 3; i++) {
        expect_finished(i, PX_ITEM_OK);
    }
    assert_int_equal(wait_next(&next), PX_EEND);
    assert_int_equal(source->ops->total_items(source), 3);
    expect_output("onetwothree");
    close_stream();
}

static void test_stream_failure_ends_the_output(void **state)
{
    struct px_next next;
    (void)state;
    open_stream(three, 3);
    take_all(3);
    assert_int_equal(give_back(1, NULL), PX_EAGAIN);
    assert_int_equal(give_back(2, "three"), PX_EAGAIN);
    assert_int_equal(give_back(0, "one"), PX_EAGAIN);
    expect_finished(0, PX_ITEM_OK);
    expect_finished(1, PX_ITEM_FAILED);
    expect_finished(2, PX_ITEM_CANCELED);
    assert_int_equal(wait_next(&next), PX_EEND);
    expect_output("one");
    close_stream();
}

static void test_stream_bad_line_has_its_turn(void **state)
{
    static const char *const urls[] = {"http://host/a", "http://ho st/", "http://host/c"};
    struct px_next next;
    (void)state;
    open_stream(urls, 3);
    take_all(1);
    assert_int_equal(source->ops->next(source, &next), PX_OK); /* the third: the second waits */
    assert_false(next.finished);
    tasks[2] = task_of(next.task);
    assert_int_equal(give_back(2, "three"), PX_EAGAIN);
    assert_int_equal(give_back(0, "one"), PX_EAGAIN);
    expect_finished(0, PX_ITEM_OK);
    assert_int_equal(wait_next(&next), PX_OK);
    assert_int_equal(task_of(next.task)->item.status, PX_EBADLINE);
    source->ops->release(source, next.task);
    expect_finished(2, PX_ITEM_CANCELED);
    assert_int_equal(wait_next(&next), PX_EEND);
    close_stream();
}

static void test_stream_canceled_waits_for_nobody(void **state)
{
    struct px_next next;
    (void)state;
    open_stream(three, 3);
    take_all(3);
    assert_int_equal(give_back(1, "two"), PX_EAGAIN);
    source->ops->drain(source);
    source->ops->cancel(source);
    expect_finished(1, PX_ITEM_CANCELED);
    /* those that workers had are told at once */
    assert_int_equal(give_back(0, "one"), PX_OK);
    assert_int_equal(tasks[0]->item.state, PX_ITEM_CANCELED);
    source->ops->release(source, &tasks[0]->result);
    assert_int_equal(give_back(2, "three"), PX_OK);
    source->ops->release(source, &tasks[2]->result);
    assert_int_equal(wait_next(&next), PX_EEND);
    close_stream();
}

static void test_stream_drained_finishes_what_is_in_flight(void **state)
{
    struct px_next next;
    (void)state;
    open_stream(three, 3);
    take_all(3);
    source->ops->drain(source);
    assert_int_equal(give_back(1, "two"), PX_EAGAIN);
    assert_int_equal(give_back(0, "one"), PX_EAGAIN);
    assert_int_equal(give_back(2, "three"), PX_EAGAIN);
    for (size_t i = 0; i < 3; i++) {
        expect_finished(i, PX_ITEM_OK);
    }
    assert_int_equal(wait_next(&next), PX_EEND);
    expect_output("onetwothree");
    close_stream();
}

static void test_stream_reader_gone_is_epipe_once(void **state)
{
    struct px_next next;
    (void)state;
    open_stream(three, 1);
    take_all(1);
    close(fds[0]);
    assert_int_equal(give_back(0, "one"), PX_EAGAIN);
    assert_int_equal(wait_next(&next), PX_EPIPE);
    assert_null(source->ops->error(source));
    expect_finished(0, PX_ITEM_CANCELED);
    assert_int_equal(wait_next(&next), PX_EEND);
    fds[0] = -1;
    close_stream();
}

static void test_stream_full_device_is_told(void **state)
{
    struct px_next next;
    (void)state;
    open_stream(three, 1);
    take_all(1);
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(dup2(full, fds[1]), fds[1]);
    close(full);
    assert_int_equal(give_back(0, "one"), PX_EAGAIN);
    assert_int_equal(wait_next(&next), PX_EOUTPUT);
    assert_string_equal(source->ops->error(source), "standard output: No space left on device");
    expect_finished(0, PX_ITEM_CANCELED);
    close_stream();
}

static void test_stream_freed_with_tasks_inside_frees_them(void **state)
{
    (void)state;
    open_stream(three, 3);
    take_all(3);
    assert_int_equal(give_back(2, "three"), PX_EAGAIN);
    assert_int_equal(give_back(1, "two"), PX_EAGAIN);
    task_free(tasks[0]);
    close_stream();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream_tasks_come_back_in_list_order),
        cmocka_unit_test(test_stream_failure_ends_the_output),
        cmocka_unit_test(test_stream_bad_line_has_its_turn),
        cmocka_unit_test(test_stream_canceled_waits_for_nobody),
        cmocka_unit_test(test_stream_drained_finishes_what_is_in_flight),
        cmocka_unit_test(test_stream_reader_gone_is_epipe_once),
        cmocka_unit_test(test_stream_full_device_is_told),
        cmocka_unit_test(test_stream_freed_with_tasks_inside_frees_them),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
