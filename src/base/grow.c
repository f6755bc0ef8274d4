/* SPDX-License-Identifier: MIT
 *
 * base/grow.c - how much room comes next. Any thread, each with arrays of its own; no lock.
 */
#include "base/grow.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define FIRST_ITEMS 4

void *px_grow_move(void *items, size_t *room, size_t need, size_t item_bytes)
{
    const size_t most = SIZE_MAX / item_bytes;
    size_t wanted = *room <= most / 2 ? 2 * *room : most;
    wanted = wanted > FIRST_ITEMS ? wanted : FIRST_ITEMS;
    wanted = wanted > need ? wanted : need;
    if (wanted > most) {
        errno = ENOMEM;
        return NULL;
    }
    void *grown = realloc(items, wanted * item_bytes);
    if (grown != NULL) {
        *room = wanted;
    }
    return grown;
}
