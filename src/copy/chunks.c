/* SPDX-License-Identifier: MIT
 *
 * copy/chunks.c - large files shared by workers. Each struct px_chunks has a lock of its own, taken
 * for a chunk's begin and end only (64 MiB apart), never around IO and never with another.
 *
 * `active` counts who is at work; `refs` counts who knows the structure. The file is finished when
 * nothing is left to hand out and `active` falls to 0; the memory goes with the last reference,
 * which may be a helper's task that is still in the queue.
 */

#include "copy/chunks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "base/mutex.h"
#include "copy/data.h"
#include "copy/dir.h"
#include "copy/earlier.h"
#include "copy/finish.h"

#define STAT_BLOCK_BYTES 512 /* stat(2) */
#define CHUNK_BYTES_DEFAULT ((uint64_t)64 * 1024 * 1024)

struct px_chunks {
    /* fixed after new */
    uint64_t chunk_bytes;
    uint64_t size;
    char *names; /* what entry's names point into */
    struct px_pair *pair;
    struct px_entry who; /* names and directory, nothing else */

    struct px_mutex lock;
    /* protected by lock, until finished; then the finisher's alone */
    struct px_entry entry PX_GUARDED;
    struct px_file file;        /* descriptors and st: fixed until finished */
    uint64_t next PX_GUARDED;   /* offset of the next chunk to hand out */
    unsigned active PX_GUARDED; /* workers that copy a chunk */
    unsigned refs PX_GUARDED;
    int status PX_GUARDED; /* the first thing that went wrong */
    struct px_fail fail PX_GUARDED;
    bool finished PX_GUARDED; /* somebody publishes or has published */
};

uint64_t px_chunks_bytes(const struct px_copier *copier)
{
    const uint64_t wanted = copier->copy->opts.chunk_bytes;
    const uint64_t bytes = wanted > 0 ? wanted : CHUNK_BYTES_DEFAULT;
    /* Every chunk begins at a whole block. */
    return copier->copy->opts.direct
               ? bytes + (PX_DIRECT_ALIGN_MAX - bytes % PX_DIRECT_ALIGN_MAX) % PX_DIRECT_ALIGN_MAX
               : bytes;
}

const char *px_chunks_obstacle(const struct px_copier *copier, const struct px_entry *entry,
                               const struct stat *st)
{
    const uint64_t there =
        px_data_is_sparse(st) ? (uint64_t)st->st_blocks * STAT_BLOCK_BYTES : (uint64_t)st->st_size;
    if (there / 2 < px_chunks_bytes(copier)) {
        return "it has less than two chunks of data";
    }
    if (copier->copy->opts.workers == 1) {
        return "there is one worker";
    }
    if (copier->copy->opts.hash != PX_HASH_NONE) {
        return "the digest of a whole file is made in the order of its bytes";
    }
    return entry->dir->pair->team_pays ? NULL : "a disk that spins is read in order";
}

/* --- memory ----------------------------------------------------------------------------------- */

static void chunks_free(struct px_chunks *chunks)
{
    px_mutex_fini(&chunks->lock);
    free(chunks->names);
    free(chunks);
}

static void chunks_unref(struct px_chunks *chunks)
{
    px_mutex_lock(&chunks->lock);
    const bool last = --chunks->refs == 0;
    px_mutex_unlock(&chunks->lock);
    if (last) {
        chunks_free(chunks);
    }
}

static int chunks_keep_names(struct px_chunks *chunks, struct px_entry *entry)
{
    const size_t source_bytes = strlen(entry->source_name) + 1;
    const size_t target_bytes = strlen(entry->target_name) + 1;
    chunks->names = malloc(source_bytes + target_bytes);
    if (chunks->names == NULL) {
        return PX_ENOMEM;
    }
    entry->source_name = memcpy(chunks->names, entry->source_name, source_bytes);
    entry->target_name = memcpy(chunks->names + source_bytes, entry->target_name, target_bytes);
    return PX_OK;
}

/* With one reference, one worker active, and a reference to the directory. */
static struct px_chunks *chunks_new(struct px_copier *copier, const struct px_entry *entry,
                                    const struct px_file *file) PX_NO_ANALYSIS
{
    struct px_chunks *chunks = calloc(1, sizeof *chunks);
    if (chunks == NULL) {
        return NULL;
    }
    chunks->entry = *entry;
    if (px_mutex_init(&chunks->lock) != PX_OK) {
        free(chunks);
        return NULL;
    }
    if (chunks_keep_names(chunks, &chunks->entry) != PX_OK) {
        chunks_free(chunks);
        return NULL;
    }
    chunks->chunk_bytes = px_chunks_bytes(copier);
    chunks->pair = entry->dir->pair;
    chunks->size = (uint64_t)file->st.st_size;
    chunks->file = *file;
    chunks->who = (struct px_entry){.dir = entry->dir,
                                    .source_name = chunks->entry.source_name,
                                    .target_name = chunks->entry.target_name};
    chunks->active = 1;
    chunks->refs = 1;
    px_dir_hold(entry->dir);
    return chunks;
}

/* --- work ------------------------------------------------------------------------------------- */

static bool chunks_take(struct px_chunks *chunks, uint64_t *from) PX_EXCLUDES(chunks->lock)
{
    px_mutex_lock(&chunks->lock);
    const bool got = chunks->status == PX_OK && chunks->next < chunks->size;
    if (got) {
        *from = chunks->next;
        chunks->next += chunks->chunk_bytes;
    }
    px_mutex_unlock(&chunks->lock);
    return got;
}

/* One chunk is done, well or not. The first failure is the file's; nothing is handed out after. */
static void chunks_note(struct px_chunks *chunks, const struct px_data *data, bool kept,
                        int64_t took_ns, int status, struct px_fail *fail) PX_EXCLUDES(chunks->lock)
{
    px_mutex_lock(&chunks->lock);
    chunks->entry.bytes += data->bytes;
    chunks->entry.bytes_kept += kept ? data->bytes : 0;
    chunks->entry.phase_ns[PX_COPY_DATA] += took_ns;
    chunks->entry.engine = data->engine;
    chunks->entry.engine_why = data->why;
    chunks->entry.in_chunks = true;
    if (status == PX_OK && data->proof->active &&
        px_proof_merge(&chunks->file.proof, data->proof) != PX_OK) {
        status = px_fail_set(fail, PX_ENOMEM, 0, "digest: out of memory");
    }
    if (status != PX_OK && chunks->status == PX_OK) {
        chunks->status = status;
        if (status != PX_EAGAIN && status != PX_ECANCELED) {
            chunks->fail = *fail;
        }
    }
    px_mutex_unlock(&chunks->lock);
}

/* Copies the chunk, unless an earlier run has (`kept`); with --verify the source is read in any
 * case. */
static int chunks_fill(struct px_copier *copier, struct px_chunks *chunks, struct px_data *data,
                       bool kept, uint64_t from, uint64_t bytes, struct px_fail *fail)
{
    if (kept) {
        data->engine = PX_ENGINE_READ_WRITE;
        data->bytes = bytes;
        return data->proof->active ? px_proof_read(data->proof, copier, data->in, from, bytes, fail)
                                   : PX_OK;
    }
    const int status = px_data_copy_range(data, from, bytes, fail);
    if (status == PX_OK && data->bytes < bytes) {
        return PX_EAGAIN; /* it ends earlier than it did: it changed */
    }
    return status == PX_OK
               ? px_earlier_note_chunk(copier, &chunks->who, &chunks->file, from, bytes, fail)
               : status;
}

static void chunks_work(struct px_copier *copier, struct px_chunks *chunks)
{
    uint64_t from;
    while (chunks_take(chunks, &from)) {
        const uint64_t left = chunks->size - from;
        const uint64_t bytes = left < chunks->chunk_bytes ? left : chunks->chunk_bytes;
        struct px_proof proof;
        struct px_data data = {.copier = copier,
                               .pair = chunks->pair,
                               .in = chunks->file.in,
                               .out = chunks->file.out.fd,
                               .st = &chunks->file.st,
                               .align = chunks->file.manner.align,
                               .kept = &chunks->file.manner.kept,
                               .proof = &proof};
        struct px_fail fail;
        const int64_t begin_ns = px_now_ns();
        const bool kept = px_earlier_has_chunk(copier, &chunks->who, &chunks->file, from, bytes);
        int status = px_proof_init(&proof, &copier->copy->opts);
        status = status == PX_OK ? chunks_fill(copier, chunks, &data, kept, from, bytes, &fail)
                                 : px_fail_set(&fail, status, 0, "digest: out of memory");
        status = status == PX_ECHANGED ? PX_EAGAIN : status;
        copier->account->counter[kept ? PX_COPY_CHUNKS_KEPT : PX_COPY_CHUNKS]++;
        px_proof_close_piece(&proof);
        chunks_note(chunks, &data, kept, px_now_ns() - begin_ns, status, &fail);
        px_proof_fini(&proof);
    }
}

/* --- begin and end ---------------------------------------------------------------------------- */

/* False: nothing is left to do. */
static bool chunks_enter(struct px_chunks *chunks) PX_EXCLUDES(chunks->lock)
{
    px_mutex_lock(&chunks->lock);
    const bool useful = !chunks->finished && chunks->status == PX_OK && chunks->next < chunks->size;
    if (useful) {
        chunks->active++;
    }
    px_mutex_unlock(&chunks->lock);
    return useful;
}

/* True: the caller was the last and must finish the file. Who leaves found nothing more to take. */
static bool chunks_leave(struct px_chunks *chunks) PX_EXCLUDES(chunks->lock)
{
    px_mutex_lock(&chunks->lock);
    chunks->active--;
    const bool last = chunks->active == 0 && !chunks->finished;
    if (last) {
        chunks->finished = true;
    }
    px_mutex_unlock(&chunks->lock);
    return last;
}

/* `finished` is set: nobody else looks at entry, file or fail any more. */
static void chunks_finish(struct px_copier *copier, struct px_chunks *chunks) PX_NO_ANALYSIS
{
    struct px_entry *entry = &chunks->entry;
    struct px_dir *dir = entry->dir;
    int status = chunks->status;
    entry->mark_ns = px_now_ns(); /* the time for the data was noted chunk by chunk */
    if (status == PX_OK) {
        status = px_file_end(copier, entry, &chunks->file, &chunks->fail);
    }
    px_file_keep_part(&chunks->file, status);
    px_file_close(copier, entry, &chunks->file);
    if (status == PX_EAGAIN) {
        status = px_file_copy_again(copier, entry, &chunks->fail);
    }
    px_copier_settle_status(copier, entry, status, &chunks->fail);
    px_dir_drop(copier, dir);
}

/* One helper for each other worker, but not more than there are chunks for. */
static void chunks_call_helpers(struct px_copier *copier, struct px_chunks *chunks)
{
    const uint64_t count = (chunks->size + chunks->chunk_bytes - 1) / chunks->chunk_bytes;
    const uint64_t others = copier->copy->opts.workers - 1;
    const uint64_t helpers = others < count - 1 ? others : count - 1;
    for (uint64_t i = 0; i < helpers; i++) {
        struct px_copy_task *task = px_task_new(PX_TASK_HELP, NULL);
        if (task == NULL) {
            return; /* then without */
        }
        task->chunks = chunks;
        px_mutex_lock(&chunks->lock);
        chunks->refs++;
        px_mutex_unlock(&chunks->lock);
        if (!px_copier_offer(copier, task)) {
            px_copier_push(copier, task); /* everybody is busy; its result is owed all the same */
            return;
        }
    }
}

int px_chunks_copy(struct px_copier *copier, const struct px_entry *entry,
                   const struct px_file *file)
{
    /* Chunks land at any offset, so the size comes first. A full disk shows when they are written;
     * a limit on the size of files shows here, and the caller's one stream will say it again. */
    if (copier->io->ftruncate(file->out.fd, file->st.st_size) != 0) {
        return px_status_from_errno(errno);
    }
    struct px_chunks *chunks = chunks_new(copier, entry, file);
    if (chunks == NULL) {
        return PX_ENOMEM;
    }
    chunks_call_helpers(copier, chunks);
    chunks_work(copier, chunks);
    if (chunks_leave(chunks)) {
        chunks_finish(copier, chunks);
    }
    chunks_unref(chunks);
    return PX_OK;
}

void px_chunks_help(struct px_copier *copier, struct px_copy_task *task)
{
    struct px_chunks *chunks = task->chunks;
    task->chunks = NULL;
    if (chunks_enter(chunks)) {
        struct px_activity *activity = copier->copy->opts.activity;
        px_activity_begin(activity, copier->worker->index, chunks->names, chunks->size);
        chunks_work(copier, chunks);
        if (chunks_leave(chunks)) {
            chunks_finish(copier, chunks);
        }
        px_activity_end(activity, copier->worker->index);
    }
    chunks_unref(chunks);
}
