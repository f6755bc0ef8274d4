/* SPDX-License-Identifier: MIT
 *
 * app/manifest.h - the digests of what was copied, in the form that sha256sum(1) and xxh128sum(1)
 * write and check: "DIGEST  PATH" with the path of the target; a path with a newline, a carriage
 * return or a backslash has them escaped, and a backslash before the digest.
 *
 * Written to FILE.part as files are finished, FILE at the end (app/outfile.h). Main's thread only.
 */
#ifndef PX_APP_MANIFEST_H
#define PX_APP_MANIFEST_H

#include <pxfer/attr.h>
#include <pxfer/item.h>

struct outfile;

struct manifest {
    const char *path;
    struct outfile *file;
};

/* The four members of a struct tell_sink; ctx is a struct manifest with its path. PX_EIO / PX_EFULL
 * with errno; PX_ENOMEM. */
PX_NODISCARD int manifest_open(void *ctx);

/* Adds a copied file that has a digest. */
PX_NODISCARD int manifest_add(void *ctx, const struct px_item *item);

/* The file gets its name; when that fails FILE is as it was. Legal when it never was open. */
PX_NODISCARD int manifest_close(void *ctx);

#endif
