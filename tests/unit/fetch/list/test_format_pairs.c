/* SPDX-License-Identifier: MIT
 *
 * Lists of pairs: URL and path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"

static void test_format_pairs_by_table(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"# a comment\n\n  # another\n", ""},
        {"http://h/1 a.bin\n", "1 \"http://h/1\" \"\" \"out=a.bin;\"\n"},
        {"http://h/1\tsub/a b.bin \n", "1 \"http://h/1\" \"\" \"out=sub/a b.bin;\"\n"},
        {"  http://h/1 \t a\nhttp://h/2\n", "1 \"http://h/1\" \"\" \"out=a;\"\n2 \"http://h/2\"\n"},
        {"http://h/1 http://h/2\n", "1 \"http://h/1\" \"\" \"out=http://h/2;\"\n"},
        {"a.bin http://h/1\n", "1 \"a.bin\" \"\" \"out=http://h/1;\" !" BAD_NO_SCHEME "\n"},
        {"ftp://h/1 a\nhttp://h/2 b\x1b\n",
         "1 \"ftp://h/1\" \"\" \"out=a;\" !" BAD_OTHER_SCHEME "\n"
         "2 \"http://h/2\" \"\" \"out=b<1b>;\" !a control byte in an option\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        format_expect(&format_pairs, rows[i][0], rows[i][1]);
    }
}

static void test_format_pairs_long_line_is_bad(void **state)
{
    (void)state;
    struct draft draft = {0};
    struct list_entry entry;
    enum format_step step;
    const struct format_line line = {"http://h/xx", 11, 3, true};
    assert_int_equal(format_pairs.line(&draft, &line, &step), PX_OK);
    assert_int_equal(step, FORMAT_WHOLE);
    draft_finish(&draft, 0, &entry);
    assert_string_equal(entry.bad, FORMAT_LONG_LINE);
    assert_int_equal(entry.line, 3);
    draft_fini(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_pairs_by_table),
        cmocka_unit_test(test_format_pairs_long_line_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
