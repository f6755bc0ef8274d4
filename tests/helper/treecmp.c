/* SPDX-License-Identifier: MIT
 *
 * treecmp [--ignore=PART,...] A B: compares two trees (or two files) completely: names, types,
 * content, modes, owners, times to the nanosecond, link targets, which names are hard links of
 * each other, and extended attributes. Holes are content: they read as zeros. A line for each
 * difference; exit 0 equal, 1 different, 2 could not be compared.
 *
 * Both trees are walked by held descriptors, so that depth is not bounded by PATH_MAX.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "httpd.h"
#include "names.h"

#define TREECMP_BLOCK_BYTES (256 * 1024)

enum part {
    PART_CONTENT = 1 << 0,
    PART_MODE = 1 << 1,
    PART_OWNER = 1 << 2,
    PART_TIMES = 1 << 3,     /* of everything */
    PART_DIRTIMES = 1 << 4,  /* of directories */
    PART_LINKTIMES = 1 << 5, /* of symbolic links */
    PART_LINKS = 1 << 6,     /* groups of hard links */
    PART_XATTRS = 1 << 7,
    PART_EXTRA = 1 << 8, /* what only B has */
};

static const struct {
    const char *name;
    enum part part;
} part_names[] = {
    {"content", PART_CONTENT}, {"mode", PART_MODE},         {"owner", PART_OWNER},
    {"times", PART_TIMES},     {"dirtimes", PART_DIRTIMES}, {"linktimes", PART_LINKTIMES},
    {"links", PART_LINKS},     {"xattrs", PART_XATTRS},     {"extra", PART_EXTRA},
};

/* A file with several names in one tree, and what it was found to be in the other. */
struct twin {
    dev_t dev;
    ino_t ino;
    dev_t other_dev;
    ino_t other_ino;
};

struct treecmp {
    unsigned ignore; /* of enum part */
    bool differs;
    bool trouble;
    char *path; /* below the roots; "" for the roots themselves */
    size_t path_bytes;
    void *twins[2]; /* tsearch trees of struct twin: A's in [0], B's in [1] */
    unsigned char *blocks[2];
};

/* One entry: where it is, and what it is. */
struct node {
    int dir;
    const char *name;
    struct stat st;
};

__attribute__((format(printf, 2, 3))) static void differ(struct treecmp *cmp, const char *format,
                                                         ...)
{
    va_list args;

    cmp->differs = true;
    httpd_put_escaped(stdout, cmp->path[0] != '\0' ? cmp->path : ".");
    fputs(": ", stdout);
    va_start(args, format);
    vfprintf(stdout, format, args);
    va_end(args);
    fputc('\n', stdout);
}

static void fail(struct treecmp *cmp, const char *what)
{
    int error = errno;

    cmp->trouble = true;
    httpd_put_escaped(stderr, cmp->path[0] != '\0' ? cmp->path : ".");
    errno = error;
    fprintf(stderr, ": %s: %m\n", what);
}

static bool wants(const struct treecmp *cmp, enum part part)
{
    return (cmp->ignore & (unsigned)part) == 0;
}

/* Appends a name to the path; returns the length to cut it back to. */
static size_t path_push(struct treecmp *cmp, const char *name)
{
    size_t before = strlen(cmp->path);
    size_t need = before + strlen(name) + 2;

    if (need > cmp->path_bytes) {
        char *grown = realloc(cmp->path, need * 2);
        if (grown == NULL) {
            return before;
        }
        cmp->path = grown;
        cmp->path_bytes = need * 2;
    }
    snprintf(cmp->path + before, cmp->path_bytes - before, "%s%s", before > 0 ? "/" : "", name);
    return before;
}

static int twin_compare(const void *a, const void *b)
{
    const struct twin *one = a;
    const struct twin *two = b;

    if (one->ino != two->ino) {
        return one->ino < two->ino ? -1 : 1;
    }
    return one->dev == two->dev ? 0 : one->dev < two->dev ? -1 : 1;
}

/* Is `from` the partner that an earlier name of `to` had? Remembers it if there was none. */
static bool twin_agrees(void **tree, const struct stat *from, const struct stat *to)
{
    struct twin *fresh = malloc(sizeof *fresh);

    if (fresh == NULL) {
        return true;
    }
    *fresh = (struct twin){from->st_dev, from->st_ino, to->st_dev, to->st_ino};
    struct twin **slot = tsearch(fresh, tree, twin_compare);
    if (slot == NULL || *slot != fresh) {
        free(fresh);
    }
    return slot == NULL || ((*slot)->other_dev == to->st_dev && (*slot)->other_ino == to->st_ino);
}

static void compare_hard_links(struct treecmp *cmp, const struct node *a, const struct node *b)
{
    if (!wants(cmp, PART_LINKS) || S_ISDIR(a->st.st_mode) ||
        (a->st.st_nlink < 2 && b->st.st_nlink < 2)) {
        return;
    }
    bool in_a = twin_agrees(&cmp->twins[0], &a->st, &b->st);
    bool in_b = twin_agrees(&cmp->twins[1], &b->st, &a->st);
    if (!in_a) {
        differ(cmp, "hard link of an earlier name in A, not in B");
    }
    if (!in_b) {
        differ(cmp, "hard link of an earlier name in B, not in A");
    }
}

static bool times_count(const struct treecmp *cmp, mode_t mode)
{
    if (S_ISDIR(mode) && !wants(cmp, PART_DIRTIMES)) {
        return false;
    }
    if (S_ISLNK(mode) && !wants(cmp, PART_LINKTIMES)) {
        return false;
    }
    return wants(cmp, PART_TIMES);
}

static void compare_metadata(struct treecmp *cmp, const struct stat *a, const struct stat *b)
{
    if (wants(cmp, PART_MODE) && !S_ISLNK(a->st_mode) && a->st_mode != b->st_mode) {
        differ(cmp, "mode %04o, %04o", a->st_mode & 07777, b->st_mode & 07777);
    }
    if (wants(cmp, PART_OWNER) && (a->st_uid != b->st_uid || a->st_gid != b->st_gid)) {
        differ(cmp, "owner %u:%u, %u:%u", a->st_uid, a->st_gid, b->st_uid, b->st_gid);
    }
    if (times_count(cmp, a->st_mode) &&
        (a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)) {
        differ(cmp, "time %lld.%09ld, %lld.%09ld", (long long)a->st_mtim.tv_sec, a->st_mtim.tv_nsec,
               (long long)b->st_mtim.tv_sec, b->st_mtim.tv_nsec);
    }
    if ((S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode)) && a->st_rdev != b->st_rdev) {
        differ(cmp, "device %u:%u, %u:%u", major(a->st_rdev), minor(a->st_rdev), major(b->st_rdev),
               minor(b->st_rdev));
    }
}

/* Attributes that the system itself puts on files are not part of a tree: XFS shows its ACLs twice. */
static bool xattr_counts(const char *name)
{
    return strcmp(name, "security.selinux") != 0 && strncmp(name, "trusted.SGI_ACL", 15) != 0;
}

/* A path for the l*xattr calls: the entry itself, by its held directory. */
static void xattr_path(const struct node *node, char *path, size_t bytes)
{
    if (node->dir == AT_FDCWD) {
        snprintf(path, bytes, "%s", node->name);
    } else {
        snprintf(path, bytes, "/proc/self/fd/%d/%s", node->dir, node->name);
    }
}

/* Every attribute of `from` must be on `to` with the same value. */
static void compare_xattrs(struct treecmp *cmp, const struct node *from, const struct node *to,
                           const char *where)
{
    char *list = (char *)cmp->blocks[0];
    char *value[2] = {list + 65536, (char *)cmp->blocks[1]};
    char path[2][4096];

    xattr_path(from, path[0], sizeof path[0]);
    xattr_path(to, path[1], sizeof path[1]);
    ssize_t bytes = llistxattr(path[0], list, 65536);
    for (const char *name = list; bytes > 0 && name < list + bytes; name += strlen(name) + 1) {
        ssize_t one = lgetxattr(path[0], name, value[0], 65536);
        ssize_t two = lgetxattr(path[1], name, value[1], 65536);

        if (xattr_counts(name) &&
            (one != two || (one >= 0 && memcmp(value[0], value[1], (size_t)one) != 0))) {
            differ(cmp, "attribute %s of %s is missing or other", name, where);
        }
    }
}

/* Reads up to a whole block at offset: short only at the end of the file. */
static ssize_t read_block(int fd, unsigned char *block, off_t offset)
{
    size_t used = 0;

    while (used < TREECMP_BLOCK_BYTES) {
        ssize_t got = pread(fd, block + used, TREECMP_BLOCK_BYTES - used, offset + (off_t)used);

        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* The next offset at which either file may hold anything but zeros. */
static off_t next_data(int a, int b, off_t offset, off_t size)
{
    off_t one = lseek(a, offset, SEEK_DATA);
    off_t two = lseek(b, offset, SEEK_DATA);

    if (one < 0) {
        one = errno == ENXIO ? size : offset;
    }
    if (two < 0) {
        two = errno == ENXIO ? size : offset;
    }
    return one < two ? one : two;
}

static void compare_bytes(struct treecmp *cmp, int a, int b, off_t size)
{
    off_t offset = next_data(a, b, 0, size);

    while (offset < size) {
        ssize_t one = read_block(a, cmp->blocks[0], offset);
        ssize_t two = read_block(b, cmp->blocks[1], offset);

        if (one < 0 || two < 0) {
            fail(cmp, "read");
            return;
        }
        if (one != two || memcmp(cmp->blocks[0], cmp->blocks[1], (size_t)one) != 0) {
            differ(cmp, "content, in the block at %lld", (long long)offset);
            return;
        }
        if (one == 0) {
            return;
        }
        offset = next_data(a, b, offset + one, size);
    }
}

static void compare_files(struct treecmp *cmp, const struct node *a, const struct node *b)
{
    if (wants(cmp, PART_CONTENT) && a->st.st_size != b->st.st_size) {
        differ(cmp, "size %lld, %lld", (long long)a->st.st_size, (long long)b->st.st_size);
        return;
    }
    int one = openat(a->dir, a->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int two = openat(b->dir, b->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (one < 0 || two < 0) {
        fail(cmp, "open");
    } else {
        if (wants(cmp, PART_CONTENT)) {
            compare_bytes(cmp, one, two, a->st.st_size);
        }
    }
    if (one >= 0) {
        close(one);
    }
    if (two >= 0) {
        close(two);
    }
}

static void compare_targets(struct treecmp *cmp, const struct node *a, const struct node *b)
{
    char target[2][4097];
    ssize_t one = readlinkat(a->dir, a->name, target[0], sizeof target[0]);
    ssize_t two = readlinkat(b->dir, b->name, target[1], sizeof target[1]);

    if (one < 0 || two < 0) {
        fail(cmp, "readlink");
    } else if (one != two || memcmp(target[0], target[1], (size_t)one) != 0) {
        differ(cmp, "link target");
    }
}

static void compare_nodes(struct treecmp *cmp, struct node *a, struct node *b);

/* The name exists in both directories. */
static void compare_common(struct treecmp *cmp, const int dirs[2], const char *name)
{
    struct node a = {.dir = dirs[0], .name = name};
    struct node b = {.dir = dirs[1], .name = name};

    if (fstatat(a.dir, name, &a.st, AT_SYMLINK_NOFOLLOW) != 0 ||
        fstatat(b.dir, name, &b.st, AT_SYMLINK_NOFOLLOW) != 0) {
        fail(cmp, "stat");
    } else {
        compare_nodes(cmp, &a, &b);
    }
}

/* Walks two sorted lists of names as one. */
static void compare_lists(struct treecmp *cmp, const int dirs[2], const struct names *a,
                          const struct names *b)
{
    for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
        int order = i == a->count ? 1 : j == b->count ? -1 : strcmp(a->list[i], b->list[j]);
        size_t before = path_push(cmp, order <= 0 ? a->list[i] : b->list[j]);

        if (order == 0) {
            compare_common(cmp, dirs, a->list[i]);
        } else if (order < 0) {
            differ(cmp, "only in A");
        } else if (wants(cmp, PART_EXTRA)) {
            differ(cmp, "only in B");
        }
        cmp->path[before] = '\0';
        i += order <= 0;
        j += order >= 0;
    }
}

static void compare_dirs(struct treecmp *cmp, const struct node *a, const struct node *b)
{
    struct names names[2] = {{0}, {0}};
    int dirs[2] = {
        openat(a->dir, a->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
        openat(b->dir, b->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
    };

    if (dirs[0] < 0 || dirs[1] < 0 || names_read(dirs[0], &names[0]) != 0 ||
        names_read(dirs[1], &names[1]) != 0) {
        fail(cmp, "directory");
    } else {
        compare_lists(cmp, dirs, &names[0], &names[1]);
    }
    for (int i = 0; i < 2; i++) {
        names_free(&names[i]);
        if (dirs[i] >= 0) {
            close(dirs[i]);
        }
    }
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symbolic link";
    case S_IFIFO: return "FIFO";
    case S_IFSOCK: return "socket";
    default: return "device";
    }
}

static void compare_nodes(struct treecmp *cmp, struct node *a, struct node *b)
{
    if ((a->st.st_mode & S_IFMT) != (b->st.st_mode & S_IFMT)) {
        differ(cmp, "%s, %s", type_name(a->st.st_mode), type_name(b->st.st_mode));
        return;
    }
    compare_metadata(cmp, &a->st, &b->st);
    compare_hard_links(cmp, a, b);
    if (wants(cmp, PART_XATTRS)) {
        compare_xattrs(cmp, a, b, "A");
        compare_xattrs(cmp, b, a, "B");
    }
    if (S_ISDIR(a->st.st_mode)) {
        compare_dirs(cmp, a, b);
    } else if (S_ISREG(a->st.st_mode)) {
        compare_files(cmp, a, b);
    } else if (S_ISLNK(a->st.st_mode)) {
        compare_targets(cmp, a, b);
    }
}

/* Adds the parts named in a list with commas. */
static int read_parts(char *text, unsigned *ignore)
{
    while (text != NULL) {
        const char *name = strsep(&text, ",");
        size_t i = 0;
        size_t count = sizeof part_names / sizeof part_names[0];

        while (i < count && strcmp(part_names[i].name, name) != 0) {
            i++;
        }
        if (i == count) {
            return -1;
        }
        *ignore |= (unsigned)part_names[i].part;
    }
    return 0;
}

static int parse(int argc, char **argv, struct treecmp *cmp)
{
    static const struct option table[] = {{"ignore", required_argument, NULL, 'i'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (c != 'i' || read_parts(optarg, &cmp->ignore) != 0) {
            return -1;
        }
    }
    return argc - optind == 2 ? 0 : -1;
}

static void treecmp_fini(struct treecmp *cmp)
{
    for (int i = 0; i < 2; i++) {
        while (cmp->twins[i] != NULL) {
            struct twin *twin = *(struct twin **)cmp->twins[i];

            tdelete(twin, &cmp->twins[i], twin_compare);
            free(twin);
        }
        free(cmp->blocks[i]);
    }
    free(cmp->path);
}

static void usage(const char *program)
{
    fprintf(stderr, "usage: %s [--ignore=PART,...] A B\nparts:", program);
    for (size_t i = 0; i < sizeof part_names / sizeof part_names[0]; i++) {
        fprintf(stderr, " %s", part_names[i].name);
    }
    fputc('\n', stderr);
}

static void compare_roots(struct treecmp *cmp, const char *a_path, const char *b_path)
{
    struct node a = {.dir = AT_FDCWD, .name = a_path};
    struct node b = {.dir = AT_FDCWD, .name = b_path};

    if (lstat(a_path, &a.st) != 0 || lstat(b_path, &b.st) != 0) {
        fail(cmp, "A or B");
    } else {
        compare_nodes(cmp, &a, &b);
    }
}

int main(int argc, char **argv)
{
    struct treecmp cmp = {.path = calloc(1, 256), .path_bytes = 256};
    struct rlimit files;
    int status = 2;

    cmp.blocks[0] = malloc(TREECMP_BLOCK_BYTES);
    cmp.blocks[1] = malloc(TREECMP_BLOCK_BYTES);
    /* Two descriptors for each level of depth. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    if (parse(argc, argv, &cmp) != 0) {
        usage(argv[0]);
    } else if (cmp.path != NULL && cmp.blocks[0] != NULL && cmp.blocks[1] != NULL) {
        compare_roots(&cmp, argv[optind], argv[optind + 1]);
        status = cmp.trouble ? 2 : cmp.differs ? 1 : 0;
    }
    treecmp_fini(&cmp);
    return fflush(stdout) == 0 ? status : 2;
}
