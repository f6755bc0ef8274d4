/* SPDX-License-Identifier: MIT
 *
 * fetch/list.h - the inputs of a run (URL operands, list files, standard input), read lazily, as
 * entries: a URL with the options that belong to it.
 *
 * A list is a URL a line; '#' comments and blank lines are skipped; several URLs with TABs between
 * are mirrors of one file; indented lines NAME=VALUE below a URL are its options (aria2's input
 * format). NUL-separated lists have no comments and no options.
 *
 * One thread. Nothing here waits: a pipe that has no line ready yet gives PX_EAGAIN. One line of
 * doubt: the options of a URL may still be on their way when the URL's own line is there. In a list
 * that has shown options, the URL waits for the next line or the end. In one that has shown none, it
 * goes ahead after LIST_QUIET_MS, so that a program that writes a URL and waits for the file gets
 * it; an option that comes later than that is a bad line, never silently dropped.
 */
#ifndef FETCH_LIST_H
#define FETCH_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct list;
struct px_io_ops;

#define LIST_QUIET_MS 250

struct list_opts {
    const char *const *inputs; /* borrowed */
    size_t n_inputs;
    bool all_are_lists;
    bool nul_separated;
    const struct px_io_ops *io; /* borrowed */
};

/* Strings are the list's until the next call; not NUL-terminated. */
struct list_entry {
    const char *url;
    size_t url_len;
    const char *mirrors; /* further URLs, TAB-separated as written */
    size_t mirrors_len;
    const char *options; /* NAME=VALUE lines, each with its '\n' */
    size_t options_len;
    uint64_t line;   /* of the URL; 0 = an operand */
    size_t input;    /* index of the input it came from */
    const char *bad; /* static text: why this entry cannot be used; NULL: it can */
};

PX_NODISCARD int list_new(const struct list_opts *opts, struct list **out); /* PX_ENOMEM */
void list_free(struct list *list);

/* PX_OK; PX_EAGAIN; PX_EEND; PX_EIO: a list cannot be opened or read: see list_error(). PX_ENOMEM.
 * The first call makes sure that all list files are there, before any of them is read. */
PX_NODISCARD int list_next(struct list *list, int64_t now_ns, struct list_entry *out);

/* "FILE: reason", escaped; NULL = none. */
const char *list_error(const struct list *list);

/* How to call an input in a message: the operand as given, "standard input" for "-". */
const char *list_input_name(const struct list *list, size_t input);

/* Why url[0..len) cannot be fetched: static text; NULL: it looks like an http or https URL. */
const char *list_url_fault(const char *url, size_t len);

/* Walks over options "NAME=VALUE\n...": the next one and where the rest begins. False: no more.
 * Blanks around name and value do not count, as in aria2. */
struct list_option {
    const char *name, *value;
    size_t name_len, value_len;
};
bool list_option_next(const char **options, size_t *len, struct list_option *out);
bool list_option_is(const struct list_option *option, const char *name);

#endif
