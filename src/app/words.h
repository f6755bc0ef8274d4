/* SPDX-License-Identifier: MIT
 *
 * app/words.h - a command line given as one text, taken apart into words as a shell does it, and
 * nothing more: white space separates, '...', "..." and \x quote. No variables, no patterns, no
 * operators. Pure.
 */
#ifndef PX_APP_WORDS_H
#define PX_APP_WORDS_H

#include <stddef.h>

#include <pxfer/attr.h>

/* `*out`: NULL-terminated, at least one word, a single allocation that the caller frees. PX_EUSAGE
 * with `*reason` (static): no word, an open quote. PX_ENOMEM. */
PX_NODISCARD int words_split(const char *text, char ***out, const char **reason);

/* `word` with each {} replaced by `path` and each {url} by `url`; caller frees; NULL: no memory. */
PX_NODISCARD char *words_fill(const char *word, const char *path, const char *url);

#endif
