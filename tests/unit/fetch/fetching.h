/* SPDX-License-Identifier: MIT
 *
 * fetch/fetching.h - what the tests of the download engine share: a directory of the test's own, an
 * engine, list entries, and a worker handle that hands out tasks from an array and collects what is
 * emitted, on the test's own thread. Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_FETCHING_H
#define PX_TESTS_FETCH_FETCHING_H

#include <stdatomic.h>
#include <curl/curl.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/engine.h"
#include "fetch/list/list.h"
#include "fetch/task.h"
#include "fetch/task_make.h"
#include "fetch/worker.h"

/* --- a directory ------------------------------------------------------------------------------ */

struct area {
    char dir[64];
    int fd;
};

static inline void area_make(struct area *area)
{
    snprintf(area->dir, sizeof area->dir, "/tmp/pxfer-fetch-XXXXXX");
    assert_non_null(mkdtemp(area->dir));
    area->fd = open(area->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(area->fd >= 0);
}

static inline void area_empty(int fd)
{
    DIR *dir = fdopendir(dup(fd));
    assert_non_null(dir);
    rewinddir(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (unlinkat(fd, entry->d_name, 0) != 0) {
            const int sub = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY);
            if (sub >= 0) {
                area_empty(sub);
                close(sub);
                unlinkat(fd, entry->d_name, AT_REMOVEDIR);
            }
        }
    }
    closedir(dir);
}

static inline void area_remove(struct area *area)
{
    area_empty(area->fd);
    close(area->fd);
    assert_int_equal(rmdir(area->dir), 0);
}

static inline bool area_has(const struct area *area, const char *name)
{
    struct stat st;
    return fstatat(area->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline unsigned area_count(const struct area *area)
{
    DIR *dir = opendir(area->dir);
    unsigned count = 0;
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count - 2;
}

static inline void area_put(const struct area *area, const char *name, const void *bytes, size_t n)
{
    const int fd = openat(area->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

/* The file's bytes with a NUL behind, to be freed; NULL: it is not there. */
static inline char *area_get(const struct area *area, const char *name, size_t *n)
{
    const int fd = openat(area->fd, name, O_RDONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return NULL;
    }
    char *bytes = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    *n = (size_t)st.st_size;
    return bytes;
}

static inline void area_assert(const struct area *area, const char *name, const void *bytes,
                               size_t n)
{
    size_t got = 0;
    char *held = area_get(area, name, &got);
    assert_non_null(held);
    assert_int_equal(got, n);
    assert_memory_equal(held, bytes, n);
    free(held);
}

/* --- an engine -------------------------------------------------------------------------------- */

static inline struct px_fetch *fetching_new(const struct px_fetch_opts *opts)
{
    struct px_fetch *fetch = NULL;
    char error[256];
    assert_int_equal(px_fetch_new(opts, error, sizeof error, &fetch), PX_OK);
    return fetch;
}

static inline struct list_entry fetching_entry(const char *url, const char *options)
{
    return (struct list_entry){.url = url,
                               .url_len = strlen(url),
                               .mirrors = "",
                               .options = options,
                               .options_len = strlen(options),
                               .line = 1,
                               .bad = list_url_fault(url, strlen(url))};
}

static inline struct fetch_task *fetching_task(const struct px_fetch *fetch, const char *url,
                                               const char *options)
{
    const struct list_entry entry = fetching_entry(url, options);
    struct fetch_task *task = NULL;
    assert_int_equal(task_new(fetch, &entry, &task), PX_OK);
    return task;
}

/* The same with mirrors, a TAB between two. */
static inline struct fetch_task *fetching_task_of_mirrors(const struct px_fetch *fetch,
                                                          const char *url, const char *mirrors,
                                                          const char *options)
{
    struct list_entry entry = fetching_entry(url, options);
    struct fetch_task *task = NULL;
    entry.mirrors = mirrors;
    entry.mirrors_len = strlen(mirrors);
    assert_int_equal(task_new(fetch, &entry, &task), PX_OK);
    return task;
}

/* As a test's setup and teardown: *state is a struct fetching, an engine for a directory of its own. */
struct fetching {
    struct area area;
    struct px_fetch *fetch;
};

static inline int fetching_open(void **state)
{
    struct fetching *on = calloc(1, sizeof *on);
    assert_non_null(on);
    area_make(&on->area);
    on->fetch = fetching_new(&(struct px_fetch_opts){.workers = 1, .dir = on->area.dir});
    *state = on;
    return 0;
}

static inline int fetching_close(void **state)
{
    struct fetching *on = *state;
    px_fetch_free(on->fetch);
    area_remove(&on->area);
    free(on);
    return 0;
}

/* --- a worker handle -------------------------------------------------------------------------- */

#define FETCHING_TASKS 64

struct fake_worker {
    struct px_worker base; /* first */
    struct fetch_task *tasks[FETCHING_TASKS];
    size_t n_tasks, next;
    struct fetch_task *emitted[FETCHING_TASKS];
    size_t n_emitted;
    atomic_bool stop;
    size_t stop_after_next; /* raise stop when so many were handed out; 0 = never */
};

static inline int fake_next(struct px_worker *worker, int64_t deadline_ns, void **task)
{
    struct fake_worker *fake = (struct fake_worker *)worker;
    (void)deadline_ns;
    if (fake->next == fake->n_tasks) {
        return PX_ECLOSED;
    }
    *task = fake->tasks[fake->next++];
    if (fake->stop_after_next != 0 && fake->next >= fake->stop_after_next) {
        atomic_store(&fake->stop, true);
    }
    return PX_OK;
}

static inline int fake_offer(struct px_worker *worker, void *task)
{
    (void)worker;
    (void)task;
    return PX_EAGAIN;
}

static inline void fake_emit(struct px_worker *worker, void *result)
{
    struct fake_worker *fake = (struct fake_worker *)worker;
    fake->emitted[fake->n_emitted++] = task_of(result);
}

static inline bool fake_stopping(const struct px_worker *worker)
{
    return atomic_load(&((const struct fake_worker *)worker)->stop);
}

static inline void fake_init(struct fake_worker *fake)
{
    static const struct px_worker_ops ops = {
        .next = fake_next, .offer = fake_offer, .emit = fake_emit, .stopping = fake_stopping};
    memset(fake, 0, sizeof *fake);
    fake->base.ops = &ops;
}

static inline void fake_give(struct fake_worker *fake, struct fetch_task *task)
{
    fake->tasks[fake->n_tasks++] = task;
}

/* One life of a worker: all tasks that were given, each emitted. */
static inline void fake_run(struct fake_worker *fake, struct px_fetch *fetch)
{
    void *state = NULL;
    assert_int_equal(worker_init(&fake->base, fetch, &state), PX_OK);
    worker_run(&fake->base, state);
    worker_fini(&fake->base, state);
    assert_int_equal(fake->n_emitted, fake->n_tasks);
}

static inline int fetching_setup(void **state)
{
    (void)state;
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static inline int fetching_teardown(void **state)
{
    (void)state;
    curl_global_cleanup();
    return 0;
}

#endif
