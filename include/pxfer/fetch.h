/* SPDX-License-Identifier: MIT
 *
 * pxfer/fetch.h - the download engine: a source of URLs and a worker body that fetches them.
 *
 *     struct px_fetch *fetch;      what all workers of one run share: options, DNS cache
 *     px_fetch_source(fetch)       lists -> tasks, retries, pauses of hosts      (owner's thread)
 *     px_fetch_body(fetch)         each worker's curl multi handle               (workers' threads)
 *
 * A task's result is its own struct px_result with exactly one item, whose `detail` is a struct
 * px_fetch_detail. curl_global_init(3) must have been called before px_fetch_new().
 */
#ifndef PXFER_FETCH_H
#define PXFER_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pxfer/activity.h>
#include <pxfer/attr.h>
#include <pxfer/item.h>
#include <pxfer/log.h>
#include <pxfer/source.h>
#include <pxfer/timing.h>
#include <pxfer/worker.h>

PX_BEGIN_DECLS

struct px_fetch;
struct px_io_ops;

enum px_on_exist {
    PX_ON_EXIST_SKIP,  /* the default: a final name is complete by contract */
    PX_ON_EXIST_NEWER, /* asked for again, on the condition that it has changed; then replaced */
    PX_ON_EXIST_OVERWRITE,
    PX_ON_EXIST_RENAME, /* NAME.1, NAME.2 ... */
    PX_ON_EXIST_FAIL,
};

enum px_list_format {
    PX_LIST_AUTO,  /* told by the first bytes of each list; never pairs */
    PX_LIST_ARIA2, /* plain lists: a URL a line, mirrors behind TABs, its options indented below */
    PX_LIST_PAIRS, /* URL PATH */
    PX_LIST_SUMS,  /* HASH  URL */
    PX_LIST_JSONL, /* {"url": ..., "out": ..., "checksum": ..., "headers": ..., "mirrors": ...} */
    PX_LIST_METALINK, /* version 4 (RFC 5854) or 3 */
};

/* What decides which of several runs takes an item. */
enum px_shard_by {
    PX_SHARD_HOST, /* the URL's host: limits for each host hold over all runs */
    PX_SHARD_ITEM, /* the target: even shares */
};

enum px_http_version {
    PX_HTTP_AUTO, /* HTTP/1.1 with one stream, HTTP/2 where offered with several */
    PX_HTTP_1_1,
    PX_HTTP_2,
    PX_HTTP_2_PRIOR_KNOWLEDGE,
};

enum px_fsync {
    PX_FSYNC_NONE, /* the default */
    PX_FSYNC_FILE, /* each file and its directory entry before its name appears */
    PX_FSYNC_END,  /* one syncfs(2) at the end */
};

/* What an earlier run's journal says of a file that was finished. Borrowed until the next look. */
struct px_fetch_record {
    const char *target; /* its final path */
    uint64_t bytes;     /* its size and mtime then: as long as both are the same it is that file */
    int64_t mtime_ns;   /* since 1970 */
    const char *etag;   /* as the server sent them; NULL = none */
    const char *last_modified;
};

/* Where such records come from. `find` looks up px_fetch_detail.id; it also gets the URL, to make
 * sure. False: there is none. Called on the owner's thread. */
struct px_fetch_memory {
    bool (*find)(void *ctx, uint64_t id, const char *url, struct px_fetch_record *out);
    void *ctx;
};

#define PX_SPLIT_AUTO 0xffffffffU

/* Directories that a name gets in front of it. */
enum px_dirs {
    PX_DIRS_FLAT, /* none */
    PX_DIRS_HOST,
    PX_DIRS_PATH,      /* those of the URL */
    PX_DIRS_HOST_PATH, /* both, as wget -x */
};

enum px_tls_min {
    PX_TLS_1_2, /* the least that is spoken at all: RFC 8996 */
    PX_TLS_1_3,
};

enum px_ip {
    PX_IP_ANY,
    PX_IP_4,
    PX_IP_6,
};

/* As whom servers are asked, and over what; all zero = as nobody, straight. */
struct px_fetch_access {
    const char *user;       /* USER:PASS for the URLs that have none of their own */
    bool netrc;             /* look up ~/.netrc */
    const char *netrc_file; /* look up this file */
    const char *cookies;    /* a file in Netscape's format; read by px_fetch_new() */
    const char *referer;
    const char *proxy; /* [SCHEME://][USER:PASS@]HOST[:PORT]; "" = none; NULL = environment's */
    const char *proxy_user;   /* USER:PASS */
    const char *proxy_cacert; /* for a proxy that is spoken to over TLS; NULL = the system's */
    const char *no_proxy;     /* hosts, with commas between; NULL = the environment's */
    const char *cert, *key;   /* PEM, or PKCS#12 where the name ends in .p12 or .pfx */
    enum px_tls_min tls_min;
    enum px_ip ip;
    const char *interface;      /* name or address */
    const char *const *resolve; /* HOST:PORT:ADDRESS[,ADDRESS...] */
    size_t n_resolve;
};

/* All borrowed, all must outlive the engine. {0} plus workers = sensible defaults; a 0 in a field
 * that says so means its default. */
struct px_fetch_opts {
    unsigned workers;  /* at least 1: accounts and activity slots are sized by it */
    unsigned streams;  /* transfers in flight in each worker, 0 = 1 */
    unsigned per_host; /* transfers at a time from one origin of the list, 0 = no limit */
    bool auto_level;   /* find out how many of workers * streams transfers at a time are best */
    int64_t delay_ms;  /* between the starts of two transfers from one origin */

    /* what to fetch: operands; one with "://" is a URL, "-" a list on standard input (fd 0),
     * anything else a list file */
    const char *const *inputs;
    size_t n_inputs;
    bool all_are_lists; /* -i: never take an input for a URL */
    bool nul_separated; /* -0: one URL each, NUL-terminated, no comments, no options */
    bool strict;        /* any bad line: nothing is fetched at all */
    enum px_list_format list_format;
    const char *base_url;              /* of relative lines; NULL = they are bad lines */
    const char *const *checksum_files; /* sha256sum's output and its like, by target names */
    size_t n_checksum_files;
    unsigned shard_index, shard_count; /* take only this share of the list; count 0 = all of it */
    enum px_shard_by shard_by;
    const char *shard_from; /* said once with the share; NULL = nothing is said */
    bool dry_run;           /* decide names, fetch nothing: every item comes back skipped */
    bool confine;           /* dir= of an entry and an absolute out_name lie below `dir`, too */

    /* where to */
    const char *dir;      /* NULL = "." ; made when missing */
    const char *out_name; /* -o: name for the only URL; NULL = from the URL */
    enum px_on_exist on_exist;
    enum px_fsync fsync;
    enum px_dirs dirs;        /* for names that come from URLs and servers */
    unsigned cut_dirs;        /* of the URL's directories so many are left out */
    bool content_disposition; /* the server's name counts, where an entry and out_name give none */
    bool remote_time;         /* files get the server's Last-Modified */
    int out_fd;           /* whole bodies go there, in list order, and to no files; 0 = to files.
                             `dir` holds those that wait; the first failure ends the output */
    uint64_t ahead_bytes; /* that may wait so, 0 = 2 GiB; never more than half of what is free */

    /* how */
    const char *const *headers; /* "Name: value" */
    size_t n_headers;
    const char *user_agent; /* NULL = "pfetch/VERSION" */
    enum px_http_version http;
    bool insecure;
    bool allow_downgrade; /* https -> http redirects */
    const char *cacert;   /* NULL = the system's */
    struct px_fetch_access access;
    int64_t stall_timeout_ms;   /* no byte for so long; 0 = 60 s */
    int64_t connect_timeout_ms; /* 0 = 10 s */
    unsigned split;             /* segments of one file, 0 = 1; PX_SPLIT_AUTO: as many as help */
    int retries;                /* tries after the first; negative = 5 */
    uint64_t min_split_bytes;   /* least size of a segment, 0 = 20 MiB */
    int64_t retry_base_ms;      /* first pause, 0 = 1 s; doubled each time, with jitter, cap 60 s */
    int64_t max_retry_after_ms; /* longest Retry-After that is obeyed, 0 = 300 s, negative: none */

    /* what a reply must be */
    uint64_t min_bytes, max_bytes;   /* of a file; max 0 = any */
    const char *const *expect_types; /* globs for Content-Type without its parameters */
    size_t n_expect_types;           /* 0 = any */
    bool keep_bad;                   /* a file with the wrong digest is kept as .NAME.bad */
    bool ignore_server_digest;    /* do not compare with what the server states (Repr-Digest ...) */
    bool deny_private;            /* connect to addresses of the public internet only */
    int64_t max_time_ms;          /* of one item, all its tries and pauses; 0 = no limit */
    uint64_t limit_rate;          /* bytes per second of all transfers together, 0 = no limit */
    uint64_t limit_rate_per_file; /* of each file; with a limit HTTP/1.1 is spoken */
    uint64_t speed_limit;         /* fewer bytes per second than this ... */
    int64_t speed_time_ms;        /* ... for so long: the try is given up; 0 = 60 s */

    const struct px_fetch_memory *memory; /* what it proves done is skipped; NULL = none */

    /* what else to find out */
    bool spider;  /* only ask whether each URL is there: nothing is written, no `dir` is needed */
    bool details; /* px_fetch_detail.content_type */
    bool titles;  /* px_fetch_detail.title */
    bool stamps;  /* fill in size and mtime of px_fetch_detail */

    const struct px_io_ops *io;   /* NULL = the real calls */
    struct px_activity *activity; /* NULL = none; workers * streams slots */
    const struct px_log *log;     /* NULL = none */
};

/* What the engine knows of an item beyond struct px_item. Strings belong to the task, NULL = not
 * known. */
struct px_fetch_detail {
    long http_status;      /* of the last reply, 0 = none */
    const char *final_url; /* after redirects */
    const char *etag;
    const char *last_modified;
    const char *digest_name; /* "sha-256" when one was computed */
    const char *digest_hex;
    uint64_t id;    /* of the URL without USER:PASS, the target and the checksum: a hash */
    bool has_stamp; /* size and mtime are those of the file that has the name now */
    uint64_t size;
    int64_t mtime_ns;
    unsigned segments;        /* that the file came in; 0 = one stream */
    bool resumed;             /* some bytes came from an earlier try or run */
    uint64_t bytes_kept;      /* of the item's bytes: what an earlier run had left */
    const char *content_type; /* with opts.details */
    const char *title;        /* with opts.titles: of an HTML page, UTF-8 */
    unsigned redirects;       /* followed in the last try */
    const char *skip_reason;  /* "exists", "done", "not modified" ... for PX_ITEM_SKIPPED */
};

/* px_account.phase_ns[]: in the order in which they happen to one transfer. */
enum px_fetch_phase {
    PX_FETCH_QUEUE, /* made by the source -> taken by a worker */
    PX_FETCH_DNS,
    PX_FETCH_CONNECT,
    PX_FETCH_TLS,
    PX_FETCH_FIRST_BYTE,
    PX_FETCH_BODY, /* without DISK */
    PX_FETCH_DISK,
    PX_FETCH_PHASES_
};

/* px_account.counter[] */
enum px_fetch_counter {
    PX_FETCH_CONNECTIONS, /* new connections made */
    PX_FETCH_RETRIES,
    PX_FETCH_RESUMED,
    PX_FETCH_COUNTERS_
};

/* NULL-terminated lists in the order of the enums: "queue", "dns" ... Static. */
PX_API const char *const *px_fetch_phase_names(void);
PX_API const char *const *px_fetch_counter_names(void);

/* PX_EINVAL, PX_ENOMEM; PX_EUSAGE: a header or another value that cannot be used; PX_EIO / PX_EFULL:
 * the directory cannot be made or opened, a file cannot be read; then a message is in `error` (n
 * bytes). Owner's thread, as is everything but the body. */
PX_API PX_NODISCARD int px_fetch_new(const struct px_fetch_opts *opts, char *error, size_t n,
                                     struct px_fetch **out);

/* After the pool is gone and the source freed. With PX_FSYNC_END call px_fetch_sync() before. */
PX_API void px_fetch_free(struct px_fetch *fetch);

/* The one source of this engine; free it with ops->free before the engine. PX_ENOMEM. */
PX_API PX_NODISCARD int px_fetch_source(struct px_fetch *fetch, struct px_source **out);

/* By value; ctx points to the engine. */
PX_API struct px_worker_body px_fetch_body(struct px_fetch *fetch);

/* After the pool is drained. worker < opts.workers. */
PX_API const struct px_account *px_fetch_account(const struct px_fetch *fetch, unsigned worker);

/* How many transfers may go on at a time now, with opts.auto_level; else 0. Owner's thread. */
PX_API unsigned px_fetch_level(const struct px_fetch *fetch);

/* syncfs(2) for PX_FSYNC_END, else nothing. PX_EIO. */
PX_API PX_NODISCARD int px_fetch_sync(struct px_fetch *fetch);

/* Writes the task's list entry (URL and its options, aria2's input format) to `out`, so that the
 * failures of a run can be given to the next as a list. PX_EIO. */
PX_API PX_NODISCARD int px_fetch_write_entry(const struct px_result *task, FILE *out);

PX_END_DECLS

#endif
