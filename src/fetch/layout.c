/* SPDX-License-Identifier: MIT
 *
 * fetch/layout.c - from a URL to a relative path with directories.
 *
 * Called by the source for each entry without an out=, on the owner's thread. Pure; no locks.
 */
#define _GNU_SOURCE
#include "fetch/layout.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <pxfer/status.h>

#include "fetch/authority.h"

/* A path that grows by components. */
struct path {
    char *text; /* NAME_PATH_ROOM bytes */
    size_t len;
    bool full;
};

static void push(struct path *path, const char *part, size_t len)
{
    if (path->len + len + 2 > NAME_PATH_ROOM) {
        path->full = true;
        return;
    }
    if (path->len > 0) {
        path->text[path->len++] = '/';
    }
    memcpy(path->text + path->len, part, len);
    path->len += len;
}

static void pop(struct path *path)
{
    const char *slash = memrchr(path->text, '/', path->len);

    path->len = slash != NULL ? (size_t)(slash - path->text) : 0;
}

/* host, or host:port where the port is not the scheme's own; in small letters. */
static void push_host(struct path *path, const char *url, const struct authority *authority)
{
    char lower[NAME_ROOM], safe[NAME_ROOM];
    const char *port = authority->host + authority->host_len;
    size_t port_len = authority->len - authority->host_len;
    bool tls = strncasecmp(url, "https:", 6) == 0;
    bool usual = port_len < 2 ||
                 (port_len == (tls ? 4 : 3) && memcmp(port, tls ? ":443" : ":80", port_len) == 0);
    size_t len = usual ? authority->host_len : authority->len;

    len = len < sizeof lower ? len : sizeof lower; /* longer than a DNS name can be: cut */
    for (size_t i = 0; i < len; i++) {
        char c = authority->host[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    push(path, safe, name_from_component(lower, len, safe));
}

/* The directories of a path that begins at `at`, without its last component. */
static void push_dirs(struct path *path, const char *at, const char *end)
{
    const char *slash;

    while (at < end && (slash = memchr(at, '/', (size_t)(end - at))) != NULL) {
        size_t len = (size_t)(slash - at);
        char safe[NAME_ROOM];

        if (len == 2 && memcmp(at, "..", 2) == 0) {
            pop(path);
        } else if (len > 0 && !(len == 1 && *at == '.')) {
            push(path, safe, name_from_component(at, len, safe));
        }
        at = slash + 1;
    }
}

static const char *path_end(const char *path, const char *end)
{
    const char *p = path;

    while (p < end && *p != '?' && *p != '#') {
        p++;
    }
    return p;
}

/* Without the first `cut` components. */
static const char *cut_dirs(const struct path *dirs, unsigned cut, size_t *len)
{
    const char *at = dirs->text;
    size_t left = dirs->len;

    for (; cut > 0 && left > 0; cut--) {
        const char *slash = memchr(at, '/', left);
        size_t gone = slash != NULL ? (size_t)(slash - at) + 1 : left;

        at += gone;
        left -= gone;
    }
    *len = left;
    return at;
}

int layout_path(const char *url, size_t len, enum px_dirs dirs, unsigned cut,
                char out[NAME_PATH_ROOM], const char **why)
{
    struct authority authority = authority_of(url, len);
    struct path path = {.text = out};
    char room[NAME_PATH_ROOM], name[NAME_ROOM];
    struct path below = {.text = room};

    *why = NULL;
    if (dirs == PX_DIRS_HOST || dirs == PX_DIRS_HOST_PATH) {
        push_host(&path, url, &authority);
    }
    if (dirs == PX_DIRS_PATH || dirs == PX_DIRS_HOST_PATH) {
        push_dirs(&below, authority.path, path_end(authority.path, url + len));
    }
    size_t left;
    const char *rest = cut_dirs(&below, cut, &left);
    if (left > 0) {
        push(&path, rest, left);
    }
    push(&path, name, name_from_url(url, len, name));
    if (path.full || below.full) {
        *why = "the path of the URL is too long for directories";
        return PX_EBADLINE;
    }
    out[path.len] = '\0';
    return PX_OK;
}
