/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz.c - what the fuzz targets share.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/show.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    assert_non_null(text);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        assert_true(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, data, size, 0), size);
    return path;
}

char *fuzz_line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
    const size_t len = end != NULL ? (size_t)(end - *data) : *size;
    char *line = fuzz_text(*data, len);
    *data += len + (end != NULL);
    *size -= len + (end != NULL);
    return line;
}

uint64_t fuzz_number(const uint8_t **data, size_t *size, size_t bytes)
{
    uint64_t number = 0;
    for (; bytes > 0 && *size > 0; bytes--, ++*data, --*size) {
        number = number << 8 | **data;
    }
    return number;
}

void fuzz_check_name(const char *name, size_t len)
{
    assert_in_range(len, 1, 255);
    assert_int_equal(strlen(name), len);
    assert_true(name[0] != '.');
    assert_null(strpbrk(name, "/\\"));
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)name[i];
        assert_true(byte >= 0x20 && byte != 0x7f);
        /* C1: as a character of UTF-8, and as a byte that belongs to no other character */
        assert_false(byte == 0xc2 && (unsigned char)name[i + 1] >= 0x80 &&
                     (unsigned char)name[i + 1] < 0xa0);
        assert_false(i == 0 && byte >= 0x80 && byte < 0xa0);
    }
}

void fuzz_check_shown(const char *text)
{
    const size_t len = strlen(text);
    assert_true(px_utf8_valid(text, len));
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];
        assert_true(byte >= 0x20 && byte != 0x7f);
        assert_false(byte == 0xc2 && (unsigned char)text[i + 1] < 0xa0);
    }
}
