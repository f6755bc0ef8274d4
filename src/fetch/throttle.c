/* SPDX-License-Identifier: MIT
 *
 * fetch/throttle.c - transfers that pause. Worker's thread; no lock (the meters are atomics).
 *
 * A transfer pauses inside the write callback that took the bytes. That also ends the loop in which
 * libcurl reads on as long as there is something: pausing after curl_multi_perform(3) let it read a
 * hundred blocks first (7.88.1; a burst of 1 MB at 1 MB/s). No bytes are left inside libcurl: a block
 * is no larger than what one callback gets. The socket is not read meanwhile, and TCP tells the
 * server to wait. So each transfer needs a connection of its own: see http_version() in request.c.
 *
 * Why not CURLOPT_MAX_RECV_SPEED_LARGE: it is a limit of one handle, and a share of the sum would
 * have to be computed anew for all handles of all threads whenever one of them becomes slow, begins
 * or ends; with a kept handle it does not hold for the second transfer (curl issue 7042, open); and
 * it judges over seconds, after a first burst of whatever was there.
 */
#include "fetch/throttle.h"

#include <curl/curl.h>

#include <pxfer/queue.h>

#include "fetch/engine.h"
#include "core/meter.h"
#include "fetch/task.h"
#include "fetch/transfer.h"

/* The transfer's own end tells of a failure. */
static void pause_it(struct transfer *transfer, int bits)
{
    PX_IGNORE((int)curl_easy_pause(transfer->easy, bits));
}

void throttle_count(struct transfer *transfer, size_t n)
{
    struct px_fetch *fetch = transfer->fetch;

    if (!fetch->throttled) {
        return;
    }
    const int64_t now = px_now_ns();
    const int64_t all = meter_draw(&fetch->meter, n, now);
    const int64_t file = meter_draw(transfer->task->meter, n, now);
    const int64_t until = all > file ? all : file;
    transfer->place_until_ns = all;
    transfer->until_ns = until > transfer->until_ns ? until : transfer->until_ns;
    if (!transfer->held && until > now) {
        transfer->held = true;
        pause_it(transfer, CURLPAUSE_RECV);
    }
}

int64_t throttle_resume(struct transfer *transfer, int64_t now_ns)
{
    if (transfer->held && transfer->until_ns <= now_ns) {
        transfer->held = false; /* first: going on may call the write callback */
        pause_it(transfer, CURLPAUSE_CONT);
    }
    return transfer->held ? transfer->until_ns : PX_FOREVER;
}

bool throttle_is_free(const struct transfer *transfer, int64_t now_ns)
{
    return transfer->place_until_ns <= now_ns;
}
