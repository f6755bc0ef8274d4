/* SPDX-License-Identifier: MIT
 *
 * copy/explain.c - the words of --explain. Entered by all workers; what was said already is kept in
 * the pair, without a lock.
 */
#define _GNU_SOURCE /* major, minor */

#include "copy/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <pxfer/log.h>

#include "base/show.h"
#include "copy/chunks.h"
#include "copy/dir.h"

#define PAIR_ROOM 96

static bool explain_wants(const struct px_copier *copier)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    return px_log_wants(opts->log, opts->explain ? PX_LOG_NORMAL : PX_LOG_DEBUG);
}

static void explain_say(const struct px_copier *copier, const char *text)
{
    const struct px_copy_opts *opts = &copier->copy->opts;
    px_log_line(opts->log, opts->explain ? PX_LOG_NORMAL : PX_LOG_DEBUG, (int)copier->worker->index,
                "%s", text);
}

static const char *explain_pair(const struct px_pair *pair, char out[PAIR_ROOM])
{
    (void)snprintf(out, PAIR_ROOM, "between devices %u:%u and %u:%u", major(pair->source_dev),
                   minor(pair->source_dev), major(pair->target_dev), minor(pair->target_dev));
    return out;
}

/* True: nobody has said it of this pair. With more reasons than there is room for, the last ones are
 * not said. */
static bool explain_is_new(struct px_pair *pair, const char *what, const char *why)
{
    for (size_t i = 0; i < PX_PAIR_TOLD; i++) {
        const char *told = NULL;
        if (atomic_compare_exchange_strong_explicit(&pair->told[i].why, &told, why,
                                                    memory_order_relaxed, memory_order_relaxed)) {
            atomic_store_explicit(&pair->told[i].what, what, memory_order_relaxed);
            return true;
        }
        const char *of = atomic_load_explicit(&pair->told[i].what, memory_order_relaxed);
        if (strcmp(told, why) == 0 && (of == NULL || strcmp(of, what) == 0)) {
            return false;
        }
    }
    return false;
}

void px_explain_note(const struct px_copier *copier, struct px_pair *pair, const char *what,
                     const char *why)
{
    if (!explain_wants(copier) || !explain_is_new(pair, what, why)) {
        return;
    }
    char where[PAIR_ROOM];
    char text[2 * PAIR_ROOM + 128];
    (void)snprintf(text, sizeof text, "%s, %s: %s", what, explain_pair(pair, where), why);
    explain_say(copier, text);
}

/* "SOURCE: read/write, in chunks of 67108864 bytes by several workers: WHY" */
static void explain_large(const struct px_copier *copier, const struct px_entry *entry,
                          const char *why)
{
    char *path = px_dir_path(entry->dir, PX_SIDE_SOURCE, entry->source_name);
    char *shown = path != NULL ? px_show_dup(path) : NULL;
    char how[PAIR_ROOM] = "one stream";
    if (entry->in_chunks) {
        (void)snprintf(how, sizeof how, "in chunks of %" PRIu64 " bytes by several workers",
                       px_chunks_bytes(copier));
    }
    const size_t room = shown != NULL ? strlen(shown) + PAIR_ROOM + 512 : 0;
    char *text = room > 0 ? malloc(room) : NULL;
    if (text != NULL) {
        (void)snprintf(text, room, "%s: %s, %s: %s%s%s", shown, px_copy_engine_name(entry->engine),
                       how, why, entry->stream_why != NULL ? "; " : "",
                       entry->stream_why != NULL ? entry->stream_why : "");
        explain_say(copier, text);
    }
    free(text);
    free(shown);
    free(path);
}

void px_explain_file(const struct px_copier *copier, const struct px_entry *entry)
{
    if (entry->engine == PX_ENGINE_NONE || entry->engine >= PX_ENGINE_LINK ||
        !explain_wants(copier)) {
        return;
    }
    const char *why = entry->engine_why != NULL ? entry->engine_why : "nothing else is to be tried";
    if (entry->bytes / 2 >= px_chunks_bytes(copier)) {
        explain_large(copier, entry, why);
    } else {
        px_explain_note(copier, entry->dir->pair, px_copy_engine_name(entry->engine), why);
    }
}
