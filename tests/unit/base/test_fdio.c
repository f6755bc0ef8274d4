/* SPDX-License-Identifier: MIT
 *
 * The real table and the loops around it, on files of a directory of the test's own. What would change
 * this process (its limits, its descriptors 0-2) happens in a child.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "support/io_fault.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

struct fixture {
    char path[64];
    int dirfd;
};

static int setup(void **state)
{
    struct fixture *fix = calloc(1, sizeof(*fix));
    if (fix == NULL) {
        return -1;
    }
    (void)snprintf(fix->path, sizeof(fix->path), "/tmp/px-fdio-XXXXXX");
    if (mkdtemp(fix->path) == NULL) {
        free(fix);
        return -1;
    }
    fix->dirfd = open(fix->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    io_fault_reset();
    *state = fix;
    return fix->dirfd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *fix = *state;
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < ROWS(names); i++) {
        (void)unlinkat(fix->dirfd, names[i], 0);
    }
    (void)close(fix->dirfd);
    int rc = rmdir(fix->path);
    free(fix);
    return rc;
}

static int create(const struct fixture *fix, const char *name)
{
    int fd = px_io_real()->openat(fix->dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void check_content(int fd, const char *expected)
{
    char got[64] = {0};
    assert_int_equal(pread(fd, got, sizeof(got) - 1, 0), strlen(expected));
    assert_string_equal(got, expected);
}

/* What the child's function returned (0..127). */
static int in_child(int (*run)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(run());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_fdio_write_all_short_writes_are_continued(void **state)
{
    struct fixture *fix = *state;
    int fd = create(fix, "a");
    io_fault_short(IO_FAULT(write), 3);
    io_fault_short(IO_FAULT(pwrite), 4);
    assert_int_equal(px_write_all(io_fault_ops(), fd, "0123456789", 10), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(write)), 4);
    check_content(fd, "0123456789");
    assert_int_equal(px_pwrite_all(io_fault_ops(), fd, "abcdefghi", 9, 5), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 3);
    check_content(fd, "01234abcdefghi");
    assert_int_equal(close(fd), 0);
}

static void test_fdio_write_all_of_nothing_makes_no_call(void **state)
{
    (void)state;
    assert_int_equal(px_write_all(io_fault_ops(), -1, "", 0), 0);
    assert_int_equal(px_pwrite_all(io_fault_ops(), -1, "", 0, 0), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(write)), 0);
    assert_int_equal(io_fault_calls(IO_FAULT(pwrite)), 0);
}

static void test_fdio_write_all_failure_at_any_call_is_reported(void **state)
{
    struct fixture *fix = *state;
    int fd = create(fix, "a");
    for (unsigned nth = 1; nth <= 4; nth++) {
        io_fault_arm(IO_FAULT(write), nth, EDQUOT, IO_FAULT_ONCE);
        io_fault_short(IO_FAULT(write), 3);
        errno = 0;
        assert_int_equal(px_write_all(io_fault_ops(), fd, "0123456789", 10), -1);
        assert_int_equal(errno, EDQUOT);
        io_fault_arm(IO_FAULT(pwrite), nth, EIO, IO_FAULT_STICKY);
        io_fault_short(IO_FAULT(pwrite), 3);
        assert_int_equal(px_pwrite_all(io_fault_ops(), fd, "0123456789", 10, 0), -1);
        assert_int_equal(errno, EIO);
        assert_true(io_fault_fired());
    }
    assert_int_equal(close(fd), 0);
}

static ssize_t write_nothing(int fd, const void *buf, size_t n)
{
    (void)fd, (void)buf, (void)n;
    return 0;
}

static ssize_t pwrite_nothing(int fd, const void *buf, size_t n, off_t offset)
{
    (void)fd, (void)buf, (void)n, (void)offset;
    return 0;
}

static void test_fdio_write_all_write_of_zero_is_enospc(void **state)
{
    (void)state;
    struct px_io_ops ops = *px_io_real();
    ops.write = write_nothing;
    ops.pwrite = pwrite_nothing;
    errno = 0;
    assert_int_equal(px_write_all(&ops, 1, "x", 1), -1);
    assert_int_equal(errno, ENOSPC);
    errno = 0;
    assert_int_equal(px_pwrite_all(&ops, 1, "x", 1, 0), -1);
    assert_int_equal(errno, ENOSPC);
}

static void test_fdio_read_full_reads_to_n_or_to_the_end(void **state)
{
    struct fixture *fix = *state;
    int fd = create(fix, "a");
    assert_int_equal(px_write_all(px_io_real(), fd, "0123456789", 10), 0);
    char buf[32] = {0};
    io_fault_short(IO_FAULT(read), 3);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(px_read_full(io_fault_ops(), fd, buf, 7), 7);
    assert_memory_equal(buf, "0123456", 7);
    assert_int_equal(px_read_full(io_fault_ops(), fd, buf, sizeof(buf)), 3);
    assert_memory_equal(buf, "789", 3);
    assert_int_equal(px_read_full(io_fault_ops(), fd, buf, sizeof(buf)), 0);
    io_fault_arm(IO_FAULT(read), 2, EIO, IO_FAULT_ONCE);
    io_fault_short(IO_FAULT(read), 3);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(px_read_full(io_fault_ops(), fd, buf, 7), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(close(fd), 0);
}

static int signal_pipe_write = -1;

static void write_to_pipe(int signo)
{
    (void)signo;
    int saved = errno;
    if (write(signal_pipe_write, "!", 1) != 1) {
        _exit(99);
    }
    errno = saved;
}

/* The handler brings the byte, so the read ends whether the signal comes before it or within. */
static void test_fdio_read_interrupted_by_a_signal_goes_on(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    signal_pipe_write = fds[1];
    struct sigaction action = {.sa_handler = write_to_pipe}; /* no SA_RESTART */
    struct sigaction old;
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    struct itimerval soon = {.it_value = {.tv_usec = 2000}};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    char byte = 0;
    assert_int_equal(px_io_real()->read(fds[0], &byte, 1), 1);
    assert_int_equal(byte, '!');
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(close(fds[1]), 0);
}

static void test_fdio_real_table_has_every_member(void **state)
{
    (void)state;
    static const struct px_io_ops none;
    const char *real = (const char *)px_io_real();
    const char *fault = (const char *)io_fault_ops();
    for (size_t i = 0; i < IO_FAULT_MEMBERS; i++) {
        size_t at = i * IO_FAULT_SLOT_BYTES;
        const char *null = (const char *)&none + at;
        assert_memory_not_equal(real + at, null, IO_FAULT_SLOT_BYTES);
        assert_memory_not_equal(fault + at, null, IO_FAULT_SLOT_BYTES);
    }
}

static void test_fdio_real_names_and_metadata_work(void **state)
{
    struct fixture *fix = *state;
    const struct px_io_ops *io = px_io_real();
    int fd = create(fix, "a");
    assert_int_equal(io->fallocate(fd, 0, 0, 8192), 0);
    assert_int_equal(io->ftruncate(fd, 5), 0);
    assert_int_equal(io->lseek(fd, 0, SEEK_END), 5);
    assert_int_equal(io->fsync(fd), 0);
    assert_int_equal(io->fchmod(fd, 0640), 0);
    assert_int_equal(io->fchown(fd, (uid_t)-1, (gid_t)-1), 0);
    assert_int_equal(io->fchownat(fix->dirfd, "a", (uid_t)-1, (gid_t)-1, AT_SYMLINK_NOFOLLOW), 0);
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1000000000, .tv_nsec = 7000}};
    assert_int_equal(io->futimens(fd, times), 0);
    struct stat st;
    assert_int_equal(io->fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_mtim.tv_sec, 1000000000);
    assert_int_equal(io->linkat(fix->dirfd, "a", fix->dirfd, "b", 0), 0);
    assert_int_equal(io->renameat(fix->dirfd, "b", fix->dirfd, "c"), 0);
    assert_int_equal(io->fstatat(fix->dirfd, "c", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(io->unlinkat(fix->dirfd, "c", 0), 0);
    assert_int_equal(io->symlinkat("target", fix->dirfd, "b"), 0);
    char target[16] = {0};
    assert_int_equal(io->readlinkat(fix->dirfd, "b", target, sizeof(target)), 6);
    assert_string_equal(target, "target");
    assert_int_equal(io->utimensat(fix->dirfd, "b", times, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(io->mknodat(fix->dirfd, "c", S_IFIFO | 0600, 0), 0);
    assert_int_equal(io->unlinkat(fix->dirfd, "c", 0), 0);
    assert_int_equal(io->mkdirat(fix->dirfd, "c", 0700), 0);
    assert_int_equal(io->unlinkat(fix->dirfd, "c", AT_REMOVEDIR), 0);
    assert_int_equal(io->close(fd), 0);
    assert_int_equal(io->close(fd), -1);
    assert_int_equal(errno, EBADF);
}

/* A kernel or file system without them says so with an errno of the engines' fall-back list. */
static void test_fdio_real_linux_copies_work_or_say_no(void **state)
{
    struct fixture *fix = *state;
    const struct px_io_ops *io = px_io_real();
    int in = create(fix, "a");
    int out = create(fix, "b");
    assert_int_equal(px_write_all(io, in, "hello", 5), 0);
    off_t in_off = 0;
    off_t out_off = 0;
    ssize_t moved = io->copy_file_range(in, &in_off, out, &out_off, 100);
    if (moved >= 0) {
        assert_int_equal(moved, 5);
        check_content(out, "hello");
    } else {
        assert_true(errno == ENOSYS || errno == EOPNOTSUPP || errno == EXDEV || errno == EINVAL);
    }
    if (io->ficlone(out, in) == 0) {
        check_content(out, "hello");
    } else {
        assert_true(errno == EOPNOTSUPP || errno == EINVAL || errno == ENOTTY || errno == EXDEV);
    }
    assert_int_equal(close(in), 0);
    assert_int_equal(close(out), 0);
}

static void test_fdio_status_from_errno_by_table(void **state)
{
    (void)state;
    static const struct {
        int err, status;
    } rows[] = {
        {ENOSPC, PX_EFULL}, {EDQUOT, PX_EFULL},  {EROFS, PX_EFULL},
        {EFBIG, PX_EIO},    {ENOMEM, PX_ENOMEM}, {EIO, PX_EIO},
        {EACCES, PX_EIO},   {ENOENT, PX_EIO},    {0, PX_EIO},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(px_status_from_errno(rows[i].err), rows[i].status);
    }
}

static void test_fdio_errno_text_is_never_empty(void **state)
{
    (void)state;
    assert_string_equal(px_errno_text(ENOENT), "No such file or directory");
    assert_string_equal(px_errno_text(ENOSPC), "No space left on device");
    static const int odd[] = {-1, 0, 99999, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < ROWS(odd); i++) {
        assert_non_null(px_errno_text(odd[i]));
        assert_true(px_errno_text(odd[i])[0] != '\0');
    }
}

static int open_nameless(const struct fixture *fix)
{
    int fd = px_open_nameless(px_io_real(), fix->dirfd, 0600);
    if (fd < 0) {
        assert_int_equal(errno, EOPNOTSUPP);
        skip();
    }
    return fd;
}

static void test_fdio_link_fd_names_a_nameless_file(void **state)
{
    struct fixture *fix = *state;
    int fd = open_nameless(fix);
    assert_int_equal(px_write_all(px_io_real(), fd, "hello", 5), 0);
    assert_int_equal(px_link_fd(px_io_real(), fd, fix->dirfd, "a"), 0);
    int named = openat(fix->dirfd, "a", O_RDONLY | O_CLOEXEC);
    assert_true(named >= 0);
    check_content(named, "hello");
    assert_int_equal(close(named), 0);
    assert_int_equal(close(fd), 0);
}

static void test_fdio_link_fd_without_capability_goes_through_proc(void **state)
{
    struct fixture *fix = *state;
    static const int refusals[] = {ENOENT, EPERM, EINVAL, ENOSYS};
    for (size_t i = 0; i < ROWS(refusals); i++) {
        int fd = open_nameless(fix);
        io_fault_arm(IO_FAULT(linkat), 1, refusals[i], IO_FAULT_ONCE);
        assert_int_equal(px_link_fd(io_fault_ops(), fd, fix->dirfd, "a"), 0);
        assert_int_equal(io_fault_calls(IO_FAULT(linkat)), 2);
        assert_int_equal(unlinkat(fix->dirfd, "a", 0), 0);
        assert_int_equal(close(fd), 0);
    }
}

static void test_fdio_link_fd_taken_name_is_eexist_at_once(void **state)
{
    struct fixture *fix = *state;
    assert_int_equal(close(create(fix, "a")), 0);
    int fd = open_nameless(fix);
    io_fault_arm(IO_FAULT(linkat), 1, EEXIST, IO_FAULT_ONCE);
    assert_int_equal(px_link_fd(io_fault_ops(), fd, fix->dirfd, "a"), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(io_fault_calls(IO_FAULT(linkat)), 1);
    assert_int_equal(px_link_fd(px_io_real(), fd, fix->dirfd, "a"), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(close(fd), 0);
}

static void test_fdio_link_fd_both_ways_refused_fails(void **state)
{
    struct fixture *fix = *state;
    int fd = create(fix, "a");
    io_fault_arm(IO_FAULT(linkat), 1, EPERM, IO_FAULT_STICKY);
    assert_int_equal(px_link_fd(io_fault_ops(), fd, fix->dirfd, "b"), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(io_fault_calls(IO_FAULT(linkat)), 2);
    assert_int_equal(close(fd), 0);
}

static void test_fdio_open_nameless_unknown_to_the_kernel_is_eopnotsupp(void **state)
{
    struct fixture *fix = *state;
    io_fault_arm(IO_FAULT(openat), 1, EISDIR, IO_FAULT_ONCE);
    assert_int_equal(px_open_nameless(io_fault_ops(), fix->dirfd, 0600), -1);
    assert_int_equal(errno, EOPNOTSUPP);
    io_fault_arm(IO_FAULT(openat), 1, ENOSPC, IO_FAULT_ONCE);
    assert_int_equal(px_open_nameless(io_fault_ops(), fix->dirfd, 0600), -1);
    assert_int_equal(errno, ENOSPC);
}

static int raise_from_32_to_64(void)
{
    const struct rlimit low = {.rlim_cur = 32, .rlim_max = 64};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) {
        return 1;
    }
    if (px_raise_nofile() != 64) {
        return 2;
    }
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur != 64) {
        return 3;
    }
    return px_raise_nofile() == 64 ? 0 : 4;
}

static void test_fdio_raise_nofile_reaches_the_hard_limit(void **state)
{
    (void)state;
    assert_int_equal(in_child(raise_from_32_to_64), 0);
}

static int reserve_all_three(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        (void)close(fd);
    }
    if (px_reserve_stdio() != 0) {
        return 1;
    }
    char byte;
    if (read(0, &byte, 1) != -1 || write(1, "x", 1) != -1 || write(2, "x", 1) != 1) {
        return 2;
    }
    return open("/dev/null", O_RDONLY) > 2 ? 0 : 3;
}

static int reserve_only_what_is_missing(void)
{
    if (dup2(open("/dev/null", O_RDWR), 0) != 0 || dup2(0, 2) != 2 || close(1) != 0) {
        return 1;
    }
    if (px_reserve_stdio() != 0) {
        return 2;
    }
    char byte;
    return read(0, &byte, 1) == 0 && write(1, "x", 1) == -1 && write(2, "x", 1) == 1 ? 0 : 3;
}

static void test_fdio_reserve_stdio_fills_only_the_gaps(void **state)
{
    (void)state;
    assert_int_equal(in_child(reserve_all_three), 0);
    assert_int_equal(in_child(reserve_only_what_is_missing), 0);
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void *count_in_a_thread(void *arg)
{
    struct stat st;
    assert_int_equal(px_io_real()->fstat(STDIN_FILENO, &st), 0);
    *(uint64_t *)arg = px_io_calls();
    return NULL;
}

static void test_fdio_each_thread_counts_its_calls(void **state)
{
    (void)state;
    const struct px_io_ops *io = px_io_real();
    const uint64_t before = px_io_calls();
    uint64_t other = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, count_in_a_thread, &other), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(other, 1);
    const int fd = io->openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    char entries[1024];
    assert_true(io->getdents(fd, entries, sizeof entries) > 0);
    assert_int_equal(io->unlinkat(fd, "no such name", 0), -1); /* a refused one is one, too */
    assert_int_equal(io->close(fd), 0);
    assert_int_equal(px_io_calls() - before, 4);
}

static void test_fdio_mtime_ns_by_table(void **state)
{
    static const struct {
        time_t s;
        long ns;
        int64_t want;
    } rows[] = {
        {0, 0, 0},
        {1700000000, 123456789, 1700000000123456789},
        {-1, 999999999, -1},
        {-2, 0, -2000000000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct stat st = {.st_mtim = {.tv_sec = rows[i].s, .tv_nsec = rows[i].ns}};
        assert_true(px_mtime_ns(&st) == rows[i].want);
    }
    const struct stat far = {.st_mtim = {.tv_sec = INT64_MAX}};
    assert_true(px_mtime_ns(&far) == px_mtime_ns(&far));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_fdio_write_all_short_writes_are_continued),
        FIXTURE_TEST(test_fdio_write_all_of_nothing_makes_no_call),
        FIXTURE_TEST(test_fdio_write_all_failure_at_any_call_is_reported),
        cmocka_unit_test(test_fdio_write_all_write_of_zero_is_enospc),
        FIXTURE_TEST(test_fdio_read_full_reads_to_n_or_to_the_end),
        cmocka_unit_test(test_fdio_read_interrupted_by_a_signal_goes_on),
        cmocka_unit_test(test_fdio_real_table_has_every_member),
        FIXTURE_TEST(test_fdio_real_names_and_metadata_work),
        FIXTURE_TEST(test_fdio_real_linux_copies_work_or_say_no),
        cmocka_unit_test(test_fdio_status_from_errno_by_table),
        cmocka_unit_test(test_fdio_errno_text_is_never_empty),
        FIXTURE_TEST(test_fdio_link_fd_names_a_nameless_file),
        FIXTURE_TEST(test_fdio_link_fd_without_capability_goes_through_proc),
        FIXTURE_TEST(test_fdio_link_fd_taken_name_is_eexist_at_once),
        FIXTURE_TEST(test_fdio_link_fd_both_ways_refused_fails),
        FIXTURE_TEST(test_fdio_open_nameless_unknown_to_the_kernel_is_eopnotsupp),
        cmocka_unit_test(test_fdio_each_thread_counts_its_calls),
        cmocka_unit_test(test_fdio_mtime_ns_by_table),
        cmocka_unit_test(test_fdio_raise_nofile_reaches_the_hard_limit),
        cmocka_unit_test(test_fdio_reserve_stdio_fills_only_the_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
