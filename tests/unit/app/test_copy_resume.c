/* SPDX-License-Identifier: MIT
 *
 * pcopy's journal read back: what proves something, and what does not (another boot, another file,
 * garbage).
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "app/copy_resume.h"

static char path[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/px-journal-XXXXXX");
    const int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void append(const char *text)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A line as the journal has it for "s" to "t"; `more` are further members with a comma before. */
static void append_file(const char *run, const char *more)
{
    char id[COPY_RESUME_ID_ROOM];
    char line[512];
    copy_resume_id("s", "t", COPY_RESUME_FILE, id);
    (void)snprintf(line, sizeof line,
                   "{\"source\":\"s\",\"path\":\"t\",\"status\":\"ok\",\"bytes\":7,\"id\":\"%s\","
                   "\"mtime\":\"5.000000006\",\"run\":\"%s\"%s}\n",
                   id, run, more);
    append(line);
}

#define OTHER_BOOT "00000000000000000000000000000001"

static struct copy_resume *open_it(struct px_copy_memory *memory)
{
    struct copy_resume *resume = NULL;
    assert_int_equal(copy_resume_open(path, NULL, &resume), PX_OK);
    *memory = copy_resume_memory(resume);
    return resume;
}

static bool finds(const char *source, const char *target)
{
    struct px_copy_memory memory;
    struct px_copy_record record;
    struct copy_resume *resume = open_it(&memory);
    const bool found = memory.find(memory.ctx, source, target, &record);
    if (found) {
        assert_int_equal(record.bytes, 7);
        assert_int_equal(record.mtime_ns, 5000000006);
    }
    copy_resume_free(resume);
    return found;
}

static void test_copy_resume_line_of_this_boot_proves_its_file(void **state)
{
    (void)state;
    struct px_copy_memory memory;
    struct copy_resume *resume = open_it(&memory);
    append_file(memory.run, "");
    copy_resume_free(resume);
    assert_true(finds("s", "t"));
    assert_false(finds("s", "u"));
    assert_false(finds("u", "t"));
}

static void test_copy_resume_other_boot_proves_only_what_is_durable(void **state)
{
    (void)state;
    append_file(OTHER_BOOT, "");
    assert_false(finds("s", "t"));
    append_file(OTHER_BOOT, ",\"durable\":true");
    assert_true(finds("s", "t"));
    append_file(OTHER_BOOT, "");
    assert_false(finds("s", "t")); /* the last line counts */
    append("{\"synced\":true,\"run\":\"" OTHER_BOOT "\"}\n");
    assert_true(finds("s", "t"));
}

static void test_copy_resume_garbage_proves_nothing(void **state)
{
    (void)state;
    struct px_copy_memory memory;
    static const char *const lines[] = {"{\"source\":\"s\",\"path\":\"t\",\"run\":\"",
                                        "\0",
                                        "not json\n",
                                        "{\"run\":\"\"}\n",
                                        "{\"synced\":true,\"run\":7}\n",
                                        "\xff\xfe{}\n",
                                        "{\"synced\":true,\"run\":\"short\"}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        append(lines[i]);
    }
    append("\n");
    struct copy_resume *resume = open_it(&memory);
    append_file(memory.run, "");
    copy_resume_free(resume);
    assert_true(finds("s", "t"));
    append_file("x", "");
    assert_false(finds("s", "t"));
}

static void test_copy_resume_changed_member_is_another_fact(void **state)
{
    (void)state;
    struct px_copy_memory memory;
    struct px_copy_record record;
    char id[COPY_RESUME_ID_ROOM];
    char line[400];
    struct copy_resume *resume = open_it(&memory);
    copy_resume_id("s", "t", COPY_RESUME_FILE, id);
    static const char *const bad[] = {
        "\"status\":\"failed\",\"bytes\":7,\"mtime\":\"5.000000006\"",
        "\"status\":\"ok\",\"bytes\":-7,\"mtime\":\"5.000000006\"",
        "\"status\":\"ok\",\"bytes\":\"7\",\"mtime\":\"5.000000006\"",
        "\"status\":\"ok\",\"bytes\":7,\"mtime\":\"5\"",
        "\"status\":\"chunk\",\"bytes\":7,\"mtime\":\"5.000000006\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(line, sizeof line,
                       "{\"source\":\"s\",\"path\":\"t\",%s,\"id\":\"%s\",\"run\":\"%s\"}\n",
                       bad[i], id, memory.run);
        append(line);
        assert_false(finds("s", "t"));
    }
    assert_false(memory.find(memory.ctx, "s", "t", &record));
    copy_resume_free(resume);
}

static void test_copy_resume_chunks_come_back_and_begin_marks_them(void **state)
{
    (void)state;
    struct px_copy_memory memory;
    struct px_copy_chunk chunk = {
        .offset = 64, .bytes = 32, .size = 100, .mtime_ns = -5, .begun = OTHER_BOOT};
    struct px_copy_chunk back;
    const struct px_copy_part part = {.inode = 77, .size = 100, .mtime_ns = -5, .durable = true};
    struct px_copy_part begun;
    struct copy_resume *resume = open_it(&memory);
    assert_true(memory.begin(memory.ctx, "s\xff", "t\n", &part));
    memory.note_chunk(memory.ctx, "s\xff", "t\n", &chunk);
    char run[PX_COPY_RUN_ROOM];
    memcpy(run, memory.run, sizeof run);
    assert_int_equal(copy_resume_note_synced(resume), PX_OK);
    copy_resume_free(resume);
    resume = open_it(&memory);
    assert_true(memory.find_begin(memory.ctx, "s\xff", "t\n", &begun));
    assert_int_equal(begun.inode, 77);
    assert_int_equal(begun.size, 100);
    assert_int_equal(begun.mtime_ns, -5);
    assert_string_equal(begun.begun, run);
    assert_true(memory.find_chunk(memory.ctx, "s\xff", "t\n", 64, &back));
    assert_int_equal(back.bytes, 32);
    assert_int_equal(back.size, 100);
    assert_int_equal(back.mtime_ns, -5);
    assert_string_equal(back.begun, OTHER_BOOT);
    assert_false(memory.find_chunk(memory.ctx, "s\xff", "t\n", 0, &back));
    assert_false(memory.find_chunk(memory.ctx, "s\xfe", "t\n", 64, &back));
    copy_resume_free(resume);
}

static void test_copy_resume_no_journal_knows_nothing(void **state)
{
    (void)state;
    struct copy_resume *resume = NULL;
    struct px_copy_record record;
    assert_int_equal(copy_resume_open("/tmp/no-such-journal-of-ours", NULL, &resume), PX_OK);
    const struct px_copy_memory memory = copy_resume_memory(resume);
    assert_false(memory.find(memory.ctx, "s", "t", &record));
    copy_resume_free(resume);
    copy_resume_free(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_copy_resume_line_of_this_boot_proves_its_file),
        T(test_copy_resume_other_boot_proves_only_what_is_durable),
        T(test_copy_resume_garbage_proves_nothing),
        T(test_copy_resume_changed_member_is_another_fact),
        T(test_copy_resume_chunks_come_back_and_begin_marks_them),
        T(test_copy_resume_no_journal_knows_nothing),
    };
    return cmocka_run_group_tests_name("copy_resume", tests, NULL, NULL);
}
