/* SPDX-License-Identifier: MIT
 *
 * copy/source.h - the engine's source: one task for each operand; everything below comes from the
 * workers themselves. px_copy_source() in pxfer/copy.h is its constructor.
 */
#ifndef PX_COPY_SOURCE_H
#define PX_COPY_SOURCE_H

#include <stddef.h>

#include <pxfer/copy.h>
#include <pxfer/source.h>

#include "copy/listfile.h"

struct px_copy_source {
    struct px_source source;  /* first member */
    struct px_copy *copy;     /* borrowed */
    struct px_listfile *list; /* owned; NULL: no --files-from */
    size_t next_root;
    bool draining;
    bool out_of_memory;
    char error[256]; /* of the list; "" = none */
};

#endif
