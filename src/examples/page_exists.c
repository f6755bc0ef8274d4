/* SPDX-License-Identifier: MIT
 *
 * Which pages exist? One task for each, told in the order in which the answers come.
 *
 *     page_exists WORKERS URL...
 */
#include <pxfer/pxfer.h>

#include "page.h"

/* Each worker has its own curl handle: what init makes is the `state` of its tasks. */
static int open_curl(void *ctx, unsigned index, void **state)
{
    (void)ctx;
    (void)index;
    *state = curl_easy_init();
    return *state != NULL ? PX_OK : PX_ENOMEM;
}

static void close_curl(void *ctx, void *state)
{
    (void)ctx;
    curl_easy_cleanup(state);
}

static int look(void *url, void *curl, void **result)
{
    static const char *const answers[] = {"exists", "does not exist", "unknown"};
    struct page page = page_get(curl, url);
    *result = (void *)answers[page.status == 200 ? 0 : page.status == 404 ? 1 : 2];
    free(page.text);
    return page.status != 0 ? PX_OK : PX_ENET;
}

static int tell_as_completed(struct px_future **futures, size_t n)
{
    struct px_as_completed *iterator = NULL;
    struct px_future *future;
    int status = px_as_completed_new(futures, n, &iterator);
    while (status == PX_OK && px_as_completed_next(iterator, PX_FOREVER, &future, NULL) == PX_OK) {
        void *answer = NULL;
        status = px_future_result(future, PX_NOWAIT, NULL, &answer); /* it is finished */
        printf("%s - %s\n", (char *)px_future_arg(future), (char *)answer);
    }
    px_as_completed_free(iterator);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: page_exists WORKERS URL...\n");
        return 2;
    }
    const struct px_executor_opts opts = {
        .workers = (unsigned)strtoul(argv[1], NULL, 10),
        .init = open_curl,
        .fini = close_curl,
    };
    struct px_future **futures = calloc((size_t)argc, sizeof(struct px_future *));
    struct px_executor *executor = NULL;
    size_t n = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = futures == NULL ? PX_ENOMEM : px_executor_new(&opts, &executor);
    for (int i = 2; i < argc && status == PX_OK; i++) {
        status = px_executor_submit(executor, look, argv[i], &futures[n]);
        n += status == PX_OK;
    }
    if (status == PX_OK) {
        status = tell_as_completed(futures, n);
    }
    px_executor_free(executor);
    while (n > 0) {
        px_future_unref(futures[--n]);
    }
    free(futures);
    curl_global_cleanup();
    return status == PX_OK ? 0 : 1;
}
