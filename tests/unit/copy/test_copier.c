/* SPDX-License-Identifier: MIT
 *
 * A worker's hands: stack, phases, and how an entry becomes an outcome.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <pxfer/outlock.h>

#include "copy/fake.h"
#include "copy/tree.h"

struct job {
    struct fake fake;
    struct px_entry entry;
};

static void job_begin(struct job *job, bool every_item)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.every_item = every_item;
    tree_text("src", "x");
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    (void)fake_container(&job->fake, &job->entry);
    px_copier_begin(job->fake.copier, &job->entry);
}

static void job_end(struct job *job)
{
    px_dir_drop(job->fake.copier, job->entry.dir);
    fake_close(&job->fake);
}

static void test_copier_stack_is_last_in_first_out(void **state)
{
    (void)state;
    struct job job;
    struct px_copy_task *tasks[3];
    job_begin(&job, false);
    for (int i = 0; i < 3; i++) {
        tasks[i] = px_task_new(PX_TASK_NAMES, NULL);
        px_copier_push(job.fake.copier, tasks[i]);
    }
    for (int i = 3; i-- > 0;) {
        assert_ptr_equal(px_copier_pop(job.fake.copier), tasks[i]);
        px_task_free(tasks[i]);
    }
    assert_null(px_copier_pop(job.fake.copier));
    job_end(&job);
}

static void test_copier_settle_counts_by_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *skip;
        uint64_t ok, skipped, failed, canceled;
        size_t items; /* listed without every_item */
    } rows[] = {{PX_OK, NULL, 1, 0, 0, 0, 0},
                {PX_OK, "exists", 0, 1, 0, 0, 0},
                {PX_ECANCELED, NULL, 0, 0, 0, 1, 0},
                {PX_EIO, NULL, 0, 0, 1, 0, 1},
                {PX_EATTR, NULL, 0, 0, 1, 0, 1}};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const bool every = i % 2 == 1;
        struct job job;
        struct px_fail fail;
        job_begin(&job, every);
        assert_int_equal(px_fail_set(&fail, rows[i / 2].status, EIO, "stage"), rows[i / 2].status);
        job.entry.skip_reason = rows[i / 2].skip;
        job.entry.bytes = 7;
        px_copier_settle_status(job.fake.copier, &job.entry, rows[i / 2].status, &fail);
        const struct px_result *result = &job.fake.copier->task->result;
        assert_int_equal(result->ok, rows[i / 2].ok);
        assert_int_equal(result->skipped, rows[i / 2].skipped);
        assert_int_equal(result->failed, rows[i / 2].failed);
        assert_int_equal(result->canceled, rows[i / 2].canceled);
        assert_int_equal(result->bytes, rows[i / 2].ok * 7);
        assert_int_equal(result->n_items, every ? 1 : rows[i / 2].items);
        job_end(&job);
    }
}

static void test_copier_settle_fills_the_item(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, true);
    job.entry.bytes = 11;
    job.entry.attempts = 2;
    job.entry.engine = PX_ENGINE_REFLINK;
    px_copier_phase(&job.entry, PX_COPY_DATA);
    px_copier_settle_status(job.fake.copier, &job.entry, PX_OK, NULL);
    const struct px_item *item = &job.fake.copier->task->result.items[0];
    const struct px_copy_detail *detail = item->detail;
    assert_string_equal(item->source, "src");
    assert_string_equal(item->target, "dst");
    assert_int_equal(item->state, PX_ITEM_OK);
    assert_int_equal(item->bytes, 11);
    assert_int_equal(item->attempts, 2);
    assert_null(item->error);
    assert_true(item->begin_ns > 0 && item->end_ns >= item->begin_ns);
    assert_int_equal(item->phase_ns[PX_COPY_DATA], item->end_ns - item->begin_ns);
    assert_int_equal(detail->type, PX_COPY_FILE);
    assert_int_equal(detail->engine, PX_ENGINE_REFLINK);
    const struct px_account *account = px_copy_account(job.fake.copy, 0);
    assert_int_equal(account->items, 1);
    assert_int_equal(account->item.count, 1);
    assert_int_equal(account->counter[PX_COPY_REFLINKED], 1);
    job_end(&job);
}

/* Two workers had a hand in it: their work adds up to more than the file took. */
static void test_copier_settle_adds_up_the_work_of_all_hands(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, false);
    job.entry.mark_ns = job.entry.begin_ns + 200 * PX_NS_PER_MS;
    job.entry.phase_ns[PX_COPY_OPEN] = 10 * PX_NS_PER_MS;
    job.entry.phase_ns[PX_COPY_DATA] = 390 * PX_NS_PER_MS;
    px_copier_settle_status(job.fake.copier, &job.entry, PX_OK, NULL);
    const struct px_account *account = px_copy_account(job.fake.copy, 0);
    assert_int_equal(account->items_ns, 400 * PX_NS_PER_MS);
    assert_int_equal(account->item.max_ns, 200 * PX_NS_PER_MS);
    job_end(&job);
}

static void test_copier_settle_counts_kept_and_planned_bytes(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *skip;
        enum px_copy_type type;
        enum px_copy_action action;
        uint64_t kept, planned;
    } rows[] = {{PX_OK, NULL, PX_COPY_FILE, PX_ACTION_MAKE, 5, 0},
                {PX_EIO, NULL, PX_COPY_FILE, PX_ACTION_MAKE, 0, 0},
                {PX_OK, PX_SKIP_DRY_RUN, PX_COPY_FILE, PX_ACTION_MAKE, 0, 1},
                {PX_OK, PX_SKIP_DRY_RUN, PX_COPY_FILE, PX_ACTION_REPLACE, 0, 1},
                {PX_OK, PX_SKIP_DRY_RUN, PX_COPY_FILE, PX_ACTION_DELETE, 0, 0},
                {PX_OK, PX_SKIP_DRY_RUN, PX_COPY_DIR, PX_ACTION_MAKE, 0, 0},
                {PX_OK, PX_SKIP_EXISTS, PX_COPY_FILE, PX_ACTION_MAKE, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job;
        struct px_fail fail;
        job_begin(&job, true);
        PX_IGNORE(px_fail_set(&fail, PX_EIO, EIO, "stage"));
        job.entry.type = rows[i].type;
        job.entry.action = rows[i].action;
        job.entry.skip_reason = rows[i].skip;
        job.entry.bytes = 7;
        job.entry.bytes_kept = 5;
        px_copier_settle_status(job.fake.copier, &job.entry, rows[i].status, &fail);
        const struct px_account *account = px_copy_account(job.fake.copy, 0);
        const struct px_copy_detail *detail = job.fake.copier->task->result.items[0].detail;
        assert_int_equal(account->bytes_kept, rows[i].kept);
        assert_int_equal(detail->bytes_kept, rows[i].kept);
        assert_int_equal(account->planned, rows[i].planned);
        assert_int_equal(account->planned_bytes, rows[i].planned * 7);
        job_end(&job);
    }
}

static void test_copier_full_disk_stops_but_a_size_limit_does_not(void **state)
{
    (void)state;
    static const int errnos[] = {ENOSPC, EDQUOT, EROFS, EFBIG};
    for (size_t i = 0; i < 4; i++) {
        struct job job;
        struct px_fail fail;
        job_begin(&job, false);
        const int status = px_fail_target(&fail, errnos[i], "write", AT_FDCWD);
        assert_int_equal(status, errnos[i] != EFBIG ? PX_EFULL : PX_EIO);
        px_copier_settle_status(job.fake.copier, &job.entry, status, &fail);
        assert_int_equal(px_copier_stopping(job.fake.copier), errnos[i] != EFBIG);
        job_end(&job);
    }
}

static void test_copier_moved_counts_and_tells_to_stop(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, false);
    assert_false(px_copier_moved(job.fake.copier, 5));
    job.fake.stopping = true;
    assert_true(px_copier_moved(job.fake.copier, 6));
    assert_int_equal(px_copy_account(job.fake.copy, 0)->bytes, 11);
    job_end(&job);
}

static void test_copier_verbose_says_one_line_for_each(void **state)
{
    (void)state;
    struct job job;
    struct px_outlock *out = NULL;
    const int fd = open("log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(px_outlock_new(fd, &out), PX_OK);
    struct px_log log = {.out = out, .level = PX_LOG_DEBUG, .program = "copy"};
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.log = &log;
    tree_text("src", "x");
    assert_int_equal(fake_open(&job.fake, &opts, 1), PX_OK);
    (void)fake_container(&job.fake, &job.entry);
    px_copier_begin(job.fake.copier, &job.entry);
    job.entry.engine = PX_ENGINE_READ_WRITE;
    job.entry.engine_why = "small";
    px_copier_settle_status(job.fake.copier, &job.entry, PX_OK, NULL);
    job.entry.engine = PX_ENGINE_NONE;
    job.entry.skip_reason = "exists";
    px_copier_settle_status(job.fake.copier, &job.entry, PX_OK, NULL);
    job_end(&job);
    px_outlock_free(out);
    (void)close(fd);
    char text[1024] = {0};
    FILE *file = fopen("log", "r");
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    assert_non_null(strstr(text, "src -> dst: ok, 0 bytes, read/write (small)\n"));
    assert_non_null(strstr(text, "src -> dst: skipped, exists, 0 bytes\n"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_copier_stack_is_last_in_first_out),
        T(test_copier_settle_counts_by_status),
        T(test_copier_settle_fills_the_item),
        T(test_copier_settle_adds_up_the_work_of_all_hands),
        T(test_copier_settle_counts_kept_and_planned_bytes),
        T(test_copier_full_disk_stops_but_a_size_limit_does_not),
        T(test_copier_moved_counts_and_tells_to_stop),
        T(test_copier_verbose_says_one_line_for_each),
    };
    return cmocka_run_group_tests_name("copier", tests, NULL, NULL);
}
