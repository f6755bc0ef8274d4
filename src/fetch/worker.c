/* SPDX-License-Identifier: MIT
 *
 * fetch/worker.c - the worker body: up to `streams` transfers at a time in one curl multi handle.
 *
 * DESIGN
 *
 * One path from a list to files. The source (source.c, the owner's thread) makes tasks; the pool
 * hands each to some worker; a worker fetches it and emits it; the owner sees it come back and gives
 * it to the source, which keeps it for another try or lets it be reported. A task is owned by
 * whoever holds it, so nothing in it is locked. All that workers share is struct px_fetch
 * (engine.h): options that nobody changes, a table of open directories, and libcurl's DNS cache,
 * each of the two with its own lock.
 *
 * A worker owns one curl multi handle for its whole life, and so its connections, TLS sessions and
 * parsed CA bundle: libcurl is never used from two threads at once. It has `streams` places
 * (struct transfer), each with a kept easy handle and a buffer. With nothing in flight it blocks in
 * px_worker_next(); with something in flight it takes only what is there at once, then lets libcurl
 * work and waits for sockets, never longer than POLL_MS: that bounds how late it sees the stop flag.
 * `-j 5` is five workers with one place; `-j 8 --streams 64` is the same code.
 *
 * Who owns which bytes when. libcurl's receive buffer -> (write callback, body.c) -> the place's own
 * buffer -> (flush) -> the part file. At the first byte of a body, before anything is written, the
 * gate (gate.c) has judged the reply's head. The place's buffer is empty between two requests: what
 * is in a part is what was flushed, so a part can wait for its next try in its task, without a
 * buffer, and go on in another worker.
 *
 * On an error of a transfer, the task's facts say what it was and whether it may pass; the worker
 * never waits and never decides to try again, because a host that asked for a pause asked it of all
 * workers. Redirects and clean restarts (the server's file changed) are not tries: they go on at
 * once, in the same place.
 *
 * On an error of a local file, the callback stops the request and the task fails with its class; a
 * full disk stops the intake in the run loop above, not here.
 *
 * On cancel (px_worker_stopping), every transfer is taken out of the multi handle, what is kept
 * under a name is flushed, and each task is emitted as canceled; so is every task that the queue
 * still hands out. A write callback looks at the flag, too, so a fast body does not outrun it.
 *
 * A file that was finished is published before its task is emitted: a result that says "ok" is never
 * ahead of the disk.
 */
#define _GNU_SOURCE
#include "fetch/worker.h"

#include <stdlib.h>

#include <curl/curl.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "fetch/conns.h"
#include "fetch/engine.h"
#include "fetch/request.h"
#include "fetch/task.h"
#include "fetch/throttle.h"
#include "fetch/transfer.h"

/* The longest wait for sockets. It bounds the answer to a cancel, and how long a new task waits for
 * a free place. */
#define POLL_MS 100
#define POLL_FREE_MS 50

struct fetch_worker {
    struct px_worker *worker;
    struct px_fetch *fetch;
    CURLM *multi;
    struct curl_slist *run_headers;
    unsigned streams;
    unsigned in_flight;
    int64_t busy_since_ns; /* 0: nothing in flight */
    int64_t ticked_ns;
    int64_t held_until_ns; /* the first of those that a limit of rates holds may go on */
    bool ended;            /* px_worker_next() said that there is no more */
    struct transfer *places;
};

void worker_fini(struct px_worker *worker, void *state)
{
    struct fetch_worker *self = state;

    (void)worker;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; self->places != NULL && i < self->streams; i++) {
        transfer_fini(&self->places[i]);
    }
    free(self->places);
    curl_multi_cleanup(self->multi);
    curl_slist_free_all(self->run_headers);
    free(self);
}

int worker_init(struct px_worker *worker, void *ctx, void **state)
{
    struct px_fetch *fetch = ctx;
    struct fetch_worker *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return PX_ENOMEM;
    }
    self->worker = worker;
    self->fetch = fetch;
    self->streams = fetch->opts.streams;
    self->places = calloc(self->streams, sizeof *self->places);
    int rc = self->places != NULL ? PX_OK : PX_ENOMEM;
    if (rc == PX_OK) {
        rc = request_multi_new(fetch, &self->multi);
    }
    if (rc == PX_OK) {
        rc = request_run_headers(fetch, &self->run_headers);
    }
    for (unsigned i = 0; i < self->streams && rc == PX_OK; i++) {
        size_t slot = (size_t)worker->index * self->streams + i;

        rc = transfer_init(&self->places[i], fetch, worker, slot, self->run_headers);
    }
    if (rc != PX_OK) {
        worker_fini(worker, self);
        return rc;
    }
    *state = self;
    return PX_OK;
}

static void emit(struct fetch_worker *self, struct transfer *place)
{
    struct fetch_task *task = transfer_release(place);

    conns_use(self->fetch->conns, place->slot, 0);
    if (task->facts.busy && task->facts.retry_after_ms > 0 &&
        task->facts.retry_after_ms <= self->fetch->retry.max_retry_after_ms) {
        /* the source will decide the same, but other workers are about to ask that host now */
        pauses_post(&self->fetch->pauses, task->origin,
                    px_deadline_in_ns(task->facts.retry_after_ms * PX_NS_PER_MS));
    }
    px_worker_emit(self->worker, &task->result);
}

static void wake_by(struct fetch_worker *self, int64_t until_ns)
{
    self->held_until_ns = until_ns < self->held_until_ns ? until_ns : self->held_until_ns;
}

/* Puts the place's request into the multi handle, or ends the try. */
static void start_request(struct fetch_worker *self, struct transfer *place)
{
    if (curl_multi_add_handle(self->multi, place->easy) != CURLM_OK) {
        task_set_failed(place->task, PX_ENOMEM, 0, "transfer: no memory");
        place->task->facts = (struct retry_facts){.status = PX_ENOMEM};
        emit(self, place);
        return;
    }
    if (self->in_flight++ == 0) {
        self->busy_since_ns = px_now_ns();
    }
}

static void stop_request(struct fetch_worker *self, struct transfer *place)
{
    PX_IGNORE(curl_multi_remove_handle(self->multi, place->easy)); /* it is in: cannot fail */
    if (--self->in_flight == 0) {
        engine_account_of(self->fetch, self->worker->index)->busy_ns +=
            px_now_ns() - self->busy_since_ns;
    }
}

static void begin_task(struct fetch_worker *self, struct transfer *place, struct fetch_task *task)
{
    if (px_worker_stopping(self->worker)) {
        task_set_canceled(task);
        px_worker_emit(self->worker, &task->result);
        return;
    }
    const int64_t now = px_now_ns();
    if (pauses_until(&self->fetch->pauses, task->origin) > now) {
        task->held_back = true;
        px_worker_emit(self->worker, &task->result);
        return;
    }
    conns_use(self->fetch->conns, place->slot, task->origin);
    if (transfer_begin(place, task, now) == PX_OK) {
        start_request(self, place);
    } else {
        emit(self, place);
    }
}

/* A place whose last bytes are not paid for (--limit-rate) takes no task. */
static bool is_free(struct fetch_worker *self, const struct transfer *place)
{
    if (!self->fetch->throttled || px_worker_stopping(self->worker) ||
        throttle_is_free(place, px_now_ns())) {
        return true;
    }
    wake_by(self, place->place_until_ns);
    return false;
}

/* Fills free places. Waits only when nothing is in flight and no place is held back. */
static void take_tasks(struct fetch_worker *self)
{
    self->held_until_ns = PX_FOREVER;
    for (unsigned i = 0; i < self->streams && !self->ended; i++) {
        struct transfer *place = &self->places[i];

        while (place->task == NULL && !self->ended && is_free(self, place)) {
            void *task;
            bool idle = self->in_flight == 0 && self->held_until_ns == PX_FOREVER;
            int rc = px_worker_next(self->worker, idle ? PX_FOREVER : PX_NOWAIT, &task);

            self->ended = rc == PX_ECLOSED;
            if (rc != PX_OK) {
                return;
            }
            begin_task(self, place, task_of(task));
        }
    }
}

/* Looks after the requests that libcurl is done with. How many there were. */
static unsigned reap(struct fetch_worker *self)
{
    struct CURLMsg *message;
    unsigned reaped = 0;
    int left;

    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        struct transfer *place = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &place) != CURLE_OK) {
            continue;
        }
        stop_request(self, place);
        if (transfer_end(place, code)) {
            start_request(self, place);
        } else {
            emit(self, place);
        }
        reaped++;
    }
    return reaped;
}

static void cancel_all(struct fetch_worker *self)
{
    for (unsigned i = 0; i < self->streams; i++) {
        struct transfer *place = &self->places[i];

        if (place->task != NULL) {
            stop_request(self, place);
            transfer_cancel(place);
            emit(self, place);
        }
    }
}

/* Now and then: slow bytes are made safe, transfers that have stalled are given up. */
static void tick(struct fetch_worker *self)
{
    int64_t now = px_now_ns();

    if (now - self->ticked_ns < POLL_FREE_MS * PX_NS_PER_MS) {
        return;
    }
    self->ticked_ns = now;
    for (unsigned i = 0; i < self->streams; i++) {
        struct transfer *place = &self->places[i];

        enum fault fault = place->task != NULL ? transfer_tick(place, now) : FAULT_NONE;
        if (fault != FAULT_NONE) {
            stop_request(self, place);
            transfer_give_up(place, fault);
            emit(self, place);
        }
    }
}

/* What a limit of rates holds goes on when it is time. */
static void throttle(struct fetch_worker *self)
{
    int64_t now = px_now_ns();

    for (unsigned i = 0; i < self->streams; i++) {
        if (self->places[i].task != NULL) {
            wake_by(self, throttle_resume(&self->places[i], now));
        }
    }
}

/* How long to wait for sockets. */
static int poll_ms(const struct fetch_worker *self)
{
    bool has_free_place = self->in_flight < self->streams && !self->ended;
    int longest = has_free_place ? POLL_FREE_MS : POLL_MS;

    if (self->held_until_ns == PX_FOREVER) {
        return longest;
    }
    int64_t ms = (self->held_until_ns - px_now_ns() + PX_NS_PER_MS - 1) / PX_NS_PER_MS;
    return ms < 0 ? 0 : ms < longest ? (int)ms : longest;
}

/* One round over what is in flight. */
static void work(struct fetch_worker *self)
{
    int running = 0;

    PX_IGNORE(curl_multi_perform(self->multi, &running)); /* each transfer has its own result */
    if (px_worker_stopping(self->worker)) {
        reap(self);
        cancel_all(self);
        return;
    }
    bool reaped = reap(self) > 0;
    if (self->fetch->throttled) {
        throttle(self);
    }
    if (!reaped) {
        /* out of memory: then it is a busy loop, not an end */
        PX_IGNORE(curl_multi_poll(self->multi, NULL, 0, poll_ms(self), NULL));
    }
    tick(self); /* also when there always is something to reap */
}

void worker_run(struct px_worker *worker, void *state)
{
    struct fetch_worker *self = state;

    (void)worker;
    self->ended = false;
    while (!self->ended || self->in_flight > 0) {
        take_tasks(self);
        if (self->in_flight > 0 || self->held_until_ns != PX_FOREVER) {
            work(self);
        }
    }
}
