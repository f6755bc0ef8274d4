/* SPDX-License-Identifier: MIT
 *
 * fetch/list/list.h - the inputs of a run (URL operands, list files, standard input), read lazily, as
 * entries: a URL with the options that belong to it.
 *
 * What the bytes of a list mean is the business of its format (format.h). NUL-separated lists have
 * no comments and no options.
 *
 * One thread. Nothing here waits: a pipe that has no line ready yet gives PX_EAGAIN. One line of
 * doubt: the options of a URL may still be on their way when the URL's own line is there. In a list
 * that has shown options, the URL waits for the next line or the end. In one that has shown none, it
 * goes ahead after LIST_QUIET_MS, so that a program that writes a URL and waits for the file gets
 * it; an option that comes later than that is a bad line, never silently dropped.
 */
#ifndef FETCH_LIST_LIST_H
#define FETCH_LIST_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

#include "fetch/list/entry.h"

struct list;
struct px_io_ops;

#define LIST_QUIET_MS 250

struct list_opts {
    const char *const *inputs; /* borrowed, as all pointers */
    size_t n_inputs;
    bool all_are_lists;
    bool nul_separated;
    bool twice; /* list_rewind() will be called: copies are kept of what cannot be read again */
    enum px_list_format format; /* not with nul_separated */
    const char *base_url;       /* of relative URLs, NULL = there are none */
    const struct px_io_ops *io;
};

PX_NODISCARD int list_new(const struct list_opts *opts, struct list **out); /* PX_ENOMEM */
void list_free(struct list *list);

/* PX_OK; PX_EAGAIN; PX_EEND; PX_EIO: a list cannot be opened or read: see list_error(). PX_ENOMEM.
 * The first call makes sure that all list files are there, before any of them is read. */
PX_NODISCARD int list_next(struct list *list, int64_t now_ns, struct list_entry *out);

/* After PX_EEND: begins again with the first input. Only with opts.twice. */
void list_rewind(struct list *list);

/* "FILE: reason", escaped; NULL = none. */
const char *list_error(const struct list *list);

/* How to call an input in a message: the operand as given, "standard input" for "-". */
const char *list_input_name(const struct list *list, size_t input);

#endif
