/* SPDX-License-Identifier: MIT
 *
 * app/journal.c - items as JSON Lines, into a file or onto standard output. One builder is used for
 * all lines. Main's thread; owns no lock.
 */
#include "app/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/show.h"

struct journal {
    const struct journal_schema *schema;
    const struct px_clock *clock;
    struct jsonl json;

    /* one of the two */
    struct px_outlock *lock;
    int fd; /* -1 with an outlock */
    const struct px_io_ops *io;
};

/* --- The object ------------------------------------------------------------------------------*/

/* RFC 3339, UTC. */
static void journal_put_time(struct jsonl *json, int64_t wall_s)
{
    const time_t seconds = (time_t)wall_s;
    struct tm utc;
    char text[32];
    if (wall_s != 0 && gmtime_r(&seconds, &utc) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0) {
        jsonl_string(json, "time", text);
    }
}

static void journal_put_source(struct jsonl *json, const struct journal_schema *schema,
                               const char *source)
{
    if (!schema->source_is_url || source == NULL) {
        jsonl_string(json, schema->source_key, source);
        return;
    }
    char *masked = px_mask_url_dup(source);
    if (masked == NULL) {
        json->error = PX_ENOMEM;
        return;
    }
    jsonl_string(json, schema->source_key, masked);
    free(masked);
}

/* Only the phases that took any time. */
static void journal_put_phases(struct jsonl *json, const struct journal_schema *schema,
                               const struct px_item *item)
{
    jsonl_object(json, "phases");
    for (size_t i = 0; i < PX_PHASES && schema->phase_names[i] != NULL; i++) {
        if (item->phase_ns[i] > 0) {
            jsonl_ms(json, schema->phase_names[i], item->phase_ns[i]);
        }
    }
    jsonl_close(json);
}

static void journal_put_error(struct jsonl *json, const struct px_item *item)
{
    /* That a file is there already is no error; its reason is the engine's to tell. */
    const bool plain_skip = item->state == PX_ITEM_SKIPPED && item->status == PX_EEXIST;
    if ((item->status == PX_OK || plain_skip) && item->error == NULL) {
        return;
    }
    jsonl_object(json, "error");
    jsonl_string(json, "class", px_status_name(item->status));
    jsonl_string(json, "text", item->error != NULL ? item->error : px_status_text(item->status));
    jsonl_close(json);
}

void journal_object(struct jsonl *json, const struct journal_schema *schema,
                    const struct px_item *item, int64_t wall_s)
{
    jsonl_object(json, NULL);
    journal_put_source(json, schema, item->source);
    jsonl_string(json, schema->target_key, item->target);
    jsonl_string(json, "status", px_item_state_name(item->state));
    jsonl_u64(json, "bytes", item->bytes);
    if (item->line != 0) {
        jsonl_u64(json, "line", item->line);
    }
    if (schema->detail != NULL) {
        schema->detail(json, item);
    }
    if (item->begin_ns != 0) {
        jsonl_u64(json, "attempts", item->attempts);
        jsonl_u64(json, "worker", item->worker);
        jsonl_ms(json, "ms", item->end_ns - item->begin_ns);
        journal_put_phases(json, schema, item);
    }
    journal_put_error(json, item);
    journal_put_time(json, wall_s);
    jsonl_close(json);
}

/* --- The sink --------------------------------------------------------------------------------*/

static int journal_new(const struct journal_schema *schema, const struct px_clock *clock,
                       struct journal **out)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL) {
        return PX_ENOMEM;
    }
    journal->schema = schema;
    journal->clock = clock != NULL ? clock : px_clock_real();
    journal->fd = -1;
    *out = journal;
    return PX_OK;
}

/* A last line without its end was torn by a kill: the next object must not be glued to it. */
static int journal_heal(const struct px_io_ops *io, int fd)
{
    struct stat st;
    char last = '\n';
    if (io->fstat(fd, &st) != 0) {
        return -1;
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        return 0;
    }
    if (io->pread(fd, &last, 1, st.st_size - 1) < 0) {
        return -1;
    }
    return last == '\n' ? 0 : px_write_all(io, fd, "\n", 1);
}

int journal_open(const char *path, const struct journal_schema *schema,
                 const struct px_clock *clock, const struct px_io_ops *io, struct journal **out)
{
    struct journal *journal = NULL;
    const int status = journal_new(schema, clock, &journal);
    if (status != PX_OK) {
        return status;
    }
    journal->io = io != NULL ? io : px_io_real();
    /* Read and write: healing looks at the last byte. A FIFO opened so would have itself for a
     * reader, and a terminal or /dev/stdout may be write-only: then there is nothing to heal. */
    struct stat st;
    const bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    const int flags = (special ? O_WRONLY : O_RDWR) | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
    journal->fd = journal->io->openat(AT_FDCWD, path, flags, 0666);
    if (journal->fd < 0 || journal_heal(journal->io, journal->fd) != 0) {
        const int err = errno;
        PX_IGNORE(journal_close(journal)); /* nothing was written */
        errno = err;
        return px_status_from_errno(err);
    }
    *out = journal;
    return PX_OK;
}

int journal_on_outlock(struct px_outlock *lock, const struct journal_schema *schema,
                       const struct px_clock *clock, struct journal **out)
{
    const int status = journal_new(schema, clock, out);
    if (status == PX_OK) {
        (*out)->lock = lock;
    }
    return status;
}

static int journal_write(struct journal *journal)
{
    const struct jsonl *json = &journal->json;
    if (journal->lock != NULL) {
        return px_outlock_write(journal->lock, json->text, json->len);
    }
    if (px_write_all(journal->io, journal->fd, json->text, json->len) != 0) {
        return px_status_from_errno(errno);
    }
    return PX_OK;
}

int journal_add(struct journal *journal, const struct px_item *item)
{
    if (journal == NULL) {
        return PX_OK;
    }
    jsonl_reset(&journal->json);
    journal_object(&journal->json, journal->schema, item, px_clock_wall_s(journal->clock));
    const int status = jsonl_end_line(&journal->json);
    return status == PX_OK ? journal_write(journal) : status;
}

void journal_level(struct jsonl *json, const struct px_decision *decision)
{
    jsonl_string(json, "event", "level");
    jsonl_u64(json, "from", decision->from);
    jsonl_u64(json, "to", decision->to);
    jsonl_string(json, "why", decision->why);
    if (decision->items_per_s > 0 || decision->bytes_per_s > 0) {
        jsonl_double(json, "items_per_s", decision->items_per_s, 1);
        jsonl_double(json, "bytes_per_s", decision->bytes_per_s, 0);
    }
}

int journal_add_decision(struct journal *journal, const struct px_decision *decision)
{
    if (journal == NULL || journal->schema->decision == NULL) {
        return PX_OK;
    }
    struct jsonl *json = &journal->json;
    jsonl_reset(json);
    jsonl_object(json, NULL);
    journal->schema->decision(json, decision);
    journal_put_time(json, px_clock_wall_s(journal->clock));
    jsonl_close(json);
    const int status = jsonl_end_line(json);
    return status == PX_OK ? journal_write(journal) : status;
}

int journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return PX_OK;
    }
    int status = PX_OK;
    if (journal->fd >= 0 && journal->io->close(journal->fd) != 0) {
        status = px_status_from_errno(errno);
    }
    jsonl_fini(&journal->json);
    free(journal);
    return status;
}
