/* SPDX-License-Identifier: MIT
 *
 * fetch/list/sumfile.c - files of checksums, by name.
 *
 * Filled and asked by the source (intake.c), on the owner's thread; no locks. The names stand in one
 * array, sorted by their last component, then whole: so both a path and a last component are found
 * by halving.
 */
#define _GNU_SOURCE
#include "fetch/list/sumfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/grow.h"
#include "base/parse.h"
#include "base/show.h"
#include "fetch/list/lines.h"
#include "fetch/list/sumline.h"

/* Lines that one sumfile_load() takes, so that signals are looked at meanwhile. */
#define LINES_PER_TURN 4096

struct sum {
    const char *base; /* the last component, inside name */
    enum px_digest_kind kind;
    bool torn;
    unsigned char value[PX_DIGEST_MAX_BYTES];
    char name[];
};

struct sumfile {
    const struct px_io_ops *io;
    const char *const *paths;
    size_t n_paths, at;
    bool open, ready;
    struct lines lines;
    uint64_t good_lines; /* of the file that is being read */
    uint64_t odd_lines;
    const char *odd_path;
    uint64_t odd_line;
    struct sum **sums; /* sorted when ready */
    size_t n, room;
    char *error;
};

int sumfile_new(const struct px_io_ops *io, const char *const *paths, size_t n_paths,
                struct sumfile **out)
{
    struct sumfile *sums = calloc(1, sizeof *sums);

    if (sums == NULL) {
        return PX_ENOMEM;
    }
    sums->io = io;
    sums->paths = paths;
    sums->n_paths = n_paths;
    *out = sums;
    return PX_OK;
}

void sumfile_free(struct sumfile *sums)
{
    if (sums == NULL) {
        return;
    }
    if (sums->open) {
        lines_close(&sums->lines);
    }
    for (size_t i = 0; i < sums->n; i++) {
        free(sums->sums[i]);
    }
    free(sums->sums);
    free(sums->error);
    free(sums);
}

const char *sumfile_error(const struct sumfile *sums)
{
    return sums->error;
}

uint64_t sumfile_odd_lines(const struct sumfile *sums, const char **path, uint64_t *line)
{
    *path = sums->odd_path;
    *line = sums->odd_line;
    return sums->odd_lines;
}

static int fail(struct sumfile *sums, int status, const char *reason)
{
    char *name = px_show_dup(sums->paths[sums->at]);

    free(sums->error);
    sums->error = NULL;
    if (name == NULL || asprintf(&sums->error, "%s: %s", name, reason) < 0) {
        sums->error = NULL;
        status = PX_ENOMEM;
    }
    free(name);
    return status;
}

/* --- filling ---------------------------------------------------------------------------------*/

static int keep(struct sumfile *sums, struct sum *sum)
{
    struct sum **grown = px_grow(sums->sums, &sums->room, sums->n + 1, sizeof(struct sum *));

    if (grown == NULL) {
        return PX_ENOMEM;
    }
    sums->sums = grown;
    sums->sums[sums->n++] = sum;
    return PX_OK;
}

/* NAME without "./" in front. */
static size_t clean_name(char *name, size_t len)
{
    size_t from = 0;

    while (len - from >= 2 && name[from] == '.' && name[from + 1] == '/') {
        from += 2;
        while (from < len && name[from] == '/') {
            from++;
        }
    }
    memmove(name, name + from, len - from);
    name[len - from] = '\0';
    return len - from;
}

static int add(struct sumfile *sums, const struct sumline *line)
{
    struct sum *sum = malloc(sizeof *sum + line->name_len + 1);

    if (sum == NULL) {
        return PX_ENOMEM;
    }
    *sum = (struct sum){.kind = line->kind};
    const size_t len = clean_name(sum->name, sumline_name(line, sum->name));
    const char *slash = memrchr(sum->name, '/', len);
    char hex[SUMLINE_HEX_MAX + 1];

    sum->base = slash != NULL ? slash + 1 : sum->name;
    memcpy(hex, line->hex, line->hex_len);
    hex[line->hex_len] = '\0';
    int rc = px_parse_hex(hex, sum->value, line->hex_len / 2);
    if (rc == PX_OK) {
        rc = keep(sums, sum);
    }
    if (rc != PX_OK) {
        free(sum);
    }
    return rc;
}

static int take_line(struct sumfile *sums, const char *text, size_t len, bool too_long)
{
    struct sumline line;
    size_t i = 0;

    while (i < len && (text[i] == ' ' || text[i] == '\t')) {
        i++;
    }
    if (i == len || text[i] == '#') {
        return PX_OK;
    }
    if (!too_long && memchr(text, '\0', len) == NULL && sumline_parse(text, len, &line) == NULL) {
        sums->good_lines++;
        return add(sums, &line);
    }
    if (sums->odd_lines++ == 0) {
        sums->odd_path = sums->paths[sums->at];
        sums->odd_line = sums->lines.number;
    }
    return PX_OK;
}

/* --- order -----------------------------------------------------------------------------------*/

/* By the last component first. */
static int compare_names(const char *base, const char *name, const struct sum *sum)
{
    const int order = strcmp(base, sum->base);

    return order != 0 ? order : strcmp(name, sum->name);
}

static int compare_sums(const void *a, const void *b)
{
    const struct sum *left = *(struct sum *const *)a, *right = *(struct sum *const *)b;
    const int order = compare_names(left->base, left->name, right);

    /* the strongest kind first */
    return order != 0 ? order : (int)right->kind - (int)left->kind;
}

static bool same_value(const struct sum *a, const struct sum *b)
{
    return a->kind == b->kind && memcmp(a->value, b->value, px_digest_len(a->kind)) == 0;
}

/* Sorts, and leaves one of each name. */
static void put_in_order(struct sumfile *sums)
{
    size_t kept = 0;

    if (sums->n > 1) {
        qsort(sums->sums, sums->n, sizeof(struct sum *), compare_sums);
    }
    for (size_t i = 0; i < sums->n; i++) {
        struct sum *sum = sums->sums[i];
        struct sum *last = kept > 0 ? sums->sums[kept - 1] : NULL;

        if (last == NULL || strcmp(last->name, sum->name) != 0) {
            sums->sums[kept++] = sum;
            continue;
        }
        last->torn = last->torn || (last->kind == sum->kind && !same_value(last, sum));
        free(sum);
    }
    sums->n = kept;
    sums->ready = true;
}

/* --- loading ---------------------------------------------------------------------------------*/

static int end_file(struct sumfile *sums)
{
    lines_close(&sums->lines);
    sums->open = false;
    if (sums->good_lines == 0) {
        return fail(sums, PX_EBADLINE, "there is no checksum in it");
    }
    sums->at++;
    return PX_OK;
}

static int open_file(struct sumfile *sums)
{
    if (lines_open(&sums->lines, sums->io, sums->paths[sums->at], '\n', NULL) != 0) {
        return fail(sums, PX_EIO, px_errno_text(errno));
    }
    sums->open = true;
    sums->good_lines = 0;
    return PX_OK;
}

/* One line, or one step between files. */
static int load_some(struct sumfile *sums)
{
    const char *text;
    size_t len;

    if (!sums->open) {
        return open_file(sums);
    }
    int rc = lines_peek(&sums->lines, &text, &len);
    switch (rc) {
    case PX_EEND: return end_file(sums);
    case PX_EIO: return fail(sums, PX_EIO, px_errno_text(errno));
    case PX_EINTEGRITY: return fail(sums, PX_EIO, "damaged gzip data");
    case PX_OK:
    case PX_EBADLINE:
        rc = take_line(sums, text, len, rc == PX_EBADLINE);
        lines_take(&sums->lines);
        return rc;
    default: return rc;
    }
}

int sumfile_load(struct sumfile *sums)
{
    for (int i = 0; i < LINES_PER_TURN && sums->at < sums->n_paths; i++) {
        int rc = load_some(sums);
        if (rc != PX_OK) {
            return rc;
        }
    }
    if (sums->at < sums->n_paths) {
        return PX_EAGAIN;
    }
    if (!sums->ready) {
        put_in_order(sums);
    }
    return PX_OK;
}

/* --- finding ---------------------------------------------------------------------------------*/

/* The first that is not before (base, name). */
static size_t lower_bound(const struct sumfile *sums, const char *base, const char *name)
{
    size_t low = 0, high = sums->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_names(base, name, sums->sums[middle]) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct sum *find_name(const struct sumfile *sums, const char *base, const char *name)
{
    const size_t at = lower_bound(sums, base, name);

    return at < sums->n && compare_names(base, name, sums->sums[at]) == 0 ? sums->sums[at] : NULL;
}

/* The longest name that is `path` or its end, from a component on. */
static const struct sum *find_end_of(const struct sumfile *sums, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;

    for (const char *name = path; name != NULL; name = strchr(name, '/')) {
        name += *name == '/';
        const struct sum *sum = find_name(sums, base, name);
        if (sum != NULL) {
            return sum;
        }
    }
    return NULL;
}

/* By the last component alone. */
static enum sumfile_found find_base(const struct sumfile *sums, const char *base,
                                    const struct sum **out)
{
    const size_t first = lower_bound(sums, base, "");

    if (first == sums->n || strcmp(sums->sums[first]->base, base) != 0) {
        return SUMFILE_NONE;
    }
    *out = sums->sums[first];
    for (size_t i = first + 1; i < sums->n && strcmp(sums->sums[i]->base, base) == 0; i++) {
        if (!same_value(*out, sums->sums[i])) {
            return SUMFILE_AMBIGUOUS;
        }
    }
    return SUMFILE_FOUND;
}

/* The URL's path without query and fragment, in `room` bytes; "" when it is too long. */
static void path_of(const char *url, char *out, size_t room)
{
    const size_t len = strcspn(url, "?#");

    out[0] = '\0';
    if (len < room) {
        memcpy(out, url, len);
        out[len] = '\0';
    }
}

enum sumfile_found sumfile_find(const struct sumfile *sums, const char *target, const char *url,
                                struct px_checksum *out)
{
    char path[4096];
    const char *slash = strrchr(target, '/');
    const struct sum *sum = find_end_of(sums, target);
    enum sumfile_found found = SUMFILE_FOUND;

    if (sum == NULL) {
        path_of(url, path, sizeof path);
        sum = find_end_of(sums, path);
    }
    if (sum == NULL) {
        found = find_base(sums, slash != NULL ? slash + 1 : target, &sum);
    }
    if (found != SUMFILE_FOUND) {
        return found;
    }
    if (sum->torn) {
        return SUMFILE_TORN;
    }
    *out = (struct px_checksum){.kind = sum->kind, .len = px_digest_len(sum->kind)};
    memcpy(out->value, sum->value, out->len);
    return SUMFILE_FOUND;
}
