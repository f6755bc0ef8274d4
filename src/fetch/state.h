/* SPDX-License-Identifier: MIT
 *
 * fetch/state.h - the small file beside a .part file: what its bytes are a part of. A few lines of
 * text; whatever is wrong with them (cut short, another version, another URL, absurd numbers) makes
 * the file worthless, never a danger.
 */
#ifndef FETCH_STATE_H
#define FETCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "fetch/ranges.h"

struct px_io_ops;

/* what describes the file, and two lists of ranges */
#define STATE_TEXT_ROOM (4096 + 2 * RANGES_TEXT_ROOM)
#define STATE_VALUE_ROOM 512
#define STATE_BOOT_ROOM 40

struct state {
    uint64_t url_hash;    /* of the URL with its secrets, which the file does not tell */
    uint64_t size;        /* of the whole, UINT64_MAX = not known */
    bool grows;           /* only ever appended to: the part file's own size is the newest truth */
    struct ranges held;   /* bytes that are good */
    struct ranges synced; /* of these, on stable storage when the state was written */
    char boot[STATE_BOOT_ROOM];  /* the kernel's boot id then; "" = not known */
    char etag[STATE_VALUE_ROOM]; /* "" = none */
    char last_modified[STATE_VALUE_ROOM];
};

/* Into text (STATE_TEXT_ROOM bytes), NUL-terminated; `url` is shown masked, for people. Returns the
 * length; 0: a value does not fit. */
size_t state_format(const struct state *state, const char *url, char *text);

/* PX_EINVAL: not a whole state of this version. */
PX_NODISCARD int state_parse(const char *text, size_t len, struct state *out);

/* Which bytes of a part file of `file_bytes` can be relied on. After a restart of the machine only
 * what was synced; without one, the kernel still has every byte that was written. Of a file that is
 * longer than the whole only what the state itself names. `out` is not a member of `state`. */
void state_good_ranges(const struct state *state, uint64_t file_bytes, const char *boot,
                       struct ranges *out);

/* The running kernel's boot id (proc(5), random/boot_id); "" where there is none. */
void state_read_boot(const struct px_io_ops *io, char boot[STATE_BOOT_ROOM]);

/* Writes NAME through a temporary name, so that it is the old state or the new one. PX_EIO,
 * PX_EFULL with errno. */
PX_NODISCARD int state_save(const struct px_io_ops *io, int dirfd, const char *name,
                            const char *temporary, const char *text, size_t len);

/* PX_EINVAL: not there, or worthless. */
PX_NODISCARD int state_load(const struct px_io_ops *io, int dirfd, const char *name,
                            struct state *out);

#endif
