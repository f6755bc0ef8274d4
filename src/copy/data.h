/* SPDX-License-Identifier: MIT
 *
 * copy/data.h - the bytes of one regular file: reflink, copy_file_range(), or read and write; holes
 * stay holes. Knows no names and no directories.
 */
#ifndef PX_COPY_DATA_H
#define PX_COPY_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

#include "copy/ahead.h"
#include "copy/copier.h"
#include "copy/drop.h"
#include "copy/fail.h"
#include "copy/pair.h"
#include "copy/proof.h"
#include "copy/tee.h"

/* One read and one write. tests/bench/copycalls, a file of 32 MiB, ms of CPU with a buffer of
 *              64 KiB  128 KiB  256 KiB  512 KiB  1 MiB  4 MiB
 *     ext4       12.3     12.0     12.3     10.5   14.2    9.9
 *     xfs        10.3      8.6      9.7      9.1    7.8   14.9
 *     tmpfs      17.7     18.0     17.0     17.0   16.7   17.2 */
#define PX_DATA_BUF_BYTES ((size_t)512 * 1024)

/* One file, or one part of it, in one worker's hands. */
struct px_data {
    /* in */
    struct px_copier *copier; /* buffer, calls, stop flag, display */
    struct px_pair *pair;
    int in;
    int out;                /* empty, at offset 0 */
    struct px_tee *tee;     /* such files, in place of `out`; NULL: only that one */
    const struct stat *st;  /* the source's */
    struct px_proof *proof; /* hears of all bytes that are read; NULL or not active: nobody does */
    size_t align;           /* O_DIRECT is on (copy/manner.h); 0: it is not */
    const struct px_kept *kept; /* may be NULL: nothing */
    bool prefix;                /* no byte beyond st->st_size, however the source grows */
    struct px_ahead ahead;      /* {0} at first, as is this: */
    struct px_trail trail;
    /* out */
    enum px_copy_engine engine;
    const char *why; /* static text */
    uint64_t bytes;  /* copied, holes included */
};

/* First: tries a reflink; for one file, not for a tee. PX_OK: done. PX_EAGAIN: not possible or not
 * wanted here, copy the bytes. PX_EREFUSED: it was asked for always and is impossible. PX_EIO,
 * PX_EFULL. PX_ECANCELED. */
PX_NODISCARD int px_data_reflink(struct px_data *data, struct px_fail *fail);

/* Copies the bytes of the whole file: until the source says that it is at its end, whatever st_size
 * says. PX_ESRC: reading failed; PX_EIO, PX_EFULL: writing failed; both with the offset in the text.
 * PX_ECANCELED: stopped on the way. PX_ECHANGED: the source grows while it is copied. */
PX_NODISCARD int px_data_copy(struct px_data *data, struct px_fail *fail);

/* Copies `bytes` bytes from offset `from` to the same offset, without using or moving the file
 * offsets of the descriptors (several workers share them). A source that ends earlier is no error
 * here. Errors as above. */
PX_NODISCARD int px_data_copy_range(struct px_data *data, uint64_t from, uint64_t bytes,
                                    struct px_fail *fail);

/* Pure: is it likely that the file has holes worth looking for? */
bool px_data_is_sparse(const struct stat *st);

/* Pure: after this errno of FICLONE (of copy_file_range before the first byte) the bytes are copied
 * in another way; anything else is an error. */
bool px_data_reflink_falls_back(int err);
bool px_data_range_falls_back(int err);

/* Pure: the errno speaks of the two file systems, not of these two files: ask no more. */
bool px_data_errno_is_for_good(int err);

#endif
