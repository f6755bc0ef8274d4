/* SPDX-License-Identifier: MIT
 *
 * base/grow.h - arrays that grow as things are added.
 *
 *     struct item *items = px_grow(list->items, &list->room, list->n + 1, sizeof *items);
 *     if (items == NULL) {
 *         return PX_ENOMEM;
 *     }
 *     list->items = items;
 *     list->items[list->n++] = item;
 */
#ifndef PX_BASE_GROW_H
#define PX_BASE_GROW_H

#include <stddef.h>

#include <pxfer/attr.h>

/* px_grow() when there is not enough. */
PX_NODISCARD void *px_grow_move(void *items, size_t *room, size_t need, size_t item_bytes);

/* `items` (NULL = none yet), that has room for *room items of `item_bytes`, with room for at least
 * `need` > 0: as it is while that is enough, else moved as by realloc(3), to twice the room, so that
 * adding one by one takes constant time each. NULL: no memory; all is as it was. */
PX_NODISCARD static inline void *px_grow(void *items, size_t *room, size_t need, size_t item_bytes)
{
    return need <= *room ? items : px_grow_move(items, room, need, item_bytes);
}

#endif
