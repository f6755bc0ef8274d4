/* SPDX-License-Identifier: MIT
 *
 * pxfer/copy.h - the copy engine: a source that checks the operands and a worker body that walks
 * trees and copies files.
 *
 *     px_copy_source(copy)     operands -> one root task each, checked before anything is written
 *     px_copy_body(copy)       directories, batches of files, chunks of large files
 *
 * A task's result is its own struct px_result with a batch of items; `detail` of an item is a
 * struct px_copy_detail.
 */
#ifndef PXFER_COPY_H
#define PXFER_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/activity.h>
#include <pxfer/attr.h>
#include <pxfer/item.h>
#include <pxfer/log.h>
#include <pxfer/source.h>
#include <pxfer/timing.h>
#include <pxfer/worker.h>

PX_BEGIN_DECLS

struct px_copy;
struct px_io_ops;

enum px_reflink { PX_REFLINK_AUTO, PX_REFLINK_ALWAYS, PX_REFLINK_NEVER };

enum px_sparse {
    PX_SPARSE_AUTO,   /* holes of the source stay holes */
    PX_SPARSE_ALWAYS, /* zeros become holes, too */
    PX_SPARSE_NEVER,  /* holes are filled */
};

enum px_update {
    PX_UPDATE_ALL,   /* the default: replace what is there */
    PX_UPDATE_NONE,  /* -n: an existing target is skipped */
    PX_UPDATE_OLDER, /* -u: replaced only when older than the source, or, same mtime, other size */
    PX_UPDATE_NONE_FAIL, /* as NONE, and each target that exists is a failure */
    PX_UPDATE_CHANGED,   /* replaced when size or mtime differ, in either direction */
    PX_UPDATE_SIZE,      /* replaced when the size differs; links always */
    PX_UPDATE_CONTENTS,  /* replaced when the bytes differ; else it only gets the attributes */
};

/* What becomes of a file; directories are made in any case. */
enum px_copy_files {
    PX_FILES_COPY,
    PX_FILES_LINK,      /* a hard link to the source; links and nodes, too */
    PX_FILES_SYMLINK,   /* a symbolic link to the source's path; these, too */
    PX_FILES_ATTRIBUTES /* an empty one; what exists gets the attributes only */
};

/* Which symbolic links are followed. */
enum px_follow {
    PX_FOLLOW_NEVER,    /* -P, the default */
    PX_FOLLOW_OPERANDS, /* -H */
    PX_FOLLOW_ALL,      /* -L */
};

/* The digest that is made of the whole content while it is copied. */
enum px_copy_hash {
    PX_HASH_NONE,
    PX_HASH_SHA256,
    PX_HASH_XXH3, /* 128 bits */
};

#define PX_COPY_DIGEST_ROOM 65 /* hex digits and a NUL */

/* When what is copied is on the disk. */
enum px_copy_sync {
    PX_SYNC_NONE, /* the system decides, as for cp */
    PX_SYNC_END,  /* px_copy_sync() after the last file */
    PX_SYNC_FILE, /* each file before it gets its name, each directory when it ends */
};

/* What earlier runs have done, for those who keep a journal. All workers ask at once. Paths are as
 * they are told in items. What could have been lost since (the power was cut, and nobody had made it
 * durable) must not be found. */
struct px_copy_record {
    uint64_t bytes;
    int64_t mtime_ns;                 /* the source's when it was copied, and so the target's */
    char digest[PX_COPY_DIGEST_ROOM]; /* "" = none */
};

#define PX_COPY_RUN_ROOM 33

struct px_copy_chunk { /* of a large file that is not finished */
    uint64_t offset;
    uint64_t bytes;
    uint64_t size; /* the source's, and its time: */
    int64_t mtime_ns;
    char begun[PX_COPY_RUN_ROOM]; /* the run that began the temporary file */
    bool durable;
};

struct px_copy_part { /* its temporary file */
    uint64_t inode;
    uint64_t size; /* of the source, and its time, when the file was begun */
    int64_t mtime_ns;
    char begun[PX_COPY_RUN_ROOM]; /* the run that began it */
    bool durable;                 /* to be noted durably */
};

struct px_copy_memory {
    void *ctx;
    const char *run; /* marks this run's items; lives as long as they do */
    bool (*find)(void *ctx, const char *source, const char *target, struct px_copy_record *out);
    /* This run begins a temporary file anew: no chunk that was noted before counts. False: that could
     * not be noted. */
    bool (*begin)(void *ctx, const char *source, const char *target,
                  const struct px_copy_part *part);
    /* The one that was begun last. */
    bool (*find_begin)(void *ctx, const char *source, const char *target, struct px_copy_part *out);
    bool (*find_chunk)(void *ctx, const char *source, const char *target, uint64_t offset,
                       struct px_copy_chunk *out);
    void (*note_chunk)(void *ctx, const char *source, const char *target,
                       const struct px_copy_chunk *chunk);
};

/* What becomes of a file that is replaced. */
enum px_backup {
    PX_BACKUP_NONE,
    PX_BACKUP_SIMPLE,   /* NAME~, or another suffix */
    PX_BACKUP_NUMBERED, /* NAME.~1~: the first number that is free */
};

/* Names that are left out or taken: the first rule that matches decides. */
enum px_rule { PX_RULE_EXCLUDE, PX_RULE_INCLUDE, PX_RULE_EXCLUDE_FROM };

struct px_copy_rule {
    enum px_rule kind;
    const char *text; /* a pattern; EXCLUDE_FROM: the path of a file of them */
};

/* What an item is. */
enum px_copy_type { PX_COPY_FILE, PX_COPY_DIR, PX_COPY_LINK, PX_COPY_SPECIAL };

/* What is done to the target. */
enum px_copy_action {
    PX_ACTION_MAKE,    /* it is new */
    PX_ACTION_REPLACE, /* something is there; a directory: merged */
    PX_ACTION_DELETE   /* the source has none */
};

/* How the bytes of a file went. */
enum px_copy_engine {
    PX_ENGINE_NONE,
    PX_ENGINE_REFLINK,
    PX_ENGINE_COPY_FILE_RANGE,
    PX_ENGINE_READ_WRITE,
    PX_ENGINE_LINK,    /* none: a hard link to the copy of another name, or source */
    PX_ENGINE_SYMLINK, /* none: a symbolic link to the source */
    PX_COPY_ENGINES_
};

/* What can be kept of a file beside its bytes; a mask. */
enum px_copy_keep {
    PX_KEEP_MODE = 1 << 0, /* with the ACLs */
    PX_KEEP_OWNERSHIP = 1 << 1,
    PX_KEEP_TIMESTAMPS = 1 << 2,
    PX_KEEP_XATTR = 1 << 3, /* with the capabilities */
    PX_KEEP_LINKS = 1 << 4, /* hard links stay links of each other */
    PX_KEEP_CONTEXT = 1 << 5,
    PX_KEEP_ALL = (1 << 6) - 1
};

/* Masks of px_copy_keep. What is in neither is kept where that is allowed, without a word where not
 * (a refused extended attribute: one warning). */
struct px_copy_attrs {
    unsigned lose;   /* is not kept */
    unsigned demand; /* asked for by name: failing to keep it fails the item */
};

/* All borrowed, all must outlive the engine. {0} plus workers, sources, target = cp -a. */
struct px_copy_opts {
    const char *const *sources;
    size_t n_sources;
    const char *target;      /* DST */
    const char *const *also; /* further destinations, written from the same read */
    size_t n_also;
    const struct px_copy_rule *rules; /* --exclude, --include, --exclude-from, in their order */
    size_t n_rules;
    const char *names_from;     /* --files-from: names below the one source; "-" = standard input */
    const char *const *names;   /* --parents: paths below the one source, which is "." or "/" ... */
    size_t n_names;             /* ... taken with the directories above; `target_is_dir` is set */
    const char *backup_suffix;  /* NULL = "~" */
    uint64_t max_delete;        /* names; 0 = no limit, but with delete_none */
    uint64_t chunk_bytes;       /* 0 = 64 MiB; files from two chunks up are shared by workers */
    unsigned shard_index;       /* of runs of the same command: take only this share ... */
    unsigned shard_count;       /* ... of so many; 0 or 1 = all of it */
    unsigned shard_depth;       /* 0 = 1; the shares are of what is so deep below the sources */
    const char *shard_from;     /* said once with the share; NULL = nothing is said */
    uint64_t limit_rate;        /* bytes per second, all workers together; 0 = no limit */
    const struct px_io_ops *io; /* NULL = the real calls */
    struct px_activity *activity;        /* NULL = none; one slot for each worker */
    const struct px_log *log;            /* NULL = none */
    const struct px_copy_memory *memory; /* NULL = none */

    unsigned workers; /* at least 1 */
    enum px_update update;
    enum px_copy_files files;
    enum px_reflink reflink; /* AUTO: not with another `sparse` than AUTO */
    enum px_sparse sparse;
    struct px_copy_attrs keep;
    enum px_follow follow;
    enum px_backup backup;
    enum px_copy_hash hash; /* into px_copy_detail.digest */
    enum px_copy_sync sync;

    bool target_is_dir;   /* -t: must be a directory */
    bool target_is_thing; /* -T: DST is the thing itself */
    bool existing_only;   /* what the target lacks is not made, neither file nor directory */
    bool one_file_system; /* -x */
    bool specials;        /* FIFOs, sockets and devices are made anew; else skipped */
    bool names_nul;       /* names_from, and lines of patterns, end in NUL */
    bool remove_extra;    /* --delete */
    bool delete_none;     /* --max-delete=0: each name that would be removed fails */
    bool direct;          /* O_DIRECT for files from 1 MiB, where both file systems take it */
    bool drop_cache;      /* leave nothing in memory that was not there before */
    bool explain;         /* say which way the bytes go and why, at any level of `log` but quiet */
    bool allow_changing;  /* of a file that grows, the bytes that it had at first */
    bool verify;          /* read the target again before it gets its name */
    bool check;           /* write nothing, compare */
    bool dry_run;         /* decide, write nothing: every item comes back skipped */
    bool no_space_check;  /* begin whether there seems to be room or not */
    bool every_item;      /* results list every item, not only failures (journal, -v, --json) */
};

struct px_copy_detail {
    enum px_copy_type type;
    enum px_copy_action action; /* in a dry run what would be done; MAKE where nobody looked */
    enum px_copy_engine engine;
    const char *run;         /* px_copy_memory.run, for a file that was copied; NULL = none */
    int64_t mtime_ns;        /* with `run`: of source and copy */
    uint64_t bytes_kept;     /* of the item's bytes: what an earlier run had copied */
    const char *digest;      /* hex, of a file that was copied; NULL = none asked for */
    const char *skip_reason; /* "exists", "not older", "special file" ...; NULL = none */
    bool durable;            /* it was put on the disk */
};

enum px_copy_phase {
    PX_COPY_WALK,
    PX_COPY_OPEN, /* open, create, publish */
    PX_COPY_DATA,
    PX_COPY_META,
    PX_COPY_SYNC,
    PX_COPY_PHASES_
};

enum px_copy_counter {
    PX_COPY_REFLINKED, /* files by engine */
    PX_COPY_RANGED,
    PX_COPY_WRITTEN,
    PX_COPY_DIRS,
    PX_COPY_CHUNKS,
    PX_COPY_CHUNKS_KEPT, /* from an earlier run */
    PX_COPY_DELETED,     /* names, those inside deleted directories too */
    PX_COPY_LINKED,      /* hard links to what was copied under another name */
    PX_COPY_CALLS,       /* system calls of the workers */
    PX_COPY_COUNTERS_
};

/* NULL-terminated, in the order of the enums. Static. */
PX_API const char *const *px_copy_phase_names(void);
PX_API const char *const *px_copy_counter_names(void);
PX_API const char *px_copy_type_name(enum px_copy_type type);
PX_API const char *px_copy_engine_name(enum px_copy_engine engine);

/* Checks all operands before anything is written: cp's destination rule, same file, a directory
 * into itself, directory over file and file over directory, two sources with one target.
 * Asks, too, whether there is room: PX_EFULL, when no destination has it.
 * PX_EREFUSED / PX_ESRC / PX_EIO / PX_EUSAGE with a message in `error` (n bytes); PX_ENOMEM.
 * A source operand that does not exist is not an error here: it is a failed item. */
PX_API PX_NODISCARD int px_copy_new(const struct px_copy_opts *opts, char *error, size_t n,
                                    struct px_copy **out);
/* After the pool is gone and the source freed. */
PX_API void px_copy_free(struct px_copy *copy);

/* The one source of this engine; free it with ops->free before the engine. PX_ENOMEM. */
PX_API PX_NODISCARD int px_copy_source(struct px_copy *copy, struct px_source **out);

/* By value; ctx points to the engine. */
PX_API struct px_worker_body px_copy_body(struct px_copy *copy);

/* After the pool is drained: puts the file system of the target on its disk, if PX_SYNC_END asks for
 * it. PX_EIO. */
PX_API PX_NODISCARD int px_copy_sync(struct px_copy *copy);

/* After the pool is drained. worker < opts.workers. */
PX_API const struct px_account *px_copy_account(const struct px_copy *copy, unsigned worker);

PX_END_DECLS

#endif
