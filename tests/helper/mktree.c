/* SPDX-License-Identifier: MIT
 *
 * mktree DIR --files N --seed S: makes a tree of files whose names, sizes, bytes, modes and
 * times are a function of the arguments, quickly: 50,000 files with lognormal sizes are about
 * 556 MB. Options add what a tree of real life holds: links, odd names, extended attributes,
 * big files, every kind of inode, great depth. DIR must not exist, so that nothing old is left in the tree.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "body.h"
#include "httpd.h"
#include "kinds.h"

#define MKTREE_BLOCK_BYTES (256 * 1024)
#define MKTREE_FANOUT 8 /* sub-directories of a directory */
#define MKTREE_MAX_BIG 16
#define MKTREE_NAME_BYTES 32

struct mktree {
    const char *target;
    uint64_t files;
    uint64_t dirs; /* 0: one for each 100 files */
    uint64_t seed;
    uint64_t depth;
    uint64_t fixed_bytes; /* 0: lognormal sizes */
    bool links;
    bool odd_names;
    bool xattrs;
    bool kinds;
    const char *big[MKTREE_MAX_BIG]; /* NAME=SIZE */
    size_t bigs;
    int root;
    char **dir_paths; /* [dirs], relative to root; "." first */
    uint64_t draws;   /* random numbers taken so far */
    unsigned char *block;
};

static uint64_t draw(struct mktree *tree)
{
    return body_word(body_mix(tree->seed), tree->draws++);
}

/* e to the x for 0 <= x < 40, good to six digits; spares the helpers libm. */
static double exponential(double x)
{
    double small = x / 1024;
    double result = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4)));

    for (int i = 0; i < 10; i++) {
        result *= result;
    }
    return result;
}

/* Median 4 KiB, mean 11 KB: the spread of a source tree or a home directory. */
static uint64_t draw_size(struct mktree *tree)
{
    double normal = -6;

    if (tree->fixed_bytes > 0) {
        return tree->fixed_bytes;
    }
    for (int i = 0; i < 12; i++) {
        normal += (double)(draw(tree) >> 11) / 9007199254740992.0;
    }
    return (uint64_t)exponential(8.317766 + 1.433 * normal);
}

static mode_t draw_mode(struct mktree *tree)
{
    static const mode_t modes[] = {0644, 0644, 0644, 0644, 0644, 0644, 0600, 0640,
                                   0755, 0755, 0644, 0644, 0664, 0444, 0400, 0711};

    return modes[draw(tree) % (sizeof modes / sizeof modes[0])];
}

static struct timespec draw_time(struct mktree *tree)
{
    uint64_t bits = draw(tree);

    return (struct timespec){.tv_sec = body_mtime(bits), .tv_nsec = (long)(bits % 999999937)};
}

static int set_times(struct mktree *tree, int dir, const char *path)
{
    struct timespec when = draw_time(tree);
    const struct timespec times[2] = {when, when};

    return utimensat(dir, path, times, AT_SYMLINK_NOFOLLOW);
}

static int fill_file(struct mktree *tree, int fd, uint64_t bytes)
{
    uint64_t seed = draw(tree);

    for (uint64_t offset = 0; offset < bytes;) {
        uint64_t left = bytes - offset;
        size_t take = left < MKTREE_BLOCK_BYTES ? (size_t)left : MKTREE_BLOCK_BYTES;

        body_fill(seed, offset, tree->block, take);
        if (write(fd, tree->block, take) != (ssize_t)take) {
            return -1;
        }
        offset += take;
    }
    return 0;
}

/* A file of that many bytes, with a drawn mode and time. */
static int make_file(struct mktree *tree, int dir, const char *path, uint64_t bytes)
{
    mode_t mode = draw_mode(tree);
    struct timespec when = draw_time(tree);
    const struct timespec times[2] = {when, when};
    int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0) {
        return -1;
    }
    int bad = fill_file(tree, fd, bytes);
    if (tree->xattrs && draw(tree) % 16 == 0) {
        bad |= fsetxattr(fd, "user.px", &when, sizeof when, 0);
    }
    bad |= futimens(fd, times);
    bad |= close(fd);
    return bad;
}

static int make_dirs(struct mktree *tree)
{
    if (tree->dirs == 0) {
        tree->dirs = tree->files / 100 + 1;
    }
    tree->dir_paths = calloc(tree->dirs, sizeof *tree->dir_paths);
    if (tree->dir_paths == NULL) {
        return -1;
    }
    for (uint64_t i = 0; i < tree->dirs; i++) {
        const char *parent = i == 0 ? "" : tree->dir_paths[(i - 1) / MKTREE_FANOUT];
        char *path = NULL;

        if ((i == 0 ? asprintf(&path, ".") : asprintf(&path, "%s/d%04" PRIu64, parent, i)) < 0) {
            return -1;
        }
        tree->dir_paths[i] = path;
        if (i > 0 && mkdirat(tree->root, path, draw(tree) % 8 == 0 ? 0700 : 0755) != 0) {
            return -1;
        }
    }
    return 0;
}

/* After everything else: making an entry changes the time of its directory. */
static int finish_dirs(struct mktree *tree)
{
    int bad = 0;

    for (uint64_t i = 0; i < tree->dirs; i++) {
        bad |= set_times(tree, tree->root, tree->dir_paths[i]);
    }
    return bad;
}

static int make_files(struct mktree *tree)
{
    char *path = NULL;
    int bad = 0;

    for (uint64_t i = 0; bad == 0 && i < tree->files; i++) {
        if (asprintf(&path, "%s/f%06" PRIu64, tree->dir_paths[i % tree->dirs], i) < 0) {
            return -1;
        }
        bad = make_file(tree, tree->root, path, draw_size(tree));
        free(path);
    }
    return bad;
}

/* Symbolic links of every kind, and groups of hard links within and across directories. */
static int make_links(struct mktree *tree)
{
    static const char *const symbolic[][2] = {
        {"target", "links/to-file"},   {"../links", "links/to-dir"},
        {"missing", "links/dangling"}, {"/nonexistent/px", "links/absolute"},
        {"itself", "links/itself"},    {"sub/../target", "links/roundabout"},
        {"to-file", "links/to-link"},  {"new\nline", "links/odd-target"},
    };
    static const char *const hard[][2] = {
        {"links/target", "links/hard-1"},
        {"links/target", "links/sub/hard-2"},
        {"links/sub/other", "hard-3"},
    };
    int bad = mkdirat(tree->root, "links", 0755) | mkdirat(tree->root, "links/sub", 0755);

    bad |= make_file(tree, tree->root, "links/target", 1000);
    bad |= make_file(tree, tree->root, "links/sub/other", 2000);
    for (size_t i = 0; i < sizeof symbolic / sizeof symbolic[0]; i++) {
        bad |= symlinkat(symbolic[i][0], tree->root, symbolic[i][1]);
        bad |= set_times(tree, tree->root, symbolic[i][1]);
    }
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        bad |= linkat(tree->root, hard[i][0], tree->root, hard[i][1], 0);
    }
    bad |= set_times(tree, tree->root, "links/sub") | set_times(tree, tree->root, "links");
    return bad;
}

/* Names that a careless program splits, expands, prints raw, or cuts. */
static int make_odd_names(struct mktree *tree)
{
    static const char *const names[] = {
        "new\nline",   "esc\033[31mred", "c1\x9bm",   "\xff\xfe", "cut utf8 \xc3", "-rf",
        "--help",      " leading blank", "trailing ", "quote'\"", "*?[x]{a,b}",    "back\\slash",
        "tab\tstop",   "\xc3\xbcml",     ".hidden",   "...",      "#comment",      "$(touch x)",
        "percent%s%n", "a:b|c&d;e",      "\x7f",      "\r",       "empty",         "~",
    };
    char longest[256];
    int odd;
    int bad = mkdirat(tree->root, "odd", 0755);

    odd = openat(tree->root, "odd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (odd < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bad |= make_file(tree, odd, names[i], strcmp(names[i], "empty") == 0 ? 0 : 10 + i);
    }
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    bad |= make_file(tree, odd, longest, 255);
    bad |= mkdirat(odd, "dir\nwith newline", 0755);
    bad |= make_file(tree, odd, "dir\nwith newline/file", 11);
    bad |= mkdirat(odd, "empty-dir", 0750);
    bad |= set_times(tree, odd, "dir\nwith newline") | set_times(tree, odd, "empty-dir");
    bad |= set_times(tree, odd, ".");
    return bad | close(odd);
}

/* Makes a directory and opens it; the time of the one that it is in is set after that. */
static int enter_new(struct mktree *tree, int parent, const char *name)
{
    int dir = -1;

    if (mkdirat(parent, name, 0755) == 0) {
        dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (dir >= 0 && set_times(tree, parent, ".") == 0) {
        return dir;
    }
    if (dir >= 0) {
        close(dir);
    }
    return -1;
}

/* deep/directory/directory/...: `depth` directories below deep, and a file in the last. */
static int make_deep(struct mktree *tree)
{
    int at = enter_new(tree, tree->root, "deep");

    for (uint64_t i = 0; at >= 0 && i < tree->depth; i++) {
        int below = enter_new(tree, at, "directory");

        close(at);
        at = below;
    }
    if (at < 0) {
        return -1;
    }
    int bad = make_file(tree, at, "bottom", 100) | set_times(tree, at, ".");
    return bad | close(at);
}

/* A number with an optional K, M or G. */
static int read_size(const char *text, uint64_t *out)
{
    unsigned shift = 0;

    if (httpd_number(&text, out) != 0) {
        return -1;
    }
    if (*text == 'K') {
        shift = 10;
    } else if (*text == 'M') {
        shift = 20;
    } else if (*text == 'G') {
        shift = 30;
    }
    *out <<= shift;
    return text[shift > 0 ? 1 : 0] == '\0' ? 0 : -1;
}

static int make_big(struct mktree *tree, const char *name_and_size)
{
    const char *equals = strrchr(name_and_size, '=');
    uint64_t bytes;

    if (equals == NULL || read_size(equals + 1, &bytes) != 0) {
        errno = EINVAL;
        return -1;
    }
    char *name = strndup(name_and_size, (size_t)(equals - name_and_size));
    int bad = name == NULL || make_file(tree, tree->root, name, bytes) != 0;
    free(name);
    return bad;
}

static int make_tree(struct mktree *tree)
{
    if (mkdir(tree->target, 0755) != 0) {
        return -1;
    }
    tree->root = open(tree->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree->root < 0 || make_dirs(tree) != 0 || make_files(tree) != 0) {
        return -1;
    }
    if (tree->links && make_links(tree) != 0) {
        return -1;
    }
    if (tree->odd_names && make_odd_names(tree) != 0) {
        return -1;
    }
    if (tree->kinds && kinds_make(tree->root, "kinds", geteuid() == 0) != 0) {
        return -1;
    }
    if (tree->depth > 0 && make_deep(tree) != 0) {
        return -1;
    }
    for (size_t i = 0; i < tree->bigs; i++) {
        if (make_big(tree, tree->big[i]) != 0) {
            return -1;
        }
    }
    return finish_dirs(tree);
}

static int read_dist(struct mktree *tree, const char *text)
{
    if (strcmp(text, "lognormal") == 0) {
        return 0;
    }
    if (strncmp(text, "fixed=", 6) != 0) {
        return -1;
    }
    return read_size(text + 6, &tree->fixed_bytes);
}

static int parse(int argc, char **argv, struct mktree *tree)
{
    static const struct option table[] = {
        {"files", required_argument, NULL, 'f'},
        {"dirs", required_argument, NULL, 'd'},
        {"seed", required_argument, NULL, 's'},
        {"dist", required_argument, NULL, 'z'},
        {"depth", required_argument, NULL, 'p'},
        {"big", required_argument, NULL, 'b'},
        {"links", no_argument, NULL, 'l'},
        {"odd-names", no_argument, NULL, 'o'},
        {"xattrs", no_argument, NULL, 'x'},
        {"kinds", no_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    int bad = 0;
    int c;

    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (c) {
        case 'f': bad |= httpd_whole_number(optarg, &tree->files); break;
        case 'd': bad |= httpd_whole_number(optarg, &tree->dirs); break;
        case 's': bad |= httpd_whole_number(optarg, &tree->seed); break;
        case 'p': bad |= httpd_whole_number(optarg, &tree->depth); break;
        case 'z': bad |= read_dist(tree, optarg); break;
        case 'l': tree->links = true; break;
        case 'o': tree->odd_names = true; break;
        case 'x': tree->xattrs = true; break;
        case 'k': tree->kinds = true; break;
        case 'b':
            bad |= tree->bigs == MKTREE_MAX_BIG;
            if (!bad) {
                tree->big[tree->bigs++] = optarg;
            }
            break;
        default: bad = -1;
        }
    }
    if (bad != 0 || argc - optind != 1) {
        return -1;
    }
    tree->target = argv[optind];
    return 0;
}

int main(int argc, char **argv)
{
    struct mktree tree = {.root = -1};

    if (parse(argc, argv, &tree) != 0) {
        fprintf(stderr,
                "usage: %s DIR [--files N] [--seed S] [--dirs D] [--dist lognormal|fixed=SIZE]\n"
                "       [--links] [--odd-names] [--xattrs] [--kinds] [--depth N] [--big "
                "NAME=SIZE]...\n",
                argv[0]);
        return 2;
    }
    umask(0);
    tree.block = malloc(MKTREE_BLOCK_BYTES);
    int bad = tree.block == NULL || make_tree(&tree) != 0;
    if (bad) {
        perror(tree.target);
    }
    for (uint64_t i = 0; tree.dir_paths != NULL && i < tree.dirs; i++) {
        free(tree.dir_paths[i]);
    }
    free(tree.dir_paths);
    free(tree.block);
    if (tree.root >= 0) {
        close(tree.root);
    }
    return bad ? 1 : 0;
}
