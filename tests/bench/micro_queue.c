/* SPDX-License-Identifier: MIT
 *
 * px_queue beside GLib's GAsyncQueue and a plain ring with a mutex and two condition variables.
 *
 *     build/release/bench/micro_queue pass WAY PRODUCERS CONSUMERS ITEMS
 *     build/release/bench/micro_queue wake WAY WORKERS ROUNDS
 *
 * WAY: px, px-batch, glib, glib-batch, ring. "pass" prints how many million items a second come out,
 * "wake" the median of microseconds from handing an item to sleeping workers until it is back.
 */
#include <string.h>

#include "base/parse.h"
#include "micro.h"

#define MAX_THREADS 64
#define SETTLE_NS 60000 /* between two rounds: in this time everybody has gone to sleep */

/* --- throughput -----------------------------------------------------------------------------*/

struct crowd {
    const struct way *way;
    void *queue;
    uint64_t items; /* for each producer */
};

struct consumer {
    struct crowd *crowd;
    pthread_t thread;
    uint64_t seen;
    char padding[64]; /* the next one's count is on another cache line */
};

static void *produce(void *arg)
{
    const struct crowd *crowd = arg;
    void *items[MICRO_BATCH];
    for (size_t i = 0; i < MICRO_BATCH; i++) {
        items[i] = arg;
    }
    const size_t batch = crowd->way->batch;
    for (uint64_t left = crowd->items; left > 0;) {
        const size_t n = left < batch ? (size_t)left : batch;
        crowd->way->push(crowd->queue, items, n);
        left -= n;
    }
    return NULL;
}

/* Until its poison pill. Pills come last; those for others that came in the same batch go back. */
static void *consume(void *arg)
{
    struct consumer *me = arg;
    const struct way *way = me->crowd->way;
    void *items[MICRO_BATCH];
    uint64_t seen = 0;
    size_t pills = 0;
    while (pills == 0) {
        size_t n = way->pop(me->crowd->queue, items, way->batch);
        for (; n > 0 && items[n - 1] == &micro_pill; n--) {
            pills++;
        }
        seen += n;
        if (pills > 1) {
            way->push(me->crowd->queue, &items[n], pills - 1);
        }
    }
    me->seen = seen;
    return NULL;
}

static void pass(const struct way *way, unsigned producers, unsigned consumers, uint64_t items)
{
    struct crowd crowd = {way, way->make(), items / producers};
    struct consumer *eaters = micro_calloc(consumers, sizeof *eaters);
    pthread_t feeders[MAX_THREADS];
    const int64_t begin_ns = px_now_ns();
    for (unsigned i = 0; i < consumers; i++) {
        eaters[i].crowd = &crowd;
        micro_start(&eaters[i].thread, consume, &eaters[i]);
    }
    for (unsigned i = 0; i < producers; i++) {
        micro_start(&feeders[i], produce, &crowd);
    }
    for (unsigned i = 0; i < producers; i++) {
        pthread_join(feeders[i], NULL);
    }
    uint64_t seen = 0;
    for (unsigned i = 0; i < consumers; i++) {
        void *pill = &micro_pill;
        way->push(crowd.queue, &pill, 1);
    }
    for (unsigned i = 0; i < consumers; i++) {
        pthread_join(eaters[i].thread, NULL);
        seen += eaters[i].seen;
    }
    const double seconds = (double)(px_now_ns() - begin_ns) / PX_NS_PER_S;
    micro_check(seen == crowd.items * producers, "counting the items");
    printf("%.3f\n", (double)seen / seconds / 1e6);
    free(eaters);
    way->drop(crowd.queue);
}

/* --- wake-up --------------------------------------------------------------------------------*/

struct desk {
    const struct way *way;
    void *in, *out;
};

static void *send_back(void *arg)
{
    const struct desk *desk = arg;
    void *item = NULL;
    while (item != &micro_pill) {
        desk->way->pop(desk->in, &item, 1);
        desk->way->push(desk->out, &item, 1);
    }
    return NULL;
}

static int64_t round_trip_ns(const struct desk *desk, void *item)
{
    const int64_t begin_ns = px_now_ns();
    desk->way->push(desk->in, &item, 1);
    desk->way->pop(desk->out, &item, 1);
    return px_now_ns() - begin_ns;
}

static void settle(void)
{
    const struct timespec pause = {.tv_nsec = SETTLE_NS};
    nanosleep(&pause, NULL);
}

static int by_value(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void wake(const struct way *way, unsigned workers, uint64_t rounds)
{
    struct desk desk = {way, way->make(), way->make()};
    pthread_t threads[MAX_THREADS];
    for (unsigned i = 0; i < workers; i++) {
        micro_start(&threads[i], send_back, &desk);
    }
    int64_t *took_ns = micro_calloc(rounds, sizeof *took_ns);
    for (uint64_t i = 0; i < rounds; i++) {
        settle();
        took_ns[i] = round_trip_ns(&desk, &desk);
    }
    for (unsigned i = 0; i < workers; i++) {
        PX_IGNORE(round_trip_ns(&desk, &micro_pill));
    }
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(threads[i], NULL);
    }
    qsort(took_ns, rounds, sizeof *took_ns, by_value);
    printf("%.3f\n", (double)took_ns[rounds / 2] / 1e3);
    free(took_ns);
    way->drop(desk.in);
    way->drop(desk.out);
}

int main(int argc, char **argv)
{
    uint64_t producers = 1, consumers, count;
    const bool passing = argc == 6 && strcmp(argv[1], "pass") == 0;
    const bool waking = argc == 5 && strcmp(argv[1], "wake") == 0;
    const struct way *way = passing || waking ? micro_way(argv[2]) : NULL;
    if (way == NULL || px_parse_u64(argv[3], 1, MAX_THREADS, &producers) != PX_OK ||
        px_parse_u64(argv[argc - 2], 1, MAX_THREADS, &consumers) != PX_OK ||
        px_parse_u64(argv[argc - 1], 1, UINT32_MAX, &count) != PX_OK) {
        fprintf(stderr, "usage: micro_queue pass WAY PRODUCERS CONSUMERS ITEMS\n"
                        "       micro_queue wake WAY WORKERS ROUNDS\n");
        return 2;
    }
    if (passing) {
        pass(way, (unsigned)producers, (unsigned)consumers, count);
    } else {
        wake(way, (unsigned)consumers, count);
    }
    return 0;
}
