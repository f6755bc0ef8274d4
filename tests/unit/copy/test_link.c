/* SPDX-License-Identifier: MIT
 *
 * Symbolic links and special files.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/link.h"
#include "copy/tree.h"
#include "support/io_fault.h"

/* "in/link" to "dst". */
struct job {
    struct fake fake;
    struct px_entry entry;
};

static int setup(void **state)
{
    const int rc = tree_setup(state);
    io_fault_reset();
    if (rc == 0) {
        tree_dir("in");
        tree_dir("dst");
        tree_link("some/where", "in/link");
        tree_touch("in/link", 1000000000);
    }
    return rc;
}

static void job_begin(struct job *job, enum px_update update)
{
    struct px_copy_opts opts = fake_opts("in/link", "dst");
    opts.io = io_fault_ops();
    opts.update = update;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    (void)fake_container(&job->fake, &job->entry);
    job->entry.type = PX_COPY_LINK;
}

static void job_run(struct job *job)
{
    px_link_copy(job->fake.copier, &job->entry);
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static void test_link_is_copied_as_a_link(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    job_run(&job);
    assert_int_equal(job.fake.sum.ok, 1);
    assert_true(tree_same("in/link", "dst/link"));
}

static void test_link_of_any_length_is_copied(void **state)
{
    (void)state;
    static char text[4096];
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 100; i < sizeof text - 1; i += 100) {
        text[i] = '/';
    }
    struct job job;
    assert_int_equal(unlink("in/link"), 0);
    tree_link(text, "in/link");
    job_begin(&job, PX_UPDATE_ALL);
    job_run(&job);
    assert_int_equal(job.fake.sum.ok, 1);
    assert_true(tree_same("in/link", "dst/link"));
}

static void test_link_replaces_what_has_the_name(void **state)
{
    (void)state;
    for (int link = 0; link < 2; link++) {
        struct job job;
        job_begin(&job, PX_UPDATE_ALL);
        tree_text("victim", "untouched");
        if (link == 1) {
            tree_link("../victim", "dst/link");
        } else {
            tree_text("dst/link", "a file");
        }
        tree_link("left over", "dst/.link.pcopy-tmp");
        job_run(&job);
        assert_int_equal(job.fake.sum.ok, 1);
        assert_true(tree_same("in/link", "dst/link"));
        tree_assert_text("victim", "untouched");
        assert_int_equal(tree_count("dst"), 1);
        assert_int_equal(unlink("dst/link"), 0);
    }
}

static void test_link_does_not_replace_a_directory(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    tree_dir("dst/link");
    job_run(&job);
    assert_int_equal(job.fake.sum.failed, 1);
    assert_int_equal(job.fake.worst.status, PX_EEXIST);
    assert_int_equal(tree_count("dst"), 1);
}

static void test_link_no_clobber_is_skipped(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_NONE);
    tree_text("dst/link", "stays");
    job_run(&job);
    assert_int_equal(job.fake.sum.skipped, 1);
    tree_assert_text("dst/link", "stays");
}

static void test_link_hard_link_of_the_source_is_left_alone(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    assert_int_equal(linkat(AT_FDCWD, "in/link", AT_FDCWD, "dst/link", 0), 0);
    job_run(&job);
    assert_int_equal(job.fake.sum.skipped, 1);
    assert_int_equal(tree_stat("in/link").st_nlink, 2);
}

static void test_link_that_is_none_any_more_fails(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    assert_int_equal(unlink("in/link"), 0);
    tree_text("in/link", "now a file");
    job_run(&job);
    assert_int_equal(job.fake.sum.failed, 1);
    assert_int_equal(job.fake.worst.status, PX_ECHANGED);
    assert_int_equal(tree_count("dst"), 0);
}

static void test_link_each_failing_call_leaves_old_absent_or_complete(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(symlinkat), IO_FAULT(renameat), IO_FAULT(readlinkat),
                                     IO_FAULT(utimensat), IO_FAULT(fstatat),  IO_FAULT(openat)};
    for (size_t i = 0; i < 2 * sizeof members / sizeof members[0]; i++) {
        bool fired = true;
        for (unsigned nth = 1; fired; nth++) {
            struct job job;
            io_fault_reset();
            job_begin(&job, PX_UPDATE_ALL);
            if (i % 2 == 1) {
                tree_text("dst/link", "old");
            }
            io_fault_arm(members[i / 2], nth, EIO, IO_FAULT_ONCE);
            job_run(&job);
            fired = io_fault_fired();
            assert_int_equal(job.fake.sum.ok + job.fake.sum.failed, 1);
            if (job.fake.sum.failed == 1 && tree_has("dst/link")) {
                const bool is_link = S_ISLNK(tree_stat("dst/link").st_mode);
                assert_true(is_link || tree_is_text("dst/link", "old"));
            }
            assert_false(tree_has_temp("dst"));
            (void)unlink("dst/link");
        }
    }
}

static void test_special_is_skipped_with_its_kind(void **state)
{
    (void)state;
    static const struct {
        unsigned char type;
        const char *text;
    } rows[] = {{DT_FIFO, "FIFO"},
                {DT_SOCK, "socket"},
                {DT_CHR, "character device"},
                {DT_BLK, "block device"},
                {DT_WHT, "special file"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        job_begin(&job, PX_UPDATE_ALL);
        job.entry.type = PX_COPY_SPECIAL;
        px_special_copy(job.fake.copier, &job.entry, rows[i].type);
        px_dir_drop(job.fake.copier, job.entry.dir);
        fake_close(&job.fake);
        assert_int_equal(job.fake.sum.skipped, 1);
        assert_int_equal(job.fake.worst.status, PX_ESPECIAL);
        assert_string_equal(job.fake.error, rows[i].text);
    }
}

static void job_run_special(struct job *job, unsigned char type)
{
    job->entry.type = PX_COPY_SPECIAL;
    px_special_copy(job->fake.copier, &job->entry, type);
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static void test_special_wanted_is_made_anew(void **state)
{
    (void)state;
    struct job job;
    for (int old = 0; old < 3; old++) { /* nothing there, a FIFO, a file */
        (void)unlink("in/link");
        assert_int_equal(mkfifo("in/link", 0640), 0);
        tree_touch("in/link", 1000000000);
        job_begin(&job, PX_UPDATE_ALL);
        job.fake.copy->opts.specials = true;
        if (old == 1) {
            assert_int_equal(mkfifo("dst/link", 0600), 0);
        } else if (old == 2) {
            tree_text("dst/link", "old");
        }
        job_run_special(&job, DT_FIFO);
        assert_int_equal(job.fake.sum.ok, 1);
        const struct stat st = tree_stat("dst/link");
        assert_true(S_ISFIFO(st.st_mode));
        assert_int_equal(st.st_mode & 07777, 0640);
        assert_int_equal(st.st_mtim.tv_sec, 1000000000);
        assert_int_equal(tree_count("dst"), 1);
        assert_int_equal(unlink("dst/link"), 0);
    }
}

static void test_special_that_is_a_file_now_fails(void **state)
{
    (void)state;
    struct job job;
    (void)unlink("in/link");
    tree_text("in/link", "x");
    job_begin(&job, PX_UPDATE_ALL);
    job.fake.copy->opts.specials = true;
    job_run_special(&job, DT_FIFO);
    assert_int_equal(job.fake.sum.failed, 1);
    assert_int_equal(job.fake.worst.status, PX_ECHANGED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_link_is_copied_as_a_link),
        T(test_link_of_any_length_is_copied),
        T(test_link_replaces_what_has_the_name),
        T(test_link_does_not_replace_a_directory),
        T(test_link_no_clobber_is_skipped),
        T(test_link_hard_link_of_the_source_is_left_alone),
        T(test_link_that_is_none_any_more_fails),
        T(test_link_each_failing_call_leaves_old_absent_or_complete),
        T(test_special_is_skipped_with_its_kind),
        T(test_special_wanted_is_made_anew),
        T(test_special_that_is_a_file_now_fails),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
