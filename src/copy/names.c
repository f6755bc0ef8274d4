/* SPDX-License-Identifier: MIT
 *
 * copy/names.c - packs of names. Pure memory, no locks: a pack belongs to the task that carries it.
 *
 * Layout: type byte, name, NUL; again and again.
 */
#include "copy/names.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#define NAME_ROOM (1 + 255 + 1) /* type, NAME_MAX bytes, NUL */

struct px_names {
    size_t left;  /* names from `first` on */
    size_t first; /* offset of the next to take */
    size_t used;
    size_t room;
    char bytes[];
};

size_t px_names_room_max(void)
{
    return (size_t)PX_NAMES_MAX * NAME_ROOM;
}

struct px_names *px_names_new(size_t bytes)
{
    struct px_names *names = malloc(sizeof *names + bytes);
    if (names != NULL) {
        *names = (struct px_names){.room = bytes};
    }
    return names;
}

int px_names_add(struct px_names *names, unsigned char type, const char *name)
{
    const size_t need = 1 + strlen(name) + 1;
    if (names->left == PX_NAMES_MAX || need > names->room - names->used) {
        return PX_EAGAIN;
    }
    char *at = names->bytes + names->used;
    at[0] = (char)type;
    memcpy(at + 1, name, need - 1);
    names->used += need;
    names->left++;
    return PX_OK;
}

const char *px_names_take(struct px_names *names, unsigned char *type)
{
    if (px_names_left(names) == 0) {
        return NULL;
    }
    const char *at = names->bytes + names->first;
    *type = (unsigned char)at[0];
    names->first += 1 + strlen(at + 1) + 1;
    names->left--;
    return at + 1;
}

size_t px_names_left(const struct px_names *names)
{
    return names != NULL ? names->left : 0;
}

void px_names_clear(struct px_names *names)
{
    names->left = names->first = names->used = 0;
}

/* The names from offset `from` to the end, `count` of them. */
static struct px_names *names_slice(const struct px_names *names, size_t from, size_t count)
{
    const size_t bytes = names->used - from;
    struct px_names *slice = px_names_new(bytes);
    if (slice != NULL) {
        memcpy(slice->bytes, names->bytes + from, bytes);
        slice->used = bytes;
        slice->left = count;
    }
    return slice;
}

struct px_names *px_names_dup(const struct px_names *names)
{
    return names_slice(names, names->first, names->left);
}

struct px_names *px_names_split(struct px_names *names)
{
    if (px_names_left(names) == 0) {
        return NULL;
    }
    const size_t keep = names->left / 2;
    size_t from = names->first;
    for (size_t i = 0; i < keep; i++) {
        from += 1 + strlen(names->bytes + from + 1) + 1;
    }
    struct px_names *half = names_slice(names, from, names->left - keep);
    if (half != NULL) {
        names->used = from;
        names->left = keep;
    }
    return half;
}
