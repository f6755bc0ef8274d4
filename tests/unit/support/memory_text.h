/* SPDX-License-Identifier: MIT
 *
 * support/memory_text.h - what code under test writes to a FILE, and what it leaves in files, as
 * strings. Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_MEMORY_TEXT_H
#define PX_TESTS_MEMORY_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {0}, then memory_text_open() gives the stream; memory_text_close() ends it: `text` is what was
 * written, until memory_text_free(). */
struct memory_text {
    FILE *stream;
    char *text;
    size_t len;
};

static inline FILE *memory_text_open(struct memory_text *memory)
{
    memory->stream = open_memstream(&memory->text, &memory->len);
    assert_non_null(memory->stream);
    return memory->stream;
}

static inline const char *memory_text_close(struct memory_text *memory)
{
    assert_int_equal(fclose(memory->stream), 0);
    return memory->text;
}

static inline void memory_text_free(struct memory_text *memory)
{
    free(memory->text);
    memory->text = NULL;
}

/* The whole of a small file; the caller frees. */
static inline char *memory_text_read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct memory_text memory = {0};
    FILE *to = memory_text_open(&memory);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        fputc(c, to);
    }
    fclose(file);
    memory_text_close(&memory);
    return memory.text;
}

#endif
