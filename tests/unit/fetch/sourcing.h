/* SPDX-License-Identifier: MIT
 *
 * fetch/sourcing.h - for tests of the source: a list, a clock that the test moves, and what the run
 * loop and the workers would do. Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_SOURCING_H
#define PX_TESTS_FETCH_SOURCING_H

#include "base/clock.h"
#include "fetch/fetching.h"
#include "fetch/source.h"
#include "support/io_fault.h"

#define MS PX_NS_PER_MS
#define DEFAULTS ((struct px_fetch_opts){.retries = -1})

static struct area area;
static struct px_fake_clock fake;
static struct px_fetch *fetch;
static struct px_source *source;

static inline int sourcing_begin(void **state)
{
    (void)state;
    area_make(&area);
    io_fault_reset();
    px_fake_clock_init(&fake, 1000 * PX_NS_PER_S, 0);
    return 0;
}

static inline int sourcing_end(void **state)
{
    (void)state;
    source->ops->free(source);
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static inline void open_source(const char *text, struct px_fetch_opts opts)
{
    static char path[300];
    static const char *input = path;
    const int fd = openat(area.fd, "list", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    snprintf(path, sizeof path, "%s/list", area.dir);
    opts.workers = 1;
    opts.dir = opts.dir != NULL ? opts.dir : area.dir;
    opts.inputs = &input;
    opts.n_inputs = 1;
    opts.io = io_fault_ops();
    fetch = fetching_new(&opts);
    fetch->clock = &fake.clock;
    assert_int_equal(px_fetch_source(fetch, &source), PX_OK);
}

static inline struct fetch_task *next(bool finished)
{
    struct px_next out;
    assert_int_equal(source->ops->next(source, &out), PX_OK);
    assert_int_equal(out.finished, finished);
    return task_of(out.task);
}

static inline int64_t next_again(void)
{
    struct px_next out;
    assert_int_equal(source->ops->next(source, &out), PX_EAGAIN);
    return out.until_ns;
}

static inline void expect_end(void)
{
    struct px_next out;
    assert_int_equal(source->ops->next(source, &out), PX_EEND);
}

static inline void release(struct fetch_task *task)
{
    source->ops->release(source, &task->result);
}

/* What a worker does to a task that fails. */
static inline int fail_with(struct fetch_task *task, struct retry_facts facts)
{
    task->item.attempts++;
    task->facts = facts;
    task->detail.http_status = facts.busy ? 429 : 0;
    task_set_failed(task, facts.status, 0, "failed");
    return source->ops->done(source, &task->result);
}

static const struct retry_facts net = {.status = PX_ENET, .transient = true};
static const struct retry_facts lasting = {.status = PX_EHTTP};

static inline struct retry_facts busy_for(int64_t ms)
{
    return (struct retry_facts){
        .status = PX_EHTTP, .transient = true, .busy = true, .retry_after_ms = ms};
}

static inline void finish_well(struct fetch_task *task)
{
    task_set_ok(task, 1);
    assert_int_equal(source->ops->done(source, &task->result), PX_OK);
    release(task);
}

#endif
