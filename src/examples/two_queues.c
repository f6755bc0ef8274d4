/* SPDX-License-Identifier: MIT
 *
 * A queue of tasks, each a function and its argument, and one of results; NULL is the sentinel.
 *
 *     two_queues WORKERS COUNT N      the Nth Fibonacci number, COUNT times
 */
#include <pthread.h>
#include <pxfer/pxfer.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 64
struct task {
    unsigned long (*run)(unsigned long n);
    unsigned long n;
    unsigned long result;
};

struct queues {
    struct px_queue *tasks, *results;
};

static unsigned long fib(unsigned long n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void *work(void *arg)
{
    const struct queues *queues = arg;
    void *next;
    while (px_queue_pop(queues->tasks, PX_FOREVER, &next) == PX_OK && next != NULL) {
        struct task *task = next;
        task->result = task->run(task->n);
        PX_IGNORE(px_queue_push(queues->results, task, PX_FOREVER)); /* there is room for all */
    }
    return NULL;
}

static void use(const struct queues *queues, unsigned workers, size_t n, unsigned long number)
{
    struct task tasks[MOST];
    void *result;
    for (size_t i = 0; i < n; i++) {
        tasks[i] = (struct task){fib, number, 0};
        PX_IGNORE(px_queue_push(queues->tasks, &tasks[i], PX_FOREVER));
    }
    for (size_t i = 0; i < n && px_queue_pop(queues->results, PX_FOREVER, &result) == PX_OK; i++) {
        printf("%lu\n", ((struct task *)result)->result);
    }
    for (unsigned i = 0; i < workers; i++) {
        PX_IGNORE(px_queue_push(queues->tasks, NULL, PX_FOREVER));
    }
}

int main(int argc, char **argv)
{
    const unsigned workers = argc == 4 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    const size_t n = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    pthread_t threads[MOST];
    struct queues queues;
    if (workers == 0 || workers > MOST || n == 0 || n > MOST ||
        px_queue_new(n, &queues.tasks) != PX_OK || px_queue_new(n, &queues.results) != PX_OK) {
        fprintf(stderr, "usage: two_queues WORKERS COUNT N\n");
        return 2;
    }
    unsigned started = 0;
    while (started < workers && pthread_create(&threads[started], NULL, work, &queues) == 0) {
        started++;
    }
    if (started > 0) {
        use(&queues, started, n, strtoul(argv[3], NULL, 10));
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    px_queue_free(queues.tasks);
    px_queue_free(queues.results);
    return started > 0 ? 0 : 1;
}
