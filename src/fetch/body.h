/* SPDX-License-Identifier: MIT
 *
 * fetch/body.h - the bytes of a reply: libcurl's callbacks, and the way through the buffer into
 * the part.
 *
 * On the worker's thread; ctx is the struct transfer.
 */
#ifndef FETCH_BODY_H
#define FETCH_BODY_H

#include <stddef.h>

#include <curl/curl.h>

#include <pxfer/attr.h>

struct transfer;

/* CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION, CURLOPT_DEBUGFUNCTION. */
size_t body_on_bytes(char *bytes, size_t size, size_t n, void *ctx);
size_t body_on_header(char *line, size_t size, size_t n, void *ctx);
int body_on_debug(CURL *easy, curl_infotype type, char *text, size_t n, void *ctx);

/* The buffer into the part; from 1 MiB on the part is kept under a name. PX_EFULL, PX_EIO,
 * PX_EINUSE, PX_ENOMEM; task->part knows more. */
PX_NODISCARD int body_flush(struct transfer *transfer);

/* Gives the part a name and a state now. As body_flush(). */
PX_NODISCARD int body_keep(struct transfer *transfer);

/* Stops the request because of a local failure. */
void body_fail_locally(struct transfer *transfer, int status);

#endif
