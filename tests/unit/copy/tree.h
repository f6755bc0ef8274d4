/* SPDX-License-Identifier: MIT
 *
 * copy/tree.h - files and trees for the tests of the copy engine. Each test has a directory of its
 * own, which is also the current one, so that paths are short: "src", "dst/src". Header only;
 * include after <cmocka.h>.
 */
#ifndef PX_TESTS_COPY_TREE_H
#define PX_TESTS_COPY_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/attr.h>

#define TREE_PATH_BYTES 4096
#define TREE_BLOCK_BYTES 65536
#define TREE_TEMP_MARK ".pcopy-tmp"

/* "DIR/NAME" in a buffer of TREE_PATH_BYTES. */
static inline void tree_join(char *out, const char *dir, const char *name)
{
    const size_t dir_len = strlen(dir);
    const size_t name_len = strlen(name);
    assert_true(dir_len + 1 + name_len < TREE_PATH_BYTES);
    memcpy(out, dir, dir_len);
    out[dir_len] = '/';
    memcpy(out + dir_len + 1, name, name_len + 1);
}

static inline void tree_remove(int at, const char *name)
{
    if (unlinkat(at, name, 0) == 0) {
        return;
    }
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        PX_IGNORE(fchmodat(at, name, 0700, 0)); /* then the next line fails again */
        fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0) {
        return;
    }
    (void)fchmod(fd, 0700);
    DIR *dir = fdopendir(fd);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            tree_remove(fd, entry->d_name);
        }
    }
    (void)closedir(dir);
    (void)unlinkat(at, name, AT_REMOVEDIR);
}

static inline int tree_setup(void **state)
{
    char *path = strdup("/tmp/px-copy-XXXXXX");
    *state = path;
    umask(022);
    return path != NULL && mkdtemp(path) != NULL && chdir(path) == 0 ? 0 : -1;
}

static inline int tree_teardown(void **state)
{
    if (chdir("/") != 0) {
        return -1;
    }
    tree_remove(AT_FDCWD, *state);
    free(*state);
    return 0;
}

static inline void tree_dir(const char *path)
{
    assert_int_equal(mkdir(path, 0755), 0);
}

/* Bytes that depend on seed and offset, so that a chunk in the wrong place shows. */
static inline unsigned char tree_byte(unsigned seed, uint64_t offset)
{
    return (unsigned char)((offset * 2654435761U + seed * 97U) >> 7);
}

static inline void tree_file(const char *path, size_t bytes, unsigned seed)
{
    static unsigned char block[TREE_BLOCK_BYTES];
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t at = 0; at < bytes; at += sizeof block) {
        const size_t n = bytes - at < sizeof block ? bytes - at : sizeof block;
        for (size_t i = 0; i < n; i++) {
            block[i] = tree_byte(seed, at + i);
        }
        assert_int_equal(fwrite(block, 1, n, file), n);
    }
    assert_int_equal(fclose(file), 0);
}

static inline void tree_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void tree_link(const char *text, const char *path)
{
    assert_int_equal(symlink(text, path), 0);
}

/* Sets both times to `seconds` and some nanoseconds. */
static inline void tree_touch(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{seconds, 123456789}, {seconds, 987654321}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline bool tree_has(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static inline struct stat tree_stat(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st;
}

static inline void tree_assert_text(const char *path, const char *text)
{
    char have[256] = {0};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)!fread(have, 1, sizeof have - 1, file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(have, text);
}

static inline bool tree_is_text(const char *path, const char *text)
{
    char have[256] = {0};
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    (void)!fread(have, 1, sizeof have - 1, file);
    (void)fclose(file);
    return strcmp(have, text) == 0;
}

static inline bool tree_same_bytes(const char *a, const char *b)
{
    static unsigned char block[2][TREE_BLOCK_BYTES];
    FILE *left = fopen(a, "r");
    FILE *right = fopen(b, "r");
    bool same = left != NULL && right != NULL;
    size_t got = 1;
    while (same && got > 0) {
        got = fread(block[0], 1, TREE_BLOCK_BYTES, left);
        same = fread(block[1], 1, TREE_BLOCK_BYTES, right) == got &&
               memcmp(block[0], block[1], got) == 0;
    }
    if (left != NULL) {
        (void)fclose(left);
    }
    if (right != NULL) {
        (void)fclose(right);
    }
    return same;
}

static inline bool tree_differs(const char *path, const char *what)
{
    print_message("%s: %s differs\n", path, what);
    return false;
}

static inline bool tree_same_one(const char *a, const char *b)
{
    struct stat left;
    struct stat right;
    if (lstat(a, &left) != 0 || lstat(b, &right) != 0) {
        return tree_differs(b, "existence");
    }
    if (left.st_mode != right.st_mode) {
        return tree_differs(b, "mode");
    }
    if (left.st_uid != right.st_uid || left.st_gid != right.st_gid) {
        return tree_differs(b, "owner");
    }
    if (left.st_mtim.tv_sec != right.st_mtim.tv_sec ||
        left.st_mtim.tv_nsec != right.st_mtim.tv_nsec) {
        return tree_differs(b, "mtime");
    }
    if (S_ISREG(left.st_mode) && !tree_same_bytes(a, b)) {
        return tree_differs(b, "content");
    }
    char text[2][TREE_PATH_BYTES] = {{0}, {0}};
    if (S_ISLNK(left.st_mode) &&
        (readlink(a, text[0], sizeof text[0] - 1) < 0 ||
         readlink(b, text[1], sizeof text[1] - 1) < 0 || strcmp(text[0], text[1]) != 0)) {
        return tree_differs(b, "link");
    }
    return true;
}

static inline size_t tree_count(const char *path)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    size_t n = 0;
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n - 2;
}

/* Everything below and including `a` is at `b` too, the same, and nothing else. */
static inline bool tree_same(const char *a, const char *b)
{
    if (!tree_same_one(a, b)) {
        return false;
    }
    if (!S_ISDIR(tree_stat(a).st_mode)) {
        return true;
    }
    bool same = tree_count(a) == tree_count(b);
    if (!same) {
        (void)tree_differs(b, "number of entries");
    }
    DIR *dir = opendir(a);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); same && entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char left[TREE_PATH_BYTES];
            char right[TREE_PATH_BYTES];
            tree_join(left, a, entry->d_name);
            tree_join(right, b, entry->d_name);
            same = tree_same(left, right);
        }
    }
    (void)closedir(dir);
    return same;
}

/* Is there a temporary file anywhere below? */
static inline bool tree_has_temp(const char *path)
{
    DIR *dir = opendir(path);
    bool found = false;
    if (dir == NULL) {
        return false;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char below[TREE_PATH_BYTES];
            tree_join(below, path, entry->d_name);
            found = found || strstr(entry->d_name, TREE_TEMP_MARK) != NULL;
            found = found || (entry->d_type == DT_DIR && tree_has_temp(below));
        }
    }
    (void)closedir(dir);
    return found;
}

/* A little of everything: files of several sizes, an empty one, links (one dangling), empty and
 * read-only directories, times and modes that nothing has by accident. 14 items. */
static inline void tree_make_sample(const char *path)
{
    assert_true(strlen(path) < 64);
    char name[128];
    static const char *const dirs[] = {"", "/a", "/a/b", "/a/b/c", "/empty", "/locked"};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, dirs[i]);
        tree_dir(name);
    }
    static const struct {
        const char *name;
        size_t bytes;
        mode_t mode;
    } files[] = {{"/zero", 0, 0644},        {"/a/one", 1, 0600},           {"/a/block", 4096, 0755},
                 {"/a/b/odd", 70001, 0444}, {"/a/b/c/big", 1500000, 0640}, {"/locked/f", 7, 04711}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, files[i].name);
        tree_file(name, files[i].bytes, (unsigned)i);
        assert_int_equal(chmod(name, files[i].mode), 0);
        tree_touch(name, 1000000000 + (time_t)i);
    }
    (void)snprintf(name, sizeof name, "%s/a/link", path);
    tree_link("one", name);
    tree_touch(name, 1100000000);
    (void)snprintf(name, sizeof name, "%s/dangling", path);
    tree_link("no/where", name);
    tree_touch(name, 1100000001);
    for (size_t i = sizeof dirs / sizeof dirs[0]; i-- > 0;) {
        (void)snprintf(name, sizeof name, "%s%s", path, dirs[i]);
        assert_int_equal(chmod(name, i == 5 ? 0555 : 0750), 0);
        tree_touch(name, 1200000000 + (time_t)i);
    }
}
#define TREE_SAMPLE_ITEMS 14

#endif
