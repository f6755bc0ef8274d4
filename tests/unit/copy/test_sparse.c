/* SPDX-License-Identifier: MIT
 *
 * Zeros are left out, everything else is written where it belongs.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/sparse.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define BLOCK PX_SPARSE_BLOCK_BYTES

static void test_sparse_zero_of_any_length(void **state)
{
    (void)state;
    unsigned char bytes[100] = {0};
    assert_true(px_sparse_is_zero(bytes, 0));
    for (size_t n = 1; n < sizeof bytes; n++) {
        assert_true(px_sparse_is_zero(bytes, n));
        bytes[n - 1] = 1;
        assert_false(px_sparse_is_zero(bytes, n));
        bytes[n - 1] = 0;
        assert_true(px_sparse_is_zero(bytes, n));
    }
}

/* Every pattern of four blocks, at every kind of offset, over a file that is all hole. */
static void test_sparse_write_gives_the_same_bytes(void **state)
{
    (void)state;
    static unsigned char bytes[5 * BLOCK];
    static unsigned char have[6 * BLOCK];
    static const off_t offsets[] = {0, 1, 4095, 4096, 5000};
    io_fault_reset();
    for (unsigned mask = 0; mask < 16; mask++) {
        for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
            const size_t n = 4 * BLOCK - (i == 3 ? 17 : 0);
            const int fd = open("file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            assert_int_equal(ftruncate(fd, sizeof have), 0);
            memset(bytes, 0, sizeof bytes);
            for (size_t block = 0; block < 4; block++) {
                memset(bytes + block * BLOCK, (mask >> block & 1) != 0 ? 'x' : 0, BLOCK);
            }
            assert_int_equal(px_sparse_write(io_fault_ops(), fd, bytes, n, offsets[i]), 0);
            assert_int_equal(pread(fd, have, sizeof have, 0), sizeof have);
            assert_memory_equal(have + offsets[i], bytes, n);
            assert_true(px_sparse_is_zero(have, (size_t)offsets[i]));
            struct stat st;
            assert_int_equal(fstat(fd, &st), 0);
            assert_true(mask != 0 || st.st_blocks == 0);
            (void)close(fd);
        }
    }
}

static void test_sparse_write_error_is_told(void **state)
{
    (void)state;
    static unsigned char bytes[4 * BLOCK];
    const int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bytes[0] = 1;
    bytes[3 * BLOCK] = 1;
    for (unsigned nth = 1; nth <= 2; nth++) {
        io_fault_arm(IO_FAULT(pwrite), nth, ENOSPC, IO_FAULT_ONCE);
        assert_int_equal(px_sparse_write(io_fault_ops(), fd, bytes, sizeof bytes, 0), -1);
        assert_int_equal(errno, ENOSPC);
    }
    (void)close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sparse_zero_of_any_length),
        T(test_sparse_write_gives_the_same_bytes),
        T(test_sparse_write_error_is_told),
    };
    return cmocka_run_group_tests_name("sparse", tests, NULL, NULL);
}
