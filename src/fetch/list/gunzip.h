/* SPDX-License-Identifier: MIT
 *
 * fetch/list/gunzip.h - gzip data (RFC 1952) that comes in pieces, members one after the other, as text
 * that comes in pieces. Memory does not depend on what is in it. Pure but for its own memory; one
 * thread.
 */
#ifndef FETCH_LIST_GUNZIP_H
#define FETCH_LIST_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

struct gunzip;

PX_NODISCARD int gunzip_new(struct gunzip **out); /* PX_ENOMEM */
void gunzip_free(struct gunzip *gunzip);

/* Takes bytes from *in and writes text to out[0..room), room > 0: moves *in and *in_len past what
 * was taken, `*n` is what was written. With nothing written all input was taken. PX_EINTEGRITY: this
 * is no gzip data, or damaged; PX_ENOMEM. */
PX_NODISCARD int gunzip_run(struct gunzip *gunzip, const unsigned char **in, size_t *in_len,
                            char *out, size_t room, size_t *n);

/* May the data end here: between members? */
bool gunzip_is_whole(const struct gunzip *gunzip);

#endif
