/* SPDX-License-Identifier: MIT
 *
 * The titles of pages: fetch, parse, and print what belongs together under the print lock.
 *
 *     page_titles WORKERS URL...
 */
#include <pthread.h>
#include <pxfer/pxfer.h>
#include <string.h>
#include <unistd.h>

#include "page.h"

#define MOST_WORKERS 64

struct shared {
    struct px_queue *urls;
    struct px_outlock *print_lock;
};

/* Good enough for an example; pages of the world want a parser, such as libxml2's. */
static void print_title(struct px_outlock *print_lock, CURL *curl, const char *url)
{
    struct page page = page_get(curl, url);
    const char *begin = page.text != NULL ? strstr(page.text, "<title>") : NULL;
    const char *end = begin != NULL ? strstr(begin, "</title>") : NULL;
    if (page.status == 200 && end != NULL) {
        begin += strlen("<title>");
        px_outlock_printf(print_lock, "%s\n    %.*s\n", url, (int)(end - begin), begin);
    } else {
        px_outlock_printf(print_lock, "%s\n    no title: status %ld\n", url, page.status);
    }
    free(page.text);
}

static void *process_queue(void *arg)
{
    const struct shared *shared = arg;
    CURL *curl = curl_easy_init();
    void *url;
    while (px_queue_pop(shared->urls, PX_FOREVER, &url) == PX_OK) {
        print_title(shared->print_lock, curl, url);
        PX_IGNORE(px_queue_task_done(shared->urls)); /* it was popped, so it is not one too many */
    }
    curl_easy_cleanup(curl);
    return NULL;
}

int main(int argc, char **argv)
{
    const unsigned workers = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    struct shared shared = {NULL, NULL};
    pthread_t threads[MOST_WORKERS];
    unsigned started = 0;
    if (workers == 0 || workers > MOST_WORKERS) {
        fprintf(stderr, "usage: page_titles WORKERS URL...\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = px_queue_new(workers, &shared.urls);
    status = status == PX_OK ? px_outlock_new(STDOUT_FILENO, &shared.print_lock) : status;
    while (status == PX_OK && started < workers &&
           pthread_create(&threads[started], NULL, process_queue, &shared) == 0) {
        started++;
    }
    for (int i = 2; i < argc && status == PX_OK && started > 0; i++) {
        status = px_queue_push(shared.urls, argv[i], PX_FOREVER);
    }
    if (status == PX_OK && started > 0) {
        status = px_queue_join(shared.urls, PX_FOREVER); /* all pages are printed */
        px_queue_close(shared.urls);                     /* the threads may go home */
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    px_outlock_free(shared.print_lock);
    px_queue_free(shared.urls);
    curl_global_cleanup();
    return status == PX_OK && started > 0 ? 0 : 1;
}
