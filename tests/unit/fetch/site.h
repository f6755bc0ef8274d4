/* SPDX-License-Identifier: MIT
 *
 * fetch/site.h - a server, a directory and an engine together, for the tests of what a worker does.
 * Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_SITE_H
#define PX_TESTS_FETCH_SITE_H

#include "fetch/fetching.h"
#include "support/http.h"
#include "support/io_fault.h"

struct site {
    struct area area;
    struct http_server server;
    struct px_fetch *fetch;
    struct fake_worker worker;
};

/* opts.workers, dir and io are filled in here. */
static inline void site_open(struct site *site, http_handler *handler, struct px_fetch_opts opts)
{
    area_make(&site->area);
    http_start(&site->server, handler, NULL);
    io_fault_reset();
    opts.workers = 1;
    opts.dir = site->area.dir;
    opts.io = io_fault_ops();
    site->fetch = fetching_new(&opts);
    fake_init(&site->worker);
}

static inline void site_close(struct site *site)
{
    for (size_t i = 0; i < site->worker.n_emitted; i++) {
        task_free(site->worker.emitted[i]);
    }
    px_fetch_free(site->fetch);
    http_fini(&site->server);
    area_remove(&site->area);
}

static inline struct fetch_task *site_give(struct site *site, const char *path, const char *options)
{
    struct fetch_task *task = fetching_task(site->fetch, http_url(&site->server, path), options);
    fake_give(&site->worker, task);
    return task;
}

/* One task, one try. */
static inline struct fetch_task *site_fetch(struct site *site, const char *path,
                                            const char *options)
{
    struct fetch_task *task = site_give(site, path, options);
    fake_run(&site->worker, site->fetch);
    return task;
}

/* The same task again, as after its pause. */
static inline void site_again(struct site *site, struct fetch_task *task)
{
    fake_init(&site->worker);
    fake_give(&site->worker, task);
    fake_run(&site->worker, site->fetch);
}

/* Had the request (from 0) this header? Read after http_stop() or at rest. */
static inline bool site_was_sent(const struct site *site, unsigned request, const char *name)
{
    char value[256];
    return http_header(site->server.heads[request], name, value, sizeof value);
}

#endif
