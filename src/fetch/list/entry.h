/* SPDX-License-Identifier: MIT
 *
 * fetch/list/entry.h - what every format of list comes down to: a URL, its mirrors, and options as
 * NAME=VALUE lines (aria2's input format). Nothing behind the list knows of other formats.
 *
 * Pure; any thread.
 */
#ifndef FETCH_LIST_ENTRY_H
#define FETCH_LIST_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Strings are the list's until the next call; not NUL-terminated but for `bad`. */
struct list_entry {
    const char *url;
    size_t url_len;
    const char *mirrors; /* further URLs, TAB-separated */
    size_t mirrors_len;
    const char *options; /* NAME=VALUE lines, each with its '\n' */
    size_t options_len;
    uint64_t line;   /* of the URL; 0 = an operand */
    size_t input;    /* index of the input it came from */
    const char *bad; /* why this entry cannot be used, printable; NULL: it can */
};

/* Why url[0..len) cannot be fetched: static text; NULL: it looks like an http or https URL. */
const char *list_url_fault(const char *url, size_t len);

/* The part of it that a relative reference needs, too: no blank and no control byte. */
const char *list_url_byte_fault(const char *text, size_t len);

/* Does it begin with a scheme (RFC 3986 section 3.1)? Then it is no relative reference. */
bool list_url_has_scheme(const char *url, size_t len);

/* Walks over options "NAME=VALUE\n...": the next one and where the rest begins. False: no more.
 * Blanks around name and value do not count, as in aria2. */
struct list_option {
    const char *name, *value;
    size_t name_len, value_len;
};
bool list_option_next(const char **options, size_t *len, struct list_option *out);
bool list_option_is(const struct list_option *option, const char *name);

/* Why text[0..len) cannot be an option's value: static text; NULL: it can. */
const char *list_option_fault(const char *text, size_t len);

/* Cuts blanks and TABs off both ends. */
void list_trim(const char **text, size_t *len);

#endif
