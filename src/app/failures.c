/* SPDX-License-Identifier: MIT
 *
 * app/failures.c - the list of what failed. Each entry is flushed, so that NAME.part is up to date
 * whatever kills the process. Main's thread; owns no lock.
 */
#include "app/failures.h"

#include <stdlib.h>
#include <string.h>

#include "app/outfile.h"

struct failures {
    struct outfile *file;
    int (*write_entry)(const struct px_result *task, FILE *out);
};

int failures_open(const char *path, int (*write_entry)(const struct px_result *task, FILE *out),
                  struct failures **out)
{
    struct failures *list = calloc(1, sizeof *list);
    if (list == NULL) {
        return PX_ENOMEM;
    }
    list->write_entry = write_entry;
    const int status = outfile_open(path, 0600, &list->file);
    if (status != PX_OK) {
        free(list);
        return status;
    }
    *out = list;
    return PX_OK;
}

int failures_add(struct failures *list, const struct px_result *task)
{
    if (list == NULL) {
        return PX_OK;
    }
    const int status = list->write_entry(task, outfile_stream(list->file));
    const int flushed = outfile_flush(list->file);
    return status != PX_OK ? status : flushed;
}

int failures_close(struct failures *list)
{
    if (list == NULL) {
        return PX_OK;
    }
    const int status = outfile_commit(list->file);
    free(list);
    return status;
}

int failures_write_sources(const struct px_result *task, FILE *out)
{
    int status = PX_OK;
    const char *last =
        NULL; /* with several targets it failed for each of them, one after the other */
    for (size_t i = 0; i < task->n_items; i++) {
        const struct px_item *item = &task->items[i];
        if (item->state != PX_ITEM_FAILED || item->source == NULL ||
            (last != NULL && strcmp(item->source, last) == 0)) {
            continue;
        }
        last = item->source;
        if (strchr(item->source, '\n') != NULL) {
            status = PX_EINVAL;
        } else if (fprintf(out, "%s\n", item->source) < 0 && status == PX_OK) {
            status = PX_EIO;
        }
    }
    return status;
}
