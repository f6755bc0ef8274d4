/* SPDX-License-Identifier: MIT
 *
 * pxfer/status.h - the one list of results.
 *
 * Every function that can fail returns int: PX_OK (0) or one of the negative codes below. A code is
 * a class ("the disk is full", "the server said an error"); the sentence for a person is built once,
 * where the fact is known, and travels with the item (pxfer/item.h).
 *
 * Order is free: programs map codes to exit codes by a table of their own.
 */
#ifndef PXFER_STATUS_H
#define PXFER_STATUS_H

#include <pxfer/attr.h>

/* X(name, value, text) */
#define PX_STATUS_LIST(X)                                       \
    X(OK, 0, "success")                                         \
    /* the library itself */                                    \
    X(ENOMEM, -1, "out of memory")                              \
    X(EINVAL, -2, "invalid argument")                           \
    X(EAGAIN, -3, "not now")                                    \
    X(ECLOSED, -4, "closed")                                    \
    X(ETIMEDOUT, -5, "deadline passed")                         \
    X(ECANCELED, -6, "canceled")                                \
    X(ETHREAD, -7, "no thread could be started")                \
    X(EEND, -8, "end of input")                                 \
    X(EINTERNAL, -9, "internal error")                          \
    /* what the user gave */                                    \
    X(EUSAGE, -20, "usage")                                     \
    X(EBADLINE, -21, "bad line in list")                        \
    X(EREFUSED, -22, "refused")                                 \
    /* local files */                                           \
    X(EIO, -30, "file I/O error")                               \
    X(EFULL, -31, "no space, quota or a read-only file system") \
    X(EEXIST, -32, "target exists")                             \
    X(EINUSE, -33, "target in use")                             \
    X(ESRC, -34, "source cannot be read")                       \
    X(ECHANGED, -35, "source vanished or kept changing")        \
    X(EATTR, -36, "attributes could not be preserved")          \
    X(ESPECIAL, -37, "special file")                            \
    X(EOUTPUT, -38, "standard output cannot be written")        \
    X(EPIPE, -39, "nobody reads standard output")               \
    /* the network */                                           \
    X(ENET, -40, "network error")                               \
    X(ETLS, -41, "TLS error")                                   \
    X(EAUTH, -42, "authentication failed")                      \
    X(EPROTO, -43, "protocol error")                            \
    X(EHTTP, -44, "server said error")                          \
    /* checks */                                                \
    X(EINTEGRITY, -50, "integrity check failed")                \
    /* what the user had done with a file */                    \
    X(ECOMMAND, -60, "command failed")

enum px_status {
#define PX_STATUS_ENUM_(name, value, text) PX_##name = (value),
    PX_STATUS_LIST(PX_STATUS_ENUM_)
#undef PX_STATUS_ENUM_
};

PX_BEGIN_DECLS

/* "EIO" for PX_EIO; "UNKNOWN" for a number that is none. Static text, any thread. */
PX_API const char *px_status_name(int status);

/* "file I/O error" for PX_EIO. Static text, any thread. */
PX_API const char *px_status_text(int status);

PX_END_DECLS

#endif
