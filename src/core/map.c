/* SPDX-License-Identifier: MIT
 *
 * core/map.c - a function over a sequence of arguments, in order and no further ahead than told. Its
 * consumer's thread alone enters; no lock of its own.
 *
 *   next() ──▶ held ──submit──▶ ring of futures, oldest first ──wait──▶ out
 *
 * An argument that was asked for is in one of three places: held (the queue has had no room), in the
 * ring, or handed out. So each has exactly one result, also when the executor is shut down meanwhile.
 */
#include <stdlib.h>

#include <pxfer/status.h>

#include "core/future.h"

struct px_map {
    /* fixed after new */
    struct px_executor *executor;
    struct px_map_opts opts;
    size_t room;             /* of the ring */
    struct px_future **ring; /* each one a reference */

    size_t head; /* index of the oldest */
    size_t len;
    size_t item; /* of opts.items: how many were taken */
    bool holding;
    void *held;
    int ended; /* why no argument is asked for any more; PX_OK: more may come */
};

int px_map_new(struct px_executor *executor, const struct px_map_opts *opts, struct px_map **out)
{
    if (opts->run == NULL || (opts->next == NULL && opts->items == NULL && opts->n > 0)) {
        return PX_EINVAL;
    }
    struct px_map *map = calloc(1, sizeof *map);
    if (map == NULL) {
        return PX_ENOMEM;
    }
    map->executor = executor;
    map->opts = *opts;
    map->room = opts->ahead > 0 ? opts->ahead : px_executor_room(executor);
    if (px_executor_workers(executor) == 0) {
        map->room = 1; /* what is submitted is run at once: not before it is asked for */
    }
    map->ring = calloc(map->room, sizeof(struct px_future *));
    if (map->ring == NULL) {
        free(map);
        return PX_ENOMEM;
    }
    *out = map;
    return PX_OK;
}

static int map_take_item(struct px_map *map, void **arg)
{
    if (map->item == map->opts.n) {
        return PX_EEND;
    }
    *arg = (char *)map->opts.items + map->opts.size * map->item++;
    return PX_OK;
}

/* True when an argument is held. */
static bool map_hold(struct px_map *map)
{
    if (!map->holding && map->ended == PX_OK) {
        map->ended = map->opts.next != NULL ? map->opts.next(map->opts.ctx, &map->held)
                                            : map_take_item(map, &map->held);
        map->holding = map->ended == PX_OK;
    }
    return map->holding;
}

static int map_submit(struct px_map *map, int64_t deadline_ns)
{
    const struct px_task task = {
        .run = map->opts.run, .arg = map->held, .free_result = map->opts.free_result};
    struct px_future **place = &map->ring[(map->head + map->len) % map->room];
    const int status = px_executor_submit_task(map->executor, &task, deadline_ns, place);
    if (status == PX_OK) {
        map->holding = false;
        map->len++;
    } else if (status == PX_ECLOSED) {
        map->ended = PX_ECLOSED;
    }
    return status;
}

/* Waits for room only when there is nothing else to wait for. */
static int map_fill(struct px_map *map, int64_t deadline_ns)
{
    int status = PX_OK;
    while (status == PX_OK && map->len < map->room && map_hold(map)) {
        status = map_submit(map, map->len == 0 ? deadline_ns : PX_NOWAIT);
    }
    return status;
}

static struct px_future *map_pop(struct px_map *map)
{
    struct px_future *future = map->ring[map->head];
    map->head = (map->head + 1) % map->room;
    map->len--;
    return future;
}

/* With nothing in flight: what is left to say. */
static int map_end(struct px_map *map, int filled, struct px_mapped *out)
{
    if (map->holding && map->ended == PX_ECLOSED) {
        map->holding = false;
        *out = (struct px_mapped){.arg = map->held, .status = PX_ECANCELED};
        return PX_OK;
    }
    return map->ended != PX_OK ? map->ended : filled;
}

int px_map_next(struct px_map *map, int64_t deadline_ns, struct px_mapped *out)
{
    const int filled = map_fill(map, deadline_ns);
    if (map->len == 0) {
        return map_end(map, filled, out);
    }
    struct px_future *future = map->ring[map->head];
    struct px_mapped mapped = {.arg = px_future_arg(future)};
    const int status = px_future_result(future, deadline_ns, &mapped.status, NULL);
    if (status != PX_OK) {
        return status;
    }
    PX_IGNORE(px_future_take(future, &mapped.result)); /* cannot fail: finished, and ours alone */
    px_future_unref(map_pop(map));
    *out = mapped;
    return PX_OK;
}

static void map_drop_arg(struct px_map *map, void *arg)
{
    if (map->opts.free_arg != NULL) {
        map->opts.free_arg(arg);
    }
}

void px_map_free(struct px_map *map)
{
    if (map == NULL) {
        return;
    }
    /* The youngest first: none of them is taken by a worker while the older ones are canceled. */
    for (size_t i = map->len; i > 0; i--) {
        /* Refused: it runs, and is waited for below. */
        PX_IGNORE(px_future_cancel(map->ring[(map->head + i - 1) % map->room]));
    }
    while (map->len > 0) {
        struct px_future *future = map_pop(map);
        PX_IGNORE(px_future_wait(future, PX_FOREVER)); /* ends when the task does */
        map_drop_arg(map, px_future_arg(future));
        px_future_unref(future);
    }
    if (map->holding) {
        map_drop_arg(map, map->held);
    }
    free(map->ring);
    free(map);
}
