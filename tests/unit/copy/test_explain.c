/* SPDX-License-Identifier: MIT
 *
 * The words of --explain: once for each reason, each large file, nothing where it was not asked for.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/log.h>

#include "copy/data_job.h"
#include "copy/explain.h"

struct talk {
    struct job job;
    struct px_outlock *out;
    struct px_log log;
    int fd;
    char text[2048];
};

static void talk_begin(struct talk *talk, bool explain, enum px_log_level level)
{
    struct px_copy_opts opts = fake_opts("src", "unused");
    *talk = (struct talk){.fd = open("log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    assert_int_equal(px_outlock_new(talk->fd, &talk->out), PX_OK);
    talk->log = (struct px_log){.out = talk->out, .level = level, .program = "copy"};
    opts.log = &talk->log;
    opts.explain = explain;
    opts.chunk_bytes = 1 << 20;
    job_begin(&talk->job, 10, opts);
}

/* What was said. */
static const char *talk_end(struct talk *talk)
{
    job_end(&talk->job);
    px_outlock_free(talk->out);
    assert_true(pread(talk->fd, talk->text, sizeof talk->text - 1, 0) >= 0);
    (void)close(talk->fd);
    return talk->text;
}

static void test_explain_note_is_said_once_for_each_pair_and_reason(void **state)
{
    (void)state;
    struct talk talk;
    struct px_pair other = {.source_dev = 1};
    talk_begin(&talk, true, PX_LOG_NORMAL);
    const struct px_copier *copier = talk.job.fake.copier;
    px_explain_note(copier, &talk.job.pair, "this", "because");
    px_explain_note(copier, &talk.job.pair, "this", "because");
    px_explain_note(copier, &talk.job.pair, "that", "because");
    px_explain_note(copier, &other, "this", "because");
    assert_string_equal(talk_end(&talk), "[copy-0] this, between devices 0:0 and 0:0: because\n"
                                         "[copy-0] that, between devices 0:0 and 0:0: because\n"
                                         "[copy-0] this, between devices 0:1 and 0:0: because\n");
}

static void test_explain_says_nothing_unasked(void **state)
{
    (void)state;
    static const struct {
        bool explain;
        enum px_log_level level;
        bool says;
    } rows[] = {{false, PX_LOG_NORMAL, false},
                {false, PX_LOG_VERBOSE, false},
                {false, PX_LOG_DEBUG, true},
                {true, PX_LOG_QUIET, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct talk talk;
        talk_begin(&talk, rows[i].explain, rows[i].level);
        px_explain_note(talk.job.fake.copier, &talk.job.pair, "this", "because");
        assert_int_equal(talk_end(&talk)[0] != '\0', rows[i].says);
    }
}

static void test_explain_more_reasons_than_there_is_room_for_are_not_said(void **state)
{
    (void)state;
    struct talk talk;
    static char why[PX_PAIR_TOLD + 1][8];
    talk_begin(&talk, true, PX_LOG_NORMAL);
    for (size_t i = 0; i <= PX_PAIR_TOLD; i++) {
        (void)snprintf(why[i], sizeof why[i], "r%02zu", i);
        px_explain_note(talk.job.fake.copier, &talk.job.pair, "x", why[i]);
    }
    const char *text = talk_end(&talk);
    assert_non_null(strstr(text, why[PX_PAIR_TOLD - 1]));
    assert_null(strstr(text, why[PX_PAIR_TOLD]));
}

static void test_explain_large_files_are_told_by_name(void **state)
{
    (void)state;
    struct talk talk;
    struct px_entry entry;
    talk_begin(&talk, true, PX_LOG_NORMAL);
    struct px_copier *copier = talk.job.fake.copier;
    struct px_dir *dir = fake_container(&talk.job.fake, &entry);
    entry.engine = PX_ENGINE_READ_WRITE;
    entry.engine_why = "why";
    entry.bytes = 10;
    px_explain_file(copier, &entry);
    px_explain_file(copier, &entry);
    entry.bytes = 2 << 20;
    entry.in_chunks = true;
    px_explain_file(copier, &entry);
    entry.in_chunks = false;
    entry.stream_why = "alone";
    px_explain_file(copier, &entry);
    entry.engine = PX_ENGINE_LINK;
    px_explain_file(copier, &entry);
    px_dir_drop(copier, dir);
    const char *text = talk_end(&talk);
    const char *first = strchr(text, '\n');
    assert_non_null(strstr(text, "read/write, between devices "));
    assert_string_equal(
        first + 1, "[copy-0] src: read/write, in chunks of 1048576 bytes by several workers: why\n"
                   "[copy-0] src: read/write, one stream: why; alone\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_explain_note_is_said_once_for_each_pair_and_reason),
        T(test_explain_says_nothing_unasked),
        T(test_explain_more_reasons_than_there_is_room_for_are_not_said),
        T(test_explain_large_files_are_told_by_name),
    };
    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
