/* SPDX-License-Identifier: MIT
 *
 * copy/earlier.c - continuing. Entered by any worker; the memory behind px_copy_opts.memory has a
 * lock of its own.
 *
 * What is believed. Of a finished file: the record, when source and target have the size and the
 * time that it names. Of a chunk: the record, when the source is as it was, and the temporary file is
 * the one that was written then: it has the whole size and the inode that was noted when it was begun,
 * and nobody has begun it anew since. What the power may have taken
 * (another boot, and not made durable) has no record: the memory says nothing of it.
 */

#include "copy/earlier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "copy/check.h"
#include "copy/chunks.h"
#include "copy/data.h"
#include "copy/dir.h"

#define SHA256_DIGITS 64
#define XXH3_DIGITS 32

int64_t px_earlier_mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * PX_NS_PER_S + st->st_mtim.tv_nsec;
}

struct paths {
    char *source;
    char *target;
};

static bool paths_get(const struct px_entry *entry, struct paths *paths)
{
    paths->source = px_dir_path(entry->dir, PX_SIDE_SOURCE, entry->source_name);
    paths->target = px_dir_path(entry->dir, PX_SIDE_TARGET, entry->target_name);
    return paths->source != NULL && paths->target != NULL;
}

static void paths_free(struct paths *paths)
{
    free(paths->source);
    free(paths->target);
}

/* --- whole files ------------------------------------------------------------------------------ */

static bool earlier_has_digest(enum px_copy_hash hash, const char *digest)
{
    const size_t len = strlen(digest);
    return hash == PX_HASH_NONE || len == (hash == PX_HASH_SHA256 ? SHA256_DIGITS : XXH3_DIGITS);
}

static bool earlier_matches(const struct px_copy_record *record, const struct stat *st)
{
    return S_ISREG(st->st_mode) && (uint64_t)st->st_size == record->bytes &&
           px_earlier_mtime_ns(st) == record->mtime_ns;
}

static bool earlier_target_matches(struct px_copier *copier, const struct px_entry *entry,
                                   const struct px_copy_record *record)
{
    const struct px_dir_fds fds = px_dir_acquire(entry->dir);
    struct stat target;
    const bool there = fds.target >= 0 && copier->io->fstatat(fds.target, entry->target_name,
                                                              &target, AT_SYMLINK_NOFOLLOW) == 0;
    px_dir_release(entry->dir);
    return there && earlier_matches(record, &target);
}

static bool earlier_find(struct px_copier *copier, const struct px_entry *entry,
                         struct px_copy_record *record)
{
    const struct px_copy_memory *memory = copier->copy->opts.memory;
    struct paths paths;
    const bool found =
        paths_get(entry, &paths) && memory->find(memory->ctx, paths.source, paths.target, record);
    paths_free(&paths);
    return found;
}

int px_earlier_apply(struct px_copier *copier, struct px_entry *entry, const struct px_file *file,
                     struct px_fail *fail)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    struct px_copy_record record = {0};
    if (opts->memory == NULL || entry->dir->made || !earlier_find(copier, entry, &record) ||
        !earlier_has_digest(opts->hash, record.digest) || !earlier_matches(&record, &file->st) ||
        !earlier_target_matches(copier, entry, &record)) {
        return PX_OK;
    }
    if (opts->verify) {
        const int status = px_check_file(copier, entry, file->in, &file->st, fail);
        entry->bytes = 0;
        if (status == PX_EINTEGRITY) {
            return PX_OK; /* it is copied again */
        }
        if (status != PX_OK && status != PX_EATTR) {
            return status;
        }
    }
    entry->skip_reason = PX_SKIP_DONE;
    if (opts->hash != PX_HASH_NONE) {
        (void)snprintf(entry->digest, sizeof entry->digest, "%s", record.digest);
    }
    return PX_OK;
}

/* --- chunks ----------------------------------------------------------------------------------- */

bool px_earlier_continues(const struct px_copier *copier, const struct px_entry *entry,
                          const struct stat *source)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    return opts->memory != NULL && opts->hash == PX_HASH_NONE && entry->attempts == 1 &&
           opts->n_also == 0 && (uint64_t)source->st_size / 2 >= px_chunks_bytes(copier) &&
           !px_data_is_sparse(source);
}

bool px_earlier_knows_part(struct px_copier *copier, const struct px_entry *entry,
                           const struct stat *source, uint64_t inode, struct px_out *out)
{
    const struct px_copy_memory *memory = copier->copy->opts.memory;
    struct px_copy_part part = {0};
    struct paths paths;
    const bool known = paths_get(entry, &paths) &&
                       memory->find_begin(memory->ctx, paths.source, paths.target, &part) &&
                       part.inode == inode && part.size == (uint64_t)source->st_size &&
                       part.mtime_ns == px_earlier_mtime_ns(source);
    paths_free(&paths);
    if (known) {
        memcpy(out->begun, part.begun, sizeof out->begun);
    }
    return known;
}

void px_earlier_begin(struct px_copier *copier, const struct px_entry *entry,
                      const struct stat *source, uint64_t inode, struct px_out *out)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    const struct px_copy_memory *memory = opts->memory;
    const struct px_copy_part part = {.inode = inode,
                                      .size = (uint64_t)source->st_size,
                                      .mtime_ns = px_earlier_mtime_ns(source),
                                      .durable = opts->sync == PX_SYNC_FILE};
    struct paths paths;
    const bool noted =
        paths_get(entry, &paths) && memory->begin(memory->ctx, paths.source, paths.target, &part);
    paths_free(&paths);
    (void)snprintf(out->begun, sizeof out->begun, "%s", noted ? memory->run : "");
}

bool px_earlier_has_chunk(struct px_copier *copier, const struct px_entry *entry,
                          const struct px_file *file, uint64_t offset, uint64_t bytes)
{
    const struct px_copy_memory *memory = copier->copy->opts.memory;
    struct px_copy_chunk chunk;
    struct paths paths;
    if (!file->out.part || file->out.fresh || file->out.begun[0] == '\0' || memory == NULL) {
        return false;
    }
    const bool found = paths_get(entry, &paths) &&
                       memory->find_chunk(memory->ctx, paths.source, paths.target, offset, &chunk);
    paths_free(&paths);
    return found && chunk.bytes == bytes && chunk.size == (uint64_t)file->st.st_size &&
           chunk.mtime_ns == px_earlier_mtime_ns(&file->st) &&
           strcmp(chunk.begun, file->out.begun) == 0;
}

int px_earlier_note_chunk(struct px_copier *copier, const struct px_entry *entry,
                          const struct px_file *file, uint64_t offset, uint64_t bytes,
                          struct px_fail *fail)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    if (!file->out.part || file->out.begun[0] == '\0' || opts->memory == NULL) {
        return PX_OK;
    }
    const bool durable = opts->sync == PX_SYNC_FILE;
    if (durable && copier->io->fsync(file->out.fd) != 0) {
        return px_fail_target(fail, errno, "fsync", file->out.fd);
    }
    struct px_copy_chunk chunk = {.offset = offset,
                                  .bytes = bytes,
                                  .size = (uint64_t)file->st.st_size,
                                  .mtime_ns = px_earlier_mtime_ns(&file->st),
                                  .durable = durable};
    memcpy(chunk.begun, file->out.begun, sizeof chunk.begun);
    struct paths paths;
    if (paths_get(entry, &paths)) {
        opts->memory->note_chunk(opts->memory->ctx, paths.source, paths.target, &chunk);
    }
    paths_free(&paths);
    return PX_OK;
}
