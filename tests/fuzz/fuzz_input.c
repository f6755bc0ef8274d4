/* SPDX-License-Identifier: MIT
 *
 * A list as a file: byte order mark, line ends, gzip data, the format found by its first bytes.
 * The entries are the same however little a read gives, and where their files go is below a
 * directory.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/engine.h"
#include "fetch/list/format_text.h"
#include "fetch/spec.h"
#include "fuzz/fuzz.h"

static void check_path(const char *path, size_t len)
{
    for (size_t at = 0; at <= len;) {
        const char *slash = memchr(path + at, '/', len - at);
        const size_t n = slash != NULL ? (size_t)(slash - path) - at : len - at;
        char *name = fuzz_text((const uint8_t *)path + at, n);
        fuzz_check_name(name, n);
        free(name);
        at += n + 1;
    }
}

static void check_destination(const struct list_entry *entry, bool confine)
{
    const struct px_fetch fetch = {.opts = {.dir = "base", .confine = confine}};
    struct spec spec = {0};
    struct destination to = {0};
    if (entry->bad == NULL && spec_read(entry, &spec) == NULL &&
        spec_destination(&fetch, entry, &spec, &to) == NULL) {
        check_path(to.path, to.path_len);
        assert_true(to.dir_is_base || (spec.dir.name != NULL && !confine));
    }
}

static char *entries(const char *path, bool nul)
{
    struct list *list = list_make(&path, 1, nul);
    struct memory_text memory = {0};
    FILE *out = memory_text_open(&memory);
    struct list_entry entry;
    int rc;
    while ((rc = list_next(list, LIST_NOW, &entry)) == PX_OK) {
        format_check(&entry);
        check_destination(&entry, false);
        check_destination(&entry, true);
        list_show_entry(out, &entry);
    }
    assert_true(rc == PX_EEND || rc == PX_EIO);
    assert_int_equal(list_error(list) != NULL, rc == PX_EIO);
    list_free(list);
    memory_text_close(&memory);
    return memory.text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    for (int nul = 0; nul < 2; nul++) {
        io_fault_reset();
        char *whole = entries(path, nul != 0);
        io_fault_short(IO_FAULT(read), 2 + size / 4);
        char *pieces = entries(path, nul != 0);
        assert_string_equal(pieces, whole);
        free(pieces);
        free(whole);
    }
    return 0;
}
