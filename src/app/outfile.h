/* SPDX-License-Identifier: MIT
 *
 * app/outfile.h - a small file of our own (plot, failure list) that appears under its name whole or
 * not at all: written to NAME.part as it goes, renamed at the end.
 *
 * So after kill -9 the old NAME is untouched (it may be the very list that is being read: `pfetch
 * --failed x x` works) and NAME.part holds all that was written until then. A symbolic link is
 * followed, its target replaced. What is no regular file (/dev/stderr, a pipe) is written directly.
 */
#ifndef PX_APP_OUTFILE_H
#define PX_APP_OUTFILE_H

#include <stdio.h>
#include <sys/types.h>

#include <pxfer/attr.h>
#include <pxfer/status.h>

struct outfile;

/* A new file gets `mode` less the umask. PX_EIO / PX_EFULL with errno. PX_ENOMEM. */
PX_NODISCARD int outfile_open(const char *path, mode_t mode, struct outfile **out);

/* The stream to write to, borrowed; fully buffered: see outfile_flush(). */
FILE *outfile_stream(struct outfile *file);

/* Hands what was written to the kernel. PX_EIO / PX_EFULL with errno. */
PX_NODISCARD int outfile_flush(struct outfile *file);

/* Flushes, closes, gives the file its name, frees. On failure (PX_EIO, PX_EFULL with errno) NAME is
 * as it was and NAME.part is removed. NULL: PX_OK. */
PX_NODISCARD int outfile_commit(struct outfile *file);

/* Closes and removes NAME.part, frees. NULL is legal. */
void outfile_discard(struct outfile *file);

#endif
