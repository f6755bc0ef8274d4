/* SPDX-License-Identifier: MIT
 *
 * fetch/spider.h - --spider: is it there? HEAD, and a GET that is cut off where a server will not
 * answer that, or where the page's title is wanted. Nothing is written.
 *
 * On the worker's thread, with the task in its place.
 */
#ifndef FETCH_SPIDER_H
#define FETCH_SPIDER_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

struct fetch_task;
struct transfer;

enum spider_next {
    SPIDER_OVER,   /* the task has its outcome */
    SPIDER_FOLLOW, /* a redirect */
    SPIDER_GET,    /* the server does not answer HEAD: ask again */
};

/* Is the next request of the task a HEAD? */
bool spider_sends_head(const struct fetch_task *task);

/* For CURLOPT_WRITEFUNCTION: n, or else to stop the request. */
size_t spider_on_bytes(struct transfer *transfer, const char *bytes, size_t n);

/* The request ended. */
enum spider_next spider_end(struct transfer *transfer, CURLcode code);

#endif
