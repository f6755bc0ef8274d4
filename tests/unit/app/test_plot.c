/* SPDX-License-Identifier: MIT
 *
 * The picture: points where they belong, text escaped, the file whole or absent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "app/plot.h"
#include "support/memory_text.h"
#include "support/scratch.h"

static char *draw(const char *title, const struct report_row *rows, size_t n)
{
    struct memory_text out = {0};
    plot_svg(title, rows, n, memory_text_open(&out));
    memory_text_close(&out);
    return out.text;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        n++;
    }
    return n;
}

static const struct report_row rows[] = {
    {1, 8 * PX_NS_PER_S, 0}, {4, 2 * PX_NS_PER_S, 0}, {2, 4 * PX_NS_PER_S, 0}};

static void test_plot_points_are_in_order_and_on_scale(void **state)
{
    (void)state;
    char *svg = draw("prog", rows, 3);
    /* axes 0..4 over 552 by 324 pixels from (64, 380): linear speed-up lies on the ideal line */
    assert_non_null(strstr(svg, "points=\"202.0,299.0 340.0,218.0 616.0,56.0\""));
    assert_non_null(strstr(svg, "<line x1=\"64.0\" y1=\"380.0\" x2=\"616.0\" y2=\"56.0\" "));
    assert_int_equal(count(svg, "<circle"), 4); /* three points and the legend's */
    assert_non_null(strstr(svg, ">4.00</text>"));
    assert_non_null(strstr(svg, "speed-up (1 worker = 1)"));
    assert_int_equal(count(svg, "<svg"), 1);
    assert_string_equal(svg + strlen(svg) - strlen("</svg>\n"), "</svg>\n");
    free(svg);
}

static void test_plot_title_is_escaped_and_cut(void **state)
{
    (void)state;
    char *svg = draw("<a> & \"b\"\033\xff", rows, 3);
    assert_non_null(strstr(svg, "<title>&lt;a&gt; &amp; \"b\"\\e\\xff: speed-up"));
    free(svg);
    svg = draw("0123456789012345678901234567890123456789", rows, 3);
    assert_non_null(strstr(svg, "<title>01234567890123456789012345678901: speed-up"));
    free(svg);
}

static void test_plot_ideal_line_is_cut_where_it_would_flatten_the_rest(void **state)
{
    (void)state;
    const struct report_row flat[] = {{1, 8 * PX_NS_PER_S, 0}, {100, 2 * PX_NS_PER_S, 0}};
    char *svg = draw("prog", flat, 2);
    /* best 4, so the axis ends at 8, and the ideal line with it, at 8 of 100 workers */
    assert_non_null(strstr(svg, "<line x1=\"64.0\" y1=\"380.0\" x2=\"108.2\" y2=\"56.0\" "));
    free(svg);
}

static void test_plot_three_rows_have_amdahls_curve(void **state)
{
    (void)state;
    /* a tenth is serial: speed-up 1, 1.82, 3.08 */
    const struct report_row tenth[] = {
        {1, 1000 * PX_NS_PER_MS, 0}, {2, 550 * PX_NS_PER_MS, 0}, {4, 325 * PX_NS_PER_MS, 0}};
    assert_float_equal(report_fit_amdahl(tenth, 3), 0.1, 1e-9);
    char *svg = draw("prog", tenth, 3);
    assert_non_null(strstr(svg, ">Amdahl, 10.0 % serial</text>"));
    assert_non_null(strstr(svg, "616.0,130.8\"/>")); /* it ends where the last point is */
    free(svg);
    svg = draw("prog", tenth, 2);
    assert_null(strstr(svg, "Amdahl"));
    free(svg);
}

static void test_plot_one_row_or_none(void **state)
{
    (void)state;
    const struct report_row one[] = {{3, PX_NS_PER_S, 0}};
    char *svg = draw("prog", one, 1);
    assert_non_null(strstr(svg, "speed-up (3 workers = 1)"));
    free(svg);
    svg = draw("prog", one, 0);
    assert_string_equal(svg, "");
    free(svg);
}

static void test_plot_labels_of_close_points_are_left_out(void **state)
{
    (void)state;
    const struct report_row close[] = {
        {1, 9 * PX_NS_PER_S, 0}, {2, 8 * PX_NS_PER_S, 0}, {200, 2 * PX_NS_PER_S, 0}};
    char *svg = draw("prog", close, 3);
    assert_int_equal(count(svg, "paint-order"), 2);
    assert_non_null(strstr(svg, ">4.50</text>"));
    free(svg);
}

static void test_plot_write_makes_the_file(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    assert_int_equal(plot_write(scratch_path(&scratch, "p.svg"), "prog", rows, 3), PX_OK);
    char *text = memory_text_read_file(scratch_path(&scratch, "p.svg"));
    char *expected = draw("prog", rows, 3);
    assert_string_equal(text, expected);
    free(expected);
    free(text);
    scratch_remove(&scratch);
}

static void test_plot_write_failures_are_told(void **state)
{
    (void)state;
    assert_int_equal(plot_write("/dev/full", "prog", rows, 3), PX_EFULL);
    assert_int_equal(plot_write("/nonexistent-directory/p.svg", "prog", rows, 3), PX_EIO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(plot_write("/dev/null", "prog", rows, 0), PX_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plot_points_are_in_order_and_on_scale),
        cmocka_unit_test(test_plot_title_is_escaped_and_cut),
        cmocka_unit_test(test_plot_ideal_line_is_cut_where_it_would_flatten_the_rest),
        cmocka_unit_test(test_plot_three_rows_have_amdahls_curve),
        cmocka_unit_test(test_plot_one_row_or_none),
        cmocka_unit_test(test_plot_labels_of_close_points_are_left_out),
        cmocka_unit_test(test_plot_write_makes_the_file),
        cmocka_unit_test(test_plot_write_failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
