/* SPDX-License-Identifier: MIT
 *
 * app/copy_rules.c - rules in the order of the command line, and combinations that are refused
 * before anything is opened. Main's thread only; no lock.
 */
#include "app/copy_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pxfer/status.h>

#include "base/grow.h"

int copy_rules_add(struct copy_rules *rules, int kind, const char *text, const char **reason)
{
    if (text[0] == '\0') {
        *reason = "it is empty";
        return PX_EINVAL;
    }
    struct px_copy_rule *items = px_grow(rules->items, &rules->room, rules->n + 1, sizeof *items);
    if (items == NULL) {
        return PX_ENOMEM;
    }
    rules->items = items;
    items[rules->n++] = (struct px_copy_rule){.kind = (enum px_rule)kind, .text = text};
    return PX_OK;
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool copy_check_is_of_two_trees(const struct px_copy_opts *opts)
{
    return opts->check && opts->n_sources == 1 && !opts->target_is_dir &&
           is_dir(opts->sources[0]) && is_dir(opts->target);
}

static bool clash_stdin_twice(const struct px_copy_opts *opts)
{
    size_t users = opts->names_from != NULL && strcmp(opts->names_from, "-") == 0;
    for (size_t i = 0; i < opts->n_rules; i++) {
        users +=
            opts->rules[i].kind == PX_RULE_EXCLUDE_FROM && strcmp(opts->rules[i].text, "-") == 0;
    }
    return users > 1;
}

/* Is it asked how the bytes of files are to be copied? */
static bool copies_bytes_so(const struct px_copy_opts *opts)
{
    return opts->verify || opts->hash != PX_HASH_NONE || opts->direct || opts->drop_cache ||
           opts->reflink != PX_REFLINK_AUTO || opts->sparse != PX_SPARSE_AUTO;
}

static bool has_relative_source(const struct px_copy_opts *opts)
{
    for (size_t i = 0; i < opts->n_sources; i++) {
        if (opts->sources[i][0] != '/') {
            return true;
        }
    }
    return false;
}

const char *copy_rules_parents(struct px_copy_opts *opts)
{
    static const char *const here = ".";
    static const char *const root = "/";
    const bool full = opts->n_sources > 0 && opts->sources[0][0] == '/';
    for (size_t i = 0; i < opts->n_sources; i++) {
        if ((opts->sources[i][0] == '/') != full) {
            return "--parents: either all sources are full paths or none is";
        }
    }
    if (opts->target_is_thing || opts->names_from != NULL || opts->remove_extra ||
        opts->one_file_system) {
        return "--parents takes no -T, --files-from, --delete and -x";
    }
    opts->names = opts->sources;
    opts->n_names = opts->n_sources;
    opts->sources = full ? &root : &here;
    opts->n_sources = 1;
    opts->target_is_dir = true;
    return NULL;
}

const char *copy_rules_clash(const struct px_copy_opts *opts)
{
    if (opts->names_from != NULL && opts->n_sources != 1) {
        return "--files-from takes one source";
    }
    if (opts->names_from != NULL && opts->remove_extra) {
        return "--files-from and --delete exclude each other";
    }
    if ((opts->max_delete != 0 || opts->delete_none) && !opts->remove_extra) {
        return "--max-delete needs --delete";
    }
    if (opts->check &&
        (opts->remove_extra || opts->dry_run || opts->verify || opts->hash != PX_HASH_NONE ||
         opts->backup != PX_BACKUP_NONE || opts->update != PX_UPDATE_ALL || opts->existing_only)) {
        return "--check copies nothing: no --delete, --dry-run, --verify, --hash, --backup, -u, "
               "-n, "
               "--existing";
    }
    if (opts->files != PX_FILES_COPY && (opts->check || copies_bytes_so(opts))) {
        return "--link, -s and --attributes-only copy no bytes: no --check, --verify, --hash, "
               "--manifest, --reflink, --sparse, --direct, --drop-cache";
    }
    if (opts->files == PX_FILES_SYMLINK && has_relative_source(opts)) {
        return "-s: a symbolic link needs the full path of its source (/...)";
    }
    if (opts->shard_count > 1 && !opts->target_is_thing && !opts->target_is_dir) {
        return "--shard needs -T or -t: for the run that comes second DST is there already";
    }
    if (opts->shard_count > 1 && opts->remove_extra) {
        return "--shard and --delete exclude each other";
    }
    if (opts->check && (opts->direct || opts->drop_cache || opts->explain)) {
        return "--check copies nothing: no --direct, --drop-cache, --explain";
    }
    if (opts->n_also > 0 && (opts->direct || opts->drop_cache)) {
        return "--to takes no --direct and no --drop-cache";
    }
    if (clash_stdin_twice(opts)) {
        return "only one list can come from standard input";
    }
    const char *suffix = opts->backup_suffix;
    if (suffix != NULL && (suffix[0] == '\0' || strchr(suffix, '/') != NULL)) {
        return "-S: a suffix has no slash and is not empty";
    }
    return NULL;
}
