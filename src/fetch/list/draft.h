/* SPDX-License-Identifier: MIT
 *
 * fetch/list/draft.h - an entry that is being put together by a format: URLs first, then options. One
 * buffer, which is used again for the next entry.
 *
 * One thread. Of several faults the first is told.
 */
#ifndef FETCH_LIST_DRAFT_H
#define FETCH_LIST_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

#include "fetch/list/entry.h"

#define DRAFT_WHY_ROOM 256

struct draft {
    const char *base_url; /* of relative URLs; borrowed; NULL = there are none */

    char *text; /* URL, and TAB and URL for each mirror, then options with their '\n' */
    size_t room, len;
    size_t url_len;  /* the first URL */
    size_t urls_len; /* with the mirrors */
    unsigned n_urls;
    uint64_t line;
    const char *bad; /* static, or `why`; NULL: good so far */
    bool begun;
    bool saw_options; /* some entry of this input has had an option line */
    char why[DRAFT_WHY_ROOM];
};

void draft_fini(struct draft *draft);

/* Forgets the entry before. */
void draft_begin(struct draft *draft, uint64_t line);

/* Adds a URL: the first is what is fetched, the others are mirrors. A relative one is resolved. One
 * that cannot be used spoils the entry. PX_ENOMEM, as all that add something. */
PX_NODISCARD int draft_url(struct draft *draft, const char *text, size_t len);

/* The same for URLs with TABs between; blanks at the end do not count. */
PX_NODISCARD int draft_urls(struct draft *draft, const char *text, size_t len);

/* Adds text in place of a URL, for the message about an entry that is spoilt. */
PX_NODISCARD int draft_sample(struct draft *draft, const char *text, size_t len);

/* Adds an option; a control byte in it spoils the entry. No more URLs after that. */
PX_NODISCARD int draft_option(struct draft *draft, const char *name, const char *value, size_t len);

/* The same, "NAME=VALUE" as it stands in the list. */
PX_NODISCARD int draft_option_line(struct draft *draft, const char *text, size_t len);

/* Says why the entry cannot be used; the text must be printable. */
void draft_spoil(struct draft *draft, const char *fmt, ...) PX_PRINTF(2, 3);

/* The entry is whole: valid until the draft is begun again. */
void draft_finish(struct draft *draft, size_t input, struct list_entry *out);

#endif
