/* SPDX-License-Identifier: MIT
 *
 * app/hint_table.h - what must hold for a table of other programs' options. Header only; include after
 * <cmocka.h>.
 */
#ifndef PX_TESTS_APP_HINT_TABLE_H
#define PX_TESTS_APP_HINT_TABLE_H

#include <string.h>

#include "app/option.h"

/* How many there are; each says one line, and has a letter, or a name without dashes. */
static inline size_t hint_table_check_lines(const struct option_hint *hints)
{
    size_t n = 0;
    for (const struct option_hint *hint = hints; hint->says != NULL; hint++, n++) {
        assert_true(hint->letter != 0 || hint->name != NULL);
        assert_true(hint->says[0] != '\0' && strchr(hint->says, '\n') == NULL);
        assert_true(hint->name == NULL || hint->name[0] != '-');
    }
    return n;
}

static inline void hint_table_check_twins(const struct option_hint *hints)
{
    for (const struct option_hint *a = hints; a->says != NULL; a++) {
        for (const struct option_hint *b = a + 1; b->says != NULL; b++) {
            assert_false(a->letter != 0 && a->letter == b->letter);
            assert_false(a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0);
        }
    }
}

#endif
