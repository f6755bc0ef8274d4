/* SPDX-License-Identifier: MIT
 *
 * Bodies onto one descriptor in the order of their places: the window, gaps, stops, failures. The
 * writer's thread is waited for by what it writes, never by the clock.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "fetch/ordered.h"

static int fds[2];

static struct ordered *open_ordered(size_t places, size_t always, uint64_t bytes)
{
    struct ordered *ordered = NULL;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    const struct ordered_opts opts = {
        .out = fds[1], .places = places, .always = always, .bytes = bytes};
    assert_int_equal(ordered_new(&opts, &ordered), PX_OK);
    return ordered;
}

static void close_ordered(struct ordered *ordered)
{
    ordered_free(ordered);
    close(fds[0]);
    close(fds[1]);
}

static void put(struct ordered *ordered, uint64_t place, const char *text)
{
    const struct ordered_body body = {.fd = -1, .bytes = text, .size = strlen(text)};
    ordered_put(ordered, place, (void *)(uintptr_t)text, &body);
}

/* Waits until the writer has written so much. */
static void expect_bytes(const char *text)
{
    char got[64] = "";
    size_t n = 0;
    while (n < strlen(text)) {
        const ssize_t more = read(fds[0], got + n, strlen(text) - n);
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_string_equal(got, text);
}

/* The next item; waits until its turn was. */
static const char *take(struct ordered *ordered, bool *written)
{
    void *item = NULL;
    int err = 0;
    int rc;
    while ((rc = ordered_take(ordered, &item, written, &err)) == PX_EAGAIN &&
           ordered_is_busy(ordered)) {
        poll(NULL, 0, 1);
    }
    /* between the two questions it may have got on */
    if (rc == PX_EAGAIN) {
        rc = ordered_take(ordered, &item, written, &err);
    }
    return rc == PX_OK ? item : NULL;
}

static void test_ordered_put_backwards_goes_out_in_order(void **state)
{
    struct ordered *ordered = open_ordered(4, 4, 1000);
    bool written = false;
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(ordered_reserve(ordered), i);
    }
    put(ordered, 2, "third ");
    put(ordered, 1, "second ");
    assert_null(take(ordered, &written));
    put(ordered, 0, "first ");
    expect_bytes("first second third ");
    assert_string_equal(take(ordered, &written), "first ");
    assert_true(written);
    assert_string_equal(take(ordered, &written), "second ");
    assert_string_equal(take(ordered, &written), "third ");
    void *item;
    int err;
    assert_int_equal(ordered_take(ordered, &item, &written, &err), PX_EEND);
    close_ordered(ordered);
}

static void test_ordered_many_rounds_of_the_ring_keep_order(void **state)
{
    struct ordered *ordered = open_ordered(3, 3, 1000);
    static const char *const texts[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    bool written = false;
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        assert_true(ordered_has_room(ordered));
        put(ordered, ordered_reserve(ordered), texts[i]);
        expect_bytes(texts[i]);
        assert_string_equal(take(ordered, &written), texts[i]);
    }
    close_ordered(ordered);
}

static void test_ordered_window_is_bounded_in_places(void **state)
{
    struct ordered *ordered = open_ordered(2, 2, 1000);
    bool written;
    (void)state;
    (void)ordered_reserve(ordered);
    assert_true(ordered_has_room(ordered));
    (void)ordered_reserve(ordered);
    assert_false(ordered_has_room(ordered));
    put(ordered, 0, "x");
    assert_string_equal(take(ordered, &written), "x");
    assert_true(ordered_has_room(ordered));
    close_ordered(ordered);
}

static void test_ordered_window_is_bounded_in_bytes_beyond_the_least(void **state)
{
    struct ordered *ordered = open_ordered(8, 2, 10);
    (void)state;
    (void)ordered_reserve(ordered);
    (void)ordered_reserve(ordered);
    assert_true(ordered_has_room(ordered));
    put(ordered, 1, "ten bytes!");
    assert_false(ordered_has_room(ordered));
    close_ordered(ordered);
}

static void test_ordered_gap_ends_the_output(void **state)
{
    struct ordered *ordered = open_ordered(4, 4, 1000);
    char byte;
    bool written = true;
    (void)state;
    for (int i = 0; i < 3; i++) {
        (void)ordered_reserve(ordered);
    }
    put(ordered, 2, "never");
    ordered_put(ordered, 1, fds, NULL);
    put(ordered, 0, "first");
    expect_bytes("first");
    assert_string_equal(take(ordered, &written), "first");
    assert_ptr_equal(take(ordered, &written), fds);
    assert_false(written);
    assert_null(take(ordered, &written));
    ordered_stop(ordered);
    assert_string_equal(take(ordered, &written), "never");
    assert_false(written);
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 0);
    close_ordered(ordered);
}

static void test_ordered_stop_before_a_full_pipe_gives_all_items_back(void **state)
{
    struct ordered *ordered = open_ordered(4, 4, 1000);
    char path[] = "/tmp/pxfer-ordered-XXXXXX";
    const int fd = mkostemp(path, O_CLOEXEC);
    const struct ordered_body body = {.fd = fd, .size = (uint64_t)8 << 20};
    bool written = true;
    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, 8 << 20), 0);
    (void)ordered_reserve(ordered);
    (void)ordered_reserve(ordered); /* stays with its worker */
    (void)ordered_reserve(ordered);
    ordered_put(ordered, 0, fds, &body);
    put(ordered, 2, "later");
    ordered_stop(ordered);
    assert_ptr_equal(take(ordered, &written), fds);
    assert_false(written);
    assert_string_equal(take(ordered, &written), "later");
    assert_null(take(ordered, &written));
    close(fd);
    close_ordered(ordered);
}

static void test_ordered_reader_gone_is_told(void **state)
{
    struct ordered *ordered = open_ordered(4, 4, 1000);
    void *item;
    bool written;
    int err = 0, rc;
    (void)state;
    close(fds[0]);
    put(ordered, ordered_reserve(ordered), "x");
    while ((rc = ordered_take(ordered, &item, &written, &err)) == PX_EAGAIN) {
        poll(NULL, 0, 1);
    }
    assert_int_equal(rc, PX_EIO);
    assert_int_equal(err, EPIPE);
    ordered_stop(ordered);
    assert_int_equal(ordered_take(ordered, &item, &written, &err), PX_OK);
    assert_false(written);
    ordered_free(ordered);
    close(fds[1]);
}

static void test_ordered_free_nothing_is_legal(void **state)
{
    (void)state;
    ordered_free(NULL);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordered_put_backwards_goes_out_in_order),
        cmocka_unit_test(test_ordered_many_rounds_of_the_ring_keep_order),
        cmocka_unit_test(test_ordered_window_is_bounded_in_places),
        cmocka_unit_test(test_ordered_window_is_bounded_in_bytes_beyond_the_least),
        cmocka_unit_test(test_ordered_gap_ends_the_output),
        cmocka_unit_test(test_ordered_stop_before_a_full_pipe_gives_all_items_back),
        cmocka_unit_test(test_ordered_reader_gone_is_told),
        cmocka_unit_test(test_ordered_free_nothing_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
