/* SPDX-License-Identifier: MIT
 *
 * fetch/title.h - the title of a page, by libxml2's HTML parser: fed with the page as it comes, until
 * the title is there or enough was seen.
 *
 * One page at a time on one thread; different pages on different threads.
 */
#ifndef FETCH_TITLE_H
#define FETCH_TITLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

struct px_io_ops;
struct title;

#define TITLE_PAGE_BYTES ((uint64_t)1 << 20) /* no more of a page is looked at */
#define TITLE_MAX_BYTES ((size_t)1024)       /* a longer title is cut, at a character */

/* Once, before any thread; cheap. libxml2 does nothing before it. */
void title_prepare(void);

/* Is a page of this Content-Type (NULL: not said) worth looking into? */
bool title_is_likely(const char *content_type);

/* `content_type` may name the charset. PX_ENOMEM. */
PX_NODISCARD int title_new(const char *content_type, struct title **out);
void title_free(struct title *title); /* NULL is legal */

/* More of the page. True: it needs no more. */
bool title_feed(struct title *title, const char *bytes, size_t n);

/* The title in UTF-8, white space collapsed, borrowed; NULL: none was found. */
const char *title_text(struct title *title);

/* All that for the file `fd`. Caller frees; NULL: no title, or no way to read it. */
PX_NODISCARD char *title_of_file(const struct px_io_ops *io, int fd, const char *content_type);

#endif
