/* SPDX-License-Identifier: MIT
 *
 * fetch/list/list_text.h - for the tests of lists: what a list means as text, a line for each entry:
 * LINE "URL" "MIRRORS" "OPTIONS" and, of a bad one, ! and the reason. Header only. Include after
 * <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_LIST_TEXT_H
#define PX_TESTS_FETCH_LIST_TEXT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "fetch/list/list.h"
#include "support/io_fault.h"
#include "support/memory_text.h"
#include "support/scratch.h"

#define LIST_NOW ((int64_t)1000)

#define BAD_SPACE "a space in the URL: write %20"
#define BAD_CONTROL "a control byte in the URL"
#define BAD_NO_SCHEME "no scheme: a URL begins with http:// or https://"
#define BAD_OTHER_SCHEME "neither http nor https"
#define BAD_ORPHAN "an option without a URL before it (or long after it)"

/* Printable: control bytes and whatever is no ASCII as <1b>. */
static inline void list_show(FILE *out, const char *text, size_t n)
{
    fputc('"', out);
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f) {
            fputc(c, out);
        } else if (c == '\n') {
            fputc(';', out);
        } else {
            fprintf(out, "<%02x>", c);
        }
    }
    fputc('"', out);
}

static inline void list_show_entry(FILE *out, const struct list_entry *entry)
{
    fprintf(out, "%llu ", (unsigned long long)entry->line);
    list_show(out, entry->url, entry->url_len);
    if (entry->mirrors_len > 0 || entry->options_len > 0) {
        fputc(' ', out);
        list_show(out, entry->mirrors, entry->mirrors_len);
    }
    if (entry->options_len > 0) {
        fputc(' ', out);
        list_show(out, entry->options, entry->options_len);
    }
    if (entry->bad != NULL) {
        fprintf(out, " !%s", entry->bad);
    }
    fputc('\n', out);
}

static inline struct list *list_make(const char *const *inputs, size_t n_inputs, bool nul_separated)
{
    const struct list_opts opts = {.inputs = inputs,
                                   .n_inputs = n_inputs,
                                   .nul_separated = nul_separated,
                                   .io = io_fault_ops()};
    struct list *list = NULL;
    assert_int_equal(list_new(&opts, &list), PX_OK);
    return list;
}

/* All entries up to the first status that is not PX_OK, which is returned. */
static inline int list_read_all(struct list *list, struct memory_text *memory)
{
    FILE *out = memory_text_open(memory);
    struct list_entry entry;
    int rc;

    while ((rc = list_next(list, LIST_NOW, &entry)) == PX_OK) {
        list_show_entry(out, &entry);
    }
    memory_text_close(memory);
    return rc;
}

#endif
