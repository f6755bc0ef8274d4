/* SPDX-License-Identifier: MIT
 *
 * Several files copied at the same time, one in each thread; none is begun after one has failed. pcopy
 * does more: it goes on, keeps attributes, shares large files among threads, never leaves half a file.
 *
 *     copy_files WORKERS FROM TO [FROM TO]...
 */
#include <fcntl.h>
#include <pxfer/pxfer.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK ((size_t)1024 * 1024)

struct copies {
    char **names; /* FROM, TO, FROM, TO, ... */
    struct px_outlock *print_lock;
};

static int write_all(int fd, const char *bytes, ssize_t n)
{
    while (n > 0) {
        const ssize_t written = write(fd, bytes, (size_t)n);
        if (written < 0) {
            return PX_EIO;
        }
        bytes += written;
        n -= written;
    }
    return n == 0 ? PX_OK : PX_EIO; /* below 0: read(2) has failed */
}

static int copy(int from, int to)
{
    char *block = malloc(BLOCK);
    int status = block != NULL ? PX_OK : PX_ENOMEM;
    ssize_t n = 1;
    while (status == PX_OK && n != 0) {
        n = read(from, block, BLOCK);
        status = write_all(to, block, n);
    }
    free(block);
    return status;
}

static int copy_one(void *ctx, size_t i)
{
    const struct copies *copies = ctx;
    const char *source = copies->names[2 * i];
    const char *target = copies->names[2 * i + 1];
    const int from = open(source, O_RDONLY);
    const int to = from < 0 ? -1 : open(target, O_WRONLY | O_CREAT | O_EXCL, 0666);
    px_outlock_printf(copies->print_lock, "%s: starting\n", source);
    int status = to < 0 ? PX_EIO : copy(from, to);
    if (to >= 0 && close(to) != 0) {
        status = PX_EIO; /* a network file system may say only now that the disk is full */
    }
    if (from >= 0) {
        close(from);
    }
    px_outlock_printf(copies->print_lock, "%s: %s\n", source, px_status_text(status));
    return status;
}

int main(int argc, char **argv)
{
    struct copies copies = {argv + 2, NULL};
    if (argc < 4 || argc % 2 != 0 || px_outlock_new(STDOUT_FILENO, &copies.print_lock) != PX_OK) {
        fprintf(stderr, "usage: copy_files WORKERS FROM TO [FROM TO]...\n");
        return 2;
    }
    const int64_t begin_ns = px_now_ns();
    const int status = px_parallel_for((size_t)(argc - 2) / 2, (unsigned)strtoul(argv[1], NULL, 10),
                                       copy_one, &copies);
    fprintf(stderr, "%.2f s\n", (double)(px_now_ns() - begin_ns) / 1e9);
    px_outlock_free(copies.print_lock);
    return status == PX_OK ? 0 : 1;
}
