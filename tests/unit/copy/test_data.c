/* SPDX-License-Identifier: MIT
 *
 * The bytes of one file: the fall-back tables, each way of copying with each kind of trouble, holes.
 * The kernel's answers are made up through io_fault.h, so the file system below does not matter.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/data.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define LARGE_BYTES ((size_t)3 * 1024 * 1024 + 17) /* enough for copy_file_range */
#define FICLONE_OFF() io_fault_arm(IO_FAULT(ficlone), 1, EOPNOTSUPP, IO_FAULT_STICKY)

/* --- pure ------------------------------------------------------------------------------------- */

static void test_data_range_falls_back_on_refusals_only(void **state)
{
    (void)state;
    static const int yes[] = {EXDEV,  ENOSYS,  EOPNOTSUPP, EINVAL, EPERM,
                              EACCES, ETXTBSY, EBADF,      ENOENT, EAGAIN};
    static const int no[] = {EIO, ENOSPC, EDQUOT, EFBIG, EROFS, ENOMEM, EISDIR, EOVERFLOW, EINTR};
    for (size_t i = 0; i < ROWS(yes); i++) {
        assert_true(px_data_range_falls_back(yes[i]));
    }
    for (size_t i = 0; i < ROWS(no); i++) {
        assert_false(px_data_range_falls_back(no[i]));
    }
}

static void test_data_reflink_falls_back_on_refusals_only(void **state)
{
    (void)state;
    static const int yes[] = {EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ETXTBSY};
    static const int no[] = {EIO, ENOSPC, EPERM, EACCES, EBADF, EISDIR, EROFS};
    for (size_t i = 0; i < ROWS(yes); i++) {
        assert_true(px_data_reflink_falls_back(yes[i]));
    }
    for (size_t i = 0; i < ROWS(no); i++) {
        assert_false(px_data_reflink_falls_back(no[i]));
    }
}

static void test_data_errno_for_good_speaks_of_file_systems(void **state)
{
    (void)state;
    static const int yes[] = {EXDEV, EOPNOTSUPP, ENOSYS, ENOTTY};
    static const int no[] = {EINVAL, ETXTBSY, EPERM, ENOENT, EAGAIN, EBADF};
    for (size_t i = 0; i < ROWS(yes); i++) {
        assert_true(px_data_errno_is_for_good(yes[i]));
    }
    for (size_t i = 0; i < ROWS(no); i++) {
        assert_false(px_data_errno_is_for_good(no[i]));
    }
}

static void test_data_sparse_needs_a_missing_block(void **state)
{
    (void)state;
    static const struct {
        off_t size;
        blkcnt_t blocks;
        bool sparse;
    } rows[] = {{0, 0, false},          {4096, 0, false},      {4097, 8, false},
                {8192, 16, false},      {8192, 8, true},       {1 << 20, 2047, true},
                {1 << 20, 2048, false}, {1 << 20, 2056, false}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct stat st = {.st_size = rows[i].size, .st_blocks = rows[i].blocks};
        assert_int_equal(px_data_is_sparse(&st), rows[i].sparse);
    }
}

/* --- one file --------------------------------------------------------------------------------- */

struct job {
    struct fake fake;
    struct px_data data;
    struct px_pair pair;
    struct stat st;
    struct px_fail fail;
};

/* "src" to a new "out"; to be ended by job_end(). */
static void job_begin(struct job *job, enum px_reflink reflink)
{
    struct px_copy_opts opts = fake_opts("src", "unused");
    *job = (struct job){.fail = {.status = PX_OK}};
    opts.io = io_fault_ops();
    opts.reflink = reflink;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    job->data.copier = job->fake.copier;
    job->data.pair = &job->pair;
    job->data.in = open("src", O_RDONLY | O_CLOEXEC);
    job->data.out = open("out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(job->data.in >= 0 && job->data.out >= 0);
    assert_int_equal(fstat(job->data.in, &job->st), 0);
    job->data.st = &job->st;
}

static void job_end(struct job *job)
{
    (void)close(job->data.in);
    (void)close(job->data.out);
    fake_close(&job->fake);
}

static int job_copy(struct job *job)
{
    const int status = px_data_reflink(&job->data, &job->fail);
    return status == PX_EAGAIN ? px_data_copy(&job->data, &job->fail) : status;
}

static void expect_copied(const struct job *job, enum px_copy_engine engine)
{
    assert_int_equal(job->data.engine, engine);
    assert_int_equal(job->data.bytes, job->st.st_size);
    assert_true(tree_same_bytes("src", "out"));
}

static void test_data_any_size_is_copied(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,
                                   1,
                                   4095,
                                   4096,
                                   65536,
                                   PX_DATA_BUF_BYTES - 1,
                                   PX_DATA_BUF_BYTES,
                                   PX_DATA_BUF_BYTES + 1,
                                   LARGE_BYTES};
    for (size_t i = 0; i < ROWS(sizes); i++) {
        struct job job;
        tree_file("src", sizes[i], 1);
        FICLONE_OFF();
        job_begin(&job, PX_REFLINK_AUTO);
        assert_int_equal(job_copy(&job), PX_OK);
        assert_int_equal(job.data.bytes, sizes[i]);
        assert_true(tree_same_bytes("src", "out"));
        job_end(&job);
    }
}

static void test_data_reflink_never_uses_only_read_and_write(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", LARGE_BYTES, 2);
    io_fault_reset();
    job_begin(&job, PX_REFLINK_NEVER);
    assert_int_equal(job_copy(&job), PX_OK);
    expect_copied(&job, PX_ENGINE_READ_WRITE);
    assert_int_equal(io_fault_calls(IO_FAULT(ficlone)), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(copy_file_range)), 0);
    job_end(&job);
}

static void test_data_reflink_refused_for_good_is_asked_once(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", LARGE_BYTES, 2);
    FICLONE_OFF();
    job_begin(&job, PX_REFLINK_AUTO);
    assert_int_equal(px_data_reflink(&job.data, &job.fail), PX_EAGAIN);
    assert_int_equal(px_data_reflink(&job.data, &job.fail), PX_EAGAIN);
    assert_int_equal(io_fault_calls(IO_FAULT(ficlone)), 1);
    job_end(&job);
}

static void test_data_reflink_of_small_files_is_tried_where_it_pays(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        bool pays;
        unsigned calls;
    } rows[] = {{65535, false, 0}, {65536, false, 1}, {0, true, 0}, {1, true, 1}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct job job;
        tree_file("src", rows[i].bytes, 2);
        FICLONE_OFF();
        job_begin(&job, PX_REFLINK_AUTO);
        job.pair.reflink_small_pays = rows[i].pays;
        assert_int_equal(px_data_reflink(&job.data, &job.fail), PX_EAGAIN);
        assert_int_equal(io_fault_calls(IO_FAULT(ficlone)), rows[i].calls);
        job_end(&job);
    }
}

static void test_data_reflink_refused_for_one_file_is_asked_again(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", LARGE_BYTES, 2);
    io_fault_arm(IO_FAULT(ficlone), 1, EINVAL, IO_FAULT_STICKY);
    job_begin(&job, PX_REFLINK_AUTO);
    assert_int_equal(px_data_reflink(&job.data, &job.fail), PX_EAGAIN);
    assert_int_equal(px_data_reflink(&job.data, &job.fail), PX_EAGAIN);
    assert_int_equal(io_fault_calls(IO_FAULT(ficlone)), 2);
    job_end(&job);
}

static void test_data_reflink_always_refuses_where_impossible(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", 10, 2);
    FICLONE_OFF();
    job_begin(&job, PX_REFLINK_ALWAYS);
    assert_int_equal(job_copy(&job), PX_EREFUSED);
    job_end(&job);
}

static void test_data_reflink_error_is_an_error(void **state)
{
    (void)state;
    static const struct {
        int err;
        int status;
    } rows[] = {{EIO, PX_EIO}, {ENOSPC, PX_EFULL}, {EPERM, PX_EIO}};
    tree_file("src", LARGE_BYTES, 2);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct job job;
        io_fault_arm(IO_FAULT(ficlone), 1, rows[i].err, IO_FAULT_ONCE);
        job_begin(&job, PX_REFLINK_AUTO);
        assert_int_equal(job_copy(&job), rows[i].status);
        assert_int_equal(job.fail.os_errno, rows[i].err);
        job_end(&job);
    }
}

/* ficlone is refused by the pair, so that copy_file_range can be armed. */
static void job_begin_range(struct job *job)
{
    job_begin(job, PX_REFLINK_AUTO);
    atomic_store(&job->pair.no_reflink, true);
}

static void test_data_range_refused_falls_back_from_the_start(void **state)
{
    (void)state;
    static const int errnos[] = {EXDEV, ENOSYS, EOPNOTSUPP, EINVAL, EPERM, EAGAIN, ENOENT};
    tree_file("src", LARGE_BYTES, 3);
    for (size_t i = 0; i < ROWS(errnos); i++) {
        struct job job;
        io_fault_arm(IO_FAULT(copy_file_range), 1, errnos[i], IO_FAULT_STICKY);
        job_begin_range(&job);
        assert_int_equal(job_copy(&job), PX_OK);
        expect_copied(&job, PX_ENGINE_READ_WRITE);
        assert_int_equal(io_fault_calls(IO_FAULT(copy_file_range)), 1);
        assert_int_equal(atomic_load(&job.pair.no_range), px_data_errno_is_for_good(errnos[i]));
        job_end(&job);
    }
}

static void test_data_range_short_goes_on(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", LARGE_BYTES, 4);
    io_fault_reset();
    io_fault_short(IO_FAULT(copy_file_range), 100003);
    job_begin_range(&job);
    assert_int_equal(job_copy(&job), PX_OK);
    expect_copied(&job, PX_ENGINE_COPY_FILE_RANGE);
    assert_true(io_fault_calls(IO_FAULT(copy_file_range)) > LARGE_BYTES / 100003);
    job_end(&job);
}

static void test_data_range_error_is_an_error_at_any_call(void **state)
{
    (void)state;
    tree_file("src", LARGE_BYTES, 5);
    for (unsigned nth = 1; nth <= 3; nth++) {
        struct job job;
        io_fault_arm(IO_FAULT(copy_file_range), nth, EIO, IO_FAULT_ONCE);
        io_fault_short(IO_FAULT(copy_file_range), 1 << 20);
        job_begin_range(&job);
        assert_int_equal(job_copy(&job), PX_EIO);
        assert_non_null(strstr(job.fail.text, "copy_file_range at offset"));
        job_end(&job);
    }
}

static void test_data_range_refused_after_the_first_byte_is_an_error(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", LARGE_BYTES, 5);
    io_fault_arm(IO_FAULT(copy_file_range), 2, EXDEV, IO_FAULT_ONCE);
    io_fault_short(IO_FAULT(copy_file_range), 1 << 20);
    job_begin_range(&job);
    assert_int_equal(job_copy(&job), PX_EIO);
    assert_string_equal(job.fail.text,
                        "copy_file_range at offset 1048576: Invalid cross-device link");
    job_end(&job);
}

/* /proc says st_size 0 and copy_file_range returns 0 at once: read to the end. The same when the
 * size is a lie, with blocks and without. */
static void test_data_proc_file_is_read_to_its_end(void **state)
{
    (void)state;
    static const char path[] = "/proc/filesystems";
    for (int lie = 0; lie < 3; lie++) {
        struct job job;
        tree_text("src", "");
        io_fault_reset();
        job_begin_range(&job);
        (void)close(job.data.in);
        job.data.in = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(fstat(job.data.in, &job.st), 0);
        job.st.st_size = lie > 0 ? (off_t)LARGE_BYTES : 0;
        job.st.st_blocks = lie == 1 ? (blkcnt_t)LARGE_BYTES / 512 : 0;
        assert_int_equal(job_copy(&job), PX_OK);
        assert_true(job.data.bytes > 0 && job.data.bytes < 10000);
        assert_true(tree_same_bytes(path, "out"));
        job_end(&job);
    }
}

static void test_data_read_error_names_the_offset(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", 2 * PX_DATA_BUF_BYTES, 6);
    io_fault_arm(IO_FAULT(read), 2, EIO, IO_FAULT_ONCE);
    job_begin(&job, PX_REFLINK_NEVER);
    assert_int_equal(job_copy(&job), PX_ESRC);
    char expected[100];
    (void)snprintf(expected, sizeof expected, "read at offset %zu: Input/output error",
                   PX_DATA_BUF_BYTES);
    assert_string_equal(job.fail.text, expected);
    job_end(&job);
}

static void test_data_write_error_at_any_call_is_the_targets(void **state)
{
    (void)state;
    tree_file("src", 3 * PX_DATA_BUF_BYTES, 7);
    for (unsigned nth = 1; nth <= 3; nth++) {
        struct job job;
        io_fault_arm(IO_FAULT(pwrite), nth, nth == 2 ? ENOSPC : EIO, IO_FAULT_ONCE);
        job_begin(&job, PX_REFLINK_NEVER);
        assert_int_equal(job_copy(&job), nth == 2 ? PX_EFULL : PX_EIO);
        assert_non_null(strstr(job.fail.text, "write at offset"));
        job_end(&job);
    }
}

static void test_data_short_reads_and_writes_lose_nothing(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", 100000, 8);
    io_fault_reset();
    io_fault_short(IO_FAULT(read), 333);
    io_fault_short(IO_FAULT(pwrite), 77);
    job_begin(&job, PX_REFLINK_NEVER);
    assert_int_equal(job_copy(&job), PX_OK);
    expect_copied(&job, PX_ENGINE_READ_WRITE);
    job_end(&job);
}

static void test_data_short_read_at_the_end_is_the_last(void **state)
{
    (void)state;
    static const struct {
        size_t bytes;
        unsigned reads;
    } rows[] = {{0, 1}, {1, 1}, {5000, 1}, {PX_DATA_BUF_BYTES, 2}, {PX_DATA_BUF_BYTES + 1, 2}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct job job;
        tree_file("src", rows[i].bytes, 3);
        io_fault_reset();
        job_begin(&job, PX_REFLINK_NEVER);
        assert_int_equal(job_copy(&job), PX_OK);
        expect_copied(&job, PX_ENGINE_READ_WRITE);
        assert_int_equal(io_fault_calls(IO_FAULT(read)) + io_fault_calls(IO_FAULT(pread)),
                         rows[i].reads);
        job_end(&job);
    }
}

/* It grew before it was read: what is there now is taken, the caller sees that it changed. */
static void test_data_longer_than_it_was_is_read_to_its_end(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", 5000, 3);
    io_fault_reset();
    job_begin(&job, PX_REFLINK_NEVER);
    tree_file("src", 6000, 3);
    assert_int_equal(px_data_copy(&job.data, &job.fail), PX_ECHANGED);
    job_end(&job);
}

static void test_data_stopped_gives_up_at_the_next_piece(void **state)
{
    (void)state;
    struct job job;
    tree_file("src", 4 * PX_DATA_BUF_BYTES, 9);
    io_fault_reset();
    job_begin(&job, PX_REFLINK_NEVER);
    job.fake.stop_at = 2;
    assert_int_equal(job_copy(&job), PX_ECANCELED);
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 2);
    job_end(&job);
}

static void test_data_part_touches_only_its_part(void **state)
{
    (void)state;
    tree_file("src", LARGE_BYTES, 10);
    for (int ranged = 0; ranged < 2; ranged++) {
        struct job job;
        io_fault_reset();
        if (ranged == 0) {
            job_begin(&job, PX_REFLINK_NEVER);
        } else {
            job_begin_range(&job);
        }
        assert_int_equal(px_data_copy_range(&job.data, 1 << 20, 1 << 20, &job.fail), PX_OK);
        assert_int_equal(job.data.bytes, 1 << 20);
        assert_int_equal(tree_stat("out").st_size, 2 << 20);
        assert_int_equal(lseek(job.data.in, 0, SEEK_CUR), 0);
        assert_int_equal(lseek(job.data.out, 0, SEEK_CUR), 0);
        assert_int_equal(px_data_copy_range(&job.data, 0, 1 << 20, &job.fail), PX_OK);
        assert_int_equal(px_data_copy_range(&job.data, 2 << 20, 2 << 20, &job.fail), PX_OK);
        assert_int_equal(job.data.bytes, LARGE_BYTES); /* the last part ended with the file */
        assert_true(tree_same_bytes("src", "out"));
        job_end(&job);
    }
}

/* --- holes ------------------------------------------------------------------------------------ */

#define HOLE_BYTES ((off_t)64 * 1024 * 1024)

static void make_sparse(off_t size, const off_t *data, size_t n)
{
    const int fd = open("src", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(pwrite(fd, "block", 5, data[i]), 5);
    }
    assert_int_equal(close(fd), 0);
}

static void test_data_holes_stay_holes(void **state)
{
    (void)state;
    static const off_t blocks[] = {0, 1 << 20, 40 << 20, HOLE_BYTES - 5};
    for (size_t first = 0; first < ROWS(blocks); first++) {
        for (size_t n = 0; first + n <= ROWS(blocks); n++) {
            struct job job;
            make_sparse(HOLE_BYTES, blocks + first, n);
            io_fault_reset();
            job_begin(&job, PX_REFLINK_NEVER);
            assert_int_equal(job_copy(&job), PX_OK);
            expect_copied(&job, PX_ENGINE_READ_WRITE);
            assert_true(tree_stat("out").st_blocks <= 8 * 8 * (blkcnt_t)(n + 1));
            job_end(&job);
        }
    }
}

static void test_data_hole_map_that_fails_is_no_harm(void **state)
{
    (void)state;
    static const off_t blocks[] = {1 << 20};
    static const int errnos[] = {EINVAL, EOPNOTSUPP, EIO};
    for (size_t i = 0; i < ROWS(errnos); i++) {
        for (unsigned nth = 1; nth < 4; nth++) {
            struct job job;
            make_sparse(4 << 20, blocks, 1);
            io_fault_arm(IO_FAULT(lseek), nth, errnos[i], IO_FAULT_STICKY);
            job_begin(&job, PX_REFLINK_NEVER);
            assert_int_equal(job_copy(&job), PX_OK);
            expect_copied(&job, PX_ENGINE_READ_WRITE);
            job_end(&job);
        }
    }
}

static void test_data_sparse_that_cannot_be_sized_fails(void **state)
{
    (void)state;
    struct job job;
    make_sparse(HOLE_BYTES, NULL, 0);
    io_fault_arm(IO_FAULT(ftruncate), 1, EFBIG, IO_FAULT_ONCE);
    job_begin(&job, PX_REFLINK_NEVER);
    assert_int_equal(job_copy(&job), PX_EIO);
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_range_falls_back_on_refusals_only),
        cmocka_unit_test(test_data_reflink_falls_back_on_refusals_only),
        cmocka_unit_test(test_data_errno_for_good_speaks_of_file_systems),
        cmocka_unit_test(test_data_sparse_needs_a_missing_block),
        T(test_data_any_size_is_copied),
        T(test_data_reflink_never_uses_only_read_and_write),
        T(test_data_reflink_refused_for_good_is_asked_once),
        T(test_data_reflink_of_small_files_is_tried_where_it_pays),
        T(test_data_reflink_refused_for_one_file_is_asked_again),
        T(test_data_reflink_always_refuses_where_impossible),
        T(test_data_reflink_error_is_an_error),
        T(test_data_range_refused_falls_back_from_the_start),
        T(test_data_range_short_goes_on),
        T(test_data_range_error_is_an_error_at_any_call),
        T(test_data_range_refused_after_the_first_byte_is_an_error),
        T(test_data_proc_file_is_read_to_its_end),
        T(test_data_read_error_names_the_offset),
        T(test_data_write_error_at_any_call_is_the_targets),
        T(test_data_short_reads_and_writes_lose_nothing),
        T(test_data_stopped_gives_up_at_the_next_piece),
        T(test_data_part_touches_only_its_part),
        T(test_data_range_falls_back_on_refusals_only),
        T(test_data_reflink_falls_back_on_refusals_only),
        T(test_data_errno_for_good_speaks_of_file_systems),
        T(test_data_sparse_needs_a_missing_block),
        T(test_data_short_read_at_the_end_is_the_last),
        T(test_data_longer_than_it_was_is_read_to_its_end),
        T(test_data_holes_stay_holes),
        T(test_data_hole_map_that_fails_is_no_harm),
        T(test_data_sparse_that_cannot_be_sized_fails),
    };
    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
