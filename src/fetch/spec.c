/* SPDX-License-Identifier: MIT
 *
 * fetch/spec.c - what an entry asks for beyond its URL: its options, and where its file goes.
 *
 * Called by the source for each entry, on the owner's thread. Pure functions; no locks.
 */
#define _GNU_SOURCE
#include "fetch/spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/parse.h"
#include "fetch/engine.h"
#include "fetch/layout.h"
#include "fetch/syntax.h"

static bool names_header(const struct list_option *option)
{
    return list_option_is(option, "header") || list_option_is(option, "referer") ||
           list_option_is(option, "user-agent");
}

/* NULL, or why it cannot be sent. */
static const char *check_header(const struct list_option *option)
{
    if (list_option_is(option, "header")) {
        return syntax_is_header(option->value, option->value_len) ? NULL
                                                                  : "header= is not NAME: VALUE";
    }
    return syntax_is_header_value(option->value, option->value_len)
               ? NULL
               : "a control byte in referer= or user-agent=";
}

/* NULL, or why they are no login. RFC 7617 section 2: the name has no colon. */
static const char *check_login(const struct spec *spec)
{
    const struct list_option *user = &spec->user;

    if (user->name == NULL) {
        return spec->passwd.name != NULL ? "http-passwd= without http-user=" : NULL;
    }
    return memchr(user->value, ':', user->value_len) != NULL ? "a colon in http-user=" : NULL;
}

/* NULL, or why the checksum= cannot be used. */
static const char *read_checksum(const struct list_option *option, struct px_checksum *out)
{
    char text[2 * PX_DIGEST_MAX_BYTES + 32];

    if (option->value_len >= sizeof text) {
        return "checksum= is not TYPE=HEX";
    }
    memcpy(text, option->value, option->value_len);
    text[option->value_len] = '\0';
    return px_checksum_parse(text, out) == PX_OK
               ? NULL
               : "checksum= is not TYPE=HEX with a known type and its number of digits";
}

bool spec_uses(const struct list_option *option)
{
    static const char *const names[] = {"out",       "dir",        "checksum", "size",
                                        "split",     "header",     "referer",  "user-agent",
                                        "http-user", "http-passwd"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (list_option_is(option, names[i])) {
            return true;
        }
    }
    return false;
}

const char *spec_read(const struct list_entry *entry, struct spec *out)
{
    const char *at = entry->options;
    size_t left = entry->options_len;
    struct list_option option;
    const char *fault = NULL;

    while (fault == NULL && list_option_next(&at, &left, &option)) {
        if (list_option_is(&option, "out")) {
            out->out = option;
        } else if (list_option_is(&option, "dir")) {
            out->dir = option;
            fault = option.value_len == 0 ? "dir= is empty" : NULL;
        } else if (list_option_is(&option, "checksum")) {
            fault = read_checksum(&option, &out->checksum);
        } else if (list_option_is(&option, "size")) {
            out->has_size =
                px_parse_u64_n(option.value, option.value_len, 0, INT64_MAX, &out->size) == PX_OK;
            fault = out->has_size ? NULL : "size= is not a number of bytes";
        } else if (names_header(&option)) {
            out->has_headers = true;
            fault = check_header(&option);
        } else if (list_option_is(&option, "http-user")) {
            out->user = option;
        } else if (list_option_is(&option, "http-passwd")) {
            out->passwd = option;
        } else if (list_option_is(&option, "split")) {
            bool good =
                px_parse_u64_n(option.value, option.value_len, 1, UINT64_MAX, &out->split) == PX_OK;
            fault = good ? NULL : "split= is not a number from 1";
        }
    }
    return fault != NULL ? fault : check_login(out);
}

#define CONFINED_DIR_BYTES (sizeof "dir-0123456789abcdef/" - 1)

/* For a measured run: a directory that an entry names becomes one below the engine's own, called
 * after its hash, so that nothing is left elsewhere. NULL, or the reason. */
static const char *confine_destination(const struct px_fetch *fetch, const struct list_entry *entry,
                                       const struct spec *spec, struct destination *out)
{
    const size_t room = spec->dir.name != NULL ? CONFINED_DIR_BYTES : 0;
    const char *fault = NULL;
    char path[NAME_PATH_ROOM];

    if (fetch->opts.out_name != NULL) {
        const char *slash = strrchr(fetch->opts.out_name, '/');
        const char *name = slash != NULL ? slash + 1 : fetch->opts.out_name;
        name_make_safe(name, strlen(name), path);
    } else if (spec->out.name == NULL) {
        if (layout_path(entry->url, entry->url_len, fetch->opts.dirs, fetch->opts.cut_dirs, path,
                        &fault) != PX_OK) {
            return fault;
        }
    } else if (name_from_out(spec->out.value, spec->out.value_len, path, &fault) != PX_OK) {
        return fault;
    }
    out->path_len = strlen(path);
    if (out->path_len + room >= sizeof out->room) {
        return "out= is too long";
    }
    if (room > 0) {
        const uint64_t hash = name_hash(spec->dir.value, spec->dir.value_len, 0);
        snprintf(out->room, sizeof out->room, "dir-%016" PRIx64 "/", hash);
    }
    memcpy(out->room + room, path, out->path_len + 1);
    out->path_len += room;
    return NULL;
}

const char *spec_destination(const struct px_fetch *fetch, const struct list_entry *entry,
                             const struct spec *spec, struct destination *out)
{
    const char *fault = NULL;

    out->dir = fetch->opts.dir != NULL ? fetch->opts.dir : "";
    out->dir_len = strlen(out->dir);
    out->dir_is_base = true;
    if (spec->dir.name != NULL && !fetch->opts.confine) {
        out->dir = spec->dir.value;
        out->dir_len = spec->dir.value_len;
        out->dir_is_base = false;
    }
    out->path = out->room;
    if (fetch->opts.confine) {
        return confine_destination(fetch, entry, spec, out);
    }
    if (fetch->opts.out_name != NULL) {
        /* the user's own word: taken as it is */
        out->path = fetch->opts.out_name;
        out->path_len = strlen(out->path);
        out->dir_len = out->path[0] == '/' ? 0 : out->dir_len;
    } else if (spec->out.name != NULL) {
        if (name_from_out(spec->out.value, spec->out.value_len, out->room, &fault) != PX_OK) {
            return fault;
        }
        out->path_len = strlen(out->room);
    } else if (fetch->opts.dirs == PX_DIRS_FLAT) {
        out->path_len = name_from_url(entry->url, entry->url_len, out->room);
    } else if (layout_path(entry->url, entry->url_len, fetch->opts.dirs, fetch->opts.cut_dirs,
                           out->room, &fault) == PX_OK) {
        out->path_len = strlen(out->room);
    }
    return fault;
}
