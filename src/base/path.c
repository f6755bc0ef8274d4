/* SPDX-License-Identifier: MIT
 *
 * base/path.c - path strings by themselves: join, strip, split. Never looks at the file system, so
 * "a/.." stays what it is. Pure but for malloc; any thread.
 */
#include "base/path.h"

#include <stdlib.h>
#include <string.h>

/* Length without trailing slashes, but at least 1 when there is anything at all ("/" stays). */
static size_t path_stripped_len(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return len;
}

static char *path_copy(const char *path, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, path, len);
    copy[len] = '\0';
    return copy;
}

char *px_path_join(const char *dir, const char *name)
{
    if (dir[0] == '\0') {
        return path_copy(name, strlen(name));
    }
    size_t dir_len = path_stripped_len(dir);
    if (dir[dir_len - 1] == '/') {
        dir_len--; /* the root: its slash is the one between */
    }
    name += strspn(name, "/");
    size_t name_len = strlen(name);
    char *joined = malloc(dir_len + 1 + name_len + 1);
    if (joined == NULL) {
        return NULL;
    }
    memcpy(joined, dir, dir_len);
    joined[dir_len] = '/';
    memcpy(joined + dir_len + 1, name, name_len + 1);
    return joined;
}

char *px_path_strip(const char *path)
{
    return path_copy(path, path_stripped_len(path));
}

const char *px_path_base(const char *path, size_t *len)
{
    size_t end = path_stripped_len(path);
    size_t start = end;
    if (end == 1 && path[0] == '/') {
        start = 0;
    }
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    *len = end - start;
    return path + start;
}

char *px_path_dir(const char *path)
{
    size_t base_len;
    size_t len = (size_t)(px_path_base(path, &base_len) - path);
    if (len == 0) {
        return path[0] == '/' ? path_copy("/", 1) : path_copy(".", 1);
    }
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return path_copy(path, len);
}

bool px_path_is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool px_path_ends_in_dot(const char *path)
{
    size_t len;
    const char *base = px_path_base(path, &len);
    return len == 1 && base[0] == '.';
}
