/* SPDX-License-Identifier: MIT
 *
 * fetch/list/resolve.h - a relative reference and the URL it is seen from give a URL (RFC 3986 section
 * 5). Pure.
 */
#ifndef FETCH_LIST_RESOLVE_H
#define FETCH_LIST_RESOLVE_H

#include <stddef.h>

#include <pxfer/attr.h>

/* `base` is an absolute http or https URL; ref[0..len) has no scheme and no control bytes. The
 * caller frees `*out`. PX_EBADLINE: there is no such URL; PX_ENOMEM. */
PX_NODISCARD int resolve_url(const char *base, const char *ref, size_t len, char **out);

#endif
