/* SPDX-License-Identifier: MIT
 *
 * copy/parents.c - operands with the directories above them. The list is made on the owner's thread
 * while the engine is, with raw calls (there is nothing to undo); the questions are any worker's. No
 * locks.
 */
#include "copy/parents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pxfer/status.h>

#include "base/show.h"

static int parents_refuse(const char *name, char *error, size_t n)
{
    char *shown = px_show_name_dup(name);
    (void)snprintf(
        error, n,
        "%s: --parents takes names below the current directory, or full paths, without \"..\"",
        shown != NULL ? shown : "");
    free(shown);
    return PX_EUSAGE;
}

/* A directory is taken with all that is below it: in a list a slash says so. */
static bool parents_is_dir(const struct px_copy_opts *opts, const char *name)
{
    struct stat st;
    const int rc = opts->follow != PX_FOLLOW_NEVER ? stat(name, &st) : lstat(name, &st);
    return rc == 0 && S_ISDIR(st.st_mode);
}

/* `out` has room for the name, a slash and a NUL. */
static int parents_clean(const struct px_copy_opts *opts, const char *name, char *out)
{
    if (px_listed_clean(name, out) != PX_OK || out[0] == '\0') {
        return PX_EINVAL;
    }
    const size_t len = strlen(out);
    const size_t bare = out[len - 1] == '/' ? len - 1 : len;
    const char *end = parents_is_dir(opts, name) ? "/" : "";
    memcpy(out + bare, end, strlen(end) + 1);
    return PX_OK;
}

int px_parents_list(const struct px_copy_opts *opts, char *error, size_t n, struct px_listed **out)
{
    size_t room = 1;
    for (size_t i = 0; i < opts->n_names; i++) {
        room += strlen(opts->names[i]) + 2;
    }
    size_t used = 0;
    int status = PX_OK;
    char *text = malloc(room);
    if (text == NULL) {
        (void)snprintf(error, n, "out of memory");
        return PX_ENOMEM;
    }
    for (size_t i = 0; i < opts->n_names && status == PX_OK; i++) {
        if (parents_clean(opts, opts->names[i], text + used) != PX_OK) {
            status = parents_refuse(opts->names[i], error, n);
        } else {
            used += strlen(text + used) + 1;
        }
    }
    if (status == PX_OK) {
        status = px_listed_new(text, used, out);
        if (status != PX_OK) {
            (void)snprintf(error, n, "out of memory");
        }
    }
    if (status != PX_OK) {
        free(text);
    }
    return status;
}

bool px_parents_leads_to_operand(const struct px_copier *copier, const struct px_entry *entry)
{
    return copier->copy->opts.n_names > 0 && entry->type == PX_COPY_DIR && entry->dir->is_listed;
}

bool px_parents_is_top(const struct px_dir *dir)
{
    return dir->copy->opts.n_names > 0 && dir->parent == dir->top;
}
