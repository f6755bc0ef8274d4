/* SPDX-License-Identifier: MIT
 *
 * fetch/disposition.h - the file name that a Content-Disposition header proposes: RFC 6266, with the
 * extended notation of RFC 8187 (filename*). Pure.
 *
 * What comes out is the server's word and not safe: name_make_safe() is the next step.
 */
#ifndef FETCH_DISPOSITION_H
#define FETCH_DISPOSITION_H

#include <stddef.h>

#define DISPOSITION_ROOM 8192 /* twice what a header can hold: Latin-1 grows as UTF-8 */

/* Puts the proposed name into `out` (no NUL behind it) and returns its length; 0: none that could be
 * used. filename* counts before filename, when it is well formed and its charset is UTF-8 or
 * ISO-8859-1. Of a path only what follows the last '/' or '\' counts (RFC 6266 section 4.3); "." and
 * ".." are no names. */
size_t disposition_filename(const char *value, char out[DISPOSITION_ROOM]);

#endif
