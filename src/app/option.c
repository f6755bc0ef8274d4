/* SPDX-License-Identifier: MIT
 *
 * app/option.c - the command line: builds getopt_long(3)'s tables from ours, says its complaints in
 * our words, and hands each option to option_value.c. Main's thread, before any other starts.
 */
#include "app/option.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/option_help.h"
#include "app/option_value.h"
#include "base/fdio.h"
#include "base/show.h"

/* What getopt_long() gives for row i that has a long name; above every letter. */
#define LONG_BASE 256

/* The same for hint i that has a long name. Its exact name counts before an abbreviation of ours: it
 * is "--retry 3" of curl that is meant, not --retry-wait. */
#define HINT_BASE (1 << 20)

struct option_getopt {
    char *letters;
    struct option *names;
};

static size_t option_count_rows(const struct option_program *program)
{
    size_t rows = 0;
    while (program->table[rows].kind != OPTION_END) {
        rows++;
    }
    return rows;
}

static size_t option_count_hints(const struct option_program *program)
{
    size_t n = 0;
    while (program->hints != NULL && program->hints[n].says != NULL) {
        n++;
    }
    return n;
}

static int option_argument_mode(const struct option_spec *spec)
{
    if (spec->kind == OPTION_CHOICE_OPTIONAL) {
        return optional_argument;
    }
    return option_takes_argument(spec) ? required_argument : no_argument;
}

static void option_getopt_fini(struct option_getopt *getopt_tables)
{
    free(getopt_tables->letters);
    free(getopt_tables->names);
}

static int option_getopt_init(struct option_getopt *to, const struct option_program *program)
{
    const size_t rows = option_count_rows(program);
    const size_t hints = option_count_hints(program);
    to->letters = calloc(2 * rows + 2, 1);
    to->names = calloc(rows + hints + 1, sizeof to->names[0]);
    if (to->letters == NULL || to->names == NULL) {
        option_getopt_fini(to);
        return PX_ENOMEM;
    }
    char *letter = to->letters;
    struct option *name = to->names;
    *letter++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < rows; i++) {
        const struct option_spec *spec = &program->table[i];
        const int mode = option_argument_mode(spec);
        if (spec->letter != '\0') {
            *letter++ = spec->letter;
            if (mode == required_argument) {
                *letter++ = ':';
            }
        }
        if (spec->name != NULL) {
            *name++ = (struct option){spec->name, mode, NULL, LONG_BASE + (int)i};
        }
    }
    for (size_t i = 0; i < hints; i++) {
        if (program->hints[i].name != NULL) {
            *name++ = (struct option){program->hints[i].name, optional_argument, NULL,
                                      HINT_BASE + (int)i};
        }
    }
    return PX_OK;
}

/* The row that getopt's value (a letter or LONG_BASE + index) stands for; NULL = none. */
static const struct option_spec *option_find(const struct option_program *program, int value)
{
    if (value >= LONG_BASE) {
        return &program->table[value - LONG_BASE];
    }
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        if (value != 0 && s->letter == value) {
            return s;
        }
    }
    return NULL;
}

/* --- Complaints ------------------------------------------------------------------------------*/

static void option_put_shown(FILE *err, const char *text, size_t n)
{
    char *copy = strndup(text, n);
    char *shown = copy != NULL ? px_show_dup(copy) : NULL;
    fputs(shown != NULL ? shown : "?", err);
    free(shown);
    free(copy);
}

static void option_put_name(FILE *err, const struct option_spec *spec)
{
    if (spec->name != NULL) {
        fprintf(err, "'--%s'", spec->name);
    } else {
        fprintf(err, "'-%c'", spec->letter);
    }
}

static int option_put_hint(const struct option_program *program, FILE *err)
{
    fprintf(err, "\nTry '%s --help' for more information.\n", program->name);
    return PX_EUSAGE;
}

int option_complain(const struct option_program *program, FILE *err, const char *fmt, ...)
{
    va_list args;
    fprintf(err, "%s: ", program->name);
    va_start(args, fmt);
    vfprintf(err, fmt, args);
    va_end(args);
    return option_put_hint(program, err);
}

int option_no_memory(const struct option_program *program, FILE *err)
{
    fprintf(err, "%s: %s\n", program->name, px_status_text(PX_ENOMEM));
    return PX_ENOMEM;
}

/* What there is to say of a letter; NULL = nothing. */
static const char *option_hint_of(const struct option_program *program, int letter)
{
    const size_t n = option_count_hints(program);
    for (size_t i = 0; i < n; i++) {
        if (letter != 0 && program->hints[i].letter == letter) {
            return program->hints[i].says;
        }
    }
    return NULL;
}

/* An argument as the user typed it; of a URL without its secrets. */
static void option_put_argument(FILE *err, const char *arg)
{
    char *shown = strstr(arg, "://") != NULL ? px_show_url_dup(arg) : px_show_dup(arg);
    fputs(shown != NULL ? shown : "?", err);
    free(shown);
}

static int option_complain_value(const struct option_program *program,
                                 const struct option_spec *spec, const char *arg,
                                 const char *reason, FILE *err)
{
    const char *hint = option_hint_of(program, spec->letter);
    fprintf(err, "%s: option ", program->name);
    option_put_name(err, spec);
    fputs(": ", err);
    if (reason != NULL) {
        fputs(reason, err);
    } else {
        fputs("'", err);
        option_put_argument(err, arg);
        fputs("' is not ", err);
        option_value_describe(spec, err);
    }
    if (hint != NULL && (arg == NULL || strspn(arg, "0123456789") < strlen(arg))) {
        fprintf(err, "; %s", hint);
    }
    return option_put_hint(program, err);
}

/* getopt says only "?" for a long name that is unknown and for one that is too short. */
static int option_complain_long(const struct option_program *program, const char *word, FILE *err)
{
    const size_t len = strcspn(word, "=");
    bool ambiguous = false;
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        ambiguous |= s->name != NULL && strncmp(s->name, word, len) == 0;
    }
    fprintf(err, "%s: %s option '--", program->name, ambiguous ? "ambiguous" : "unknown");
    option_put_shown(err, word, len);
    fputc('\'', err);
    for (const struct option_spec *s = program->table; ambiguous && s->kind != OPTION_END; s++) {
        if (s->name != NULL && s->help != NULL && strncmp(s->name, word, len) == 0) {
            fprintf(err, " --%s", s->name);
        }
    }
    return option_put_hint(program, err);
}

/* `value`: what getopt_long() returned, '?' or ':'. `word`: the argv element it is about. */
static int option_complain_getopt(const struct option_program *program, int value, const char *word,
                                  FILE *err)
{
    const struct option_spec *spec = option_find(program, optopt);
    if (spec == NULL && optopt == 0) {
        return option_complain_long(program, word + strlen("--"), err);
    }
    if (spec == NULL) {
        fprintf(err, "%s: unknown option '-", program->name);
        option_put_shown(err, &(const char){(char)optopt}, 1);
        const char *hint = option_hint_of(program, optopt);
        fprintf(err, "'%s%s", hint != NULL ? ": " : "", hint != NULL ? hint : "");
        return option_put_hint(program, err);
    }
    return option_complain_value(program, spec, NULL,
                                 value == ':' ? "needs an argument" : "takes no argument", err);
}

static int option_complain_hint(const struct option_program *program,
                                const struct option_hint *hint, FILE *err)
{
    fprintf(err, "%s: unknown option '--%s': %s", program->name, hint->name, hint->says);
    return option_put_hint(program, err);
}

/* --- Parsing ---------------------------------------------------------------------------------*/

static int option_store_presets(const struct option_program *program, void *options, FILE *err)
{
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        if (s->preset == NULL) {
            continue;
        }
        const char *reason = NULL;
        const int status = option_value_store(s, s->preset, options, &reason);
        if (status == PX_EINVAL) {
            return option_complain_value(program, s, s->preset, reason, err);
        }
        if (status != PX_OK) {
            return status;
        }
    }
    return PX_OK;
}

/* One option that getopt has found. */
static int option_take(const struct option_program *program, const struct option_spec *spec,
                       void *options, FILE *err, enum option_action *action)
{
    const char *reason = NULL;
    int status = PX_OK;
    switch (spec->kind) {
    case OPTION_HELP: *action = OPTION_DO_HELP; break;
    case OPTION_VERSION: *action = OPTION_DO_VERSION; break;
    case OPTION_COMPLETION:
        *action = OPTION_DO_COMPLETION;
        status = strcmp(optarg, "bash") == 0 ? PX_OK : PX_EINVAL;
        break;
    default: status = option_value_store(spec, optarg, options, &reason); break;
    }
    if (status == PX_EINVAL) {
        return option_complain_value(program, spec, optarg != NULL ? optarg : "", reason, err);
    }
    return status;
}

static int option_loop(const struct option_program *program, const struct option_getopt *tables,
                       int argc, char **argv, void *options, FILE *err, enum option_action *action)
{
    opterr = 0;
    optind = 0; /* glibc and musl: start over, also within a cluster of letters */
    for (;;) {
        const int value = getopt_long(argc, argv, tables->letters, tables->names, NULL);
        if (value == -1) {
            return PX_OK;
        }
        if (value == '?' || value == ':') {
            return option_complain_getopt(program, value, argv[optind - 1], err);
        }
        if (value >= HINT_BASE) {
            return option_complain_hint(program, &program->hints[value - HINT_BASE], err);
        }
        const int status = option_take(program, option_find(program, value), options, err, action);
        if (status != PX_OK || *action != OPTION_DO_RUN) {
            return status;
        }
    }
}

int option_parse(const struct option_program *program, int argc, char **argv, void *options,
                 FILE *err, struct option_parsed *out)
{
    *out = (struct option_parsed){.action = OPTION_DO_RUN};
    int status = option_store_presets(program, options, err);
    if (status != PX_OK) {
        return status;
    }
    struct option_getopt tables = {0};
    status = option_getopt_init(&tables, program);
    if (status == PX_OK) {
        status = option_loop(program, &tables, argc, argv, options, err, &out->action);
        option_getopt_fini(&tables);
    }
    if (status == PX_ENOMEM) {
        status = option_no_memory(program, err);
    }
    if (status == PX_OK && out->action == OPTION_DO_RUN) {
        out->operands = argv + optind;
        out->n_operands = (size_t)(argc - optind);
    }
    return status;
}

void option_free(const struct option_program *program, void *options)
{
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        option_value_free(s, options);
    }
}

int option_show(const struct option_program *program, const struct option_parsed *parsed, FILE *out,
                FILE *err)
{
    errno = 0;
    switch (parsed->action) {
    case OPTION_DO_RUN: return PX_OK;
    case OPTION_DO_HELP: option_help_write(program, out); break;
    case OPTION_DO_COMPLETION: option_completion_write(program, out); break;
    case OPTION_DO_VERSION:
        fprintf(out, "%s %s\n", program->name, program->version);
        if (program->versions != NULL) {
            program->versions(out);
        }
        break;
    }
    if (fflush(out) == 0 && !ferror(out)) {
        return PX_OK;
    }
    fprintf(err, "%s: standard output: %s\n", program->name,
            errno != 0 ? px_errno_text(errno) : px_status_text(PX_EIO));
    return PX_EIO;
}
