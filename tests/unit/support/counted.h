/* SPDX-License-Identifier: MIT
 *
 * support/counted.h - for tests that end a process of their own: _exit(2) and signals lose what gcov
 * has counted there. Header only.
 */
#ifndef PX_TESTS_COUNTED_H
#define PX_TESTS_COUNTED_H

#ifdef PX_COVERAGE /* make cov */
void __gcov_dump(void);
#endif

/* Writes the counts now; nothing that comes after is counted. */
static inline void counted_keep(void)
{
#ifdef PX_COVERAGE
    __gcov_dump();
#endif
}

#endif
