/* SPDX-License-Identifier: MIT
 *
 * Temporary names, and whom they belong to.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/file.h>

#include "copy/fake.h"
#include "copy/temp.h"
#include "copy/tree.h"

static void fill(char *text, size_t len, char with)
{
    memset(text, with, len);
    text[len] = '\0';
}

static void test_temp_name_is_recognisable_and_fits(void **state)
{
    (void)state;
    char temp[PX_TEMP_ROOM];
    char name[256];
    px_temp_name("a", 0, temp);
    assert_string_equal(temp, ".a.pcopy-tmp");
    px_temp_name("a", 3, temp);
    assert_string_equal(temp, ".a.pcopy-tmp3");
    for (size_t len = 230; len <= 255; len++) {
        fill(name, len, 'n');
        px_temp_name(name, 9, temp);
        assert_true(strlen(temp) <= 255);
        assert_non_null(strstr(temp, TREE_TEMP_MARK));
    }
}

static void test_temp_name_of_long_names_differs_where_they_differ(void **state)
{
    (void)state;
    char name[256];
    char first[PX_TEMP_ROOM];
    char second[PX_TEMP_ROOM];
    fill(name, 255, 'n');
    px_temp_name(name, 0, first);
    name[254] = 'm';
    px_temp_name(name, 0, second);
    assert_string_not_equal(first, second);
    px_temp_name(name, 0, first);
    assert_string_equal(first, second); /* the same each time */
}

struct job {
    struct fake fake;
    struct px_entry entry;
    struct px_fail fail;
    int dirfd;
};

static void job_begin(struct job *job)
{
    tree_dir("in");
    tree_text("in/src", "x");
    tree_dir("dst");
    const struct px_copy_opts opts = fake_opts("in/src", "dst");
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    job->dirfd = fake_container(&job->fake, &job->entry)->fds.target;
}

static void job_end(struct job *job)
{
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static int job_clear(struct job *job, const char *temp)
{
    return px_temp_clear(job->fake.copier, job->dirfd, temp, &job->fail);
}

static void test_temp_choose_keeps_clear_of_source_names(void **state)
{
    (void)state;
    struct job job;
    char temp[PX_TEMP_ROOM];
    job_begin(&job);
    assert_int_equal(px_temp_choose(job.fake.copier, &job.entry, temp, &job.fail), PX_OK);
    assert_string_equal(temp, ".src.pcopy-tmp");
    tree_text("in/.src.pcopy-tmp", "a file of the user's");
    assert_int_equal(px_temp_choose(job.fake.copier, &job.entry, temp, &job.fail), PX_OK);
    assert_string_equal(temp, ".src.pcopy-tmp1");
    for (int i = 1; i < 10; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "in/.src.pcopy-tmp%d", i);
        tree_text(name, "x");
    }
    assert_int_equal(px_temp_choose(job.fake.copier, &job.entry, temp, &job.fail), PX_EEXIST);
    job_end(&job);
}

static void test_temp_clear_removes_what_nobody_holds(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    assert_int_equal(job_clear(&job, "t"), PX_OK); /* nothing there */
    tree_text("dst/t", "left over");
    assert_int_equal(job_clear(&job, "t"), PX_OK);
    assert_false(tree_has("dst/t"));
    tree_link("in/src", "dst/t");
    assert_int_equal(job_clear(&job, "t"), PX_OK);
    assert_false(tree_has("dst/t"));
    assert_int_equal(mkfifo("dst/t", 0600), 0);
    assert_int_equal(job_clear(&job, "t"), PX_OK);
    assert_false(tree_has("dst/t"));
    tree_text("dst/t", "without read permission");
    assert_int_equal(chmod("dst/t", 0200), 0);
    assert_int_equal(job_clear(&job, "t"), PX_OK);
    assert_false(tree_has("dst/t"));
    job_end(&job);
}

static void test_temp_clear_leaves_what_another_run_holds(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    tree_text("dst/t", "in use");
    const int fd =
        open("dst/t", O_RDONLY | O_CLOEXEC); /* a lock belongs to an open, not a process */
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(job_clear(&job, "t"), PX_EINUSE);
    assert_true(tree_has("dst/t"));
    assert_int_equal(close(fd), 0);
    assert_int_equal(job_clear(&job, "t"), PX_OK);
    job_end(&job);
}

static void test_temp_clear_leaves_a_directory(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    tree_dir("dst/t");
    assert_int_equal(job_clear(&job, "t"), PX_EEXIST);
    job_end(&job);
}

static bool job_is(struct job *job, int fd)
{
    bool same = false;
    assert_int_equal(px_temp_check(job->fake.copier, job->dirfd, "t", fd, &same, &job->fail),
                     PX_OK);
    return same;
}

static void test_temp_check_sees_a_replaced_name(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job);
    tree_text("dst/t", "1");
    const int fd = open("dst/t", O_RDONLY | O_CLOEXEC);
    assert_true(job_is(&job, fd));
    assert_int_equal(unlink("dst/t"), 0);
    assert_false(job_is(&job, fd));
    tree_text("dst/t", "2");
    assert_false(job_is(&job, fd));
    assert_int_equal(close(fd), 0);
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_temp_name_is_recognisable_and_fits),
        cmocka_unit_test(test_temp_name_of_long_names_differs_where_they_differ),
        T(test_temp_choose_keeps_clear_of_source_names),
        T(test_temp_clear_removes_what_nobody_holds),
        T(test_temp_clear_leaves_what_another_run_holds),
        T(test_temp_clear_leaves_a_directory),
        T(test_temp_check_sees_a_replaced_name),
    };
    return cmocka_run_group_tests_name("temp", tests, NULL, NULL);
}
