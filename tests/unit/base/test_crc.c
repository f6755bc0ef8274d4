/* SPDX-License-Identifier: MIT
 *
 * CRCs against the check values of the catalogue of parametrised CRC algorithms (of "123456789"),
 * RFC 3720 appendix B.4 and zlib's manual, however the bytes are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/crc.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define CHECK_TEXT "123456789"

static const struct {
    unsigned bits;
    uint64_t polynomial;
    uint64_t check;
} known[] = {
    {32, PX_CRC32_POLYNOMIAL, UINT64_C(0xcbf43926)},
    {32, PX_CRC32C_POLYNOMIAL, UINT64_C(0xe3069283)},
    {64, PX_CRC64NVME_POLYNOMIAL, UINT64_C(0xae8b14860a799888)},
};

static uint64_t final_of(const struct px_crc *crc)
{
    unsigned char bytes[8];
    uint64_t value = 0;

    px_crc_final(crc, bytes);
    for (unsigned i = 0; i < crc->bits / 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static void test_crc_check_values_are_those_of_the_catalogue(void **state)
{
    static struct px_crc crc;

    (void)state;
    for (size_t i = 0; i < ROWS(known); i++) {
        px_crc_init(&crc, known[i].bits, known[i].polynomial);
        px_crc_update(&crc, CHECK_TEXT, sizeof CHECK_TEXT - 1);
        assert_true(final_of(&crc) == known[i].check);
        px_crc_reset(&crc);
        assert_true(final_of(&crc) == 0); /* of no bytes */
    }
}

static void test_crc_32_zero_bytes_as_in_rfc_3720(void **state)
{
    static struct px_crc crc;
    const unsigned char zeros[32] = {0};

    (void)state;
    px_crc_init(&crc, 32, PX_CRC32C_POLYNOMIAL);
    px_crc_update(&crc, zeros, sizeof zeros);
    assert_true(final_of(&crc) == UINT64_C(0x8a9136aa));
}

static void test_crc_cut_anywhere_gives_the_same(void **state)
{
    static struct px_crc whole, cut;
    unsigned char bytes[67];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 37 + 11);
    }
    for (size_t row = 0; row < ROWS(known); row++) {
        px_crc_init(&whole, known[row].bits, known[row].polynomial);
        px_crc_update(&whole, bytes, sizeof bytes);
        px_crc_init(&cut, known[row].bits, known[row].polynomial);
        for (size_t at = 0; at <= sizeof bytes; at++) {
            px_crc_reset(&cut);
            px_crc_update(&cut, bytes, at);
            px_crc_update(&cut, bytes + at, sizeof bytes - at);
            assert_true(final_of(&cut) == final_of(&whole));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_check_values_are_those_of_the_catalogue),
        cmocka_unit_test(test_crc_32_zero_bytes_as_in_rfc_3720),
        cmocka_unit_test(test_crc_cut_anywhere_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
