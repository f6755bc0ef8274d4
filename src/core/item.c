/* SPDX-License-Identifier: MIT
 *
 * core/item.c - names of what became of an item. Any thread; no lock.
 */
#include <pxfer/item.h>

const char *px_item_state_name(enum px_item_state state)
{
    switch (state) {
    case PX_ITEM_OK: return "ok";
    case PX_ITEM_SKIPPED: return "skipped";
    case PX_ITEM_FAILED: return "failed";
    case PX_ITEM_CANCELED: return "canceled";
    }
    return "unknown";
}
