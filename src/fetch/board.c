/* SPDX-License-Identifier: MIT
 *
 * fetch/board.c - where workers post files that could do with help. Entered by workers once for each
 * large file, by the source each time that it looks for work.
 */
#include "fetch/board.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <pxfer/status.h>

#include "base/mutex.h"
#include "fetch/joint.h"

struct board {
    struct px_mutex lock;
    struct joint *first PX_GUARDED;
    atomic_bool has_post; /* so that a look at an empty board costs a load */
};

int board_new(struct board **out)
{
    struct board *board = calloc(1, sizeof *board);

    if (board == NULL || px_mutex_init(&board->lock) != PX_OK) {
        free(board);
        return PX_ENOMEM;
    }
    *out = board;
    return PX_OK;
}

void board_free(struct board *board)
{
    if (board != NULL) {
        px_mutex_fini(&board->lock);
        free(board);
    }
}

void board_post(struct board *board, struct joint *joint)
{
    px_mutex_lock(&board->lock);
    joint->crew.next = board->first;
    board->first = joint;
    atomic_store_explicit(&board->has_post, true, memory_order_relaxed);
    px_mutex_unlock(&board->lock);
}

struct joint *board_take(struct board *board)
{
    if (!atomic_load_explicit(&board->has_post, memory_order_relaxed)) {
        return NULL; /* or it comes a moment later: then the next look finds it */
    }
    px_mutex_lock(&board->lock);
    struct joint *first = board->first;
    board->first = NULL;
    atomic_store_explicit(&board->has_post, false, memory_order_relaxed);
    px_mutex_unlock(&board->lock);
    return first;
}
