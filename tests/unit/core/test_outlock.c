/* SPDX-License-Identifier: MIT
 *
 * The print lock, written to a pipe or a temporary file and read back.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pxfer/outlock.h>
#include <pxfer/status.h>

#include "support/sheet.h"

static struct sheet sheet;

/* All that was written, the overlay's end with it. */
static const char *text_in_the_end(void)
{
    px_outlock_free(sheet.lock);
    sheet.lock = NULL;
    return sheet_text(&sheet);
}

static void test_outlock_block_without_overlay_is_written_as_it_is(void **state)
{
    (void)state;
    sheet_open(&sheet);
    assert_int_equal(px_outlock_write(sheet.lock, "a\0b", 3), PX_OK);
    assert_int_equal(px_outlock_printf(sheet.lock, "%s-%d\n", "x", 7), PX_OK);
    assert_false(px_outlock_failed(sheet.lock));
    assert_memory_equal(text_in_the_end(), "a\0bx-7\n", 8);
    sheet_close(&sheet);
}

static void test_outlock_block_above_overlay_erases_and_draws_again(void **state)
{
    (void)state;
    sheet_open(&sheet);
    assert_int_equal(px_outlock_overlay(sheet.lock, "one\ntwo\n"), PX_OK);
    assert_int_equal(px_outlock_write(sheet.lock, "hello\n", 6), PX_OK);
    assert_int_equal(px_outlock_overlay(sheet.lock, NULL), PX_OK);
    assert_int_equal(px_outlock_overlay(sheet.lock, ""),
                     PX_OK); /* nothing there: nothing written */
    assert_string_equal(text_in_the_end(), "one\ntwo\n"
                                           "\033[A\033[A\r\033[Jhello\none\ntwo\n"
                                           "\033[A\033[A\r\033[J");
    sheet_close(&sheet);
}

static void test_outlock_free_takes_the_overlay_away(void **state)
{
    (void)state;
    sheet_open(&sheet);
    assert_int_equal(px_outlock_overlay(sheet.lock, "busy\n"), PX_OK);
    assert_string_equal(text_in_the_end(), "busy\n\033[A\r\033[J");
    px_outlock_free(NULL);
    sheet_close(&sheet);
}

static void test_outlock_descriptor_fails_is_remembered(void **state)
{
    (void)state;
    const int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    struct px_outlock *lock = NULL;
    assert_int_equal(px_outlock_new(fd, &lock), PX_OK);
    assert_int_equal(px_outlock_write(lock, "x", 1), PX_EIO);
    assert_true(px_outlock_failed(lock));
    px_outlock_free(lock);
    close(fd);
}

enum { LARGE = 1 << 18 }; /* more than a pipe holds */

static void *read_to_end(void *arg)
{
    static char text[LARGE + 1];
    ssize_t n = 1;
    for (size_t got = 0; n > 0 && got < LARGE; got += (size_t)n) {
        n = read(*(const int *)arg, text + got, LARGE - got);
    }
    return text;
}

/* As a terminal that another program has set non-blocking. */
static void test_outlock_full_descriptor_that_does_not_block_is_waited_for(void **state)
{
    (void)state;
    int fds[2];
    pthread_t reader;
    void *got;
    struct px_outlock *lock = NULL;
    char *block = malloc(LARGE);
    assert_non_null(block);
    memset(block, 'x', LARGE);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(px_outlock_new(fds[1], &lock), PX_OK);
    assert_int_equal(pthread_create(&reader, NULL, read_to_end, &fds[0]), 0);
    assert_int_equal(px_outlock_write(lock, block, LARGE), PX_OK);
    assert_int_equal(pthread_join(reader, &got), 0);
    assert_memory_equal(got, block, LARGE);
    px_outlock_free(lock);
    close(fds[0]);
    close(fds[1]);
    free(block);
}

enum { WRITERS = 4, BLOCKS = 200, BLOCK_LINES = 3 };

static void *write_blocks(void *arg)
{
    const char letter = *(const char *)arg;
    char block[BLOCK_LINES * 32];
    size_t len = 0;
    for (int line = 0; line < BLOCK_LINES; line++) {
        memset(block + len, letter, 31);
        block[len + 31] = '\n';
        len += 32;
    }
    for (int i = 0; i < BLOCKS; i++) {
        PX_IGNORE(px_outlock_write(sheet.lock, block, len)); /* px_outlock_failed() is asserted */
    }
    return NULL;
}

static void test_outlock_many_writers_blocks_stay_whole(void **state)
{
    (void)state;
    static const char letters[WRITERS] = {'a', 'b', 'c', 'd'};
    pthread_t threads[WRITERS];
    sheet_open(&sheet);
    for (int i = 0; i < WRITERS; i++) {
        /* the cast: pthread_create's argument is not const */
        assert_int_equal(pthread_create(&threads[i], NULL, write_blocks, (void *)&letters[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_false(px_outlock_failed(sheet.lock));
    const char *text = text_in_the_end();
    assert_int_equal(strlen(text), WRITERS * BLOCKS * BLOCK_LINES * 32);
    for (size_t block = 0; block < WRITERS * BLOCKS; block++) {
        const char *start = text + block * BLOCK_LINES * 32;
        for (size_t i = 0; i < BLOCK_LINES * 32; i++) {
            assert_int_equal(start[i], i % 32 == 31 ? '\n' : start[0]);
        }
    }
    sheet_close(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outlock_block_without_overlay_is_written_as_it_is),
        cmocka_unit_test(test_outlock_block_above_overlay_erases_and_draws_again),
        cmocka_unit_test(test_outlock_free_takes_the_overlay_away),
        cmocka_unit_test(test_outlock_descriptor_fails_is_remembered),
        cmocka_unit_test(test_outlock_full_descriptor_that_does_not_block_is_waited_for),
        cmocka_unit_test(test_outlock_many_writers_blocks_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
