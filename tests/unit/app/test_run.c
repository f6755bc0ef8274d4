/* SPDX-License-Identifier: MIT
 *
 * The run loop over a source and a body of the test's own, with 0 to 4 workers. Nothing here touches
 * a file or the network.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pxfer/queue.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "app/run.h"
#include "support/sheet.h"

enum { TASKS = 200 };

enum verdict {
    WELL,
    FAILS,
    FULL,
    RETRY_ONCE, /* the source keeps it once */
    FINISHED,   /* comes finished from the source */
    BATCH,      /* counts for three items, lists none */
    CONTINUED,  /* of its bytes an earlier run had moved all but two */
};

struct fake_task {
    struct px_result result; /* first */
    struct px_item item;
    enum verdict verdict;
    unsigned tries;
};

/* Source, engine and the test's own book, all in one. */
struct fake {
    struct px_source source; /* first */
    struct fake_task tasks[TASKS];
    struct fake_task *kept;
    size_t n, made, released, released_unfinished, offered_early;
    bool drained;
    uint64_t waiting; /* as the source tells it */
    int fail_with;    /* next() fails with it after `n` tasks */
    struct px_account accounts[4];
    atomic_uint worked;
    /* what signals_take() shall say, from the moment when `signal_at` tasks were released */
    size_t signal_at;
    struct signals_seen signal;
};

static struct fake *fake_now; /* run_opts.signals has no context */

static int fake_next_kept(struct fake *fake, struct px_next *out)
{
    struct fake_task *task = fake->kept;
    fake->kept = NULL;
    out->task = &task->result;
    out->finished = fake->drained;
    if (fake->drained) {
        task->item.state = PX_ITEM_CANCELED;
        task->result = (struct px_result){.canceled = 1, .items = &task->item, .n_items = 1};
    }
    return PX_OK;
}

static int fake_next(struct px_source *source, struct px_next *out)
{
    struct fake *fake = (struct fake *)source;
    if (fake->kept != NULL) {
        return fake_next_kept(fake, out);
    }
    if (fake->drained || fake->made == fake->n) {
        return fake->fail_with != 0 ? fake->fail_with : PX_EEND;
    }
    if (fake->made % 7 == 3 && fake->offered_early++ % 2 == 0) { /* now and then: a little later */
        out->until_ns = px_deadline_in_ns(PX_NS_PER_MS);
        return PX_EAGAIN;
    }
    struct fake_task *task = &fake->tasks[fake->made++];
    task->item.source = "thing";
    task->item.state = PX_ITEM_OK;
    task->result = (struct px_result){.ok = 1, .bytes = 10, .items = &task->item, .n_items = 1};
    if (task->verdict == FINISHED) {
        task->item.state = PX_ITEM_SKIPPED;
        task->result = (struct px_result){.skipped = 1, .items = &task->item, .n_items = 1};
        out->finished = true;
    }
    out->task = &task->result;
    return PX_OK;
}

static int fake_done(struct px_source *source, struct px_result *result)
{
    struct fake *fake = (struct fake *)source;
    struct fake_task *task = (struct fake_task *)result;
    if (task->verdict == RETRY_ONCE && task->tries == 1 && !fake->drained && fake->kept == NULL) {
        fake->kept = task;
        return PX_EAGAIN;
    }
    return PX_OK;
}

static void fake_release(struct px_source *source, struct px_result *result)
{
    struct fake *fake = (struct fake *)source;
    (void)result;
    fake->released++;
}

static void fake_drain(struct px_source *source)
{
    ((struct fake *)source)->drained = true;
}

static const char *fake_error(struct px_source *source)
{
    (void)source;
    return "list: read error";
}

static uint64_t fake_total(struct px_source *source)
{
    return ((struct fake *)source)->n;
}

static uint64_t fake_waiting(struct px_source *source)
{
    return ((struct fake *)source)->waiting;
}

static const struct px_source_ops fake_ops = {
    .next = fake_next,
    .done = fake_done,
    .release = fake_release,
    .drain = fake_drain,
    .error = fake_error,
    .total_items = fake_total,
    .waiting_items = fake_waiting,
};

static void fake_fail(struct fake_task *task, int status)
{
    task->item.state = PX_ITEM_FAILED;
    task->item.status = status;
    task->result = (struct px_result){.failed = 1, .items = &task->item, .n_items = 1};
}

static void fake_work(struct px_worker *worker, struct fake_task *task)
{
    if (px_worker_stopping(worker)) {
        task->item.state = PX_ITEM_CANCELED;
        task->result = (struct px_result){.canceled = 1, .items = &task->item, .n_items = 1};
        return;
    }
    task->tries++;
    if (task->verdict == FAILS) {
        fake_fail(task, PX_EHTTP);
    } else if (task->verdict == FULL) {
        fake_fail(task, PX_EFULL);
    } else if (task->verdict == BATCH) {
        task->result = (struct px_result){.ok = 2, .skipped = 1, .bytes = 5};
    } else if (task->verdict == CONTINUED) {
        task->result.bytes_kept = task->result.bytes - 2;
    }
}

static int fake_init(struct px_worker *worker, void *ctx, void **state)
{
    (void)worker;
    *state = ctx;
    return PX_OK;
}

static void fake_run(struct px_worker *worker, void *state)
{
    struct fake *fake = state;
    void *task;
    while (px_worker_next(worker, PX_FOREVER, &task) == PX_OK) {
        atomic_fetch_add(&fake->worked, 1);
        fake->accounts[worker->index].items++;
        fake_work(worker, task);
        px_worker_emit(worker, task);
    }
}

static const struct px_account *fake_account(const void *engine, unsigned worker)
{
    return &((const struct fake *)engine)->accounts[worker];
}

static struct signals_seen fake_signals(void)
{
    const struct signals_seen none = {0};
    return fake_now->released >= fake_now->signal_at ? fake_now->signal : none;
}

static struct fake *fake_new(void)
{
    struct fake *fake = calloc(1, sizeof *fake);
    assert_non_null(fake);
    fake->source.ops = &fake_ops;
    fake->n = TASKS;
    fake->signal_at = SIZE_MAX;
    return fake;
}

/* Runs it; the messages that were printed come back, to be freed. */
static char *fake_go(struct fake *fake, unsigned workers, bool fail_fast, struct run_summary *out)
{
    struct sheet sheet;
    sheet_open(&sheet);
    const struct px_log log = {.out = sheet.lock, .level = PX_LOG_NORMAL, .program = "test"};
    const struct progress_opts display = {
        .mode = PROGRESS_NONE, .out = sheet.lock, .fd = -1, .program = "test", .noun = "things"};
    struct progress *progress = NULL;
    assert_int_equal(progress_new(&display, &progress), PX_OK);
    const struct run_engine engine = {
        .engine = fake,
        .source = &fake->source,
        .body = {.init = fake_init, .run = fake_run, .ctx = fake},
        .account = fake_account,
    };
    const struct run_opts opts = {
        .name = "test",
        .workers = workers,
        .fail_fast = fail_fast,
        .to = {.log = &log, .progress = progress},
        .signals = fake_signals,
    };
    fake_now = fake;
    assert_int_equal(run_engine(&engine, &opts, out), PX_OK);
    progress_free(progress);
    char *text = strdup(sheet_text(&sheet));
    assert_non_null(text);
    sheet_close(&sheet);
    return text;
}

static uint64_t seen(const struct run_summary *s)
{
    return s->ok + s->skipped + s->failed + s->canceled;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = strstr(text, what); p != NULL; p = strstr(p + 1, what)) {
        n++;
    }
    return n;
}

static void test_run_mixed_tasks_every_one_is_counted_and_released(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 4; workers++) {
        struct fake *fake = fake_new();
        struct run_summary sum;
        for (size_t i = 0; i < TASKS; i++) {
            const enum verdict of[] = {WELL, FAILS, RETRY_ONCE, FINISHED, BATCH};
            fake->tasks[i].verdict = of[i % 5];
        }
        char *text = fake_go(fake, workers, false, &sum);
        assert_int_equal(sum.ok, 40 + 40 + 2 * 40);
        assert_int_equal(sum.failed, 40);
        assert_int_equal(sum.skipped, 40 + 40);
        assert_int_equal(sum.canceled, 0);
        assert_int_equal(sum.class_count[-PX_EHTTP], 40);
        assert_int_equal(sum.fatal, PX_OK);
        assert_int_equal(fake->released, TASKS);
        assert_int_equal(sum.total.items, atomic_load(&fake->worked));
        assert_int_equal(sum.workers, workers);
        assert_int_equal(count(text, "failed: thing"), 40);
        free(text);
        run_summary_fini(&sum);
        free(fake);
    }
}

static void test_run_status_line_has_the_bytes_of_this_run_only(void **state)
{
    (void)state;
    struct fake *fake = fake_new();
    struct run_summary sum;
    for (size_t i = 0; i < TASKS; i++) {
        fake->tasks[i].verdict = CONTINUED;
    }
    fake->signal_at = TASKS;
    fake->signal = (struct signals_seen){.status = true};
    fake->waiting = 7;
    char *text = fake_go(fake, 2, false, &sum);
    assert_non_null(strstr(text, "test: 200/200 things  400 B  "));
    assert_non_null(strstr(text, "  7 waiting\n"));
    assert_int_equal(sum.bytes, 2000);
    free(text);
    run_summary_fini(&sum);
    free(fake);
}

static void test_run_empty_source_ends_at_once(void **state)
{
    (void)state;
    struct fake *fake = fake_new();
    struct run_summary sum;
    fake->n = 0;
    char *text = fake_go(fake, 2, false, &sum);
    assert_int_equal(seen(&sum), 0);
    assert_string_equal(text, "");
    free(text);
    run_summary_fini(&sum);
    free(fake);
}

static void test_run_full_disk_stops_intake_with_one_message(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 4; workers++) {
        struct fake *fake = fake_new();
        struct run_summary sum;
        for (size_t i = 5; i < TASKS; i++) {
            fake->tasks[i].verdict = FULL;
        }
        char *text = fake_go(fake, workers, false, &sum);
        assert_int_equal(sum.fatal, PX_EFULL);
        assert_int_equal(count(text, "failed: "), 1);
        assert_int_equal(count(text, "stopping"), 1);
        assert_int_equal(fake->released, fake->made);
        assert_int_equal(seen(&sum), fake->made);
        free(text);
        run_summary_fini(&sum);
        free(fake);
    }
}

static void test_run_fail_fast_stops_at_the_first_failure(void **state)
{
    (void)state;
    struct fake *fake = fake_new();
    struct run_summary sum;
    fake->tasks[20].verdict = FAILS;
    char *text = fake_go(fake, 0, true, &sum);
    assert_int_equal(sum.failed, 1);
    assert_int_equal(sum.fatal, PX_ECANCELED);
    assert_true(sum.ok >= 20);
    assert_int_equal(seen(&sum), fake->made);
    assert_int_equal(fake->released, fake->made);
    free(text);
    run_summary_fini(&sum);
    free(fake);
}

static void test_run_stop_signal_cancels_and_names_it(void **state)
{
    (void)state;
    for (unsigned workers = 0; workers <= 3; workers++) {
        struct fake *fake = fake_new();
        struct run_summary sum;
        for (size_t i = 0; i < TASKS; i++) {
            fake->tasks[i].verdict = RETRY_ONCE;
        }
        fake->signal_at = 1;
        fake->signal.stop = SIGTERM;
        char *text = fake_go(fake, workers, false, &sum);
        assert_int_equal(sum.signal, SIGTERM);
        assert_int_equal(seen(&sum), fake->made);
        assert_int_equal(fake->released, fake->made);
        assert_false(sum.drained_early);
        free(text);
        run_summary_fini(&sum);
        free(fake);
    }
}

static void test_run_drain_signal_finishes_what_is_in_flight(void **state)
{
    (void)state;
    struct fake *fake = fake_new();
    struct run_summary sum;
    fake->signal_at = 0;
    fake->signal.drain = true;
    char *text = fake_go(fake, 2, false, &sum);
    assert_true(sum.drained_early);
    assert_int_equal(sum.canceled, 0);
    assert_int_equal(sum.signal, 0);
    assert_int_equal(seen(&sum), fake->made);
    assert_true(fake->made < TASKS);
    free(text);
    run_summary_fini(&sum);
    free(fake);
}

static void test_run_drain_signal_after_the_last_task_leaves_nothing(void **state)
{
    (void)state;
    struct fake *fake = fake_new();
    struct run_summary sum;
    fake->signal_at = TASKS;
    fake->signal.drain = true;
    char *text = fake_go(fake, 0, false, &sum);
    assert_int_equal(sum.ok, TASKS);
    assert_false(sum.drained_early);
    free(text);
    run_summary_fini(&sum);
    free(fake);
}

static void test_run_source_fails_what_was_made_is_still_done(void **state)
{
    (void)state;
    struct fake *fake = fake_new();
    struct run_summary sum;
    fake->fail_with = PX_EIO;
    char *text = fake_go(fake, 2, false, &sum);
    assert_int_equal(sum.ok, TASKS);
    assert_int_equal(sum.fatal, PX_EIO);
    assert_int_equal(sum.class_count[-PX_EIO], 1);
    assert_int_equal(count(text, "list: read error"), 1);
    free(text);
    run_summary_fini(&sum);
    free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_mixed_tasks_every_one_is_counted_and_released),
        cmocka_unit_test(test_run_status_line_has_the_bytes_of_this_run_only),
        cmocka_unit_test(test_run_empty_source_ends_at_once),
        cmocka_unit_test(test_run_full_disk_stops_intake_with_one_message),
        cmocka_unit_test(test_run_fail_fast_stops_at_the_first_failure),
        cmocka_unit_test(test_run_stop_signal_cancels_and_names_it),
        cmocka_unit_test(test_run_drain_signal_finishes_what_is_in_flight),
        cmocka_unit_test(test_run_drain_signal_after_the_last_task_leaves_nothing),
        cmocka_unit_test(test_run_source_fails_what_was_made_is_still_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
