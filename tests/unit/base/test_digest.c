/* SPDX-License-Identifier: MIT
 *
 * Digests against the values of RFC 1321 and FIPS 180, and the form of an expected one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/digest.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    enum px_digest_kind kind;
    const char *of_nothing;
    const char *of_abc;
} known[] = {
    {PX_DIGEST_MD5, "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"},
    {PX_DIGEST_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {PX_DIGEST_SHA224, "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
     "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {PX_DIGEST_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {PX_DIGEST_SHA384,
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {PX_DIGEST_SHA512,
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

static void check_final(struct px_digest *digest, enum px_digest_kind kind, const char *expected)
{
    unsigned char value[PX_DIGEST_MAX_BYTES];
    char hex[2 * PX_DIGEST_MAX_BYTES + 1];
    assert_int_equal(px_digest_final(digest, value), PX_OK);
    px_hex(hex, value, px_digest_len(kind));
    assert_string_equal(hex, expected);
}

static void test_digest_known_values_whole_in_pieces_and_after_reset(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(known); i++) {
        enum px_digest_kind kind = known[i].kind;
        struct px_digest *digest = NULL;
        assert_int_equal(px_digest_new(kind, &digest), PX_OK);
        assert_non_null(digest);
        check_final(digest, kind, known[i].of_nothing);
        assert_int_equal(px_digest_reset(digest), PX_OK);
        assert_int_equal(px_digest_update(digest, "abc", 3), PX_OK);
        check_final(digest, kind, known[i].of_abc);
        assert_int_equal(px_digest_reset(digest), PX_OK);
        assert_int_equal(px_digest_update(digest, "garbage", 7), PX_OK);
        assert_int_equal(px_digest_reset(digest), PX_OK); /* in the middle too */
        assert_int_equal(px_digest_update(digest, "a", 1), PX_OK);
        assert_int_equal(px_digest_update(digest, "", 0), PX_OK);
        assert_int_equal(px_digest_update(digest, "bc", 2), PX_OK);
        check_final(digest, kind, known[i].of_abc);
        px_digest_free(digest);
    }
}

static void test_digest_crcs_are_digests_for_servers_only(void **state)
{
    static const struct {
        enum px_digest_kind kind;
        const char *name, *of_nothing, *of_check;
    } rows[] = {
        {PX_DIGEST_CRC32, "crc32", "00000000", "cbf43926"},
        {PX_DIGEST_CRC32C, "crc32c", "00000000", "e3069283"},
        {PX_DIGEST_CRC64NVME, "crc64nvme", "0000000000000000", "ae8b14860a799888"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct px_digest *digest = NULL;
        assert_int_equal(px_digest_new(rows[i].kind, &digest), PX_OK);
        check_final(digest, rows[i].kind, rows[i].of_nothing);
        assert_int_equal(px_digest_reset(digest), PX_OK);
        assert_int_equal(px_digest_update(digest, "1234", 4), PX_OK);
        assert_int_equal(px_digest_update(digest, "56789", 5), PX_OK);
        check_final(digest, rows[i].kind, rows[i].of_check);
        px_digest_free(digest);
        assert_string_equal(px_digest_name(rows[i].kind), rows[i].name);
        const size_t len = strlen(rows[i].name);
        assert_int_equal(px_digest_kind_of(rows[i].name, len), PX_DIGEST_NONE);
        assert_int_equal(px_digest_kind_of_any(rows[i].name, len), rows[i].kind);
    }
    assert_int_equal(px_digest_kind_of_any("MD5", 3), PX_DIGEST_MD5);
}

static void test_digest_new_without_kind_is_einval(void **state)
{
    (void)state;
    struct px_digest *digest = NULL;
    assert_int_equal(px_digest_new(PX_DIGEST_NONE, &digest), PX_EINVAL);
    assert_int_equal(px_digest_new((enum px_digest_kind)99, &digest), PX_EINVAL);
    assert_null(digest);
    px_digest_free(NULL);
}

static void test_digest_names_and_lengths_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(known); i++) {
        const char *name = px_digest_name(known[i].kind);
        assert_int_equal(px_digest_kind_of(name, strlen(name)), known[i].kind);
        assert_int_equal(px_digest_len(known[i].kind) * 2, strlen(known[i].of_abc));
        assert_true(px_digest_len(known[i].kind) <= PX_DIGEST_MAX_BYTES);
    }
    assert_string_equal(px_digest_name(PX_DIGEST_NONE), "none");
    assert_string_equal(px_digest_name((enum px_digest_kind)99), "none");
    assert_int_equal(px_digest_len(PX_DIGEST_NONE), 0);
    assert_int_equal(px_digest_len((enum px_digest_kind)99), 0);
}

static void test_digest_kind_of_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum px_digest_kind kind;
    } rows[] = {
        {"md5", PX_DIGEST_MD5},          {"MD5", PX_DIGEST_MD5},
        {"sha-1", PX_DIGEST_SHA1},       {"SHA1", PX_DIGEST_SHA1},
        {"sha-224", PX_DIGEST_SHA224},   {"Sha256", PX_DIGEST_SHA256},
        {"SHA-256", PX_DIGEST_SHA256},   {"sha384", PX_DIGEST_SHA384},
        {"sha-512", PX_DIGEST_SHA512},   {"", PX_DIGEST_NONE},
        {"none", PX_DIGEST_NONE},        {"sha", PX_DIGEST_NONE},
        {"sha-", PX_DIGEST_NONE},        {"sha_256", PX_DIGEST_NONE},
        {"sha2560", PX_DIGEST_NONE},     {"md-5", PX_DIGEST_NONE},
        {"sha-512/256", PX_DIGEST_NONE}, {" md5", PX_DIGEST_NONE},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(px_digest_kind_of(rows[i].name, strlen(rows[i].name)), rows[i].kind);
    }
    assert_int_equal(px_digest_kind_of("sha-256=00", 7), PX_DIGEST_SHA256);
}

static void test_digest_checksum_of_every_kind_is_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(known); i++) {
        char text[160];
        struct px_checksum sum;
        size_t name_len = strlen(px_digest_name(known[i].kind));
        memcpy(text, px_digest_name(known[i].kind), name_len);
        text[name_len] = '=';
        memcpy(text + name_len + 1, known[i].of_abc, strlen(known[i].of_abc) + 1);
        assert_int_equal(px_checksum_parse(text, &sum), PX_OK);
        assert_int_equal(sum.kind, known[i].kind);
        assert_int_equal(sum.len, px_digest_len(known[i].kind));
        char hex[2 * PX_DIGEST_MAX_BYTES + 1];
        px_hex(hex, sum.value, sum.len);
        assert_string_equal(hex, known[i].of_abc);
    }
    struct px_checksum sum;
    assert_int_equal(px_checksum_parse("MD5=900150983CD24FB0D6963F7D28E17F72", &sum), PX_OK);
    assert_int_equal(sum.value[0], 0x90);
}

static void test_digest_checksum_refusal_leaves_output_untouched(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "=",
        "md5",
        "md5=",
        "md5=900150983cd24fb0d6963f7d28e17f7",
        "md5=900150983cd24fb0d6963f7d28e17f722",
        "md5=900150983cd24fb0d6963f7d28e17f7g",
        "md5=900150983cd24fb0d6963f7d28e17f72 ",
        "md5= 900150983cd24fb0d6963f7d28e17f72",
        "md5:900150983cd24fb0d6963f7d28e17f72",
        "sha-256=900150983cd24fb0d6963f7d28e17f72",
        "none=",
        "crc32=00000000",
        "=900150983cd24fb0d6963f7d28e17f72",
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct px_checksum sum;
        struct px_checksum before;
        memset(&sum, 0x5a, sizeof(sum));
        memset(&before, 0x5a, sizeof(before));
        assert_int_equal(px_checksum_parse(rows[i], &sum), PX_EINVAL);
        assert_memory_equal(&sum, &before, sizeof(sum));
    }
}

static void test_digest_hex_has_two_small_digits_a_byte(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0x1a};
    char hex[2 * sizeof(bytes) + 1];
    px_hex(hex, bytes, sizeof(bytes));
    assert_string_equal(hex, "000ff0ff1a");
    px_hex(hex, bytes, 0);
    assert_string_equal(hex, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_known_values_whole_in_pieces_and_after_reset),
        cmocka_unit_test(test_digest_crcs_are_digests_for_servers_only),
        cmocka_unit_test(test_digest_new_without_kind_is_einval),
        cmocka_unit_test(test_digest_names_and_lengths_agree),
        cmocka_unit_test(test_digest_kind_of_by_table),
        cmocka_unit_test(test_digest_checksum_of_every_kind_is_parsed),
        cmocka_unit_test(test_digest_checksum_refusal_leaves_output_untouched),
        cmocka_unit_test(test_digest_hex_has_two_small_digits_a_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
