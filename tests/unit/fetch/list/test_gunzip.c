/* SPDX-License-Identifier: MIT
 *
 * gzip data in pieces: members, padding, damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include <pxfer/status.h>

#include "fetch/list/gunzip.h"

struct bytes {
    unsigned char at[70000];
    size_t n;
};

/* Appends a member that holds text. */
static void pack(struct bytes *to, const char *text, size_t n)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)n;
    z.next_out = to->at + to->n;
    z.avail_out = (unsigned)(sizeof to->at - to->n);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    to->n = sizeof to->at - z.avail_out;
    deflateEnd(&z);
}

/* Unpacks in pieces of in_piece and out_piece bytes: the text, and how it ended. */
static int unpack(const struct bytes *from, size_t in_piece, size_t out_piece, char *text,
                  size_t room, size_t *len, bool *whole)
{
    struct gunzip *gunzip = NULL;
    int rc = gunzip_new(&gunzip);
    *len = 0;
    for (size_t at = 0; at < from->n && rc == PX_OK;) {
        const unsigned char *in = from->at + at;
        size_t in_len = from->n - at < in_piece ? from->n - at : in_piece;
        at += in_len;
        size_t n = 1;
        while (rc == PX_OK && (in_len > 0 || n > 0)) {
            rc = gunzip_run(gunzip, &in, &in_len, text + *len, out_piece, &n);
            *len += n;
            assert_true(*len + out_piece <= room);
            assert_true(n > 0 || in_len == 0 || rc != PX_OK);
        }
    }
    *whole = gunzip_is_whole(gunzip);
    gunzip_free(gunzip);
    return rc;
}

static void test_gunzip_members_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 7, 100, 65536};
    struct bytes packed = {.n = 0};
    char text[4096];
    bool whole;
    pack(&packed, "first ", 6);
    pack(&packed, "", 0);
    pack(&packed, "second", 6);
    memset(packed.at + packed.n, 0, 500); /* as on a tape */
    packed.n += 500;
    for (size_t i = 0; i < 25; i++) {
        size_t len;
        const size_t out = pieces[i % 5] < 100 ? pieces[i % 5] : 100;
        assert_int_equal(unpack(&packed, pieces[i / 5], out, text, sizeof text, &len, &whole),
                         PX_OK);
        assert_int_equal(len, 12);
        assert_memory_equal(text, "first second", 12);
        assert_true(whole);
    }
}

static void test_gunzip_cut_data_is_not_whole(void **state)
{
    (void)state;
    struct bytes packed = {.n = 0};
    char text[4096];
    size_t len;
    pack(&packed, "some text, some text", 20);
    for (size_t n = packed.n - 1; n > 0; n--) {
        bool whole = true;
        packed.n = n;
        assert_int_equal(unpack(&packed, 3, 5, text, sizeof text, &len, &whole), PX_OK);
        assert_false(whole);
        assert_true(len <= 20);
        assert_memory_equal(text, "some text, some text", len);
    }
}

static void test_gunzip_damage_and_garbage_are_told(void **state)
{
    (void)state;
    struct bytes packed = {.n = 0};
    char text[4096];
    size_t len;
    bool whole;
    pack(&packed, "some text, some text", 20);
    const size_t n = packed.n;
    memcpy(packed.at + n, "garbage", 7);
    packed.n += 7;
    assert_int_equal(unpack(&packed, 1, 100, text, sizeof text, &len, &whole), PX_EINTEGRITY);
    assert_int_equal(len, 20);
    packed.n = n;
    packed.at[n - 6] ^= 1; /* the checksum of the text */
    assert_int_equal(unpack(&packed, 100, 100, text, sizeof text, &len, &whole), PX_EINTEGRITY);
    packed.at[0] = 'x';
    assert_int_equal(unpack(&packed, 100, 100, text, sizeof text, &len, &whole), PX_EINTEGRITY);
    gunzip_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gunzip_members_in_pieces_of_any_size),
        cmocka_unit_test(test_gunzip_cut_data_is_not_whole),
        cmocka_unit_test(test_gunzip_damage_and_garbage_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
