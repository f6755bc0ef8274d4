/* SPDX-License-Identifier: MIT
 *
 * Lists of names for pcopy --files-from: nothing leads out of the directory of the list, and
 * every name of the list is found by walking down it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "copy/listfile.h"
#include "fuzz/fuzz.h"

#define DEPTH 200

static size_t walk(const struct px_listed_part *part, unsigned depth)
{
    char name[PX_LISTED_NAME_ROOM];
    char before[PX_LISTED_NAME_ROOM] = "";
    size_t names = 0;
    bool is_dir = false;
    for (size_t at = part->first; px_listed_next(part, &at, name, &is_dir); names++) {
        assert_in_range(strlen(name), 1, PX_LISTED_NAME_ROOM - 1);
        assert_null(strchr(name, '/'));
        assert_false(strcmp(name, ".") == 0 || strcmp(name, "..") == 0);
        assert_string_not_equal(name, before); /* each once */
        memcpy(before, name, sizeof before);
        if (is_dir && depth < DEPTH) {
            const struct px_listed_part below = px_listed_below(part, name);
            assert_true(below.batch == NULL || below.first < below.end);
            names += below.batch != NULL ? walk(&below, depth + 1) : 0;
        }
    }
    return names;
}

static void read_all(const char *path, bool nul, size_t batch_bytes)
{
    struct px_listfile *file = NULL;
    struct px_listed *batch = NULL;
    uint64_t line = 0;
    int rc;
    assert_int_equal(px_listfile_open(px_io_real(), path, nul, batch_bytes, &file), PX_OK);
    while ((rc = px_listfile_next(file, &batch)) != PX_EEND) {
        if (rc == PX_EBADLINE) {
            assert_non_null(px_listfile_bad(file, &line));
            assert_true(line > 0);
            continue;
        }
        assert_int_equal(rc, PX_OK);
        const struct px_listed_part all = px_listed_all(batch);
        assert_true(walk(&all, 0) > 0);
        px_listed_free(batch);
    }
    px_listfile_free(file);
}

/* Is the path a name, or below one that stands for all that is in it? */
static bool is_listed(struct px_listed_part part, const char *path)
{
    for (;;) {
        const size_t len = strcspn(path, "/");
        char name[PX_LISTED_NAME_ROOM];
        char wanted[PX_LISTED_NAME_ROOM] = "";
        bool is_dir = false;
        size_t at = part.first;
        memcpy(wanted, path, len);
        while (px_listed_next(&part, &at, name, &is_dir) && strcmp(name, wanted) != 0) {
        }
        if (strcmp(name, wanted) != 0) {
            return false;
        }
        path += len + (path[len] == '/');
        if (*path == '\0') {
            return true;
        }
        part = px_listed_below(&part, wanted);
        if (part.batch == NULL) {
            return true;
        }
    }
}

static void check_found(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char *all = fuzz_text(data, size);
    struct px_listed *batch = NULL;
    size_t used = 0;
    for (char *line = text; line < text + size; line += strlen(line) + 1) {
        line[strcspn(line, "\n")] = '\0';
        if (px_listed_clean(line, all + used) == PX_OK && all[used] != '\0') {
            used += strlen(all + used) + 1;
        }
    }
    memcpy(text, all, used);
    assert_int_equal(px_listed_new(all, used, &batch), PX_OK);
    for (size_t at = 0; at < used; at += strlen(text + at) + 1) {
        assert_true(is_listed(px_listed_all(batch), text + at));
    }
    px_listed_free(batch);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    read_all(path, false, 0);
    read_all(path, true, 0);
    read_all(path, false, 16);
    if (size < 2048) { /* it is quadratic */
        check_found(data, size);
    }
    return 0;
}
