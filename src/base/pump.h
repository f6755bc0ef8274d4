/* SPDX-License-Identifier: MIT
 *
 * base/pump.h - bytes onto a descriptor that may not want them now: a pipe with a slow reader, a
 * terminal that was stopped. The caller waits for as long as that takes, unless it is told to stop.
 *
 * The descriptor's flags stay as they are (others share them): a full pipe is waited for by poll(2),
 * and then given no more than it has room for.
 */
#ifndef PX_BASE_PUMP_H
#define PX_BASE_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

enum pump_way {
    PUMP_SPLICE,   /* file -> pipe without a copy (splice(2)) */
    PUMP_SENDFILE, /* file -> file within the kernel (sendfile(2)) */
    PUMP_WRITE,
};

struct pump {
    int out; /* borrowed */
    bool (*stopped)(void *ctx);
    void *ctx;
    bool is_file; /* never makes anybody wait */
    enum pump_way way;
    char *block; /* owned; allocated when it is needed */
};

/* `stopped` is asked before each step and every 100 ms while `out` takes nothing; NULL = never
 * stopped. */
void pump_init(struct pump *pump, int out, bool (*stopped)(void *ctx), void *ctx);
void pump_fini(struct pump *pump);

/* The first `size` bytes of file `in`, whose own offset stays, or those at `bytes`. PX_OK: all are
 * written. PX_ECANCELED: stopped, some may be. PX_EIO, PX_EFULL with errno (EPIPE: the reader has
 * gone); PX_ENOMEM. */
PX_NODISCARD int pump_file(struct pump *pump, int in, uint64_t size);
PX_NODISCARD int pump_bytes(struct pump *pump, const char *bytes, size_t size);

#endif
