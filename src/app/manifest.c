/* SPDX-License-Identifier: MIT
 *
 * app/manifest.c - lines of digests. Main's thread only; owns no lock.
 */
#include "app/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/copy.h>
#include <pxfer/status.h>

#include "app/outfile.h"
#include "base/fdio.h"

int manifest_open(void *ctx)
{
    struct manifest *manifest = ctx;
    return outfile_open(manifest->path, 0666, &manifest->file);
}

static void manifest_put_escaped(FILE *out, const char *path)
{
    for (; *path != '\0'; path++) {
        switch (*path) {
        case '\n': (void)fputs("\\n", out); break;
        case '\r': (void)fputs("\\r", out); break;
        case '\\': (void)fputs("\\\\", out); break;
        default: (void)fputc(*path, out);
        }
    }
}

int manifest_add(void *ctx, const struct px_item *item)
{
    const struct manifest *manifest = ctx;
    const struct px_copy_detail *detail = item->detail;
    const bool there = item->state == PX_ITEM_OK || item->state == PX_ITEM_SKIPPED;
    if (!there || detail == NULL || detail->digest == NULL || item->target == NULL) {
        return PX_OK;
    }
    FILE *out = outfile_stream(manifest->file);
    const bool escaped = strpbrk(item->target, "\n\r\\") != NULL;
    (void)fprintf(out, "%s%s  ", escaped ? "\\" : "", detail->digest);
    manifest_put_escaped(out, item->target);
    (void)fputc('\n', out);
    return ferror(out) != 0 ? px_status_from_errno(errno) : PX_OK;
}

int manifest_close(void *ctx)
{
    struct manifest *manifest = ctx;
    struct outfile *file = manifest->file;
    manifest->file = NULL;
    return file != NULL ? outfile_commit(file) : PX_OK;
}
