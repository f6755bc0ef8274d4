/* SPDX-License-Identifier: MIT
 *
 * fetch/conns.c - who keeps a connection to whom. Entered by all workers; owns `lock`, which is held
 * for a walk over the table, and for shutdown(2) of a socket that does not block.
 *
 * A socket of another worker is shut down, not closed: the descriptor is that worker's libcurl's, which
 * finds the connection dead when it looks at it again, and closes it. It leaves the table before it
 * is closed, so a descriptor in the table is the one that was put there. With several transfers in
 * a worker its idle connections to an origin are left alone while another of its transfers goes on
 * with the same origin: which of them that uses is libcurl's to know.
 */
#include "fetch/conns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <pxfer/status.h>

#include "base/grow.h"
#include "base/mutex.h"

struct conn {
    uint64_t origin;
    size_t worker;
    int fd;
};

struct conns {
    /* fixed after new */
    unsigned most;
    size_t places;
    unsigned streams;

    struct px_mutex lock;

    /* protected by lock */
    uint64_t *in_use PX_GUARDED; /* the origin of each place's transfer, 0 = none */
    struct conn *table PX_GUARDED;
    size_t n PX_GUARDED;
    size_t room PX_GUARDED;
};

int conns_new(unsigned most, size_t places, unsigned streams, struct conns **out)
{
    struct conns *conns = calloc(1, sizeof *conns);

    if (conns == NULL) {
        return PX_ENOMEM;
    }
    conns->most = most;
    conns->places = places;
    conns->streams = streams;
    int rc = px_mutex_init(&conns->lock);
    if (rc != PX_OK) {
        free(conns);
        return rc;
    }
    px_mutex_lock(&conns->lock);
    conns->in_use = calloc(places, sizeof *conns->in_use);
    rc = conns->in_use != NULL ? PX_OK : PX_ENOMEM;
    px_mutex_unlock(&conns->lock);
    if (rc != PX_OK) {
        conns_free(conns);
        return rc;
    }
    *out = conns;
    return PX_OK;
}

void conns_free(struct conns *conns)
{
    if (conns == NULL) {
        return;
    }
    px_mutex_lock(&conns->lock);
    free(conns->in_use);
    free(conns->table);
    px_mutex_unlock(&conns->lock);
    px_mutex_fini(&conns->lock);
    free(conns);
}

void conns_use(struct conns *conns, size_t place, uint64_t origin)
{
    if (conns == NULL) {
        return;
    }
    px_mutex_lock(&conns->lock);
    conns->in_use[place] = origin;
    px_mutex_unlock(&conns->lock);
}

static bool is_idle_locked(const struct conns *conns, const struct conn *conn)
    PX_REQUIRES(conns->lock)
{
    const uint64_t *place = conns->in_use + conn->worker * conns->streams;

    for (unsigned i = 0; i < conns->streams; i++) {
        if (place[i] == conn->origin) {
            return false;
        }
    }
    return true;
}

static void drop_locked(struct conns *conns, size_t i) PX_REQUIRES(conns->lock)
{
    /* in order: the one that was opened first is the first to go */
    for (conns->n--; i < conns->n; i++) {
        conns->table[i] = conns->table[i + 1];
    }
}

/* Shuts down idle connections to that origin until there is room for one more. */
static void make_room_locked(struct conns *conns, uint64_t origin) PX_REQUIRES(conns->lock)
{
    size_t open = 0;

    for (size_t i = 0; i < conns->n; i++) {
        open += conns->table[i].origin == origin;
    }
    for (size_t i = 0; i < conns->n && open >= conns->most;) {
        if (conns->table[i].origin == origin && is_idle_locked(conns, &conns->table[i])) {
            PX_IGNORE(shutdown(conns->table[i].fd, SHUT_RDWR)); /* it may be dead already */
            drop_locked(conns, i);
            open--;
        } else {
            i++;
        }
    }
}

void conns_add(struct conns *conns, size_t place, uint64_t origin, int fd)
{
    if (conns == NULL) {
        return;
    }
    px_mutex_lock(&conns->lock);
    make_room_locked(conns, origin);
    struct conn *table = px_grow(conns->table, &conns->room, conns->n + 1, sizeof *table);
    if (table != NULL) { /* else it is not known, and never shut down */
        conns->table = table;
        table[conns->n++] =
            (struct conn){.origin = origin, .worker = place / conns->streams, .fd = fd};
    }
    px_mutex_unlock(&conns->lock);
}

void conns_remove(struct conns *conns, int fd)
{
    if (conns == NULL) {
        return;
    }
    px_mutex_lock(&conns->lock);
    for (size_t i = 0; i < conns->n; i++) {
        if (conns->table[i].fd == fd) {
            drop_locked(conns, i);
            break;
        }
    }
    px_mutex_unlock(&conns->lock);
}
