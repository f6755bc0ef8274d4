/* SPDX-License-Identifier: MIT
 *
 * One line of a file of checksums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fetch/list/sumline.h"
#include "support/random.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MD5 "0123456789abcdef0123456789ABCDEF"
#define SHA256 MD5 MD5

static void test_sumline_good_ones_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum px_digest_kind kind;
        const char *name;
    } rows[] = {
        {MD5 "  a", PX_DIGEST_MD5, "a"},
        {MD5 " *a", PX_DIGEST_MD5, "a"},
        {MD5 " a", PX_DIGEST_MD5, "a"},
        {MD5 "   a", PX_DIGEST_MD5, " a"},
        {MD5 "\ta b/c ", PX_DIGEST_MD5, "a b/c"},
        {MD5 "01234567  a", PX_DIGEST_SHA1, "a"},
        {MD5 "0123456789abcdef01234567  a", PX_DIGEST_SHA224, "a"},
        {SHA256 "  a", PX_DIGEST_SHA256, "a"},
        {SHA256 MD5 "  a", PX_DIGEST_SHA384, "a"},
        {SHA256 SHA256 "  ./a/b", PX_DIGEST_SHA512, "./a/b"},
        {"\\" MD5 "  a\\\\b\\nc\\rd", PX_DIGEST_MD5, "a\\b\nc\rd"},
        {MD5 "  a\\nb", PX_DIGEST_MD5, "a\\nb"},
        {"MD5 (a) = " MD5, PX_DIGEST_MD5, "a"},
        {"SHA256 (a (b) = c) = " SHA256, PX_DIGEST_SHA256, "a (b) = c"},
        {"SHA256(a)= " SHA256, PX_DIGEST_SHA256, "a"},
        {"SHA2-256(a b)= " SHA256, PX_DIGEST_SHA256, "a b"},
        {"sha-256 (a) = " SHA256 " ", PX_DIGEST_SHA256, "a"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct sumline line;
        char name[64] = "";
        const char *fault = sumline_parse(rows[i].text, strlen(rows[i].text), &line);
        if (fault != NULL) {
            fail_msg("%s: %s", rows[i].text, fault);
        }
        name[sumline_name(&line, name)] = '\0';
        assert_int_equal(line.kind, rows[i].kind);
        assert_int_equal(line.hex_len, 2 * px_digest_len(line.kind));
        assert_string_equal(name, rows[i].name);
    }
}

static void test_sumline_others_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "\\",
        "a",
        MD5,
        MD5 " ",
        MD5 "  ",
        MD5 "0  a",
        MD5 "g  a",
        "g" MD5 "  a",
        SHA256 SHA256 "00  a",
        "-----BEGIN PGP SIGNED MESSAGE-----",
        "Hash: SHA256",
        "SHA256 () = " SHA256,
        "SHA256 (a) = " MD5,
        "SHA256 (a) " SHA256,
        "SHA256 a) = " SHA256,
        "SHA256 (a = " SHA256,
        "BLAKE2b (a) = " SHA256 SHA256,
        "(a) = " MD5,
        "SHA256 (",
        "SHA2-512 (a) = " SHA256,
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct sumline line;
        if (sumline_parse(rows[i], strlen(rows[i]), &line) == NULL) {
            fail_msg("%s: taken", rows[i]);
        }
    }
}

/* Whatever the bytes: what it points to is inside the line. */
static void test_sumline_random_ones_stay_inside(void **state)
{
    (void)state;
    static const char *const pieces[] = {MD5, SHA256, "SHA256", "MD5", " ",  "(", ")",
                                         "=", "\\",   "*",      "a",   "\t", "-", "("};
    uint64_t x = UINT64_C(0x2545f4914f6cdd1d);
    for (int round = 0; round < 20000; round++) {
        char text[800];
        const size_t n = random_pieces(&x, pieces, ROWS(pieces), (size_t)round % 9, text);
        struct sumline line;
        if (sumline_parse(text, n, &line) == NULL) {
            char name[800];
            assert_true(line.hex >= text && line.hex + line.hex_len <= text + n);
            assert_true(line.name >= text && line.name + line.name_len <= text + n);
            assert_true(line.name_len > 0);
            assert_true(sumline_name(&line, name) <= line.name_len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sumline_good_ones_by_table),
        cmocka_unit_test(test_sumline_others_are_none),
        cmocka_unit_test(test_sumline_random_ones_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
