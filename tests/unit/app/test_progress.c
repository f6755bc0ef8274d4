/* SPDX-License-Identifier: MIT
 *
 * The live display with a clock that stands still: when it draws, where, and what it leaves behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>

#include "app/progress.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define START (100 * PX_NS_PER_S)

/* A display that writes into a pipe or a pseudo-terminal. */
struct stage {
    int read_fd, write_fd;
    struct px_outlock *lock;
    struct px_fake_clock clock;
    struct px_activity *activity;
    struct progress *progress;
    char text[8192]; /* what came out since the last look */
};

static void stage_start(struct stage *stage, enum progress_mode mode)
{
    assert_int_equal(fcntl(stage->read_fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(px_outlock_new(stage->write_fd, &stage->lock), PX_OK);
    assert_int_equal(px_activity_new(4, &stage->activity), PX_OK);
    px_fake_clock_init(&stage->clock, START, 0);
    const struct progress_opts opts = {
        .mode = mode,
        .out = stage->lock,
        .fd = stage->write_fd,
        .activity = stage->activity,
        .clock = &stage->clock.clock,
        .program = "prog",
        .noun = "files",
    };
    assert_int_equal(progress_new(&opts, &stage->progress), PX_OK);
}

static struct stage *stage_on_pipe(enum progress_mode mode)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    stage->read_fd = ends[0];
    stage->write_fd = ends[1];
    stage_start(stage, mode);
    return stage;
}

static struct stage *stage_on_terminal(enum progress_mode mode, unsigned short columns,
                                       unsigned short rows)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->read_fd = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(stage->read_fd >= 0);
    assert_int_equal(grantpt(stage->read_fd), 0);
    assert_int_equal(unlockpt(stage->read_fd), 0);
    stage->write_fd = open(ptsname(stage->read_fd), O_RDWR | O_NOCTTY);
    assert_true(stage->write_fd >= 0);
    const struct winsize size = {.ws_col = columns, .ws_row = rows};
    assert_int_equal(ioctl(stage->write_fd, TIOCSWINSZ, &size), 0);
    stage_start(stage, mode);
    return stage;
}

static const char *stage_look(struct stage *stage)
{
    const ssize_t n = read(stage->read_fd, stage->text, sizeof stage->text - 1);
    assert_true(n >= 0 || errno == EAGAIN);
    stage->text[n > 0 ? n : 0] = '\0';
    return stage->text;
}

static void stage_free(struct stage *stage)
{
    progress_free(stage->progress);
    px_activity_free(stage->activity);
    px_outlock_free(stage->lock);
    close(stage->read_fd);
    close(stage->write_fd);
    free(stage);
}

static void test_progress_choose_by_terminal(void **state)
{
    (void)state;
    static const struct {
        enum progress_mode asked;
        bool is_terminal;
        const char *term;
        enum progress_mode expected;
    } rows[] = {
        {PROGRESS_AUTO, true, "xterm", PROGRESS_BAR},
        {PROGRESS_AUTO, true, "dumb", PROGRESS_PLAIN},
        {PROGRESS_AUTO, true, "", PROGRESS_PLAIN},
        {PROGRESS_AUTO, true, NULL, PROGRESS_PLAIN},
        {PROGRESS_AUTO, false, "xterm", PROGRESS_PLAIN},
        {PROGRESS_BAR, false, NULL, PROGRESS_BAR},
        {PROGRESS_PLAIN, true, "xterm", PROGRESS_PLAIN},
        {PROGRESS_NONE, true, "xterm", PROGRESS_NONE},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(progress_choose(rows[i].asked, rows[i].is_terminal, rows[i].term),
                         rows[i].expected);
    }
}

static void test_progress_plain_says_a_line_every_five_seconds(void **state)
{
    (void)state;
    struct stage *stage = stage_on_pipe(PROGRESS_AUTO);
    struct progress_counts counts = {.total_items = 100};
    for (int tenths = 1; tenths <= 120; tenths++) {
        px_fake_clock_advance(&stage->clock, PX_NS_PER_S / 10);
        counts.ok++;
        counts.bytes += 1024;
        progress_tick(stage->progress, &counts);
        const char *expected = "";
        if (tenths == 50) {
            expected = "prog: 50/100 files  50.0 KiB  10.0 KiB/s  ETA 5s\n";
        } else if (tenths == 100) {
            expected = "prog: 100/100 files  100 KiB  10.0 KiB/s  ETA 0s\n";
        }
        assert_string_equal(stage_look(stage), expected);
    }
    stage_free(stage);
}

static void test_progress_none_never_draws_but_answers(void **state)
{
    (void)state;
    struct stage *stage = stage_on_pipe(PROGRESS_NONE);
    const struct progress_counts counts = {.ok = 1, .failed = 2};
    assert_true(progress_due_ns(stage->progress) == PX_FOREVER);
    px_fake_clock_advance(&stage->clock, 60 * PX_NS_PER_S);
    progress_tick(stage->progress, &counts);
    assert_string_equal(stage_look(stage), "");
    progress_say(stage->progress, &counts);
    assert_string_equal(stage_look(stage), "prog: 3 files  0 B  0 B/s  1m00s  2 failed\n");
    stage_free(stage);
}

static void test_progress_bar_draws_ten_times_a_second_at_most(void **state)
{
    (void)state;
    struct stage *stage = stage_on_terminal(PROGRESS_BAR, 80, 24);
    const struct progress_counts counts = {.ok = 1};
    int drawn = 0;
    for (int ms = 0; ms < 1000; ms++) {
        px_fake_clock_advance(&stage->clock, PX_NS_PER_MS);
        progress_tick(stage->progress, &counts);
        drawn += *stage_look(stage) != '\0';
        assert_true(progress_due_ns(stage->progress) > stage->clock.now - PX_NS_PER_MS);
    }
    assert_int_equal(drawn, 10);
    stage_free(stage);
}

static void test_progress_bar_shows_active_items_and_follows_the_window(void **state)
{
    (void)state;
    struct stage *stage = stage_on_terminal(PROGRESS_BAR, 70, 24);
    const struct progress_counts counts = {0};
    px_activity_begin(stage->activity, 2, "some/file", 2048);
    px_activity_add(stage->activity, 2, 1024);
    px_fake_clock_advance(&stage->clock, PX_NS_PER_S);
    progress_tick(stage->progress, &counts);
    const char *text = stage_look(stage);
    assert_non_null(strstr(text, "some/file "));
    assert_non_null(strstr(text, "1.00 KiB / 2.00 KiB   50%"));
    assert_non_null(strstr(text, "0 files  1.00 KiB  1.00 KiB/s  1s\r\n"));

    const struct winsize narrow = {.ws_col = 21, .ws_row = 24};
    assert_int_equal(ioctl(stage->write_fd, TIOCSWINSZ, &narrow), 0);
    px_fake_clock_advance(&stage->clock, PX_NS_PER_S);
    progress_tick(stage->progress, &counts);
    assert_non_null(strstr(stage_look(stage), "some/file           \r\n0 files  1.00 KiB  5\r\n"));
    stage_free(stage);
}

static void test_progress_bar_shows_parts_of_one_file_as_one(void **state)
{
    (void)state;
    struct stage *stage = stage_on_terminal(PROGRESS_BAR, 70, 24);
    const struct progress_counts counts = {0};
    for (size_t slot = 0; slot < 3; slot++) {
        px_activity_begin(stage->activity, slot, "file", 4096);
        px_activity_join(stage->activity, slot, 7);
        px_activity_done(stage->activity, slot, 1024 * (slot + 1));
    }
    px_fake_clock_advance(&stage->clock, PX_NS_PER_S);
    progress_tick(stage->progress, &counts);
    const char *line = strstr(stage_look(stage), "file ");
    assert_non_null(line);
    assert_non_null(strstr(line, "3.00 KiB / 4.00 KiB   75%"));
    assert_null(strstr(line, "1.00 KiB / 4.00 KiB"));
    stage_free(stage);
}

static void test_progress_bar_is_gone_at_the_end(void **state)
{
    (void)state;
    struct stage *stage = stage_on_terminal(PROGRESS_BAR, 80, 24);
    const struct progress_counts counts = {.ok = 1};
    px_fake_clock_advance(&stage->clock, PX_NS_PER_S);
    progress_tick(stage->progress, &counts);
    assert_string_not_equal(stage_look(stage), "");
    progress_free(stage->progress);
    stage->progress = NULL;
    assert_string_equal(stage_look(stage), "\033[A\r\033[J"); /* up, erase below, nothing more */
    stage_free(stage);
}

static void test_progress_shows_bytes_that_moved_without_being_counted(void **state)
{
    (void)state;
    struct stage *stage = stage_on_pipe(PROGRESS_PLAIN);
    px_activity_begin(stage->activity, 0, "x", 0);
    px_activity_add(stage->activity, 0, 100);
    const struct progress_counts counts = {.ok = 1, .bytes = 4096};
    progress_say(stage->progress, &counts);
    assert_string_equal(stage_look(stage), "prog: 1 file  4.00 KiB  0 B/s  0s\n");
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_choose_by_terminal),
        cmocka_unit_test(test_progress_plain_says_a_line_every_five_seconds),
        cmocka_unit_test(test_progress_none_never_draws_but_answers),
        cmocka_unit_test(test_progress_bar_draws_ten_times_a_second_at_most),
        cmocka_unit_test(test_progress_bar_shows_active_items_and_follows_the_window),
        cmocka_unit_test(test_progress_bar_shows_parts_of_one_file_as_one),
        cmocka_unit_test(test_progress_bar_is_gone_at_the_end),
        cmocka_unit_test(test_progress_shows_bytes_that_moved_without_being_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
