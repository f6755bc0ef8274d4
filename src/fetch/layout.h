/* SPDX-License-Identifier: MIT
 *
 * fetch/layout.h - from a URL to a relative path with directories (--dirs, --cut-dirs). Pure.
 */
#ifndef FETCH_LAYOUT_H
#define FETCH_LAYOUT_H

#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/fetch.h>

#include "fetch/name.h"

/* The path for url[0..len): its name (name_from_url) behind the directories that `dirs` asks for.
 * Each part is percent-decoded once and made safe; empty ones and "." are left out, ".." takes the
 * one before away, as it does in the request. Of the URL's directories the first `cut` are left
 * out. PX_EBADLINE: the path would be longer than NAME_PATH_ROOM; `*why` is static text. */
PX_NODISCARD int layout_path(const char *url, size_t len, enum px_dirs dirs, unsigned cut,
                             char out[NAME_PATH_ROOM], const char **why);

#endif
