/* SPDX-License-Identifier: MIT
 *
 * fetch/source.h - the engine's one source: list entries become tasks, failed tries come back as
 * tasks that wait, hosts that asked for a pause get it.
 *
 * px_fetch_source() in pxfer/fetch.h is the way in; this header is for the engine and tests.
 */
#ifndef FETCH_SOURCE_H
#define FETCH_SOURCE_H

#include <pxfer/attr.h>
#include <pxfer/source.h>

struct px_fetch;

/* Tasks that may wait at once, for their time or for their host. When there are more the list is not
 * read on until some are gone: memory stays bounded when all that is left is one host that said
 * "later", or one that has as many transfers going as it may (-x). It is also how far ahead the list
 * is searched for other hosts. */
#define SOURCE_KEPT_MAX 1024

PX_NODISCARD int source_new(struct px_fetch *fetch, struct px_source **out); /* PX_ENOMEM */

#endif
