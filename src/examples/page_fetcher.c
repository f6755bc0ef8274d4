/* SPDX-License-Identifier: MIT
 *
 * A producer of URLs and consumers that fetch them; a poison pill ends each consumer.
 *
 *     page_fetcher WORKERS URL...
 */
#include <pthread.h>
#include <pxfer/pxfer.h>

#include "page.h"

#define MOST_WORKERS 64

struct consumer {
    struct px_queue *urls;
    pthread_t thread;
    CURL *curl;
    unsigned pages;
};

/* NULL is the pill. */
static void *consume(void *arg)
{
    struct consumer *consumer = arg;
    void *url;
    while (px_queue_pop(consumer->urls, PX_FOREVER, &url) == PX_OK && url != NULL) {
        struct page page = page_get(consumer->curl, url);
        printf("%ld %zu bytes %s\n", page.status, page.len, (const char *)url);
        free(page.text);
        consumer->pages += page.status == 200;
    }
    return NULL;
}

/* How many could be started. */
static unsigned start(struct consumer *consumers, unsigned n, struct px_queue *urls)
{
    for (unsigned i = 0; i < n; i++) {
        consumers[i].urls = urls;
        consumers[i].curl = curl_easy_init();
        if (consumers[i].curl == NULL ||
            pthread_create(&consumers[i].thread, NULL, consume, &consumers[i]) != 0) {
            curl_easy_cleanup(consumers[i].curl);
            return i;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    const unsigned wanted = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    struct consumer consumers[MOST_WORKERS] = {{0}};
    struct px_queue *urls;
    unsigned pages = 0;
    if (wanted == 0 || wanted > MOST_WORKERS || px_queue_new(wanted, &urls) != PX_OK) {
        fprintf(stderr, "usage: page_fetcher WORKERS URL...\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const int64_t begin_ns = px_now_ns();
    const unsigned n = start(consumers, wanted, urls);
    for (int i = 2; i < argc && n > 0; i++) {
        PX_IGNORE(px_queue_push(urls, argv[i], PX_FOREVER)); /* waits when they are behind */
    }
    for (unsigned i = 0; i < n; i++) {
        PX_IGNORE(px_queue_push(urls, NULL, PX_FOREVER)); /* one pill for each */
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(consumers[i].thread, NULL);
        curl_easy_cleanup(consumers[i].curl);
        pages += consumers[i].pages;
    }
    fprintf(stderr, "%u pages in %.2f s\n", pages, (double)(px_now_ns() - begin_ns) / 1e9);
    px_queue_free(urls);
    curl_global_cleanup();
    return pages == (unsigned)(argc - 2) ? 0 : 1;
}
