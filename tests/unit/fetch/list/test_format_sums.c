/* SPDX-License-Identifier: MIT
 *
 * Lists in the shape of sha256sum's output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"

#define HEX8 "0123aBcD"
#define MD5 HEX8 HEX8 HEX8 HEX8
#define SHA1 MD5 HEX8
#define SHA256 MD5 MD5
#define SHA512 SHA256 SHA256
#define NO_SUM "not HASH  URL with the digits of an MD5, SHA-1 or SHA-2 digest"

static void test_format_sums_kind_by_length(void **state)
{
    (void)state;
    format_expect(&format_sums,
                  MD5 "  http://h/1\n" SHA1 "  http://h/2\n" SHA256 " *http://h/3\n" SHA512
                      "  http://h/4\n",
                  "1 \"http://h/1\" \"\" \"checksum=md5=" MD5 ";\"\n"
                  "2 \"http://h/2\" \"\" \"checksum=sha-1=" SHA1 ";\"\n"
                  "3 \"http://h/3\" \"\" \"checksum=sha-256=" SHA256 ";\"\n"
                  "4 \"http://h/4\" \"\" \"checksum=sha-512=" SHA512 ";\"\n");
}

static void test_format_sums_other_shapes(void **state)
{
    (void)state;
    format_expect(&format_sums,
                  "# c\n\n" MD5 "\thttp://h/1\thttp://m/1 \n"
                  "SHA256 (http://h/2) = " SHA256 "\n  " MD5 " http://h/3\n",
                  "3 \"http://h/1\" \"http://m/1\" \"checksum=md5=" MD5 ";\"\n"
                  "4 \"http://h/2\" \"\" \"checksum=sha-256=" SHA256 ";\"\n"
                  "5 \"http://h/3\" \"\" \"checksum=md5=" MD5 ";\"\n");
}

/* A URL without a checksum must not be fetched unchecked. */
static void test_format_sums_what_has_none_is_bad(void **state)
{
    (void)state;
    format_expect(&format_sums,
                  "http://h/1\n" MD5 "0  http://h/2\n" MD5 "\n" MD5 "  a.bin\nx" MD5
                  "  http://h/3\n" MD5 "  http://h/4\n",
                  "1 \"http://h/1\" !" NO_SUM "\n2 \"http://h/2\" !" NO_SUM "\n3 \"\" !" NO_SUM "\n"
                  "4 \"a.bin\" \"\" \"checksum=md5=" MD5 ";\" !" BAD_NO_SCHEME "\n"
                  "5 \"http://h/3\" !" NO_SUM "\n"
                  "6 \"http://h/4\" \"\" \"checksum=md5=" MD5 ";\"\n");
}

static void test_format_sums_names_with_a_base_are_a_list(void **state)
{
    (void)state;
    char *entries =
        format_entries(&format_sums, MD5 "  sub/a.bin\n", sizeof MD5 + 11, 1, "https://h/dir/");
    assert_string_equal(entries, "1 \"https://h/dir/sub/a.bin\" \"\" \"checksum=md5=" MD5 ";\"\n");
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_sums_kind_by_length),
        cmocka_unit_test(test_format_sums_other_shapes),
        cmocka_unit_test(test_format_sums_what_has_none_is_bad),
        cmocka_unit_test(test_format_sums_names_with_a_base_are_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
