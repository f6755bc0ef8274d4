/* SPDX-License-Identifier: MIT
 *
 * fetch/syntax.h - is this text what it is meant to be, before it is sent anywhere? Pure.
 */
#ifndef FETCH_SYNTAX_H
#define FETCH_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

/* A header as CURLOPT_HTTPHEADER takes it: a token, then ':' and a value without control bytes (but
 * tabs), or ';' and nothing (RFC 9110 sections 5.1 and 5.5). */
bool syntax_is_header(const char *line, size_t n);

/* Text for a header's value: no control byte but tabs. */
bool syntax_is_header_value(const char *text, size_t n);

/* An absolute http or https URL with an authority that libcurl can read: a plain host name is
 * believed, anything else (a port, brackets, userinfo, escapes) is parsed. */
bool syntax_is_url(const char *url);

#endif
