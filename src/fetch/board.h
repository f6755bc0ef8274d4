/* SPDX-License-Identifier: MIT
 *
 * fetch/board.h - where workers post files that could do with help, for the source to see.
 *
 * A post is a borrowed joint, linked by its crew.next. Any thread.
 */
#ifndef FETCH_BOARD_H
#define FETCH_BOARD_H

#include <pxfer/attr.h>

struct joint;

struct board;

PX_NODISCARD int board_new(struct board **out); /* PX_ENOMEM */
void board_free(struct board *board);           /* not what is posted */

void board_post(struct board *board, struct joint *joint);

/* All posts, linked; NULL: none. They are off the board. */
struct joint *board_take(struct board *board);

#endif
