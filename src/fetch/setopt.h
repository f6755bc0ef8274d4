/* SPDX-License-Identifier: MIT
 *
 * fetch/setopt.h - many options of libcurl in a row, with one look at the end.
 */
#ifndef FETCH_SETOPT_H
#define FETCH_SETOPT_H

#include <curl/curl.h>

/* The first failure wins and the rest is skipped. */
#define SET(rc, easy, option, value)                            \
    do {                                                        \
        if ((rc) == CURLE_OK) {                                 \
            (rc) = curl_easy_setopt((easy), (option), (value)); \
        }                                                       \
    } while (0)

#endif
