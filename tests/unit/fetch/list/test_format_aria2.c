/* SPDX-License-Identifier: MIT
 *
 * Plain lists and NUL-separated ones as a front end; what they mean is in test_list_entries.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"

static void test_format_aria2_options_stay_with_their_url(void **state)
{
    (void)state;
    format_expect(&format_aria2, "http://h/1\thttp://m/1\n  out=a\n# c\n  split=4\n\nhttp://h/2\n",
                  "1 \"http://h/1\" \"http://m/1\" \"out=a;split=4;\"\n6 \"http://h/2\"\n");
}

static void test_format_aria2_relative_lines_need_a_base(void **state)
{
    (void)state;
    static const char text[] = "a.bin\t/m/a.bin\nhttp://h/b\nc d\nftp:x\n";
    char *entries = format_entries(&format_aria2, text, sizeof text - 1, 1, "https://b/dir/");
    assert_string_equal(entries, "1 \"https://b/dir/a.bin\" \"https://b/m/a.bin\"\n"
                                 "2 \"http://h/b\"\n"
                                 "3 \"c d\" !" BAD_SPACE "\n"
                                 "4 \"ftp:x\" !" BAD_NO_SCHEME "\n");
    free(entries);
    format_expect(&format_aria2, "a.bin\n", "1 \"a.bin\" !" BAD_NO_SCHEME "\n");
}

static void test_format_nul_has_urls_alone(void **state)
{
    (void)state;
    struct draft draft = {0};
    struct list_entry entry;
    enum format_step step;
    const struct format_line empty = {"", 0, 1, false}, comment = {"# c", 3, 2, false};
    assert_int_equal(format_nul.line(&draft, &empty, &step), PX_OK);
    assert_int_equal(step, FORMAT_MORE);
    assert_false(draft.begun);
    assert_int_equal(format_nul.line(&draft, &comment, &step), PX_OK);
    assert_int_equal(step, FORMAT_WHOLE);
    draft_finish(&draft, 0, &entry);
    assert_string_equal(entry.bad, BAD_SPACE);
    draft_fini(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_aria2_options_stay_with_their_url),
        cmocka_unit_test(test_format_aria2_relative_lines_need_a_base),
        cmocka_unit_test(test_format_nul_has_urls_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
