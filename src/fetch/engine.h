/* SPDX-License-Identifier: MIT
 *
 * fetch/engine.h - what the source and all workers of one run share: struct px_fetch, seen from
 * inside src/fetch.
 *
 * Fixed after px_fetch_new(), but for what has a lock of its own (dirs, targets, share) and the accounts, of
 * which each worker writes one.
 */
#ifndef FETCH_ENGINE_H
#define FETCH_ENGINE_H

#include <stdalign.h>
#include <sys/types.h>

#include <curl/curl.h>

#include <pxfer/fetch.h>

#include "base/cache_line.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "fetch/board.h"
#include "fetch/dirs.h"
#include "core/meter.h"
#include "fetch/pauses.h"
#include "fetch/present.h"
#include "fetch/quirk.h"
#include "fetch/retry.h"
#include "fetch/slow.h"
#include "fetch/state.h"

struct cookies;
struct targets;

struct stream;

/* Written by one worker. */
struct engine_account {
    alignas(PX_CACHE_LINE) struct px_account account;
};

struct conns;

struct px_fetch {
    struct px_fetch_opts opts; /* with the defaults filled in */
    const struct px_io_ops *io;
    const struct px_clock *clock; /* a test may put its own here before it makes the source */
    struct retry_policy retry;
    mode_t mode; /* 0666 & ~umask */
    char boot[STATE_BOOT_ROOM];
    char user_agent[64];
    struct quirks quirks; /* of the libcurl that is loaded */
    size_t buffer_bytes;  /* coalesced before a write, for each transfer */

    struct cookies *cookies;    /* of --load-cookies, NULL = none */
    struct curl_slist *resolve; /* of --resolve */
    bool guarded;               /* no easy handle may go on from one origin to another */

    struct targets *targets;
    struct dirs *dirs;
    const struct dir *base; /* opts.dir */
    struct present present; /* what was in it when the run began */

    CURLSH *share;
    struct px_mutex share_lock[CURL_LOCK_DATA_LAST];
    unsigned share_locks; /* that were initialised */

    struct board *board; /* files that could do with help; has a lock of its own */
    struct engine_account *accounts;
    struct stream *stream; /* --stdout: the owner's thread alone; else NULL */
    struct pauses pauses;  /* this and the meter change while workers run */
    struct conns *conns;   /* -x: connections that are kept; has its own lock. NULL: no limit */
    struct meter meter;    /* --limit-rate: all transfers draw from it */
    bool throttled;        /* there is a limit of rates */
    struct slow_rule slow;
    unsigned level; /* -j auto: the source's, on the owner's thread; else 0 */
};

/* Does each URL become a file with a name? */
static inline bool engine_has_targets(const struct px_fetch *fetch)
{
    return fetch->opts.out_fd == 0 && !fetch->opts.spider;
}

/* Name of the thread for the log and -v: worker index of a px_worker. */
static inline struct px_account *engine_account_of(const struct px_fetch *fetch, unsigned worker)
{
    return &fetch->accounts[worker].account;
}

#endif
