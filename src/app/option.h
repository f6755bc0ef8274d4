/* SPDX-License-Identifier: MIT
 *
 * app/option.h - the command line: one table drives parsing (getopt_long(3) underneath), --help and
 * shell completion, so that the three cannot disagree.
 *
 *     static const struct option_spec table[] = {
 *         {.kind = OPTION_GROUP, .help = "Workers:"},
 *         {.kind = OPTION_UNSIGNED, .letter = 'j', .name = "jobs", .arg = "N", .preset = "5",
 *          .min = 1, .max = 1024, .offset = offsetof(struct options, jobs),
 *          .help = "worker threads"},
 *         {.kind = OPTION_HELP, .letter = 'h', .name = "help", .help = "print this text"},
 *         {.kind = OPTION_END},
 *     };
 *
 * A table writes into the program's own options struct, which starts as {0}. Nothing here calls
 * exit(); nothing is printed but to the streams given. getopt's state is global: one thread, before
 * others start.
 */
#ifndef PX_APP_OPTION_H
#define PX_APP_OPTION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pxfer/attr.h>
#include <pxfer/status.h>

/* What an option takes, and the type of the field at `offset`. */
enum option_kind {
    OPTION_END = 0,         /* last row */
    OPTION_GROUP,           /* no option: `help` is a heading of --help */
    OPTION_IGNORED,         /* taken for compatibility, changes nothing (cp's -r) */
    OPTION_FLAG,            /* bool: true */
    OPTION_COUNT,           /* int: one more for each time (-vv) */
    OPTION_SET,             /* int or an enum: `value` */
    OPTION_INT,             /* int >= 0: min..max, or a word of `choices` */
    OPTION_UNSIGNED,        /* unsigned: the same */
    OPTION_U64,             /* uint64_t: the same */
    OPTION_SIZE,            /* uint64_t bytes: "64M" (base/parse.h), min..max */
    OPTION_DURATION_NS,     /* int64_t: "0.5", "10ms", "2m" */
    OPTION_DURATION_MS,     /* int64_t, the same in whole milliseconds, rounded up */
    OPTION_STRING,          /* const char *, borrowed from argv */
    OPTION_STRINGS,         /* struct option_strings: one more for each time */
    OPTION_CHOICE,          /* int or an enum: a word of `choices` */
    OPTION_CHOICE_OPTIONAL, /* --name[=WORD], without one `value`; the letter takes no word */
    OPTION_NUMBERS,         /* struct option_numbers: "1,2,5", each min..max */
    OPTION_CALLBACK,        /* `callback`; takes an argument when `arg` is not NULL */
    OPTION_HELP,            /* these three end the parsing: see struct option_parsed */
    OPTION_VERSION,
    OPTION_COMPLETION, /* --completion=bash */
};

struct option_choice {
    const char *word; /* NULL ends a table of choices */
    int value;
};

/* Grows with each use; option_free() frees the array, the strings belong to argv. */
struct option_strings {
    const char **items;
    size_t n;
    size_t room;
};

#define OPTION_NUMBERS_MAX 32

struct option_numbers {
    uint64_t value[OPTION_NUMBERS_MAX];
    size_t n;
};

/* A row. Fields that a kind does not name stay 0. */
struct option_spec {
    enum option_kind kind;
    char letter;        /* -x; 0 = none */
    const char *name;   /* --name; NULL = none */
    const char *arg;    /* what --help calls the argument; NULL: the choices, or "N", "SIZE" ... */
    const char *help;   /* NULL: works, but is not shown */
    const char *preset; /* the default as a user would write it: stored before the command line is
                           read and shown by --help; NULL = the field stays 0 */
    size_t offset;      /* offsetof(struct options, field) */
    uint64_t min, max;  /* numbers; max 0 = no limit but the type's */
    int value;          /* OPTION_SET, OPTION_CHOICE_OPTIONAL */
    const struct option_choice *choices;

    /* OPTION_CALLBACK: takes `arg` (NULL when the option has none) into the options struct. PX_OK,
     * or PX_EINVAL with `*reason` set to a static text. */
    int (*callback)(void *options, const struct option_spec *spec, const char *arg,
                    const char **reason);
};

/* Rows of the common kinds, short enough for a line each. */
#define OPTION_ROW_GROUP(heading)               \
    {                                           \
        .kind = OPTION_GROUP, .help = (heading) \
    }
#define OPTION_ROW_FLAG(letter_, name_, help_, offset_)                             \
    {                                                                               \
        .kind = OPTION_FLAG, .letter = (letter_), .name = (name_), .help = (help_), \
        .offset = (offset_)                                                         \
    }
#define OPTION_ROW_SET(letter_, name_, help_, offset_, value_)                     \
    {                                                                              \
        .kind = OPTION_SET, .letter = (letter_), .name = (name_), .help = (help_), \
        .offset = (offset_), .value = (value_)                                     \
    }
#define OPTION_ROW_ARG(kind_, letter_, name_, arg_, help_, preset_, offset_)                   \
    {                                                                                          \
        .kind = (kind_), .letter = (letter_), .name = (name_), .arg = (arg_), .help = (help_), \
        .preset = (preset_), .offset = (offset_)                                               \
    }
#define OPTION_ROW_NUMBER(kind_, letter_, name_, help_, preset_, offset_, min_, max_)       \
    {                                                                                       \
        .kind = (kind_), .letter = (letter_), .name = (name_), .arg = "N", .help = (help_), \
        .preset = (preset_), .offset = (offset_), .min = (min_), .max = (max_)              \
    }
#define OPTION_ROW_CHOICE(letter_, name_, help_, preset_, offset_, choices_)          \
    {                                                                                 \
        .kind = OPTION_CHOICE, .letter = (letter_), .name = (name_), .help = (help_), \
        .preset = (preset_), .offset = (offset_), .choices = (choices_)               \
    }

#define OPTION_ROW_WORD(letter_, name_, help_, offset_, value_, choices_)                      \
    {                                                                                          \
        .kind = OPTION_CHOICE_OPTIONAL, .letter = (letter_), .name = (name_), .help = (help_), \
        .offset = (offset_), .value = (value_), .choices = (choices_)                          \
    }
#define OPTION_ROW_CALL(name_, arg_, help_, offset_, value_, callback_)           \
    {                                                                             \
        .kind = OPTION_CALLBACK, .name = (name_), .arg = (arg_), .help = (help_), \
        .offset = (offset_), .value = (value_), .callback = (callback_)           \
    }
#define OPTION_ROW_IGNORED(letter_, name_)                           \
    {                                                                \
        .kind = OPTION_IGNORED, .letter = (letter_), .name = (name_) \
    }

/* What to say to who types an option from the habit of another program. A letter that is an option of
 * this one, too, gets it said when its argument is missing, or refused
 * and no number. */
struct option_hint {
    char letter;      /* -x; 0 = none */
    const char *name; /* --name; NULL = none */
    const char *says; /* what to write; NULL ends a table */
};

/* All borrowed. */
struct option_program {
    const char *name;         /* "pfetch" */
    const char *const *usage; /* NULL-terminated, without the name: "[OPTION]... LIST|URL..." */
    const char *summary;      /* a sentence or two under the usage lines */
    const char *footer;       /* after the options, printed as it is; NULL = none */
    const struct option_spec *table;
    const struct option_hint *hints; /* for options that are not in the table; NULL = none */
    const char *version;             /* the program's own, "0.1.0" */
    void (*versions)(FILE *out);     /* more lines of --version (libraries); NULL = none */
};

enum option_action {
    OPTION_DO_RUN,
    OPTION_DO_HELP,
    OPTION_DO_VERSION,
    OPTION_DO_COMPLETION,
};

struct option_parsed {
    enum option_action action; /* not RUN: call option_show() and end */
    char **operands;           /* inside argv, which is permuted as GNU programs do */
    size_t n_operands;
};

/* Stores the presets, then what argv[1..argc) says, into `options`. "--" ends the options; long
 * names may be abbreviated while that is unambiguous.
 * PX_EUSAGE: one line "NAME: option '--x': reason" and a hint were written to `err`.
 * PX_ENOMEM: that was written, too. Whatever comes back, option_free() is due. */
PX_NODISCARD int option_parse(const struct option_program *program, int argc, char **argv,
                              void *options, FILE *err, struct option_parsed *out);

/* Frees what option_parse() allocated inside `options`. Legal on {0}. */
void option_free(const struct option_program *program, void *options);

/* Prints what parsed->action asks for, and flushes. PX_EIO: `out` could not be written, which one line
 * to `err` tells. */
PX_NODISCARD int option_show(const struct option_program *program,
                             const struct option_parsed *parsed, FILE *out, FILE *err);

/* A complaint of the program's own about its command line ("missing operand"): one line and the
 * hint to `err`. Returns PX_EUSAGE always. */
int option_complain(const struct option_program *program, FILE *err, const char *fmt, ...)
    PX_PRINTF(3, 4);

/* Says to `err` that memory ran out, for who has no other way to say it. Returns PX_ENOMEM always. */
int option_no_memory(const struct option_program *program, FILE *err);

#endif
