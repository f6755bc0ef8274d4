/* SPDX-License-Identifier: MIT
 *
 * fetch/transfer.h - one place in a worker where one task at a time is fetched: a kept easy handle,
 * a write buffer, and the state of the try that is going on.
 *
 * A try is one or more requests: redirects and clean restarts happen inside it. Everything here is
 * called on the worker's own thread.
 */
#ifndef FETCH_TRANSFER_H
#define FETCH_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include <curl/curl.h>

#include <pxfer/attr.h>

#include "fetch/cookies.h"
#include "fetch/fault.h"
#include "fetch/gate.h"
#include "fetch/head.h"
#include "fetch/limits.h"
#include "fetch/stated.h"
#include "fetch/slow.h"

struct fetch_task;
struct px_fetch;
struct px_worker;
struct title;

struct transfer {
    /* fixed after transfer_init() */
    struct px_fetch *fetch;
    struct px_worker *worker;
    size_t slot;                    /* of the activity display */
    struct curl_slist *run_headers; /* borrowed: the worker's */
    CURL *easy;
    struct jar jar;        /* what its cookie engine holds */
    uint64_t bound_origin; /* the only one that it may be used for; 0 = any */
    char *buffer;          /* fetch->buffer_bytes; allocated for the first body */

    struct fetch_task *task; /* NULL: free */
    int64_t place_until_ns;  /* no task before: the rate of all is not paid (throttle.h) */

    /* this try */
    int64_t begin_ns;
    int64_t phase_ns[8]; /* PX_PHASES */
    unsigned hops;
    bool bound_to_task; /* of the handle: the URL has userinfo, or there was a Host header */
    bool same_origin;   /* of this hop and the task's URL */
    char *hop_url;      /* owned; NULL: the task's own URL */
    struct curl_slist *task_headers; /* owned; NULL: none, or the run's are used */
    struct curl_slist *hop_headers;  /* owned; for other origins */
    uint64_t write_at;               /* of a piece: where the buffer goes */
    unsigned piece;                  /* of the task's split; SPLIT_NONE */

    /* this request */
    uint64_t from, to;     /* the range that was asked for, to 0: open; both 0: the whole */
    enum gate_trust trust; /* how the reply's bytes are known to belong to those held */
    uint64_t compare_left; /* of the reply's bytes, so many at its head are held already */
    uint64_t skip;         /* likewise, but they need no comparing (piece.c) */
    bool other;            /* the bytes held came from another mirror */
    bool judged;
    bool plain_frames; /* HTTP/1: a body ends where its length says, and no frame with it */
    bool excess;       /* bytes came behind that */
    bool tls_open;     /* a body without a length: TLS has not told its end (torn.c) */
    bool over;         /* a piece that needs no more bytes (piece.c) */
    bool kept;         /* the part has its name, and its state is of this request */
    bool at_end;       /* all bytes of the body have come */
    bool aborted;      /* by a callback of ours: `gate`, `local` say why */
    bool settled;      /* the head was enough: the task has its outcome */
    struct gate_result gate;
    char why[LIMITS_WHY_ROOM]; /* gate.why may point here */
    int local;                 /* PX_OK, or the class of a local failure in a callback */
    uint64_t body_bytes;       /* received, of a body that is taken */
    uint64_t dropped_bytes;    /* received, of a body that nobody wants */
    size_t head_bytes;
    struct head head;
    struct stated stated;
    size_t buffered;
    int64_t first_body_ns; /* 0: none yet */
    int64_t last_ns;       /* when they did, as the ticks see it, or the start */
    struct slow slow;
    int64_t until_ns;   /* receives nothing before: a rate is not paid */
    bool held;          /* is paused for that */
    bool moved;         /* bytes came since the last tick */
    unsigned opened;    /* sockets */
    const char *denied; /* the kind of address that was not connected to; static */
    char denied_address[INET6_ADDRSTRLEN];
    int64_t flushed_ns;
    int64_t disk_ns;     /* spent in flushes during the transfer */
    struct title *title; /* owned; --spider with titles: NULL before the first byte */
    char error[CURL_ERROR_SIZE];
};

/* `transfer` is zeroed memory. PX_ENOMEM, PX_EINVAL. */
PX_NODISCARD int transfer_init(struct transfer *transfer, struct px_fetch *fetch,
                               struct px_worker *worker, size_t slot,
                               struct curl_slist *run_headers);
void transfer_fini(struct transfer *transfer);

/* Begins a try. PX_OK: transfer->easy is ready for the multi handle. Else the try is over before it
 * began: emit the task (transfer_release()). */
PX_NODISCARD int transfer_begin(struct transfer *transfer, struct fetch_task *task, int64_t now_ns);

/* The request ended with `code` and its handle has left the multi. True: the next request of the
 * same try is ready for the multi. False: the try is over. */
PX_NODISCARD bool transfer_end(struct transfer *transfer, CURLcode code);

/* The request is given up (its handle has left the multi): as canceled, or for a fault. */
void transfer_cancel(struct transfer *transfer);
void transfer_give_up(struct transfer *transfer, enum fault fault);

/* Every 100 ms or so while the request goes on: keeps slow bytes safe, looks for faults. */
PX_NODISCARD enum fault transfer_tick(struct transfer *transfer, int64_t now_ns);

/* The task, ready to be emitted; the place is free again. */
struct fetch_task *transfer_release(struct transfer *transfer);

#endif
