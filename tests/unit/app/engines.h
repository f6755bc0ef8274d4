/* SPDX-License-Identifier: MIT
 *
 * app/engines.h - what the tests of both programs' engines ask of their tables. Header only. Include
 * after <cmocka.h>.
 */
#ifndef PX_TESTS_APP_ENGINES_H
#define PX_TESTS_APP_ENGINES_H

#include <pxfer/status.h>

#include "app/journal.h"

/* Of a list that ends in NULL. */
static inline size_t engines_count(const char *const *names)
{
    size_t n = 0;
    while (names[n] != NULL) {
        n++;
    }
    return n;
}

/* The journal's line for an item, to be freed. */
static inline char *engines_line(const struct journal_schema *schema, const struct px_item *item)
{
    struct jsonl json = {0};
    journal_object(&json, schema, item, 0);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    return json.text; /* the builder holds nothing else */
}

#endif
