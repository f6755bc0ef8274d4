/* SPDX-License-Identifier: MIT
 *
 * copy/alias.h - further names in place of copies: hard links (--link) and symbolic links
 * (--symbolic-link) to what is not a directory.
 */
#ifndef PX_COPY_ALIAS_H
#define PX_COPY_ALIAS_H

#include <stdbool.h>

#include "copy/copier.h"

/* Is that what becomes of files? */
bool px_alias_is_asked(const struct px_copy_opts *opts);

/* Makes the link for `entry` and settles it. It is published as px_node_make() does. A hard link is one
 * of the very file that was opened, whatever happens to its name meanwhile. */
void px_alias_copy(struct px_copier *copier, struct px_entry *entry);

#endif
