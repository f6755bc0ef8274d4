/* SPDX-License-Identifier: MIT
 *
 * app/copy_resume.c - what a journal proves of files and chunks. The workers ask and tell; one lock
 * is around the index, the builder of lines and the file. A line is one write(2) at the end of the
 * file (O_APPEND), as the journal's own are, so the two are never mixed.
 */
#define _GNU_SOURCE /* memmem */

#include "app/copy_resume.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "app/journal_index.h"
#include "app/jsonl.h"
#include "app/resume.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/grow.h"
#include "base/mutex.h"
#include "base/parse.h"

#define BOOT_DIGITS 16
#define RUN_DIGITS 32
#define RUN_ROOM PX_COPY_RUN_ROOM

/* No chunk begins there: the id of the line that begins a temporary file. */
#define OFFSET_BEGIN (COPY_RESUME_FILE - 1)

struct copy_resume {
    /* fixed after open */
    char run[RUN_ROOM];
    const char *path;
    char (*synced)[RUN_ROOM]; /* runs that were put on the disk as a whole */
    size_t n_synced;
    size_t synced_room;

    struct px_mutex lock;
    struct journal_index *index PX_GUARDED; /* protected by lock, as is the rest */
    struct jsonl json PX_GUARDED;
    int fd PX_GUARDED; /* opened with the first line; -1 */
};

/* --- marks ------------------------------------------------------------------------------------ */

void copy_resume_id(const char *source, const char *target, uint64_t offset,
                    char out[COPY_RESUME_ID_ROOM])
{
    XXH64_hash_t hash = XXH3_64bits_withSeed(source, strlen(source), offset);
    hash = XXH3_64bits_withSeed(target, strlen(target), hash);
    (void)snprintf(out, COPY_RESUME_ID_ROOM, "%016" PRIx64, (uint64_t)hash);
}

/* 0: the system has no such thing; then no two runs are of one boot. */
static uint64_t boot_hash(void)
{
    char text[64];
    const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;
    if (fd >= 0) {
        PX_IGNORE(close(fd)); /* was only read from */
    }
    return n > 0 ? XXH3_64bits(text, (size_t)n) : 0;
}

static void make_run(char out[RUN_ROOM])
{
    const int64_t mark[3] = {px_now_ns(), px_clock_wall_s(px_clock_real()), (int64_t)getpid()};
    const uint64_t run = XXH3_64bits(mark, sizeof mark);
    const uint64_t boot = boot_hash();
    (void)snprintf(out, RUN_ROOM, "%016" PRIx64 "%016" PRIx64, boot != 0 ? boot : run, run);
}

/* --- reading ---------------------------------------------------------------------------------- */

static const char *object_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool object_u64(const json_t *object, const char *key, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

/* The member's exact bytes: NAME_b64 where it is no UTF-8. */
static bool object_is(const json_t *object, const char *key, const char *key_b64, const char *want)
{
    const char *base64 = object_text(object, key_b64);
    const char *text = object_text(object, key);
    if (base64 == NULL) {
        return text != NULL && strcmp(text, want) == 0;
    }
    const size_t n = strlen(base64);
    unsigned char *bytes = malloc(n + 1);
    size_t len = 0;
    const bool same = bytes != NULL && px_parse_base64(base64, n, bytes, n, &len) == PX_OK &&
                      len == strlen(want) && memcmp(bytes, want, len) == 0;
    free(bytes);
    return same;
}

static bool run_is_synced(const struct copy_resume *resume, const char *run)
{
    for (size_t i = 0; i < resume->n_synced; i++) {
        if (strcmp(resume->synced[i], run) == 0) {
            return true;
        }
    }
    return false;
}

/* Is what the line tells of still there, whatever happened to the machine? */
static bool object_lasts(const struct copy_resume *resume, const json_t *object)
{
    const char *run = object_text(object, "run");
    return run != NULL && strlen(run) == RUN_DIGITS &&
           (memcmp(run, resume->run, BOOT_DIGITS) == 0 ||
            json_is_true(json_object_get(object, "durable")) || run_is_synced(resume, run));
}

static int remember_synced(struct copy_resume *resume, const char *run)
{
    char(*synced)[RUN_ROOM] =
        px_grow(resume->synced, &resume->synced_room, resume->n_synced + 1, sizeof *synced);
    if (synced == NULL) {
        return PX_ENOMEM; /* then it proves nothing */
    }
    resume->synced = synced;
    memcpy(resume->synced[resume->n_synced++], run, RUN_ROOM);
    return PX_OK;
}

/* Lines "synced" are noted here; of all others those with a run have an id that counts. */
static bool memory_glance(void *ctx, const char *line, size_t len)
{
    if (!journal_line_has(line, len, "\"run\":\"")) {
        return false;
    }
    if (!journal_line_has(line, len, "\"synced\":true")) {
        return true;
    }
    json_t *object = json_loadb(line, len, 0, NULL);
    const char *run = object_text(object, "run");
    if (run != NULL && strlen(run) == RUN_DIGITS) {
        PX_IGNORE(remember_synced(ctx, run));
    }
    json_decref(object);
    return false;
}

/* The object that tells of the file or chunk, and lasts; NULL: none. The caller has a reference. */
static json_t *memory_look_up(struct copy_resume *resume, const char *source, const char *target,
                              uint64_t offset, const char *status)
{
    const bool must_last = offset != OFFSET_BEGIN;
    char id_text[COPY_RESUME_ID_ROOM];
    uint64_t id;
    size_t len = 0;
    json_t *object = NULL;
    copy_resume_id(source, target, offset, id_text);
    px_mutex_lock(&resume->lock);
    const char *line =
        journal_parse_id(id_text, &id) ? journal_index_line(resume->index, id, &len) : NULL;
    if (line != NULL) {
        object = json_loadb(line, len, 0, NULL);
    }
    px_mutex_unlock(&resume->lock);
    const char *is = object_text(object, "status");
    if (object == NULL || is == NULL || strcmp(is, status) != 0 ||
        (must_last && !object_lasts(resume, object)) ||
        !object_is(object, "source", "source_b64", source) ||
        !object_is(object, "path", "path_b64", target)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool memory_find(void *ctx, const char *source, const char *target,
                        struct px_copy_record *out)
{
    json_t *object = memory_look_up(ctx, source, target, COPY_RESUME_FILE, "ok");
    const char *mtime = object_text(object, "mtime");
    const char *digest = object_text(object, "digest");
    const bool found = object != NULL && object_u64(object, "bytes", &out->bytes) &&
                       mtime != NULL && resume_parse_mtime(mtime, &out->mtime_ns);
    out->digest[0] = '\0';
    if (found && digest != NULL && strlen(digest) < sizeof out->digest) {
        memcpy(out->digest, digest, strlen(digest) + 1);
    }
    json_decref(object);
    return found;
}

static bool memory_find_begin(void *ctx, const char *source, const char *target,
                              struct px_copy_part *out)
{
    json_t *object = memory_look_up(ctx, source, target, OFFSET_BEGIN, "begin");
    const char *run = object_text(object, "run");
    const char *mtime = object_text(object, "mtime");
    const bool found = object != NULL && object_u64(object, "inode", &out->inode) &&
                       object_u64(object, "size", &out->size) && mtime != NULL &&
                       resume_parse_mtime(mtime, &out->mtime_ns) && run != NULL &&
                       strlen(run) == RUN_DIGITS;
    if (found) {
        memcpy(out->begun, run, RUN_ROOM);
    }
    json_decref(object);
    return found;
}

static bool memory_find_chunk(void *ctx, const char *source, const char *target, uint64_t offset,
                              struct px_copy_chunk *out)
{
    json_t *object = memory_look_up(ctx, source, target, offset, "chunk");
    const char *mtime = object_text(object, "mtime");
    const char *begun = object_text(object, "begun");
    const bool found = object != NULL && object_u64(object, "offset", &out->offset) &&
                       out->offset == offset && object_u64(object, "bytes", &out->bytes) &&
                       object_u64(object, "size", &out->size) && begun != NULL &&
                       strlen(begun) == RUN_DIGITS && mtime != NULL &&
                       resume_parse_mtime(mtime, &out->mtime_ns);
    if (found) {
        memcpy(out->begun, begun, RUN_ROOM);
    }
    json_decref(object);
    return found;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The line that was built; the first one opens the file. With the lock held. */
static int resume_write_locked(struct copy_resume *resume) PX_REQUIRES(resume->lock)
{
    const int status = jsonl_end_line(&resume->json);
    if (status != PX_OK) {
        return status;
    }
    if (resume->fd < 0) {
        resume->fd = open(resume->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    }
    if (resume->fd < 0 ||
        px_write_all(px_io_real(), resume->fd, resume->json.text, resume->json.len) != 0) {
        return px_status_from_errno(errno);
    }
    return PX_OK;
}

/* The members that all lines of large files have. With the lock held. */
static struct jsonl *resume_begin_line_locked(struct copy_resume *resume, const char *source,
                                              const char *target, const char *status,
                                              uint64_t offset) PX_REQUIRES(resume->lock)
{
    char id[COPY_RESUME_ID_ROOM];
    struct jsonl *json = &resume->json;
    copy_resume_id(source, target, offset, id);
    jsonl_reset(json);
    jsonl_object(json, NULL);
    jsonl_string(json, "source", source);
    jsonl_string(json, "path", target);
    jsonl_string(json, "status", status);
    jsonl_string(json, "id", id);
    jsonl_string(json, "run", resume->run);
    return json;
}

/* Lost, it would leave chunks of an older temporary file to be believed: so it is told. */
static bool memory_begin(void *ctx, const char *source, const char *target,
                         const struct px_copy_part *part)
{
    struct copy_resume *resume = ctx;
    char mtime[RESUME_MTIME_ROOM];
    resume_format_mtime(part->mtime_ns, mtime);
    px_mutex_lock(&resume->lock);
    struct jsonl *json = resume_begin_line_locked(resume, source, target, "begin", OFFSET_BEGIN);
    jsonl_u64(json, "inode", part->inode);
    jsonl_u64(json, "size", part->size);
    jsonl_string(json, "mtime", mtime);
    jsonl_close(json);
    bool written = resume_write_locked(resume) == PX_OK;
    if (written && part->durable) {
        written = px_io_real()->fsync(resume->fd) == 0;
    }
    px_mutex_unlock(&resume->lock);
    return written;
}

/* A line that is lost costs the next run a chunk, no more. */
static void memory_note_chunk(void *ctx, const char *source, const char *target,
                              const struct px_copy_chunk *chunk)
{
    struct copy_resume *resume = ctx;
    char mtime[RESUME_MTIME_ROOM];
    resume_format_mtime(chunk->mtime_ns, mtime);
    px_mutex_lock(&resume->lock);
    struct jsonl *json = resume_begin_line_locked(resume, source, target, "chunk", chunk->offset);
    jsonl_u64(json, "offset", chunk->offset);
    jsonl_u64(json, "bytes", chunk->bytes);
    jsonl_u64(json, "size", chunk->size);
    jsonl_string(json, "mtime", mtime);
    jsonl_string(json, "begun", chunk->begun);
    if (chunk->durable) {
        jsonl_bool(json, "durable", true);
    }
    jsonl_close(json);
    PX_IGNORE(resume_write_locked(resume));
    px_mutex_unlock(&resume->lock);
}

int copy_resume_note_synced(struct copy_resume *resume)
{
    px_mutex_lock(&resume->lock);
    struct jsonl *json = &resume->json;
    jsonl_reset(json);
    jsonl_object(json, NULL);
    jsonl_bool(json, "synced", true);
    jsonl_string(json, "run", resume->run);
    jsonl_close(json);
    const int status = resume_write_locked(resume);
    px_mutex_unlock(&resume->lock);
    return status;
}

/* --- life ------------------------------------------------------------------------------------- */

int copy_resume_open(const char *path, bool (*stop)(void), struct copy_resume **out) PX_NO_ANALYSIS
{
    struct copy_resume *resume = calloc(1, sizeof *resume);
    if (resume == NULL || px_mutex_init(&resume->lock) != PX_OK) {
        free(resume);
        return PX_ENOMEM;
    }
    resume->path = path;
    resume->fd = -1;
    make_run(resume->run);
    const int status = journal_index_open(path, NULL, stop, memory_glance, resume, &resume->index);
    if (status != PX_OK) {
        const int err = errno;
        copy_resume_free(resume);
        errno = err;
        return status;
    }
    *out = resume;
    return PX_OK;
}

void copy_resume_free(struct copy_resume *resume) PX_NO_ANALYSIS
{
    if (resume == NULL) {
        return;
    }
    if (resume->fd >= 0) {
        PX_IGNORE(close(resume->fd)); /* a lost line costs a chunk, no more */
    }
    journal_index_free(resume->index);
    jsonl_fini(&resume->json);
    px_mutex_fini(&resume->lock);
    free(resume->synced);
    free(resume);
}

struct px_copy_memory copy_resume_memory(struct copy_resume *resume)
{
    return (struct px_copy_memory){
        .ctx = resume,
        .run = resume->run,
        .find = memory_find,
        .begin = memory_begin,
        .find_begin = memory_find_begin,
        .find_chunk = memory_find_chunk,
        .note_chunk = memory_note_chunk,
    };
}
