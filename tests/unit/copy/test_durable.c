/* SPDX-License-Identifier: MIT
 *
 * Which directories are synced when, and what becomes of a promise that cannot be kept.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/durable.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

/* "src" to "dst": the container, and the directory that is opened in it. */
struct job {
    struct fake fake;
    struct px_entry entry;
    struct px_dir *dir;
    struct px_fail fail;
};

static const struct px_copy_memory no_memory = {.run = "run"};

static void job_begin(struct job *job, enum px_copy_sync sync)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    tree_dir("src");
    opts.io = io_fault_ops();
    opts.sync = sync;
    opts.memory = &no_memory;
    opts.chunk_bytes = 1 << 20;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    assert_non_null(fake_container(&job->fake, &job->entry));
    job->entry.type = PX_COPY_DIR;
    job->dir = NULL;
    assert_int_equal(px_dir_open(job->fake.copier, &job->entry, &job->dir, &job->fail), PX_OK);
    io_fault_reset();
}

static void job_end(struct job *job)
{
    px_dir_drop(job->fake.copier, job->dir);
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

/* An item of a file in the directory. */
static const struct px_copy_detail *job_tell(struct job *job, bool durable)
{
    struct px_copy_task *task = job->fake.copier->task;
    const struct px_entry file = {.dir = job->dir,
                                  .source_name = "f",
                                  .target_name = "f",
                                  .type = PX_COPY_FILE,
                                  .durable = durable};
    px_task_add(task, &file, PX_ITEM_OK, NULL, 0, true);
    return task->result.items[task->result.n_items - 1].detail;
}

static unsigned syncs(void)
{
    return io_fault_calls(IO_FAULT(fsync));
}

static void test_durable_with_other_sync_does_nothing(void **state)
{
    (void)state;
    struct job job;
    const struct stat large = {.st_size = 1 << 30};
    job_begin(&job, PX_SYNC_END);
    assert_int_equal(px_durable_names(job.fake.copier, job.dir, &job.fail), PX_OK);
    assert_int_equal(px_durable_end(job.fake.copier, job.dir, &job.fail), PX_OK);
    assert_int_equal(px_durable_published(job.fake.copier, job.dir, &large, &job.fail), PX_OK);
    (void)job_tell(&job, false);
    px_durable_promised(job.fake.copier, job.dir);
    assert_int_equal(syncs(), 0);
    job_end(&job);
}

static void test_durable_names_fails_but_where_directories_have_no_fsync(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_SYNC_FILE);
    io_fault_arm(IO_FAULT(fsync), 1, EINVAL, IO_FAULT_ONCE);
    assert_int_equal(px_durable_names(job.fake.copier, job.dir, &job.fail), PX_OK);
    assert_true(io_fault_fired());
    io_fault_arm(IO_FAULT(fsync), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(px_durable_names(job.fake.copier, job.dir, &job.fail), PX_EIO);
    assert_non_null(strstr(job.fail.text, "fsync directory"));
    io_fault_reset();
    job_end(&job);
}

static void test_durable_end_of_an_operand_syncs_its_name_too(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_SYNC_FILE);
    assert_int_equal(px_durable_end(job.fake.copier, job.dir, &job.fail), PX_OK);
    assert_int_equal(syncs(), 2);
    job_end(&job);
}

static void test_durable_published_syncs_what_nobody_else_will(void **state)
{
    (void)state;
    struct job job;
    const struct stat small = {.st_size = 1000};
    const struct stat large = {.st_size = 2 << 20};
    job_begin(&job, PX_SYNC_FILE);
    assert_int_equal(px_durable_published(job.fake.copier, job.dir, &small, &job.fail), PX_OK);
    assert_int_equal(syncs(), 0); /* with the task */
    assert_int_equal(px_durable_published(job.fake.copier, job.dir, &large, &job.fail), PX_OK);
    assert_int_equal(syncs(), 1);
    assert_int_equal(px_durable_published(job.fake.copier, job.entry.dir, &small, &job.fail),
                     PX_OK);
    assert_int_equal(syncs(), 2); /* a container */
    job_end(&job);
}

static void test_durable_promised_syncs_once_for_all_of_a_task(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_SYNC_FILE);
    (void)job_tell(&job, false);
    px_durable_promised(job.fake.copier, job.dir);
    assert_int_equal(syncs(), 0); /* nothing was promised */
    (void)job_tell(&job, true);
    const struct px_copy_detail *last = job_tell(&job, true);
    px_durable_promised(job.fake.copier, job.dir);
    assert_int_equal(syncs(), 1);
    assert_true(last->durable);
    assert_int_equal(job.fake.copier->task->result.failed, 0);
    job_end(&job);
}

static void test_durable_promised_in_vain_is_taken_back(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, PX_SYNC_FILE);
    const struct px_copy_detail *first = job_tell(&job, true);
    const struct px_copy_detail *second = job_tell(&job, true);
    io_fault_arm(IO_FAULT(fsync), 1, EIO, IO_FAULT_ONCE);
    px_durable_promised(job.fake.copier, job.dir);
    assert_false(first->durable);
    assert_false(second->durable);
    const struct px_result *result = &job.fake.copier->task->result;
    assert_int_equal(result->failed, 1);
    const struct px_item *told = &result->items[result->n_items - 1];
    assert_string_equal(told->target, "dst");
    assert_non_null(strstr(told->error, "fsync directory"));
    io_fault_reset();
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_durable_with_other_sync_does_nothing),
        T(test_durable_names_fails_but_where_directories_have_no_fsync),
        T(test_durable_end_of_an_operand_syncs_its_name_too),
        T(test_durable_published_syncs_what_nobody_else_will),
        T(test_durable_promised_syncs_once_for_all_of_a_task),
        T(test_durable_promised_in_vain_is_taken_back),
    };
    return cmocka_run_group_tests_name("durable", tests, NULL, NULL);
}
