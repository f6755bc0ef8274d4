/* SPDX-License-Identifier: MIT
 *
 * What the calls cost that a copy can be made of, on the file system of a directory:
 *
 *     build/release/bench/copycalls DIR FILES
 *
 * Prints CPU microseconds for a file (the thread's own time, so that other work on the machine
 * hardly counts): three ways to give a new file its name, and the ways to move its bytes, by size.
 * What it makes in DIR stays there: give it a file system made for the occasion, for ext4 is slow
 * for minutes after many files were removed. The constants in src/copy/data.c and publish.c rest on
 * these figures.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <pxfer/attr.h>
#include <pxfer/timing.h>

#include "base/fdio.h"
#include "base/parse.h"

#define PER_DIR 100
#define BUF_BYTES_MAX ((size_t)4 << 20)

static const char *failed_at = NULL;

static int64_t cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * PX_NS_PER_S + now.tv_nsec;
}

static int check(int rc, const char *what)
{
    if (rc < 0 && failed_at == NULL) {
        failed_at = what;
    }
    return rc;
}

static int open_dir(int at, const char *name, unsigned number)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s-%u", name, number);
    (void)mkdirat(at, path, 0755);
    return check(openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open directory");
}

/* --- names ------------------------------------------------------------------------------------ */

static void publish_direct(int dir, const char *name, const void *buf, size_t n)
{
    const int fd = check(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), "open");
    (void)check((int)write(fd, buf, n), "write");
    (void)close(fd);
}

static void publish_nameless(int dir, const char *name, const void *buf, size_t n)
{
    const int fd = check(px_open_nameless(px_io_real(), dir, 0644), "O_TMPFILE");
    (void)check((int)write(fd, buf, n), "write");
    (void)check(px_link_fd(px_io_real(), fd, dir, name), "linkat");
    (void)close(fd);
}

static void publish_rename(int dir, const char *name, const void *buf, size_t n)
{
    char temp[64];
    (void)snprintf(temp, sizeof temp, ".%s.tmp", name);
    const int fd = check(openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "open");
    (void)check((int)write(fd, buf, n), "write");
    (void)check(fchmod(fd, 0644), "fchmod");
    (void)check(renameat(dir, temp, dir, name), "rename");
    (void)close(fd);
}

static void measure_names(int at, unsigned files, const void *buf)
{
    static const struct {
        const char *name;
        void (*publish)(int dir, const char *name, const void *buf, size_t n);
    } ways[] = {{"in place", publish_direct},
                {"O_TMPFILE, linkat", publish_nameless},
                {"temporary name, rename", publish_rename}};
    printf("new file of 4096 bytes, us of CPU\n");
    for (unsigned way = 0; way < 3; way++) {
        const int64_t begin_ns = cpu_ns();
        int dir = -1;
        for (unsigned i = 0; i < files; i++) {
            char name[32];
            if (i % PER_DIR == 0) {
                (void)close(dir);
                dir = open_dir(at, ways[way].name, i / PER_DIR);
            }
            (void)snprintf(name, sizeof name, "file%06u", i);
            ways[way].publish(dir, name, buf, 4096);
        }
        (void)close(dir);
        printf("  %-24s %8.2f\n", ways[way].name,
               (double)(cpu_ns() - begin_ns) / files / (double)PX_NS_PER_US);
    }
}

/* --- bytes ------------------------------------------------------------------------------------ */

static bool move_range(int in, int out, size_t size)
{
    size_t at = 0;
    while (at < size) {
        const ssize_t moved = copy_file_range(in, NULL, out, NULL, size - at, 0);
        if (moved <= 0) {
            return false;
        }
        at += (size_t)moved;
    }
    return true;
}

static bool move_buffer(int in, int out, void *buf, size_t buf_bytes)
{
    for (;;) {
        const ssize_t got = read(in, buf, buf_bytes);
        if (got <= 0) {
            return got == 0;
        }
        if (px_write_all(px_io_real(), out, buf, (size_t)got) != 0) {
            return false;
        }
    }
}

#define WAY_REFLINK 0
#define WAY_RANGE 1
#define WAY_RESERVED 2 /* the same into blocks that fallocate() has reserved */

static bool move_reserved(int in, int out, size_t size)
{
    return px_io_real()->fallocate(out, 0, 0, (off_t)size) == 0 && move_range(in, out, size);
}

/* `way`: a buffer's size in bytes, or one of the above. */
static double measure_one(int at, unsigned files, size_t size, size_t way, void *buf)
{
    char name[64];
    (void)snprintf(name, sizeof name, "data-%zu-%zu", size, way);
    const int from = open_dir(at, "source", (unsigned)size);
    const int to = open_dir(at, name, 0);
    int64_t spent_ns = 0;
    bool moved = true;
    for (unsigned i = 0; i < files && moved; i++) {
        (void)snprintf(name, sizeof name, "file%06u", i);
        const int in = check(openat(from, name, O_RDONLY | O_CLOEXEC), "open source");
        const int out = check(openat(to, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644), "open");
        const int64_t begin_ns = cpu_ns();
        moved = way == WAY_REFLINK    ? px_io_real()->ficlone(out, in) == 0
                : way == WAY_RANGE    ? move_range(in, out, size)
                : way == WAY_RESERVED ? move_reserved(in, out, size)
                                      : move_buffer(in, out, buf, way);
        (void)close(out); /* the file system may have put something off until then */
        spent_ns += cpu_ns() - begin_ns;
        (void)close(in);
        (void)unlinkat(to, name, 0); /* room for the next */
    }
    (void)close(from);
    (void)close(to);
    return moved ? (double)spent_ns / files / (double)PX_NS_PER_US : -1;
}

static void make_sources(int at, unsigned files, size_t size, void *buf)
{
    const int dir = open_dir(at, "source", (unsigned)size);
    for (unsigned i = 0; i < files; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "file%06u", i);
        const int fd = check(openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "open");
        for (size_t done = 0; done < size; done += BUF_BYTES_MAX) {
            const size_t n = size - done < BUF_BYTES_MAX ? size - done : BUF_BYTES_MAX;
            (void)check(px_write_all(px_io_real(), fd, buf, n), "write");
        }
        (void)close(fd);
    }
    (void)syncfs(dir); /* clean pages: FICLONE would have to write dirty ones first */
    (void)close(dir);
}

static void measure_bytes(int at, unsigned files, void *buf)
{
    static const size_t sizes[] = {0,      1024,   4096,    16384,   32768,    65536,
                                   131072, 262144, 1 << 20, 4 << 20, 32 << 20, 256 << 20};
    static const size_t ways[] = {WAY_REFLINK, WAY_RANGE, WAY_RESERVED, 64 << 10, 128 << 10,
                                  256 << 10,   512 << 10, 1 << 20,      4 << 20};
    printf("bytes of a file from clean pages, us of CPU (- = refused)\n");
    printf("%10s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n", "size", "reflink", "range", "reserved",
           "64K", "128K", "256K", "512K", "1M", "4M");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t most = ((size_t)256 << 20) / (sizes[i] + 1) + 1;
        const unsigned n = most < files ? (unsigned)most : files;
        make_sources(at, n, sizes[i], buf);
        printf("%10zu", sizes[i]);
        for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
            const double us = measure_one(at, n, sizes[i], ways[way], buf);
            if (us < 0) {
                printf(" %9s", "-");
            } else {
                printf(" %9.2f", us);
            }
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    uint64_t files;
    if (argc != 3 || px_parse_u64(argv[2], 1, 1000000, &files) != 0) {
        fprintf(stderr, "usage: %s DIR FILES\n", argv[0]);
        return 2;
    }
    const int at = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    void *buf = malloc(BUF_BYTES_MAX);
    if (at < 0 || buf == NULL) {
        fprintf(stderr, "%s: %s\n", argv[1], px_errno_text(errno));
        return 1;
    }
    memset(buf, 'x', BUF_BYTES_MAX);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    measure_names(at, (unsigned)files, buf);
    measure_bytes(at, (unsigned)files, buf);
    free(buf);
    (void)close(at);
    if (failed_at != NULL) {
        fprintf(stderr, "%s failed\n", failed_at);
        return 1;
    }
    return 0;
}
