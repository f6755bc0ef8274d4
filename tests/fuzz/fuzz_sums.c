/* SPDX-License-Identifier: MIT
 *
 * Files of checksums: a line that is understood lies inside itself, and one that pcopy wrote
 * (--manifest) is read as it was meant, whatever the name. The first line of the input is the
 * name.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/list/sumfile.h"
#include "fetch/list/sumline.h"
#include "fuzz/fuzz.h"

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void check_line(const char *text, size_t len)
{
    struct sumline line;
    if (sumline_parse(text, len, &line) != NULL) {
        return;
    }
    assert_int_equal(line.hex_len, 2 * px_digest_len(line.kind));
    assert_true(line.hex >= text && line.hex + line.hex_len <= text + len);
    assert_true(line.name_len > 0);
    assert_true(line.name > text && line.name + line.name_len <= text + len);
    char *name = malloc(line.name_len);
    assert_non_null(name);
    assert_in_range(sumline_name(&line, name), 1, line.name_len);
    free(name);
}

static void check_file(const uint8_t *data, size_t size, const char *target)
{
    const char *path = fuzz_file(data, size);
    struct sumfile *sums = NULL;
    struct px_checksum sum;
    assert_int_equal(sumfile_new(px_io_real(), &path, 1, &sums), PX_OK);
    const int rc = sumfile_load(sums);
    assert_true(rc == PX_OK || rc == PX_EBADLINE || rc == PX_EIO);
    if (rc == PX_OK && sumfile_find(sums, target, "http://h/d/a.bin", &sum) == SUMFILE_FOUND) {
        assert_int_equal(sum.len, px_digest_len(sum.kind));
    }
    sumfile_free(sums);
}

/* As sha256sum(1) and pcopy write it. */
static void check_written(const char *name)
{
    const size_t n = strlen(name);
    const bool escaped = strpbrk(name, "\n\r\\") != NULL;
    char *text = malloc(2 * n + sizeof SHA256 + 4);
    char *back = malloc(2 * n + 1);
    struct sumline line;
    assert_true(text != NULL && back != NULL);
    size_t at = (size_t)sprintf(text, "%s%s  ", escaped ? "\\" : "", SHA256);
    for (size_t i = 0; i < n; i++) {
        const char *as = name[i] == '\n' ? "\\n" : name[i] == '\r' ? "\\r" : "\\\\";
        at += (size_t)(strchr("\n\r\\", name[i]) != NULL ? sprintf(text + at, "%s", as)
                                                         : sprintf(text + at, "%c", name[i]));
    }
    assert_null(sumline_parse(text, at, &line));
    assert_int_equal(sumline_name(&line, back), n);
    assert_memory_equal(back, name, n);
    free(back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *rest = data;
    size_t left = size;
    char *name = fuzz_line(&rest, &left);
    check_line((const char *)data, size);
    check_file(rest, left, name);
    free(name);
    name = fuzz_text(data, size);
    /* a blank at the end does not count, so a name that ends in one cannot be told */
    if (name[0] != '\0' && strchr(" \t", name[strlen(name) - 1]) == NULL) {
        check_written(name);
    }
    free(name);
    return 0;
}
