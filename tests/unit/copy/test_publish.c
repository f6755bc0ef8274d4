/* SPDX-License-Identifier: MIT
 *
 * From an open file to its name: new, replaced, refused, with and without nameless files; and after
 * every call that fails the name is old, absent or complete.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/file.h>

#include "copy/fake.h"
#include "copy/publish.h"
#include "copy/tree.h"
#include "support/io_fault.h"

struct job {
    struct fake fake;
    struct px_entry entry;
    struct stat source;
    struct px_out out;
    struct px_fail fail;
};

static void job_begin(struct job *job, enum px_update update)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.io = io_fault_ops();
    opts.update = update;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    (void)fake_container(&job->fake, &job->entry);
    job->source = tree_stat("src");
}

/* `named`: as on a file system that knows no O_TMPFILE. */
static void job_begin_named(struct job *job, enum px_update update, bool named)
{
    job_begin(job, update);
    atomic_store(&job->entry.dir->pair->no_nameless, named);
}

static int job_open(struct job *job)
{
    return px_out_open(job->fake.copier, &job->entry, &job->source, &job->out, &job->fail);
}

static int job_commit(struct job *job)
{
    return px_out_commit(job->fake.copier, &job->entry, &job->source, &job->out, &job->fail);
}

static int job_publish(struct job *job, const char *text)
{
    const int status = job_open(job);
    if (status != PX_OK) {
        return status;
    }
    assert_int_equal(write(job->out.fd, text, strlen(text)), strlen(text));
    return job_commit(job);
}

static void job_end(struct job *job)
{
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static int setup(void **state)
{
    const int rc = tree_setup(state);
    io_fault_reset();
    if (rc == 0) {
        tree_text("src", "source");
        tree_dir("dst");
    }
    return rc;
}

static void test_publish_new_name_is_complete(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        job_begin_named(&job, PX_UPDATE_ALL, named == 1);
        assert_int_equal(job_open(&job), PX_OK);
        assert_false(tree_has("dst/src"));
        assert_int_equal(tree_has_temp("dst"), job.out.named);
        assert_int_equal(write(job.out.fd, "new", 3), 3);
        assert_int_equal(job_commit(&job), PX_OK);
        tree_assert_text("dst/src", "new");
        assert_int_equal(tree_count("dst"), 1);
        assert_int_equal(job.out.fd, -1);
        job_end(&job);
        assert_int_equal(unlink("dst/src"), 0);
    }
}

static void test_publish_replaces_the_name_not_the_file(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        tree_text("dst/src", "old");
        assert_int_equal(link("dst/src", "dst/other"), 0);
        job_begin_named(&job, PX_UPDATE_ALL, named == 1);
        assert_int_equal(job_publish(&job, "new"), PX_OK);
        tree_assert_text("dst/src", "new");
        tree_assert_text("dst/other", "old"); /* another name of the old file */
        assert_int_equal(tree_count("dst"), 2);
        job_end(&job);
        assert_int_equal(unlink("dst/src"), 0);
        assert_int_equal(unlink("dst/other"), 0);
    }
}

static void test_publish_replaces_a_link_not_what_it_leads_to(void **state)
{
    (void)state;
    static const char *const leads_to[] = {"../victim", "nowhere", "src"};
    for (size_t i = 0; i < 6; i++) {
        struct job job;
        tree_text("victim", "untouched");
        job_begin_named(&job, PX_UPDATE_ALL, i >= 3);
        tree_link(leads_to[i % 3], "dst/src");
        assert_int_equal(job_publish(&job, "new"), PX_OK);
        assert_true(S_ISREG(tree_stat("dst/src").st_mode));
        tree_assert_text("dst/src", "new");
        tree_assert_text("victim", "untouched");
        assert_false(tree_has("dst/nowhere"));
        job_end(&job);
        assert_int_equal(unlink("dst/src"), 0);
    }
}

static void test_publish_no_clobber_leaves_what_is_there(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        job_begin_named(&job, PX_UPDATE_NONE, named == 1);
        assert_int_equal(job_open(&job), PX_OK);
        tree_text("dst/src", "came meanwhile");
        assert_int_equal(job_commit(&job), PX_OK);
        assert_string_equal(job.entry.skip_reason, "exists");
        tree_assert_text("dst/src", "came meanwhile");
        assert_int_equal(tree_count("dst"), 1);
        job_end(&job);
        assert_int_equal(unlink("dst/src"), 0);
    }
}

static void test_publish_no_clobber_gives_a_free_name(void **state)
{
    (void)state;
    for (int no_links = 0; no_links < 2; no_links++) {
        struct job job;
        job_begin_named(&job, PX_UPDATE_NONE, true);
        if (no_links == 1) {
            io_fault_arm(IO_FAULT(linkat), 1, EPERM, IO_FAULT_ONCE);
        }
        assert_int_equal(job_publish(&job, "new"), PX_OK);
        assert_null(job.entry.skip_reason);
        tree_assert_text("dst/src", "new");
        assert_int_equal(tree_count("dst"), 1);
        job_end(&job);
        assert_int_equal(unlink("dst/src"), 0);
    }
}

static void test_publish_directory_in_the_way_is_refused(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        job_begin_named(&job, PX_UPDATE_ALL, named == 1);
        tree_dir("dst/src");
        assert_int_equal(job_publish(&job, "new"), PX_EEXIST);
        assert_int_equal(tree_count("dst"), 1);
        job_end(&job);
        assert_int_equal(rmdir("dst/src"), 0);
    }
}

static void test_publish_same_file_is_left_alone(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    assert_int_equal(link("src", "dst/src"), 0);
    assert_int_equal(job_publish(&job, "new"), PX_OK);
    assert_string_equal(job.entry.skip_reason, "same file");
    tree_assert_text("src", "source");
    assert_int_equal(tree_stat("src").st_nlink, 2);
    job_end(&job);
}

static void test_publish_file_system_without_nameless_is_learnt(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    io_fault_arm(IO_FAULT(openat), 1, EOPNOTSUPP, IO_FAULT_ONCE);
    assert_int_equal(job_publish(&job, "new"), PX_OK);
    assert_true(atomic_load(&job.entry.dir->pair->no_nameless));
    tree_assert_text("dst/src", "new");
    job_end(&job);
}

static void test_publish_nameless_that_cannot_be_linked_is_written_again(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_UPDATE_ALL);
    io_fault_arm(IO_FAULT(linkat), 1, ENOENT, IO_FAULT_STICKY); /* no right, and no /proc */
    assert_int_equal(job_publish(&job, "new"), PX_EAGAIN);
    assert_int_equal(tree_count("dst"), 0);
    assert_int_equal(job_publish(&job, "new"), PX_OK);
    tree_assert_text("dst/src", "new");
    assert_int_equal(tree_count("dst"), 1);
    job_end(&job);
}

static void test_publish_left_over_temporary_is_removed(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        tree_text("dst/src", "old");
        tree_text("dst/.src.pcopy-tmp", "torn");
        job_begin_named(&job, PX_UPDATE_ALL, named == 1);
        assert_int_equal(job_publish(&job, "new"), PX_OK);
        tree_assert_text("dst/src", "new");
        assert_int_equal(tree_count("dst"), 1);
        job_end(&job);
    }
}

static void test_publish_temporary_of_another_run_is_in_use(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        tree_text("dst/src", "old");
        tree_text("dst/.src.pcopy-tmp", "being written");
        const int fd = open("dst/.src.pcopy-tmp", O_RDONLY | O_CLOEXEC);
        assert_int_equal(flock(fd, LOCK_EX), 0);
        job_begin_named(&job, PX_UPDATE_ALL, named == 1);
        assert_int_equal(job_publish(&job, "new"), PX_EINUSE);
        tree_assert_text("dst/src", "old");
        tree_assert_text("dst/.src.pcopy-tmp", "being written");
        job_end(&job);
        assert_int_equal(close(fd), 0);
    }
}

static void test_publish_user_file_with_a_temporary_name_survives(void **state)
{
    (void)state;
    struct job job;
    tree_text(".src.pcopy-tmp", "the user's own");
    tree_text("dst/.src.pcopy-tmp", "its copy");
    tree_text("dst/src", "old");
    job_begin(&job, PX_UPDATE_ALL);
    assert_int_equal(job_publish(&job, "new"), PX_OK);
    tree_assert_text("dst/src", "new");
    tree_assert_text("dst/.src.pcopy-tmp", "its copy");
    job_end(&job);
}

static void test_publish_abort_leaves_nothing(void **state)
{
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct job job;
        job_begin_named(&job, PX_UPDATE_ALL, named == 1);
        assert_int_equal(job_open(&job), PX_OK);
        px_out_abort(job.fake.copier, &job.entry, &job.out);
        px_out_abort(job.fake.copier, &job.entry, &job.out); /* idempotent */
        assert_int_equal(tree_count("dst"), 0);
        job_end(&job);
    }
}

/* --- every call that can fail ----------------------------------------------------------------- */

static const size_t write_side[] = {IO_FAULT(openat), IO_FAULT(fstat),    IO_FAULT(fstatat),
                                    IO_FAULT(linkat), IO_FAULT(renameat), IO_FAULT(unlinkat),
                                    IO_FAULT(close)};

/* One run with the nth call of `member` failing. False: there is no nth call. */
static bool one_fault(size_t member, unsigned nth, bool sticky, bool named, bool exists)
{
    struct job job;
    (void)unlink("dst/src");
    (void)unlink("dst/.src.pcopy-tmp");
    if (exists) {
        tree_text("dst/src", "old");
    }
    job_begin_named(&job, PX_UPDATE_ALL, named);
    io_fault_arm(member, nth, EIO, sticky);
    const int status = job_publish(&job, "new");
    const bool fired = io_fault_fired();
    if (status == PX_OK) {
        tree_assert_text("dst/src", "new");
    } else {
        assert_true(fired);
        assert_true(tree_is_text("dst/src", "new") || /* only the last close failed */
                    (exists ? tree_is_text("dst/src", "old") : !tree_has("dst/src")));
    }
    /* A temporary name may stay only when removing it was what failed. */
    assert_true(!tree_has_temp("dst") || member == IO_FAULT(unlinkat));
    io_fault_reset();
    job_end(&job);
    return fired;
}

static void test_publish_each_failing_call_leaves_old_absent_or_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof write_side / sizeof write_side[0]; i++) {
        for (unsigned mode = 0; mode < 8; mode++) {
            unsigned nth = 1;
            while (one_fault(write_side[i], nth, mode & 1, mode & 2, mode & 4)) {
                nth++;
            }
        }
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_publish_new_name_is_complete),
        T(test_publish_replaces_the_name_not_the_file),
        T(test_publish_replaces_a_link_not_what_it_leads_to),
        T(test_publish_no_clobber_leaves_what_is_there),
        T(test_publish_no_clobber_gives_a_free_name),
        T(test_publish_directory_in_the_way_is_refused),
        T(test_publish_same_file_is_left_alone),
        T(test_publish_file_system_without_nameless_is_learnt),
        T(test_publish_nameless_that_cannot_be_linked_is_written_again),
        T(test_publish_left_over_temporary_is_removed),
        T(test_publish_temporary_of_another_run_is_in_use),
        T(test_publish_user_file_with_a_temporary_name_survives),
        T(test_publish_abort_leaves_nothing),
        T(test_publish_each_failing_call_leaves_old_absent_or_complete),
    };
    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
