/* SPDX-License-Identifier: MIT
 *
 * pcopy's journal: garbage proves nothing, and what is noted of a large file and its chunks is
 * found again for these names and no others.
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

#include "app/copy_resume.h"
#include "fuzz/fuzz.h"

struct notes {
    struct copy_resume *resume;
    struct px_copy_memory memory;
};

static struct notes notes_open(const char *path)
{
    struct notes notes;
    assert_int_equal(copy_resume_open(path, NULL, &notes.resume), PX_OK);
    notes.memory = copy_resume_memory(notes.resume);
    return notes;
}

/* What the bytes say of "s" to "t", the names that the seeds use. */
static void read_back(const char *path)
{
    const struct notes notes = notes_open(path);
    const struct px_copy_memory *memory = &notes.memory;
    struct px_copy_record record;
    struct px_copy_chunk chunk;
    struct px_copy_part part;
    if (memory->find(memory->ctx, "s", "t", &record)) {
        assert_true(strlen(record.digest) < sizeof record.digest);
    }
    for (uint64_t offset = 0; offset < 4096; offset += 1024) {
        if (memory->find_chunk(memory->ctx, "s", "t", offset, &chunk)) {
            assert_int_equal(chunk.offset, offset);
            assert_int_equal(strlen(chunk.begun), PX_COPY_RUN_ROOM - 1);
        }
    }
    if (memory->find_begin(memory->ctx, "s", "t", &part)) {
        assert_int_equal(strlen(part.begun), PX_COPY_RUN_ROOM - 1);
    }
    copy_resume_free(notes.resume);
}

static void write_and_read(const char *source, const char *target, int64_t mtime_ns)
{
    const char *path = fuzz_file(NULL, 0);
    struct notes notes = notes_open(path);
    const struct px_copy_memory *memory = &notes.memory;
    struct px_copy_part part = {.inode = 3, .size = 4096, .mtime_ns = mtime_ns};
    struct px_copy_chunk chunk = {
        .offset = 1024, .bytes = 5, .size = 4096, .mtime_ns = mtime_ns, .durable = true};
    memcpy(chunk.begun, memory->run, PX_COPY_RUN_ROOM);
    assert_true(memory->begin(memory->ctx, source, target, &part));
    memory->note_chunk(memory->ctx, source, target, &chunk);
    copy_resume_free(notes.resume);

    notes = notes_open(path);
    part = (struct px_copy_part){0};
    if (strlen(source) + strlen(target) < 4000) { /* a longer line is passed over */
        assert_true(memory->find_begin(memory->ctx, source, target, &part));
        assert_true(part.inode == 3 && part.size == 4096 && part.mtime_ns == mtime_ns);
        chunk.bytes = 0;
        assert_true(memory->find_chunk(memory->ctx, source, target, 1024, &chunk));
        assert_true(chunk.bytes == 5 && chunk.size == 4096 && chunk.mtime_ns == mtime_ns);
    }
    assert_false(memory->find_chunk(memory->ctx, source, target, 0, &chunk));
    assert_false(memory->find_begin(memory->ctx, source, "another", &part));
    copy_resume_free(notes.resume);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_back(fuzz_file(data, size));
    const int64_t mtime_ns = (int64_t)fuzz_number(&data, &size, 8);
    char *source = fuzz_line(&data, &size);
    char *target = fuzz_text(data, size);
    if (strcmp(target, "another") != 0) {
        write_and_read(source, target, mtime_ns);
    }
    free(target);
    free(source);
    return 0;
}
