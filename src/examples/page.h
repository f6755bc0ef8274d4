/* SPDX-License-Identifier: MIT
 *
 * examples/page.h - a page in memory, by libcurl: what requests.get(url) is in Python.
 */
#ifndef PX_EXAMPLES_PAGE_H
#define PX_EXAMPLES_PAGE_H

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

struct page {
    long status; /* of HTTP; 0: there was no reply */
    char *text;  /* ends in a NUL; free() it; may be NULL */
    size_t len;
};

/* One curl handle for each thread: it keeps the connection for the next page. */
static inline struct page page_get(CURL *curl, const char *url)
{
    struct page page = {0, NULL, 0};
    FILE *memory = open_memstream(&page.text, &page.len);
    if (memory == NULL) {
        return page;
    }
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, memory); /* fwrite() is what curl does by itself */
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* signals and threads do not mix */
    if (curl_easy_perform(curl) == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &page.status);
    }
    fclose(memory);
    return page;
}

#endif
