/* SPDX-License-Identifier: MIT
 *
 * fetch/spec.h - what an entry of a list asks for beyond its URL: its options, and where its file
 * goes. Pure.
 */
#ifndef FETCH_SPEC_H
#define FETCH_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "fetch/list/list.h"
#include "fetch/name.h"

struct px_fetch;

/* What the options of an entry say. Strings are the entry's. */
struct spec {
    struct list_option out, dir; /* .name == NULL: not given */
    struct px_checksum checksum;
    bool has_size;
    uint64_t size;                   /* that the file must have */
    uint64_t split;                  /* segments at most; 0: not given */
    bool has_headers;                /* header=, referer= or user-agent= */
    struct list_option user, passwd; /* http-user=, http-passwd= */
};

/* Where the file goes: a directory as written and a relative path below it (an absolute one only
 * when the command line says so). Points into the entry, the engine's options and itself. */
struct destination {
    const char *dir;
    size_t dir_len;
    bool dir_is_base; /* it is the engine's own */
    const char *path;
    size_t path_len;
    char room[NAME_PATH_ROOM];
};

/* Of an option that is given twice the last counts, as in aria2. `out` is zeroed by the caller.
 * NULL, or why the entry cannot be used: static text. */
const char *spec_read(const struct list_entry *entry, struct spec *out);

/* Does the option mean something here? */
bool spec_uses(const struct list_option *option);

/* NULL, or why it has no place to go: static text. */
const char *spec_destination(const struct px_fetch *fetch, const struct list_entry *entry,
                             const struct spec *spec, struct destination *out);

#endif
