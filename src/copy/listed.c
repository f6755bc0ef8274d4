/* SPDX-License-Identifier: MIT
 *
 * copy/listed.c - sorted paths. Pure memory, no locks.
 *
 * The order takes "/" for the least byte, so that all that is below a directory stands together and
 * right after the directory itself.
 */
#include "copy/listed.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/path.h"

struct px_listed {
    char *text;
    size_t n;
    const char **paths;
};

int px_listed_clean(const char *path, char *out)
{
    size_t used = 0;
    while (*path != '\0') {
        const size_t len = strcspn(path, "/");
        const bool slash = path[len] == '/';
        if (len >= PX_LISTED_NAME_ROOM || (len == 2 && memcmp(path, "..", 2) == 0)) {
            return PX_EINVAL;
        }
        if (len > 0 && !(len == 1 && path[0] == '.')) {
            memmove(out + used, path, len);
            used += len;
            if (slash) {
                out[used++] = '/';
            }
        }
        path += len + slash;
    }
    out[used] = '\0';
    return PX_OK;
}

static int path_rank(char byte)
{
    return byte == '/' ? 1 : byte == '\0' ? 0 : (unsigned char)byte + 1;
}

static int path_compare(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return path_rank(*a) - path_rank(*b);
}

static int path_sort(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;
    return path_compare(*a, *b);
}

int px_listed_new(char *text, size_t bytes, struct px_listed **out)
{
    struct px_listed *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return PX_ENOMEM;
    }
    for (size_t at = 0; at < bytes; at += strlen(text + at) + 1) {
        batch->n++;
    }
    batch->paths = malloc((batch->n > 0 ? batch->n : 1) * sizeof *batch->paths);
    if (batch->paths == NULL) {
        free(batch);
        return PX_ENOMEM;
    }
    size_t i = 0;
    for (size_t at = 0; at < bytes; at += strlen(text + at) + 1) {
        batch->paths[i++] = text + at;
    }
    qsort(batch->paths, batch->n, sizeof *batch->paths, path_sort);
    batch->text = text;
    *out = batch;
    return PX_OK;
}

void px_listed_free(struct px_listed *batch)
{
    if (batch != NULL) {
        free(batch->paths);
        free(batch->text);
        free(batch);
    }
}

struct px_listed_part px_listed_all(const struct px_listed *batch)
{
    return (struct px_listed_part){.batch = batch, .end = batch->n};
}

static const char *part_path(const struct px_listed_part *part, size_t i)
{
    return part->batch->paths[i] + part->skip;
}

static bool part_is_of(const struct px_listed_part *part, size_t i, const char *name, size_t len)
{
    const char *path = part_path(part, i);
    return strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

bool px_listed_next(const struct px_listed_part *part, size_t *at, char name[PX_LISTED_NAME_ROOM],
                    bool *is_dir)
{
    while (*at < part->end && part_path(part, *at)[0] == '\0') {
        (*at)++; /* the directory itself */
    }
    if (*at >= part->end) {
        return false;
    }
    const char *path = part_path(part, *at);
    const size_t len = strcspn(path, "/");
    memcpy(name, path, len);
    name[len] = '\0';
    *is_dir = false;
    while (*at < part->end && part_is_of(part, *at, name, len)) {
        *is_dir = *is_dir || part_path(part, *at)[len] == '/';
        (*at)++;
    }
    return true;
}

/* The first path of the part that is not before `name`. */
static size_t part_search(const struct px_listed_part *part, const char *name)
{
    size_t low = part->first;
    size_t high = part->end;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (path_compare(part_path(part, middle), name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct px_listed_part px_listed_below(const struct px_listed_part *part, const char *name)
{
    const size_t len = strlen(name);
    struct px_listed_part below = {
        .batch = part->batch, .skip = part->skip + len + 1, .whole = part->whole};
    size_t at = part_search(part, name);
    while (at < part->end && part_path(part, at)[len] == '\0' && part_is_of(part, at, name, len)) {
        at++; /* the directory itself, without a slash */
    }
    below.first = at;
    while (at < part->end && part_is_of(part, at, name, len)) {
        below.whole = below.whole || part_path(part, at)[len + 1] == '\0';
        at++;
    }
    below.end = at;
    return below;
}
