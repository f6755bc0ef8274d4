/* SPDX-License-Identifier: MIT
 *
 * What servers state of a file's digest: each header, what it is about, and all that must not be
 * believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "fetch/hello_digests.h"
#include "fetch/stated.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define LINES 6
#define OTHER "1B2M2Y8AsgTpgAmY7PhCfg==" /* of something else, as long as an MD5 */

struct row {
    const char *lines[LINES];
    long status;
    const char *encoding;
    enum px_digest_kind kind;
};

static const struct px_checksum *picked(struct stated *stated, const struct row *row)
{
    *stated = (struct stated){.object_unpacked = false};
    for (size_t i = 0; i < LINES && row->lines[i] != NULL; i++) {
        char line[300];
        const int n = snprintf(line, sizeof line, "%s\r\n", row->lines[i]);
        stated_line(stated, line, (size_t)n);
    }
    return stated_of_whole(stated, row->status, row->encoding);
}

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct stated stated;
        const struct px_checksum *sum = picked(&stated, &rows[i]);
        const enum px_digest_kind kind = sum != NULL ? sum->kind : PX_DIGEST_NONE;
        if (kind != rows[i].kind) {
            fail_msg("row %zu (%s): %s", i, rows[i].lines[0], px_digest_name(kind));
        }
        if (sum != NULL) {
            assert_int_equal(sum->len, px_digest_len(kind));
        }
    }
}

static void test_stated_each_header_is_read(void **state)
{
    static const struct row rows[] = {
        {{"Repr-Digest: sha-256=:" SHA256 ":"}, 200, NULL, PX_DIGEST_SHA256},
        {{"repr-digest:sha-512=:" SHA512 ":"}, 200, NULL, PX_DIGEST_SHA512},
        {{"Repr-Digest: sha=:" SHA1 ":, md5=:" MD5 ":"}, 200, NULL, PX_DIGEST_SHA1},
        {{"Repr-Digest: unixsum=:AAA=:, crc32c=:" CRC32C ":"}, 200, NULL, PX_DIGEST_CRC32C},
        {{"Repr-Digest: md5=:" MD5 ":;p=1 , sha-256 = :" SHA256 ": ; q"},
         200,
         NULL,
         PX_DIGEST_SHA256},
        {{"Repr-Digest: md5=:" MD5 ":", "Repr-Digest: sha-256=:" SHA256 ":"},
         200,
         NULL,
         PX_DIGEST_SHA256},
        {{"Content-Digest: sha-256=:" SHA256 ":"}, 200, NULL, PX_DIGEST_SHA256},
        {{"Digest: SHA-256=" SHA256}, 200, NULL, PX_DIGEST_SHA256},
        {{"Digest: SHA=" SHA1 ",MD5=" MD5}, 200, NULL, PX_DIGEST_SHA1},
        {{"Digest: adler32=03da0195, md5=" MD5}, 200, NULL, PX_DIGEST_MD5},
        {{"Content-MD5: " MD5}, 200, NULL, PX_DIGEST_MD5},
        {{"x-goog-hash: crc32c=" CRC32C ",md5=" MD5}, 200, NULL, PX_DIGEST_MD5},
        {{"x-goog-hash: crc32c=" CRC32C, "x-goog-hash: md5=" MD5}, 200, NULL, PX_DIGEST_MD5},
        {{"x-goog-hash: crc32c=" CRC32C}, 200, NULL, PX_DIGEST_CRC32C},
        {{"x-amz-checksum-sha256: " SHA256}, 200, NULL, PX_DIGEST_SHA256},
        {{"x-amz-checksum-sha1: " SHA1}, 200, NULL, PX_DIGEST_SHA1},
        {{"x-amz-checksum-crc32: " CRC32}, 200, NULL, PX_DIGEST_CRC32},
        {{"x-amz-checksum-crc32c: " CRC32C}, 200, NULL, PX_DIGEST_CRC32C},
        {{"x-amz-checksum-crc64nvme: " CRC64, "x-amz-checksum-type: FULL_OBJECT"},
         200,
         NULL,
         PX_DIGEST_CRC64NVME},
    };
    (void)state;
    check(rows, ROWS(rows));
}

/* A 206 reply: only what is about the whole. */
static void test_stated_of_a_range_counts_only_for_the_whole(void **state)
{
    static const struct row rows[] = {
        {{"Repr-Digest: sha-256=:" SHA256 ":"}, 206, NULL, PX_DIGEST_SHA256},
        {{"Digest: MD5=" MD5}, 206, NULL, PX_DIGEST_MD5},
        {{"x-goog-hash: md5=" MD5}, 206, NULL, PX_DIGEST_MD5},
        {{"Content-Digest: sha-256=:" SHA256 ":"}, 206, NULL, PX_DIGEST_NONE},
        {{"Content-MD5: " MD5}, 206, NULL, PX_DIGEST_NONE},
        {{"x-amz-checksum-sha256: " SHA256}, 206, NULL, PX_DIGEST_NONE},
        {{"Content-Digest: sha-256=:" SHA256 ":", "Digest: MD5=" MD5}, 206, NULL, PX_DIGEST_MD5},
    };
    (void)state;
    check(rows, ROWS(rows));
}

static void test_stated_of_an_encoded_body_counts_only_for_the_representation(void **state)
{
    static const struct row rows[] = {
        {{"Repr-Digest: sha-256=:" SHA256 ":"}, 200, "gzip", PX_DIGEST_SHA256},
        {{"Digest: MD5=" MD5}, 200, "br", PX_DIGEST_MD5},
        {{"Content-MD5: " MD5}, 200, "gzip", PX_DIGEST_NONE},
        {{"Content-MD5: " MD5}, 200, "identity", PX_DIGEST_MD5},
        {{"Content-Digest: md5=:" MD5 ":"}, 200, "gzip", PX_DIGEST_NONE},
        {{"x-goog-hash: md5=" MD5}, 200, "gzip", PX_DIGEST_NONE},
        {{"x-amz-checksum-crc32: " CRC32}, 200, "gzip", PX_DIGEST_NONE},
    };
    (void)state;
    check(rows, ROWS(rows));
}

static void test_stated_what_is_no_digest_of_the_file_is_passed_over(void **state)
{
    static const struct row rows[] = {
        /* unpacked on the way: the hash is of what is stored */
        {{"x-goog-stored-content-encoding: gzip", "x-goog-hash: md5=" MD5},
         200,
         NULL,
         PX_DIGEST_NONE},
        {{"x-goog-hash: md5=" MD5, "x-goog-stored-content-encoding: identity"},
         200,
         NULL,
         PX_DIGEST_MD5},
        /* a digest of the digests of twelve parts */
        {{"x-amz-checksum-sha256: " SHA256 "-12"}, 200, NULL, PX_DIGEST_NONE},
        {{"x-amz-checksum-crc32: " CRC32, "x-amz-checksum-type: COMPOSITE"},
         200,
         NULL,
         PX_DIGEST_NONE},
        {{"ETag: \"5d41402abc4b2a76b9719d911017c592\""}, 200, NULL, PX_DIGEST_NONE},
        /* a proxy changed the reply */
        {{"Repr-Digest: sha-256=:" SHA256 ":"}, 203, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest: sha-256=:" SHA256 ":"}, 416, NULL, PX_DIGEST_NONE},
        /* not what the header must look like */
        {{"Repr-Digest: sha-256=" SHA256}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest: sha-256=:" MD5 ":"}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest: sha-256=::"}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest: sha-256=:"}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest: sha-256"}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest: ,,=,:;"}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest:"}, 200, NULL, PX_DIGEST_NONE},
        {{"Repr-Digest"}, 200, NULL, PX_DIGEST_NONE},
        {{"Content-MD5: 5d41402abc4b2a76b9719d911017c592"}, 200, NULL, PX_DIGEST_NONE},
        {{"Content-MD5: " MD5 "x"}, 200, NULL, PX_DIGEST_NONE},
        {{"x-amz-checksum-: " MD5, "x-amz-checksum-md4: " MD5}, 200, NULL, PX_DIGEST_NONE},
        {{"Want-Repr-Digest: sha-256=1", "Digests: MD5=" MD5}, 200, NULL, PX_DIGEST_NONE},
    };
    (void)state;
    check(rows, ROWS(rows));
}

static void test_stated_the_strongest_counts_and_of_two_the_first(void **state)
{
    static const struct row rows[] = {
        {{"Content-MD5: " MD5, "Repr-Digest: sha-256=:" SHA256 ":"}, 200, NULL, PX_DIGEST_SHA256},
        {{"Repr-Digest: sha-512=:" SHA512 ":, sha-256=:" SHA256 ":"}, 200, NULL, PX_DIGEST_SHA256},
        {{"x-goog-hash: crc32c=" CRC32C, "x-amz-checksum-crc64nvme: " CRC64},
         200,
         NULL,
         PX_DIGEST_CRC64NVME},
        {{"Content-MD5: " OTHER, "Digest: SHA=" SHA1}, 200, NULL, PX_DIGEST_SHA1},
    };
    static const struct row twice = {
        {"Content-MD5: " MD5, "Content-MD5: " OTHER}, 200, NULL, PX_DIGEST_MD5};
    struct stated stated;
    (void)state;
    check(rows, ROWS(rows));
    assert_int_equal(picked(&stated, &twice)->value[0], 0x5d);
    assert_int_equal(picked(&stated, &twice)->value[1], 0x41);
}

static void test_stated_by_an_earlier_reply_is_forgotten(void **state)
{
    static const struct row rows[] = {
        {{"Repr-Digest: sha-256=:" SHA256 ":", "HTTP/1.1 200 OK"}, 200, NULL, PX_DIGEST_NONE},
        {{"x-goog-stored-content-encoding: gzip", "HTTP/2 200", "x-goog-hash: md5=" MD5},
         200,
         NULL,
         PX_DIGEST_MD5},
    };
    (void)state;
    check(rows, ROWS(rows));
}

/* Whatever the bytes are, nothing is read beyond them (a sanitizer looks on). */
static void test_stated_line_of_any_bytes_is_harmless(void **state)
{
    static const char text[] = "Repr-Digest: sha-256=:" SHA256 ":;a, md5=:" MD5 ":\r\n";
    struct stated stated = {.object_unpacked = false};
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        char *line = test_malloc(n + 1);
        memcpy(line, text, n);
        stated_line(&stated, line, n);
        for (size_t i = 0; i < n; i++) {
            const char kept = line[i];
            for (int c = 0; c < 256; c += 5) {
                line[i] = (char)c;
                stated_line(&stated, line, n);
            }
            line[i] = kept;
        }
        test_free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stated_each_header_is_read),
        cmocka_unit_test(test_stated_of_a_range_counts_only_for_the_whole),
        cmocka_unit_test(test_stated_of_an_encoded_body_counts_only_for_the_representation),
        cmocka_unit_test(test_stated_what_is_no_digest_of_the_file_is_passed_over),
        cmocka_unit_test(test_stated_the_strongest_counts_and_of_two_the_first),
        cmocka_unit_test(test_stated_by_an_earlier_reply_is_forgotten),
        cmocka_unit_test(test_stated_line_of_any_bytes_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
