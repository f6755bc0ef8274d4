/* SPDX-License-Identifier: MIT
 *
 * copy/alias.c - links to the source in place of copies. Entered by any worker; no locks. The source is
 * opened with O_PATH, which asks for no permission to read it, and linked by that descriptor: its name
 * is resolved once.
 */
#define _GNU_SOURCE /* O_PATH */

#include "copy/alias.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fdio.h"
#include "copy/dir.h"
#include "copy/link.h"
#include "copy/policy.h"
#include "copy/select.h"

bool px_alias_is_asked(const struct px_copy_opts *opts)
{
    return opts->files == PX_FILES_LINK || opts->files == PX_FILES_SYMLINK;
}

static int alias_open(struct px_copier *copier, const struct px_entry *entry, struct px_node *node,
                      struct px_fail *fail)
{
    const int flags = O_PATH | O_CLOEXEC | px_select_open_flag(copier, entry);
    const struct px_expect *expect = entry->expect;
    node->twin = copier->io->openat(node->fds.source, entry->source_name, flags, 0);
    if (node->twin < 0) {
        return px_select_fail_open(copier, entry, errno, fail);
    }
    if (copier->io->fstat(node->twin, &node->source) != 0) {
        return px_fail_source(fail, errno, "stat source");
    }
    if (S_ISDIR(node->source.st_mode)) {
        return px_fail_set(fail, PX_ECHANGED, 0, "open source: it is a directory now");
    }
    if (expect != NULL &&
        (expect->dev != node->source.st_dev || expect->ino != node->source.st_ino)) {
        return px_fail_set(fail, PX_ECHANGED, 0, "open source: it was replaced by another");
    }
    return PX_OK;
}

static void alias_close(struct px_copier *copier, struct px_node *node)
{
    if (node->twin >= 0) {
        PX_IGNORE(copier->io->close(node->twin)); /* only looked at */
        node->twin = -1;
    }
}

/* A symbolic link says the source's path, as the operand begins it. */
static int alias_symlink(struct px_copier *copier, struct px_entry *entry, struct px_node *node,
                         struct px_fail *fail)
{
    char *path = px_dir_path(entry->dir, PX_SIDE_SOURCE, entry->source_name);
    if (path == NULL) {
        return px_fail_set(fail, PX_ENOMEM, 0, "make link: out of memory");
    }
    alias_close(copier, node);
    node->text = path;
    const int status = px_node_make(copier, entry, node, fail);
    node->text = NULL;
    free(path);
    return status;
}

static int alias_make(struct px_copier *copier, struct px_entry *entry, struct px_node *node,
                      struct px_fail *fail)
{
    const bool hard = copier->copy->opts.files == PX_FILES_LINK;
    int status = alias_open(copier, entry, node, fail);
    if (status != PX_OK || px_policy_misses(copier, entry)) {
        return status;
    }
    entry->engine = hard ? PX_ENGINE_LINK : PX_ENGINE_SYMLINK;
    status = px_policy_apply(copier, entry, &node->source, fail);
    if (status != PX_OK || entry->skip_reason != NULL) {
        return status;
    }
    return hard ? px_node_make(copier, entry, node, fail)
                : alias_symlink(copier, entry, node, fail);
}

void px_alias_copy(struct px_copier *copier, struct px_entry *entry)
{
    struct px_fail fail;
    entry->attempts = 1;
    px_copier_begin(copier, entry);
    struct px_node node = {.fds = px_dir_acquire(entry->dir), .twin = -1, .is_name = true};
    const int status = alias_make(copier, entry, &node, &fail);
    alias_close(copier, &node);
    px_dir_release(entry->dir);
    px_copier_phase(entry, PX_COPY_OPEN);
    px_copier_settle_status(copier, entry, status, &fail);
}
