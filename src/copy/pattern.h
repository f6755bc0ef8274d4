/* SPDX-License-Identifier: MIT
 *
 * copy/pattern.h - which names are left out: rsync's filter patterns, the common part of them.
 *
 * A pattern that begins with "/" is tied to the root of the transfer; one that ends in "/" matches
 * directories only; one with a "/" inside, or with "**", is compared with the end of the whole path,
 * any other with the last component. "*" matches anything but "/", "**" anything, "?" one byte but
 * "/", "[...]" one of a set; a backslash takes the meaning from what follows where there is a
 * wildcard in the pattern. "dir/" followed by three stars is the directory and all in it.
 */
#ifndef PX_COPY_PATTERN_H
#define PX_COPY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>

struct px_pattern {
    bool keeps;      /* an include */
    bool dirs_only;  /* ended in "/" */
    bool anchored;   /* began with "/" */
    bool whole_path; /* compared with the path, not with its last component */
    bool and_below;  /* ended in "/" and three stars: the directory, too */
    bool is_glob;    /* has a wildcard */
    char *text;      /* owned; without what the flags say */
};

/* First match wins. {0} is empty: nothing is left out. Fixed while workers read it. */
struct px_patterns {
    struct px_pattern *items;
    size_t n;
    size_t room;
    bool need_paths; /* some pattern looks at more than the last component */
};

/* Adds text[0..n), which may begin with "+ " (an include) or "- " (an exclude) whatever `keeps` says.
 * PX_EINVAL: nothing is left of it, or a NUL is in it; PX_ENOMEM. */
PX_NODISCARD int px_patterns_add(struct px_patterns *patterns, const char *text, size_t n,
                                 bool keeps);

/* Adds each line of the file at `path` ("-": standard input) as an exclude; empty lines and those
 * that begin with "#" or ";" are passed over. With `nul` lines end in NUL, and none is passed over
 * but empty ones. PX_EIO with errno; PX_EINVAL; PX_ENOMEM. */
PX_NODISCARD int px_patterns_add_file(struct px_patterns *patterns, const char *path, bool nul);

void px_patterns_free(struct px_patterns *patterns);

/* Pure: is the name to be left out? `path` is relative to the root of the transfer, without a slash
 * at its begin; when need_paths is false its last component is enough. */
bool px_patterns_exclude(const struct px_patterns *patterns, const char *path, bool is_dir);

/* Pure: does the pattern match the text as a whole? */
bool px_pattern_glob(const char *pattern, const char *text);

#endif
