/* SPDX-License-Identifier: MIT
 *
 * copy/pattern.c - names that are left out. Patterns are added on the owner's thread before the
 * workers start; matching is pure, any worker, no locks.
 *
 * fnmatch(3) has no "**"; the loop over stars is our own, sets in brackets are left to it.
 */
#define _GNU_SOURCE /* getdelim with any delimiter is POSIX; memrchr is not */

#include "copy/pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/grow.h"

#define SET_ROOM 128 /* a longer "[...]" is taken as it is written */

/* --- matching --------------------------------------------------------------------------------- */

/* The length of the set "[...]" at `at`, 0 when it is none: the first "]" may be a member. */
static size_t pattern_set_len(const char *at)
{
    size_t i = 1;
    if (at[i] == '!' || at[i] == '^') {
        i++;
    }
    if (at[i] == ']') {
        i++;
    }
    while (at[i] != '\0' && at[i] != ']') {
        if (at[i] == '[' && at[i + 1] == ':') { /* [:digit:] */
            const char *end = strstr(at + i + 2, ":]");
            i = end != NULL ? (size_t)(end - at) + 1 : i;
        }
        i += at[i] == '\\' && at[i + 1] != '\0' ? 2 : 1;
    }
    return at[i] == ']' && i + 1 < SET_ROOM ? i + 1 : 0;
}

/* One element of the pattern, no star, against one byte. `*len`: of the element. */
static bool pattern_takes(const char *at, char byte, size_t *len)
{
    *len = 1;
    if (*at == '?') {
        return byte != '/';
    }
    if (*at == '[') {
        const size_t set = pattern_set_len(at);
        if (set > 0) {
            char one[SET_ROOM];
            const char text[2] = {byte, '\0'};
            memcpy(one, at, set);
            one[set] = '\0';
            *len = set;
            return byte != '/' && fnmatch(one, text, 0) == 0;
        }
    }
    if (*at == '\\' && at[1] != '\0') {
        *len = 2;
        return at[1] == byte;
    }
    return *at == byte;
}

/* Where to go on when what follows a star did not match: the star takes one byte more. */
struct star {
    const char *pattern; /* after the star; NULL: there was none */
    const char *text;    /* what it has taken so far ends here */
};

static bool star_retry(struct star *star, bool crosses, const char **pattern, const char **text)
{
    if (star->pattern == NULL || *star->text == '\0' || (!crosses && *star->text == '/')) {
        return false;
    }
    *pattern = star->pattern;
    *text = ++star->text;
    return true;
}

/* Only the last star of each kind can still give way: an earlier one that took more would leave the
 * later ones less to choose from. */
bool px_pattern_glob(const char *pattern, const char *text)
{
    struct star one = {NULL, NULL};
    struct star two = {NULL, NULL};
    for (;;) {
        if (pattern[0] == '*' && pattern[1] == '*') {
            pattern += strspn(pattern, "*");
            two = (struct star){pattern, text};
            one.pattern = NULL;
            continue;
        }
        if (pattern[0] == '*') {
            one = (struct star){++pattern, text};
            continue;
        }
        size_t len = 0;
        if (*pattern == '\0' && *text == '\0') {
            return true;
        }
        if (*pattern != '\0' && *text != '\0' && pattern_takes(pattern, *text, &len)) {
            pattern += len;
            text++;
            continue;
        }
        if (star_retry(&one, false, &pattern, &text)) {
            continue;
        }
        one.pattern = NULL;
        if (!star_retry(&two, true, &pattern, &text)) {
            return false;
        }
    }
}

static bool pattern_equals(const struct px_pattern *pattern, const char *text)
{
    return pattern->is_glob ? px_pattern_glob(pattern->text, text)
                            : strcmp(pattern->text, text) == 0;
}

/* The whole path, or what is left of it after any slash. */
static bool pattern_matches_tail(const struct px_pattern *pattern, const char *path)
{
    if (pattern_equals(pattern, path)) {
        return true;
    }
    for (const char *slash = pattern->anchored ? NULL : strchr(path, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        if (pattern_equals(pattern, slash + 1)) {
            return true;
        }
    }
    return false;
}

static const char *path_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool pattern_matches(const struct px_pattern *pattern, const char *path, bool is_dir)
{
    if (pattern->dirs_only && !is_dir) {
        return false;
    }
    return pattern->whole_path ? pattern_matches_tail(pattern, path)
                               : pattern_equals(pattern, path_last(path));
}

bool px_patterns_exclude(const struct px_patterns *patterns, const char *path, bool is_dir)
{
    for (size_t i = 0; i < patterns->n; i++) {
        if (pattern_matches(&patterns->items[i], path, is_dir)) {
            return !patterns->items[i].keeps;
        }
    }
    return false;
}

/* --- adding ----------------------------------------------------------------------------------- */

static int patterns_append(struct px_patterns *patterns, const struct px_pattern *pattern)
{
    struct px_pattern *items =
        px_grow(patterns->items, &patterns->room, patterns->n + 1, sizeof *items);
    if (items == NULL) {
        return PX_ENOMEM;
    }
    patterns->items = items;
    patterns->items[patterns->n++] = *pattern;
    patterns->need_paths = patterns->need_paths || pattern->whole_path;
    return PX_OK;
}

/* text[0..n) without what the flags say of it. */
static int pattern_parse(const char *text, size_t n, struct px_pattern *out)
{
    static const char below[] = "/***";
    const size_t below_len = sizeof below - 1;
    if (n > 1 && (text[0] == '+' || text[0] == '-') && text[1] == ' ') {
        out->keeps = text[0] == '+';
        text += 2;
        n -= 2;
    }
    if (n > below_len && memcmp(text + n - below_len, below, below_len) == 0) {
        out->and_below = true;
        n -= below_len;
    } else if (n > 1 && text[n - 1] == '/') {
        out->dirs_only = true;
        n--;
    }
    if (n > 0 && text[0] == '/') {
        out->anchored = true;
        text++;
        n--;
    }
    if (n == 0 || memchr(text, '\0', n) != NULL) {
        return PX_EINVAL;
    }
    out->text = strndup(text, n);
    if (out->text == NULL) {
        return PX_ENOMEM;
    }
    out->is_glob = strpbrk(out->text, "*?[") != NULL;
    out->whole_path =
        out->anchored || strchr(out->text, '/') != NULL || strstr(out->text, "**") != NULL;
    return PX_OK;
}

/* The contents of "dir" and three stars are a rule of their own, which the directory's follows. */
static int patterns_add_below(struct px_patterns *patterns, const struct px_pattern *dir)
{
    const size_t len = strlen(dir->text);
    struct px_pattern below = *dir;
    below.text = malloc(len + sizeof "/**");
    if (below.text == NULL) {
        return PX_ENOMEM;
    }
    memcpy(below.text, dir->text, len);
    memcpy(below.text + len, "/**", sizeof "/**");
    below.is_glob = true;
    below.whole_path = true;
    const int status = patterns_append(patterns, &below);
    if (status != PX_OK) {
        free(below.text);
    }
    return status;
}

int px_patterns_add(struct px_patterns *patterns, const char *text, size_t n, bool keeps)
{
    struct px_pattern pattern = {.keeps = keeps};
    int status = pattern_parse(text, n, &pattern);
    if (status != PX_OK) {
        return status;
    }
    if (pattern.and_below) {
        pattern.dirs_only = false;
        status = patterns_add_below(patterns, &pattern);
        pattern.dirs_only = true;
    }
    if (status == PX_OK) {
        status = patterns_append(patterns, &pattern);
    }
    if (status != PX_OK) {
        free(pattern.text);
    }
    return status;
}

static int patterns_add_lines(struct px_patterns *patterns, FILE *file, bool nul)
{
    char *line = NULL;
    size_t room = 0;
    int status = PX_OK;
    for (;;) {
        errno = 0;
        ssize_t len = getdelim(&line, &room, nul ? '\0' : '\n', file);
        if (len < 0 || status != PX_OK) {
            break;
        }
        if (len > 0 && line[len - 1] == (nul ? '\0' : '\n')) {
            len--;
        }
        if (!nul && len > 0 && line[len - 1] == '\r') {
            len--;
        }
        if (len > 0 && (nul || (line[0] != '#' && line[0] != ';'))) {
            status = px_patterns_add(patterns, line, (size_t)len, false);
        }
    }
    if (status == PX_OK && ferror(file) != 0) {
        status = errno == ENOMEM ? PX_ENOMEM : PX_EIO;
    }
    free(line);
    return status;
}

int px_patterns_add_file(struct px_patterns *patterns, const char *path, bool nul)
{
    const bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (file == NULL) {
        return PX_EIO;
    }
    const int status = patterns_add_lines(patterns, file, nul);
    const int err = errno;
    if (!standard) {
        PX_IGNORE(fclose(file)); /* was only read from */
    }
    errno = err;
    return status;
}

void px_patterns_free(struct px_patterns *patterns)
{
    for (size_t i = 0; i < patterns->n; i++) {
        free(patterns->items[i].text);
    }
    free(patterns->items);
    *patterns = (struct px_patterns){0};
}
