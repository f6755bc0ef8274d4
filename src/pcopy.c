/* SPDX-License-Identifier: MIT
 *
 * pcopy - copies files and trees with many threads. The option table and main(); the copy engine is
 * src/copy, what the user sees is made in src/app.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pxfer/copy.h>
#include <pxfer/version.h>

#include "app/copy_engine.h"
#include "app/copy_hints.h"
#include "app/copy_options.h"
#include "app/copy_rules.h"
#include "app/manifest.h"
#include "app/session.h"
#include "app/shard_words.h"

struct options {
    struct session_opts session;
    const char *target_dir; /* -t */
    struct option_strings to;
    struct copy_rules rules;
    bool parents;
    const char *manifest;
    unsigned max_pressure;
    const char *pressure_file;
    const char *shard;
    struct shard_words shard_words;
    struct px_copy_opts copy;
};

#define AUTO_START_MOST 4

#define AT(field) offsetof(struct options, field)
#define COPY(field) offsetof(struct options, copy.field)

/* clang-format off: a row for each option */
static const struct option_choice update_words[] = {
    {"all", PX_UPDATE_ALL},
    {"none", PX_UPDATE_NONE},
    {"none-fail", PX_UPDATE_NONE_FAIL},
    {"older", PX_UPDATE_OLDER},
    {"changed", PX_UPDATE_CHANGED},
    {"size", PX_UPDATE_SIZE},
    {"contents", PX_UPDATE_CONTENTS},
    {NULL, 0},
};

static const struct option_choice sync_words[] = {
    {"none", PX_SYNC_NONE},
    {"end", PX_SYNC_END},
    {"file", PX_SYNC_FILE},
    {NULL, 0},
};

static const struct option_choice hash_words[] = {
    {"sha256", PX_HASH_SHA256},
    {"xxh3", PX_HASH_XXH3},
    {NULL, 0},
};

/* The last four are cp's other words. */
static const struct option_choice backup_words[] = {
    {"simple", PX_BACKUP_SIMPLE},
    {"numbered", PX_BACKUP_NUMBERED},
    {"never", PX_BACKUP_SIMPLE},
    {"t", PX_BACKUP_NUMBERED},
    {"none", PX_BACKUP_NONE},
    {"off", PX_BACKUP_NONE},
    {NULL, 0},
};

static const struct option_choice reflink_words[] = {
    {"auto", PX_REFLINK_AUTO},
    {"always", PX_REFLINK_ALWAYS},
    {"never", PX_REFLINK_NEVER},
    {NULL, 0},
};

#define RULE_ROW(name_, arg_, help_, kind_) OPTION_ROW_CALL(name_, arg_, help_, 0, kind_, add_rule)

static int add_rule(void *options, const struct option_spec *spec, const char *arg,
                    const char **reason)
{
    return copy_rules_add(&((struct options *)options)->rules, spec->value, arg, reason);
}

static const struct option_choice sparse_words[] = {
    {"auto", PX_SPARSE_AUTO},
    {"always", PX_SPARSE_ALWAYS},
    {"never", PX_SPARSE_NEVER},
    {NULL, 0},
};

static const struct option_spec table[] = {
    OPTION_ROW_GROUP("What and where:"),
    OPTION_ROW_IGNORED('r', "recursive"),
    OPTION_ROW_IGNORED('R', NULL),
    OPTION_ROW_IGNORED('f', "force"),
    OPTION_ROW_IGNORED('p', NULL),
    OPTION_ROW_IGNORED('A', "acls"),
    OPTION_ROW_IGNORED('X', "xattrs"),
    OPTION_ROW_IGNORED('W', "whole-file"),
    OPTION_ROW_IGNORED(0, "hard-links"),
    OPTION_ROW_IGNORED(0, "numeric-ids"),
    OPTION_ROW_IGNORED(0, "remove-destination"),
    OPTION_ROW_IGNORED(0, "stats"),
    OPTION_ROW_IGNORED(0, "strip-trailing-slashes"),
    {.kind = OPTION_IGNORED,
     .letter = 'a',
     .name = "archive",
     .help = "as for cp, and what pcopy always does; -r, -R and -f too"},
    OPTION_ROW_ARG(OPTION_STRING, 't', "target-directory", "DIR", "copy all operands into DIR",
                   NULL, AT(target_dir)),
    OPTION_ROW_ARG(OPTION_STRINGS, 0, "to", "DST",
                   "copy to DST; given again: to each, and read the sources once", NULL, AT(to)),
    OPTION_ROW_FLAG('T', "no-target-directory", "DST is the copy itself, not a folder for it",
                    COPY(target_is_thing)),
    OPTION_ROW_FLAG(0, "parents", "copy a/b/c to DST/a/b/c, with the directories", AT(parents)),
    OPTION_ROW_SET('n', "no-clobber", "leave alone what exists", COPY(update), PX_UPDATE_NONE),
    OPTION_ROW_SET(0, "ignore-existing", NULL, COPY(update), PX_UPDATE_NONE),
    OPTION_ROW_WORD('u', "update", "which existing files to replace; -u is --update=older",
                    COPY(update), PX_UPDATE_OLDER, update_words),
    OPTION_ROW_SET(0, "size-only", NULL, COPY(update), PX_UPDATE_SIZE),
    OPTION_ROW_SET('c', "checksum", "replace what has other contents; --update=contents",
                   COPY(update), PX_UPDATE_CONTENTS),
    OPTION_ROW_FLAG(0, "existing", "make nothing that the target does not have",
                    COPY(existing_only)),
    OPTION_ROW_WORD('b', "backup",
                    "keep what is replaced, as NAME~ or NAME.~1~; simple without a word",
                    COPY(backup), PX_BACKUP_SIMPLE, backup_words),
    OPTION_ROW_ARG(OPTION_STRING, 'S', "suffix", "SUFFIX", "of simple backups, in place of ~", NULL,
                   COPY(backup_suffix)),
    OPTION_ROW_FLAG(0, "delete", "remove from copied directories what the source lacks",
                    COPY(remove_extra)),
    OPTION_ROW_FLAG(0, "del", NULL, COPY(remove_extra)),
    OPTION_ROW_FLAG(0, "delete-after", NULL, COPY(remove_extra)),
    OPTION_ROW_FLAG(0, "delete-before", NULL, COPY(remove_extra)),
    OPTION_ROW_FLAG(0, "delete-during", NULL, COPY(remove_extra)),
    OPTION_ROW_CALL("max-delete", "N", "stop removing after so many names", AT(copy), 0,
                    copy_options_max_delete),
    OPTION_ROW_ARG(OPTION_STRING, 0, "files-from", "FILE",
                   "only the names in FILE, below SRC; - for standard input", NULL,
                   COPY(names_from)),
    OPTION_ROW_FLAG('0', "null", "names and patterns in files end in NUL", COPY(names_nul)),
    OPTION_ROW_FLAG(0, "from0", NULL, COPY(names_nul)),
    RULE_ROW("exclude", "GLOB", "leave out these names; the first rule that matches decides",
             PX_RULE_EXCLUDE),
    RULE_ROW("include", "GLOB", "take these names", PX_RULE_INCLUDE),
    RULE_ROW("exclude-from", "FILE", "read patterns from FILE", PX_RULE_EXCLUDE_FROM),
    SHARD_OPTION_ROW(AT(shard)),
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 0, "shard-depth",
                      "how deep below SRC the names are that make the shares", "1",
                      COPY(shard_depth), 1, 1000),
    OPTION_ROW_SET('P', "no-dereference", "copy symbolic links as links; the default", COPY(follow),
                   PX_FOLLOW_NEVER),
    OPTION_ROW_SET('d', NULL, NULL, COPY(follow), PX_FOLLOW_NEVER),
    OPTION_ROW_SET('H', NULL, "follow symbolic links that are operands", COPY(follow),
                   PX_FOLLOW_OPERANDS),
    OPTION_ROW_SET('L', "dereference", "follow all symbolic links", COPY(follow), PX_FOLLOW_ALL),
    OPTION_ROW_FLAG('x', "one-file-system", "do not go into other file systems",
                    COPY(one_file_system)),
    OPTION_ROW_FLAG(0, "specials", "make FIFOs, sockets and devices anew; else they are skipped",
                    COPY(specials)),
    OPTION_ROW_FLAG('D', NULL, NULL, COPY(specials)),
    OPTION_ROW_SET('l', "link", "make hard links in place of copies", COPY(files), PX_FILES_LINK),
    OPTION_ROW_SET('s', "symbolic-link", "make symbolic links to SRC, a full path", COPY(files),
                   PX_FILES_SYMLINK),
    OPTION_ROW_SET(0, "attributes-only", "copy no contents, and change none", COPY(files),
                   PX_FILES_ATTRIBUTES),
    OPTION_ROW_CALL(
        "preserve", "LIST",
        "fail what cannot keep these: mode, ownership, timestamps, xattr, links, context, all",
        COPY(keep), 1, copy_options_keep),
    OPTION_ROW_CALL("no-preserve", "LIST", "do not keep these", COPY(keep), 0, copy_options_keep),
    OPTION_ROW_FLAG(0, "dry-run", "only print what would be done", COPY(dry_run)),
    OPTION_ROW_GROUP("How:"),
    SESSION_OPTION_JOBS(struct options, session, "one for each processor"),
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 0, "max-pressure",
                      "fewer workers while others wait for I/O more than N% of the time", NULL,
                      AT(max_pressure), 1, 100),
    OPTION_ROW_ARG(OPTION_STRING, 0, "pressure-file", "FILE",
                   "whose pressure, such as a cgroup's io.pressure", NULL, AT(pressure_file)),
    OPTION_ROW_CHOICE(0, "reflink", "share the data blocks where the file system can", "auto",
                      COPY(reflink), reflink_words),
    OPTION_ROW_CHOICE(0, "sparse", "keep holes; make them out of zeros, too; fill them", "auto",
                      COPY(sparse), sparse_words),
    {.kind = OPTION_SIZE,
     .name = "chunk-size",
     .arg = "SIZE",
     .help = "files from two chunks up are copied by several workers",
     .preset = "64M",
     .offset = COPY(chunk_bytes),
     .min = UINT64_C(1) << 20},
    OPTION_ROW_ARG(OPTION_SIZE, 0, "limit-rate", "SIZE",
                   "bytes per second that are read, by all workers together", NULL,
                   COPY(limit_rate)),
    OPTION_ROW_CALL("bwlimit", "RATE", "the same, a bare number in KiB, as for rsync",
                    COPY(limit_rate), 0, copy_options_bwlimit),
    OPTION_ROW_CHOICE(0, "sync", "make data durable for each file or at the end", "none",
                      COPY(sync), sync_words),
    OPTION_ROW_FLAG(0, "direct", "files from 1 MiB go around the page cache (O_DIRECT)",
                    COPY(direct)),
    OPTION_ROW_FLAG(0, "drop-cache", "leave nothing in memory that was not there before",
                    COPY(drop_cache)),
    OPTION_ROW_FLAG(0, "explain", "tell how the bytes are copied, and why so", COPY(explain)),
    OPTION_ROW_FLAG(0, "allow-changing", "of a file that grows, copy what it had at first",
                    COPY(allow_changing)),
    OPTION_ROW_FLAG(0, "no-space-check", "begin, whether there seems to be room or not",
                    COPY(no_space_check)),
    OPTION_ROW_GROUP("Checks:"),
    OPTION_ROW_FLAG(0, "verify", "read each target again before it gets its name", COPY(verify)),
    OPTION_ROW_FLAG(0, "check", "copy nothing, tell what differs", COPY(check)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "manifest", "FILE",
                   "write digests of the copied files to FILE, as sha256sum does", NULL,
                   AT(manifest)),
    OPTION_ROW_CHOICE(0, "hash", "which digest, also without --manifest", NULL, COPY(hash),
                      hash_words),
    SESSION_OPTION_ROWS(struct options, session),
};
/* clang-format on */

static const char *const usage[] = {"[OPTION]... SRC DST", "[OPTION]... SRC... DIRECTORY",
                                    "[OPTION]... -t DIRECTORY SRC...",
                                    "[OPTION]... SRC... --to DST [--to DST]...", NULL};

static const struct option_program program = {
    .name = "pcopy",
    .usage = usage,
    .summary =
        "Copies files and trees with many threads. The copy is what cp -a makes: links as links,\n"
        "mode, owner where allowed, times. A name that exists is replaced whole or not at all.",
    .footer = "Exit codes: 0 all done, 1 some files failed, 2 usage or refused, 3 target cannot\n"
              "be written, 4 source vanished or kept changing, 9 --verify or --check found a\n"
              "difference, 75 drained.\n",
    .table = table,
    .hints = copy_hints,
    .version = PX_VERSION_STRING,
};

static int open_engine(void *ctx, const struct session_run *run, struct run_engine *out,
                       char *error, size_t room)
{
    return copy_engine_open(&((const struct options *)ctx)->copy, run, out, error, room);
}

static int sync_engine(void *ctx, struct run_engine *engine)
{
    return copy_engine_sync(&((struct options *)ctx)->copy, engine);
}

static const char *target(void *ctx)
{
    return ((const struct options *)ctx)->copy.target;
}

static const char *only_once(void *ctx)
{
    const struct px_copy_opts *copy = &((const struct options *)ctx)->copy;
    const char *from = copy->names_from;
    if (copy->n_also > 0) {
        return "with one destination";
    }
    return from != NULL && strcmp(from, "-") == 0 ? "the names come from standard input" : NULL;
}

/* Operands: SRC... DST, or with -t or --to only sources. */
static int assign_places(struct options *options, const struct option_parsed *parsed)
{
    struct px_copy_opts *copy = &options->copy;
    const struct option_strings *to = &options->to;
    copy->target_is_dir = options->target_dir != NULL;
    if (copy->target_is_dir && (copy->target_is_thing || to->n > 0)) {
        return option_complain(&program, stderr, "-t and %s exclude each other",
                               to->n > 0 ? "--to" : "-T");
    }
    const size_t own = copy->target_is_dir || to->n > 0 ? 0 : 1; /* operands that are no source */
    if (parsed->n_operands < 1 + own) {
        return option_complain(&program, stderr,
                               parsed->n_operands == 0 ? "nothing to copy" : "no target given");
    }
    copy->n_sources = parsed->n_operands - own;
    copy->sources = (const char *const *)parsed->operands;
    if (to->n > 0) {
        copy->target = to->items[0];
        copy->also = to->items + 1;
        copy->n_also = to->n - 1;
    } else {
        copy->target = own == 0 ? options->target_dir : parsed->operands[copy->n_sources];
    }
    if (copy->target_is_thing && copy->n_sources > 1) {
        return option_complain(&program, stderr, "-T takes one source");
    }
    return PX_OK;
}

static int assign_operands(struct options *options, const struct option_parsed *parsed)
{
    struct px_copy_opts *copy = &options->copy;
    if (assign_places(options, parsed) != PX_OK) {
        return PX_EUSAGE;
    }
    const int status = shard_words_option(&program, options->shard, &options->shard_words);
    if (status != PX_OK) {
        return status;
    }
    copy->shard_index = options->shard_words.index;
    copy->shard_count = options->shard_words.count;
    copy->shard_from = shard_words_from(&options->shard_words);
    uint64_t pressure_us;
    if (options->pressure_file != NULL && options->max_pressure == 0) {
        return option_complain(&program, stderr, "--pressure-file needs --max-pressure");
    }
    if (options->pressure_file != NULL &&
        pressure_read(options->pressure_file, &pressure_us) != PX_OK) {
        return option_complain(&program, stderr, "--pressure-file: no pressure in '%s'",
                               options->pressure_file);
    }
    if (copy->reflink == PX_REFLINK_ALWAYS && copy->sparse != PX_SPARSE_AUTO) {
        return option_complain(&program, stderr, "--reflink=always needs --sparse=auto");
    }
    copy->rules = options->rules.items;
    copy->n_rules = options->rules.n;
    if (copy->backup_suffix != NULL && copy->backup == PX_BACKUP_NONE) {
        copy->backup = PX_BACKUP_SIMPLE; /* as cp does */
    }
    if (options->manifest != NULL && copy->hash == PX_HASH_NONE) {
        copy->hash = PX_HASH_SHA256;
    }
    const char *clash = options->parents ? copy_rules_parents(copy) : NULL;
    copy->target_is_thing = copy->target_is_thing || copy_check_is_of_two_trees(copy);
    clash = clash != NULL ? clash : copy_rules_clash(copy);
    return clash != NULL ? option_complain(&program, stderr, "%s", clash) : PX_OK;
}

static unsigned online_processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 && n < 1024 ? (unsigned)n : 1;
}

/* -j auto begins with few: a disk that spins is soon past its best, and two steps lead to 16. */
static unsigned auto_start(void)
{
    const unsigned n = online_processors();
    return n < AUTO_START_MOST ? n : AUTO_START_MOST;
}

static int run(void *ctx, const struct option_parsed *parsed)
{
    struct options *options = ctx;
    const struct report_schema report = copy_engine_report();
    const struct journal_schema journal = copy_engine_journal();
    struct session_program session = {
        .options = &program,
        .report = &report,
        .journal = &journal,
        .exits = &exits_pcopy,
        .write_failed = failures_write_sources,
        .open = open_engine,
        .sync = sync_engine,
        .syncs_at_end = options->copy.sync == PX_SYNC_END,
        .close = copy_engine_close,
        .target = target,
        .only_once = only_once,
        .fds_per_worker = 8 + 2 * (unsigned)options->to.n,
        .names_targets = options->to.n > 1,
        .pace = {.start = auto_start(),
                 .max_pressure = options->max_pressure,
                 .pressure_file = options->pressure_file},
        .dry_run = options->copy.dry_run,
        .plan_words = copy_engine_plan_words,
    };
    if (assign_operands(options, parsed) != PX_OK) {
        return EXITS_USAGE;
    }
    if (options->session.jobs == 0) {
        options->session.jobs = online_processors();
    }
    struct manifest manifest = {.path = options->manifest};
    if (manifest.path != NULL) {
        session.sink = (struct tell_sink){"the manifest", &manifest, manifest_open, manifest_add,
                                          manifest_close};
    }
    return session_main(&session, &options->session, options);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    const int code = session_start(&program, &exits_pcopy, argc, argv, &options, run);
    free(options.rules.items);
    return code;
}
