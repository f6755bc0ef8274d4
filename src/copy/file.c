/* SPDX-License-Identifier: MIT
 *
 * copy/file.c - the life of one regular file: open, look, create, data, look again, attributes,
 * name. Entered by any worker for a file of its own; large ones may be handed to copy/chunks.c.
 *
 * System calls beyond the data of a small new file in a directory that this run made, nine:
 * openat, fstat, openat(O_TMPFILE), fstat, flistxattr, futimens, linkat, close, close.
 */
#define _GNU_SOURCE /* O_NOATIME */

#include "copy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fdio.h"
#include "copy/check.h"
#include "copy/chunks.h"
#include "copy/data.h"
#include "copy/dir.h"
#include "copy/durable.h"
#include "copy/earlier.h"
#include "copy/handout.h"
#include "copy/policy.h"
#include "copy/reserve.h"
#include "copy/same.h"
#include "copy/select.h"

bool px_file_is_unchanged(const struct stat *before, const struct stat *after)
{
    return before->st_dev == after->st_dev && before->st_ino == after->st_ino &&
           before->st_size == after->st_size && before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
           before->st_mtim.tv_nsec == after->st_mtim.tv_nsec &&
           before->st_ctim.tv_sec == after->st_ctim.tv_sec &&
           before->st_ctim.tv_nsec == after->st_ctim.tv_nsec;
}

void px_file_keep_part(struct px_file *file, int status)
{
    file->out.keep = status == PX_ECANCELED || status == PX_ESRC || status == PX_EIO;
}

bool px_file_has_grown(const struct stat *before, const struct stat *after)
{
    return before->st_dev == after->st_dev && before->st_ino == after->st_ino &&
           before->st_size < after->st_size;
}

/* --- the source ------------------------------------------------------------------------------- */

/* O_NONBLOCK: a FIFO put in the file's place must not hold us up; O_NOATIME is root's and the
 * owner's right only. */
static int file_open_source(struct px_copier *copier, const struct px_entry *entry, int *fd,
                            struct px_fail *fail)
{
    const int flags =
        O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | px_select_open_flag(copier, entry);
    const int noatime = copier->copy->open_flags;
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    *fd = copier->io->openat(fds.source, entry->source_name, flags | noatime, 0);
    if (*fd < 0 && errno == EPERM && noatime != 0) {
        *fd = copier->io->openat(fds.source, entry->source_name, flags, 0);
    }
    const int err = errno;
    px_dir_release(entry->dir);
    return *fd >= 0 ? PX_OK : px_select_fail_open(copier, entry, err, fail);
}

int px_file_look(struct px_copier *copier, const struct px_entry *entry, struct px_file *file,
                 struct px_fail *fail)
{
    int status = file_open_source(copier, entry, &file->in, fail);
    if (status != PX_OK) {
        return status;
    }
    if (copier->io->fstat(file->in, &file->st) != 0) {
        return px_fail_source(fail, errno, "stat source");
    }
    if (!S_ISREG(file->st.st_mode)) {
        return px_fail_set(fail, PX_ECHANGED, 0, "open source: no regular file any more");
    }
    if (entry->expect != NULL && entry->attempts == 1 &&
        (entry->expect->dev != file->st.st_dev || entry->expect->ino != file->st.st_ino)) {
        return px_fail_set(fail, PX_ECHANGED, 0, "open source: it was replaced by another");
    }
    return PX_OK;
}

/* --- the target ------------------------------------------------------------------------------- */

/* What the journal needs to know it again. */
static void file_remember(const struct px_copier *copier, struct px_entry *entry,
                          const struct stat *source)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    if (opts->memory != NULL) {
        entry->run = opts->memory->run;
        entry->mtime_ns = px_earlier_mtime_ns(source);
        entry->durable = opts->sync == PX_SYNC_FILE;
    }
}

/* PX_OK: the name is given, or entry->skip_reason says why not. An attribute that was lost on the
 * way is told last: the file is there. */
static int file_publish(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                        struct px_fail *fail)
{
    const struct px_meta job = {.pair = entry->dir->pair,
                                .in = file->in,
                                .out = file->out.fd,
                                .want = &file->st,
                                .has = file->out.has,
                                .clean = !entry->dir->inherits};
    const int meta = px_meta_apply(copier, &job, fail);
    px_copier_phase(entry, PX_COPY_META);
    if (meta != PX_OK && meta != PX_EATTR) {
        return meta;
    }
    struct px_fail publish_fail;
    int status = px_out_commit(copier, entry, &file->st, &file->out, &publish_fail);
    if (status == PX_OK) {
        status = px_durable_published(copier, entry->dir, &file->st, &publish_fail);
    }
    px_copier_phase(entry, PX_COPY_OPEN);
    if (status != PX_OK) {
        *fail = publish_fail;
        return status;
    }
    file_remember(copier, entry, &file->st);
    return entry->skip_reason == NULL ? meta : PX_OK;
}

/* Digest and second read, where they were asked for. */
static int file_prove(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                      struct px_fail *fail)
{
    if (!file->proof.active) {
        return PX_OK;
    }
    if (entry->digest[0] == '\0' &&
        px_proof_digest(&file->proof, entry->bytes, entry->digest) != PX_OK) {
        return px_fail_set(fail, PX_EINTERNAL, 0, "digest");
    }
    const int status = file->proof.verify
                           ? px_proof_verify(&file->proof, copier, file->out.fd, entry->bytes, fail)
                           : PX_OK;
    px_copier_phase(entry, PX_COPY_SYNC);
    return status;
}

int px_file_end(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                struct px_fail *fail)
{
    px_copier_phase(entry, PX_COPY_DATA);
    if (file->manner.align != 0) {
        px_direct_end(copier, file->in, file->out.fd);
    }
    struct stat after;
    if (copier->io->fstat(file->in, &after) != 0) {
        return px_fail_source(fail, errno, "stat source");
    }
    if (!px_file_is_unchanged(&file->st, &after) &&
        !(copier->copy->opts.allow_changing && px_file_has_grown(&file->st, &after))) {
        return PX_EAGAIN;
    }
    const int status = file_prove(copier, entry, file, fail);
    if (status != PX_OK) {
        return status;
    }
    return file_publish(copier, entry, file, fail);
}

void px_file_close(struct px_copier *copier, const struct px_entry *entry, struct px_file *file)
{
    px_out_abort(copier, entry, &file->out);
    px_proof_fini(&file->proof);
    if (file->in >= 0) {
        px_drop_source(copier, file->in, &file->manner.kept);
        PX_IGNORE(copier->io->close(file->in)); /* only read */
        file->in = -1;
    }
}

/* --- one try ---------------------------------------------------------------------------------- */

/* When the bytes are to be copied. */
static void file_choose_manner(struct px_copier *copier, struct px_entry *entry,
                               struct px_file *file, struct px_data *data)
{
    struct px_pair *pair = entry->dir->pair;
    file->manner.align = px_direct_begin(copier, pair, file->in, file->out.fd, &file->st);
    px_drop_look(copier, file->in, (uint64_t)file->st.st_size, &file->manner.kept);
    data->align = file->manner.align;
    data->kept = &file->manner.kept;
    entry->stream_why = px_chunks_obstacle(copier, entry, &file->st);
}

static int file_data(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                     bool may_share, bool *shared, struct px_fail *fail)
{
    struct px_data data = {.copier = copier,
                           .pair = entry->dir->pair,
                           .in = file->in,
                           .out = file->out.fd,
                           .st = &file->st,
                           .proof = &file->proof,
                           .prefix = copier->copy->opts.allow_changing};
    if (copier->copy->opts.files == PX_FILES_ATTRIBUTES) {
        return PX_OK; /* it stays empty */
    }
    if (px_proof_init(&file->proof, &copier->copy->opts) != PX_OK) {
        return px_fail_set(fail, PX_ENOMEM, 0, "digest: out of memory");
    }
    int status = px_data_reflink(&data, fail);
    if (status == PX_EAGAIN) {
        const int room = px_reserve(copier, data.pair, data.out, data.st, fail);
        status = room != PX_OK ? room : status;
    }
    if (status == PX_EAGAIN) {
        file_choose_manner(copier, entry, file, &data);
    }
    if (status == PX_EAGAIN && may_share && (file->out.part || entry->stream_why == NULL)) {
        *shared = px_chunks_copy(copier, entry, file) == PX_OK;
        if (*shared) {
            return PX_OK;
        }
    }
    if (status == PX_EAGAIN) {
        status = px_data_copy(&data, fail);
    }
    status = status == PX_ECHANGED ? PX_EAGAIN : status;
    entry->engine = data.engine;
    entry->engine_why = data.why;
    entry->bytes = data.bytes;
    return status;
}

/* With source and target open. */
static int file_fill(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                     bool may_share, bool *shared, struct px_fail *fail)
{
    struct px_activity *activity = copier->copy->opts.activity;
    const bool shown = (uint64_t)file->st.st_size >= PX_FILE_SHOW_MIN_BYTES;
    if (shown) {
        px_activity_begin(activity, copier->worker->index, entry->source_name,
                          (uint64_t)file->st.st_size);
    }
    int status = file_data(copier, entry, file, may_share, shared, fail);
    if (status == PX_OK && !*shared) {
        status = px_file_end(copier, entry, file, fail);
    }
    if (shown) {
        px_activity_end(activity, copier->worker->index);
    }
    return status;
}

/* --check: nothing is written; a source that changed meanwhile is compared again. */
static int file_check(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                      struct px_fail *fail)
{
    struct stat after;
    const int status = px_check_file(copier, entry, file->in, &file->st, fail);
    px_copier_phase(entry, PX_COPY_DATA);
    if (copier->io->fstat(file->in, &after) != 0) {
        return px_fail_source(fail, errno, "stat source");
    }
    return px_file_is_unchanged(&file->st, &after) ? status : PX_EAGAIN;
}

int px_file_judge(struct px_copier *copier, struct px_entry *entry, struct px_file *file,
                  bool *copy, struct px_fail *fail)
{
    if (copier->copy->opts.check) {
        *copy = false;
        return file_check(copier, entry, file, fail);
    }
    int status = PX_OK;
    *copy = !px_policy_misses(copier, entry);
    if (*copy && copier->copy->opts.files == PX_FILES_ATTRIBUTES) {
        status = px_same_attributes(copier, entry, file, copy, fail);
    }
    if (status == PX_OK && *copy) {
        status = px_hardlink_enter(copier, entry, &file->st, copy, fail);
    }
    if (status == PX_OK && *copy && copier->copy->opts.update == PX_UPDATE_CONTENTS) {
        status = px_same_contents(copier, entry, file, copy, fail);
    }
    if (status == PX_OK && *copy) {
        status = px_policy_apply(copier, entry, &file->st, fail);
        if (status == PX_OK && entry->skip_reason == NULL) {
            status = px_earlier_apply(copier, entry, file, fail);
        }
        *copy = status == PX_OK && entry->skip_reason == NULL;
    }
    return status;
}

static int file_try(struct px_copier *copier, struct px_entry *entry, bool may_share, bool *shared,
                    struct px_fail *fail)
{
    struct px_file file = {.in = -1, .out = {.fd = -1}};
    int status = px_file_look(copier, entry, &file, fail);
    bool copy = status == PX_OK;
    if (copy) {
        status = px_file_judge(copier, entry, &file, &copy, fail);
    }
    if (copy) {
        px_handout_share(copier, (uint64_t)file.st.st_size);
        status = px_out_open(copier, entry, &file.st, &file.out, fail);
        px_copier_phase(entry, PX_COPY_OPEN);
        if (status == PX_OK) {
            status = file_fill(copier, entry, &file, may_share, shared, fail);
        }
    }
    if (!*shared) {
        px_file_keep_part(&file, status);
        px_file_close(copier, entry, &file);
        px_copier_phase(entry, PX_COPY_OPEN);
    }
    return status;
}

void px_file_begin_try(struct px_entry *entry)
{
    entry->attempts++;
    entry->bytes = 0;
    entry->bytes_kept = 0;
    entry->engine = PX_ENGINE_NONE;
    entry->digest[0] = '\0';
}

int px_file_fail_changing(struct px_fail *fail)
{
    return px_fail_set(fail, PX_ECHANGED, 0, "copy: the source kept changing (%d tries)",
                       PX_FILE_TRIES);
}

static int file_tries(struct px_copier *copier, struct px_entry *entry, bool may_share,
                      bool *shared, struct px_fail *fail)
{
    int status = PX_EAGAIN;
    while (status == PX_EAGAIN && entry->attempts < PX_FILE_TRIES) {
        px_file_begin_try(entry);
        status = file_try(copier, entry, may_share, shared, fail);
    }
    return status == PX_EAGAIN ? px_file_fail_changing(fail) : status;
}

int px_file_copy_again(struct px_copier *copier, struct px_entry *entry, struct px_fail *fail)
{
    bool shared = false;
    return file_tries(copier, entry, false, &shared, fail);
}

void px_file_copy(struct px_copier *copier, struct px_entry *entry)
{
    struct px_fail fail;
    bool shared = false;
    px_copier_begin(copier, entry);
    const int status = file_tries(copier, entry, true, &shared, &fail);
    if (!shared && !entry->waits) {
        px_copier_settle_status(copier, entry, status, &fail);
    }
}
