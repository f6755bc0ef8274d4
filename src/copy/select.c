/* SPDX-License-Identifier: MIT
 *
 * copy/select.c - patterns and links. The patterns are loaded on the owner's thread and fixed then;
 * a struct px_select belongs to one worker. No locks.
 */
#define _GNU_SOURCE /* O_NOFOLLOW on older systems */

#include "copy/select.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "base/show.h"
#include "copy/parents.h"

#define NAME_ROOM 256

/* --- patterns --------------------------------------------------------------------------------- */

static int select_refuse(int status, const char *what, const char *text, const char *why,
                         char *error, size_t n)
{
    char *shown = px_show_name_dup(text);
    (void)snprintf(error, n, "%s %s: %s", what, shown != NULL ? shown : "", why);
    free(shown);
    return status;
}

int px_select_load(const struct px_copy_opts *opts, struct px_patterns *patterns, char *error,
                   size_t n)
{
    for (size_t i = 0; i < opts->n_rules; i++) {
        const struct px_copy_rule *rule = &opts->rules[i];
        int status;
        errno = 0;
        if (rule->kind == PX_RULE_EXCLUDE_FROM) {
            status = px_patterns_add_file(patterns, rule->text, opts->names_nul);
        } else {
            status = px_patterns_add(patterns, rule->text, strlen(rule->text),
                                     rule->kind == PX_RULE_INCLUDE);
        }
        const char *what = rule->kind == PX_RULE_EXCLUDE_FROM ? "patterns" : "pattern";
        if (status == PX_EIO) {
            return select_refuse(PX_EUSAGE, what, rule->text, px_errno_text(errno), error, n);
        }
        if (status != PX_OK) {
            return select_refuse(status == PX_EINVAL ? PX_EUSAGE : status, what, rule->text,
                                 status == PX_EINVAL ? "nothing is left of a pattern"
                                                     : px_status_text(status),
                                 error, n);
        }
    }
    return PX_OK;
}

static bool name_counts(const struct px_dir *dir)
{
    return dir->parent != NULL && strcmp(dir->source_name, ".") != 0;
}

static size_t select_prefix_len(const struct px_dir *dir)
{
    size_t len = 0;
    for (; dir != NULL; dir = dir->parent) {
        len += name_counts(dir) ? strlen(dir->source_name) + 1 : 0;
    }
    return len;
}

int px_select_begin(const struct px_copier *copier, const struct px_dir *dir,
                    struct px_select *select)
{
    *select = (struct px_select){.patterns = &copier->copy->patterns};
    if (!select->patterns->need_paths) {
        return PX_OK;
    }
    select->prefix = select_prefix_len(dir);
    select->path = malloc(select->prefix + NAME_ROOM);
    if (select->path == NULL) {
        return PX_ENOMEM;
    }
    char *end = select->path + select->prefix;
    for (; dir != NULL; dir = dir->parent) {
        if (name_counts(dir)) {
            const size_t len = strlen(dir->source_name);
            *--end = '/';
            end -= len;
            memcpy(end, dir->source_name, len);
        }
    }
    return PX_OK;
}

bool px_select_excludes(struct px_select *select, const char *name, bool is_dir)
{
    if (select->patterns->n == 0) {
        return false;
    }
    const size_t len = strlen(name);
    if (select->path == NULL || len >= NAME_ROOM) {
        return px_patterns_exclude(select->patterns, name, is_dir);
    }
    memcpy(select->path + select->prefix, name, len + 1);
    return px_patterns_exclude(select->patterns, select->path, is_dir);
}

void px_select_end(struct px_select *select)
{
    free(select->path);
    select->path = NULL;
}

/* --- links ------------------------------------------------------------------------------------ */

bool px_select_follows(const struct px_copier *copier, const struct px_entry *entry)
{
    const enum px_follow follow = copier->copy->opts.follow;
    return follow == PX_FOLLOW_ALL || (follow == PX_FOLLOW_OPERANDS && entry->expect != NULL) ||
           px_parents_leads_to_operand(copier, entry);
}

int px_select_open_flag(const struct px_copier *copier, const struct px_entry *entry)
{
    return px_select_follows(copier, entry) ? 0 : O_NOFOLLOW;
}

int px_select_fail_open(const struct px_copier *copier, const struct px_entry *entry, int err,
                        struct px_fail *fail)
{
    if (err == ENOENT && (px_dir_is_asked(entry->dir) || px_select_follows(copier, entry))) {
        return px_fail_set(fail, PX_ESRC, err, "open source");
    }
    return px_fail_source(fail, err, "open source");
}
