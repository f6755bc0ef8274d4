/* SPDX-License-Identifier: MIT
 *
 * app/tell.c - who hears of a finished item. Main's thread only; owns no lock.
 */
#include "app/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/show.h"

void tell_init(struct tell *tell, const struct tell_listeners *to, struct run_summary *summary)
{
    tell->to = to;
    tell->summary = summary;
    tell->plan = (struct plan){.out = to->plan, .words = to->plan_words};
}

void tell_output(struct tell *tell, const char *what, int status)
{
    if (status != PX_OK && !tell->summary->output_lost) {
        tell->summary->output_lost = true; /* where one line is lost the next ones are, too */
        px_log_line(tell->to->log, PX_LOG_QUIET, PX_LOG_MAIN, "cannot write %s: %s", what,
                    px_status_text(status));
    }
}

/* What there is to say of an item, ready to print; NULL = nothing. */
static const char *tell_reason(const struct px_item *item)
{
    if (item->error != NULL) {
        return item->error;
    }
    return item->status != PX_OK ? px_status_text(item->status) : NULL;
}

/* Of several targets, the one; and the one that could not be written, which the name of the source
 * says nothing of. */
static bool tell_names_target(const struct tell *tell, const struct px_item *item)
{
    const bool at_target = item->state == PX_ITEM_FAILED && item->status == PX_EIO;
    return item->target != NULL && !item->target_only &&
           (tell->to->names_targets || (at_target && !tell->to->source_is_url));
}

static void tell_say(const struct tell *tell, enum px_log_level level, const char *what,
                     const struct px_item *item)
{
    const struct px_log *log = tell->to->log;
    if (!px_log_wants(log, level)) {
        return;
    }
    const char *name = item->target_only ? item->target : item->source;
    if (tell->to->source_is_url && name != NULL && *name == '\0') {
        name = NULL; /* a line of a list in which no URL was found */
    }
    const char *reason = tell_reason(item);
    char *shown = name == NULL              ? strdup("")
                  : tell->to->source_is_url ? px_show_url_dup(name)
                                            : px_show_name_dup(name);
    char *target = tell_names_target(tell, item) ? px_show_dup(item->target) : NULL;
    px_log_line(log, level, PX_LOG_MAIN, "%s%s%s%s%s%s", what,
                shown != NULL ? shown : "(no memory)", target != NULL ? " -> " : "",
                target != NULL ? target : "", name != NULL && reason != NULL ? ": " : "",
                reason != NULL ? reason : "");
    free(target);
    free(shown);
}

/* Skipped because it is there already: what the user asked for, so no news. A special file or a
 * repeated line is. */
static bool tell_is_plain_skip(const struct px_item *item)
{
    return item->status == PX_OK || item->status == PX_EEXIST;
}

/* Has an item its line in the plan of a dry run? Without words only what would be done. */
static bool tell_is_planned(const struct tell *tell, const struct px_item *item)
{
    if (tell->to->plan == NULL || item->state == PX_ITEM_CANCELED) {
        return false;
    }
    if (tell->to->plan_words != NULL) {
        return item->target != NULL;
    }
    return item->state == PX_ITEM_SKIPPED && item->status == PX_OK;
}

/* `worked`: a worker had it, and has said at -v what became of it. */
static void tell_say_item(struct tell *tell, const struct px_item *item, bool worked)
{
    const bool planned = tell_is_planned(tell, item);
    if (planned) {
        tell_output(tell, "standard output", plan_add(&tell->plan, item, tell->to->source_is_url));
    }
    switch (item->state) {
    case PX_ITEM_OK:
        if (item->error != NULL) { /* done, with something to say: an attribute could not be kept */
            tell_say(tell, PX_LOG_NORMAL, "warning: ", item);
        }
        break;
    case PX_ITEM_SKIPPED:
        if (tell->to->plan != NULL && (item->status == PX_OK || planned)) {
            break;
        }
        if (!tell_is_plain_skip(item)) {
            tell_say(tell, PX_LOG_NORMAL, "skipped: ", item);
        } else if (!worked) {
            tell_say(tell, PX_LOG_VERBOSE, "skipped: ", item);
        }
        break;
    case PX_ITEM_FAILED:
        if (tell->to->tells_failures) {
            break;
        }
        /* One message for a full disk, not ten thousand. */
        if (item->status != PX_EFULL || tell->summary->fatal != PX_EFULL) {
            tell_say(tell, PX_LOG_QUIET, "failed: ", item);
        }
        break;
    case PX_ITEM_CANCELED: break; /* told once, by its cause */
    }
}

/* What --write-out makes of an item, as one block. */
static void tell_write_out(struct tell *tell, const struct px_item *item)
{
    if (tell->to->writeout == NULL) {
        return;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    int status = memory != NULL ? writeout_item(tell->to->writeout, item, memory) : PX_ENOMEM;
    if (memory != NULL && fclose(memory) != 0) {
        status = PX_ENOMEM;
    }
    if (status == PX_OK && size > 0) {
        status = px_outlock_write(tell->to->out, text, size);
    }
    tell_output(tell, "standard output", status);
    free(text);
}

static void tell_record(struct tell *tell, const struct px_item *item)
{
    if (item->state == PX_ITEM_CANCELED) {
        return; /* the journal tells of finished items */
    }
    tell_write_out(tell, item);
    if (tell->to->sink.what != NULL) {
        const struct tell_sink *sink = &tell->to->sink;
        tell_output(tell, sink->what, sink->add(sink->ctx, item));
    }
    tell_output(tell, "the journal", journal_add(tell->to->journal, item));
    tell_output(tell, "standard output", journal_add(tell->to->json, item));
}

void tell_task(struct tell *tell, const struct px_result *task, bool worked)
{
    for (size_t i = 0; i < task->n_items; i++) {
        tell_record(tell, &task->items[i]);
        tell_say_item(tell, &task->items[i], worked);
    }
    if (task->untold > 0) {
        tell_output(tell, "what became of some items", PX_ENOMEM);
    }
    if (task->failed > 0) {
        tell_output(tell, "the list of failures", failures_add(tell->to->failures, task));
    }
}

void tell_flush(struct tell *tell)
{
    tell_output(tell, "standard output", plan_flush(&tell->plan));
}
