/* SPDX-License-Identifier: MIT
 *
 * copy/direct.c - O_DIRECT on and off. No locks; what was learnt about the two file systems is kept in
 * the pair's atomics. The flag belongs to the open file, which all workers on it share: a part that
 * goes on without it is no harm to the others, whose blocks are whole in any case.
 */
#include "copy/direct.h"

#include <errno.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/explain.h"

/* Below this size the calls around it and the wait for the disk would cost more than the pages that
 * are spared. */
#define DIRECT_MIN_BYTES (1024 * 1024)

static size_t direct_refuse(struct px_copier *copier, struct px_pair *pair, const char *why)
{
    px_explain_note(copier, pair, "no --direct", why);
    return 0;
}

/* On one side. 0: it cannot be. */
static size_t direct_side(struct px_copier *copier, int fd)
{
    size_t align = PX_DIRECT_ALIGN_MAX; /* where nobody says: the largest that is usual */
    if (copier->io->direct_align(fd, &align) != 0 && errno == EINVAL) {
        return 0;
    }
    if (align > PX_DIRECT_ALIGN_MAX || PX_DIRECT_ALIGN_MAX % align != 0) {
        return 0;
    }
    return copier->io->set_direct(fd, true) == 0 ? align : 0;
}

size_t px_direct_begin(struct px_copier *copier, struct px_pair *pair, int in, int out,
                       const struct stat *st)
{
    if (!copier->copy->opts.direct) {
        return 0;
    }
    if (st->st_size < DIRECT_MIN_BYTES) {
        return direct_refuse(copier, pair, "files below 1 MiB go through memory");
    }
    const size_t source = direct_side(copier, in);
    if (source == 0) {
        return direct_refuse(copier, pair, "the source's file system does not take O_DIRECT");
    }
    const size_t target = direct_side(copier, out);
    if (target == 0) {
        PX_IGNORE(copier->io->set_direct(in, false)); /* then reading is direct: no harm */
        return direct_refuse(copier, pair, "the target's file system does not take O_DIRECT");
    }
    return source > target ? source : target;
}

void px_direct_end(const struct px_copier *copier, int in, int out)
{
    PX_IGNORE(
        copier->io->set_direct(in, false)); /* it was switched on, so it can be switched off */
    PX_IGNORE(copier->io->set_direct(out, false));
}

void px_direct_off(struct px_data *data)
{
    px_direct_end(data->copier, data->in, data->out);
    data->align = 0;
    px_explain_note(data->copier, data->pair, "--direct given up",
                    "a file system took O_DIRECT, but not such a call");
}
