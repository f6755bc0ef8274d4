/* SPDX-License-Identifier: MIT
 *
 * An entry in the making.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fetch/list/format_text.h"

static void add(struct draft *draft, const char *text)
{
    assert_int_equal(draft_urls(draft, text, strlen(text)), PX_OK);
}

static void expect(struct draft *draft, const char *expected)
{
    struct memory_text memory = {0};
    struct list_entry entry;
    FILE *out = memory_text_open(&memory);
    draft_finish(draft, 7, &entry);
    assert_int_equal(entry.input, 7);
    assert_false(draft->begun);
    list_show_entry(out, &entry);
    assert_string_equal(memory_text_close(&memory), expected);
    memory_text_free(&memory);
}

static void test_draft_urls_then_options(void **state)
{
    (void)state;
    struct draft draft = {0};
    draft_begin(&draft, 3);
    add(&draft, "http://h/1\t\thttp://m/1\t ");
    assert_int_equal(draft_url(&draft, "http://n/1", 10), PX_OK);
    assert_int_equal(draft_option(&draft, "out", "a=b", 3), PX_OK);
    assert_int_equal(draft_option_line(&draft, " \tdir=x", 7), PX_OK);
    assert_true(draft.saw_options);
    expect(&draft, "3 \"http://h/1\" \"http://m/1<09>http://n/1\" \"out=a=b;dir=x;\"\n");
    draft_begin(&draft, 4); /* nothing of the one before is left */
    add(&draft, "http://h/2");
    expect(&draft, "4 \"http://h/2\"\n");
    draft_fini(&draft);
}

static void test_draft_first_fault_is_told(void **state)
{
    (void)state;
    struct draft draft = {0};
    draft_begin(&draft, 1);
    add(&draft, "http://h/1");
    draft_spoil(&draft, "%s %d", "reason", 1);
    draft_spoil(&draft, "reason 2");
    add(&draft, "ftp://h/1");
    assert_int_equal(draft_option(&draft, "out", "\x1b", 1), PX_OK);
    expect(&draft, "1 \"http://h/1\" \"ftp://h/1\" \"out=<1b>;\" !reason 1\n");
    draft_begin(&draft, 2);
    add(&draft, "http://h/1\tnonsense");
    expect(&draft, "2 \"http://h/1\" \"nonsense\" !URL 2 of it: " BAD_NO_SCHEME "\n");
    draft_begin(&draft, 3);
    draft_spoil(&draft, "empty");
    expect(&draft, "3 \"\" !empty\n");
    draft_fini(&draft);
}

static void test_draft_without_anything_is_an_empty_entry(void **state)
{
    (void)state;
    struct draft draft = {0};
    draft_begin(&draft, 1);
    draft_spoil(&draft, "nothing");
    expect(&draft, "1 \"\" !nothing\n");
    draft_fini(&draft);
    draft_fini(&draft);
}

static void test_draft_base_url_makes_relative_ones_absolute(void **state)
{
    (void)state;
    struct draft draft = {.base_url = "https://u:p@h/d/"};
    draft_begin(&draft, 1);
    add(&draft, "a?b#c\t../x\thttp://o/y\t//p/z");
    expect(&draft, "1 \"https://u:p@h/d/a?b\" "
                   "\"https://u:p@h/x<09>http://o/y<09>https://p/z\"\n");
    draft_begin(&draft, 2);
    add(&draft, "a\x01");
    expect(&draft, "2 \"a<01>\" !" BAD_CONTROL "\n");
    draft_begin(&draft, 3);
    add(&draft, "//[::1/x");
    expect(&draft, "3 \"//[::1/x\" !no URL as seen from --base-url\n");
    draft_begin(&draft, 4);
    add(&draft, "file:///etc/passwd");
    expect(&draft, "4 \"file:///etc/passwd\" !" BAD_OTHER_SCHEME "\n");
    draft_fini(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draft_urls_then_options),
        cmocka_unit_test(test_draft_first_fault_is_told),
        cmocka_unit_test(test_draft_without_anything_is_an_empty_entry),
        cmocka_unit_test(test_draft_base_url_makes_relative_ones_absolute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
