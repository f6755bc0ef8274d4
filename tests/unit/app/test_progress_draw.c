/* SPDX-License-Identifier: MIT
 *
 * The picture of the live display, to the letter, for windows of all sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/human.h"
#include "app/progress_draw.h"

#define MIB (UINT64_C(1) << 20)
#define HAN "\xe6\xbc\xa2" /* U+6F22, two columns */
#define HAN10 HAN HAN HAN HAN HAN HAN HAN HAN HAN HAN

static const struct px_activity_sample active[] = {
    {.active = true,
     .name = "example.org/data/part-0001.bin",
     .done_bytes = 12 * MIB,
     .total_bytes = 64 * MIB,
     .begin_ns = PX_NS_PER_S},
    {.active = true, .name = "index.html", .done_bytes = 700, .begin_ns = 60 * PX_NS_PER_S},
    {.active = true,
     .name = HAN10 HAN10 HAN10,
     .done_bytes = 3 * MIB,
     .total_bytes = 2 * MIB,
     .begin_ns = 63 * PX_NS_PER_S},
};

static struct progress_view busy_view(void)
{
    return (struct progress_view){
        .program = "pfetch",
        .noun = "files",
        .counts = {.ok = 120, .skipped = 1, .failed = 2, .total_items = 10000},
        .bytes = 1536 * MIB,
        .bytes_per_s = 12.3 * (double)MIB,
        .elapsed_ns = 63 * PX_NS_PER_S,
        .eta_ns = 62 * PX_NS_PER_S,
        .active = active,
        .n_active = 3,
        .now_ns = 64 * PX_NS_PER_S,
    };
}

static void check_picture(const struct progress_view *view, unsigned columns, unsigned rows,
                          const char *expected)
{
    char *picture = progress_draw(view, (struct progress_size){columns, rows});
    assert_non_null(picture);
    assert_string_equal(picture, expected);
    free(picture);
}

static void test_progress_draw_usual_window(void **state)
{
    (void)state;
    const struct progress_view view = busy_view();
    check_picture(
        &view, 80, 24,
        "example.org/data/part-0001.bin                12.0 MiB / 64.0 MiB   18%   1m03s\n"
        "index.html                                                  700 B            4s\n"
        "..." HAN10 HAN10 "   3.00 MiB / 2.00 MiB  100%      1s\n"
        "[-----------------] 123/10,000 files  1.50 GiB  12.3 MiB/s  ETA 1m02s  2 failed\n");
}

static void test_progress_draw_unknown_total_has_no_bar_and_no_eta(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    view.counts = (struct progress_counts){.ok = 5};
    view.eta_ns = -1;
    view.n_active = 0;
    check_picture(&view, 80, 24, "5 files  1.50 GiB  12.3 MiB/s  1m03s\n");
}

static void test_progress_draw_bar_fills(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    view.n_active = 0;
    view.counts = (struct progress_counts){.ok = 5, .total_items = 10};
    check_picture(&view, 80, 24,
                  "[###############---------------] 5/10 files  1.50 GiB  12.3 MiB/s  ETA "
                  "1m02s\n");
    view.counts.ok = 12; /* a list that grew */
    check_picture(&view, 80, 24,
                  "[##############################] 12/10 files  1.50 GiB  12.3 MiB/s  ETA "
                  "1m02s\n");
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static void test_progress_draw_no_line_reaches_the_last_column(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    view.n_active_more = 509;
    for (unsigned columns = 1; columns <= 200; columns++) {
        char *picture = progress_draw(&view, (struct progress_size){columns, 24});
        assert_non_null(picture);
        for (char *line = picture; *line != '\0';) {
            char *end = strchr(line, '\n');
            assert_non_null(end);
            *end = '\0';
            assert_true(human_columns(line) < (columns > 1 ? columns : 2));
            line = end + 1;
        }
        free(picture);
    }
}

static void test_progress_draw_tells_what_waits_for_another_try(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    view.n_active = 0;
    view.counts.waiting = 3;
    check_picture(&view, 80, 24,
                  "123/10,000 files  1.50 GiB  12.3 MiB/s  ETA 1m02s  3 waiting  2 failed\n");
}

static void test_progress_draw_narrow_window_keeps_the_share(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    view.n_active = 2;
    check_picture(&view, 38, 24,
                  "example.org/data/part-0001.bin    18%\n"
                  "index.html                           \n"
                  "123/10,000 files  1.50 GiB  12.3 MiB/\n");
    check_picture(&view, 22, 24,
                  "...data/part-0001.bin\n"
                  "index.html           \n"
                  "123/10,000 files  1.5\n");
}

static void test_progress_draw_leaves_lines_of_the_window(void **state)
{
    (void)state;
    struct px_activity_sample many[64];
    for (size_t i = 0; i < 64; i++) {
        many[i] = active[1];
    }
    struct progress_view view = busy_view();
    view.active = many;
    for (unsigned rows = 1; rows <= 100; rows++) {
        view.n_active = rows < 64 ? rows : 64;
        char *picture = progress_draw(&view, (struct progress_size){80, rows});
        assert_non_null(picture);
        assert_true(count_lines(picture) <= (rows > 4 ? rows - 2 : (rows > 1 ? rows : 1)));
        free(picture);
    }
}

static void test_progress_draw_says_how_many_do_not_fit(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    view.n_active = 3;
    view.n_active_more = 2;
    char *picture = progress_draw(&view, (struct progress_size){80, 7}); /* 3 lines for items */
    assert_non_null(picture);
    assert_int_equal(count_lines(picture), 4);
    assert_non_null(strstr(picture, "\nand 3 more\n["));
    free(picture);
}

static void test_progress_line_is_one_plain_line(void **state)
{
    (void)state;
    struct progress_view view = busy_view();
    char *line = progress_line(&view);
    assert_string_equal(line, "pfetch: 123/10,000 files  1.50 GiB  12.3 MiB/s  ETA 1m02s  "
                              "2 failed\n");
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_draw_usual_window),
        cmocka_unit_test(test_progress_draw_unknown_total_has_no_bar_and_no_eta),
        cmocka_unit_test(test_progress_draw_bar_fills),
        cmocka_unit_test(test_progress_draw_no_line_reaches_the_last_column),
        cmocka_unit_test(test_progress_draw_tells_what_waits_for_another_try),
        cmocka_unit_test(test_progress_draw_narrow_window_keeps_the_share),
        cmocka_unit_test(test_progress_draw_leaves_lines_of_the_window),
        cmocka_unit_test(test_progress_draw_says_how_many_do_not_fit),
        cmocka_unit_test(test_progress_line_is_one_plain_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
