/* SPDX-License-Identifier: MIT
 *
 * From inputs to tasks: checksum files, --strict, --shard.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/list/intake.h"
#include "support/io_fault.h"
#include "support/memory_text.h"

#define MD5(digit) "0123456789abcdef0123456789abcde" digit
#define MS PX_NS_PER_MS

static struct area area;
static struct px_fetch *fetch;
static struct intake *intake;
static struct px_outlock *out;
static struct px_log log_to;
static int said[2];

static int make_area(void **state)
{
    (void)state;
    area_make(&area);
    io_fault_reset();
    assert_int_equal(pipe2(said, O_NONBLOCK), 0);
    assert_int_equal(px_outlock_new(said[1], &out), PX_OK);
    log_to = (struct px_log){.out = out, .program = "pfetch"};
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    intake_free(intake);
    intake = NULL;
    px_fetch_free(fetch);
    fetch = NULL;
    px_outlock_free(out);
    close(said[0]);
    close(said[1]);
    area_remove(&area);
    return 0;
}

/* What was said since the last call. */
static const char *messages(void)
{
    static char text[8192];
    const ssize_t n = read(said[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static const char *put_file(const char *name, const char *text, char path[300])
{
    area_put(&area, name, text, strlen(text));
    snprintf(path, 300, "%s/%s", area.dir, name);
    return path;
}

/* An intake of the list `text`; with `sums`, also of that checksum file. */
static void open_intake(const char *text, const char *sums, struct px_fetch_opts opts)
{
    static char paths[2][300];
    static const char *inputs[1], *files[1];
    inputs[0] = put_file("list", text, paths[0]);
    if (sums != NULL) {
        files[0] = put_file("SUMS", sums, paths[1]);
        opts.checksum_files = files;
        opts.n_checksum_files = 1;
    }
    opts.workers = 1;
    opts.dir = area.dir;
    opts.inputs = inputs;
    opts.n_inputs = 1;
    opts.io = io_fault_ops();
    opts.log = &log_to;
    intake_free(intake);
    px_fetch_free(fetch);
    fetch = fetching_new(&opts);
    assert_int_equal(intake_new(fetch, &intake), PX_OK);
}

/* All tasks, a line each: NAME and, of a bad one, the reason; then the status. */
static char *read_all(void)
{
    struct memory_text memory = {0};
    FILE *to = memory_text_open(&memory);
    struct fetch_task *task;
    int64_t until;
    int rc;
    while ((rc = intake_next(intake, 1000, &task, &until)) == PX_OK || rc == PX_EAGAIN) {
        if (rc == PX_EAGAIN) {
            assert_true(until >= 1000);
            continue;
        }
        if (task->item.state == PX_ITEM_FAILED) {
            assert_int_equal(task->item.status, PX_EBADLINE);
            fprintf(to, "!%s\n", task->item.error);
        } else {
            const unsigned char *sum = task->sums.line.value;
            fprintf(to, "%s%s%x\n", task->name, task->sums.line.kind != PX_DIGEST_NONE ? " " : " -",
                    task->sums.line.kind != PX_DIGEST_NONE ? sum[task->sums.line.len - 1] & 15u
                                                           : 0u);
        }
        task_free(task);
    }
    fprintf(to, "%s\n", px_status_name(rc));
    memory_text_close(&memory);
    return memory.text;
}

static void expect(const char *expected)
{
    char *text = read_all();
    assert_string_equal(text, expected);
    free(text);
}

/* --- checksum files --------------------------------------------------------------------------- */

static void test_intake_gives_each_file_its_checksum(void **state)
{
    (void)state;
    open_intake("http://h/a\nhttp://h/b\n  out=renamed\nhttp://h/c\n  checksum=md5=" MD5("7") "\n",
                MD5("1") "  a\n" MD5("2") "  renamed\n" MD5("3") "  c\n",
                (struct px_fetch_opts){0});
    expect("a 1\nrenamed 2\nc 7\nEEND\n");
    assert_string_equal(messages(), "");
}

static void test_intake_warns_of_files_that_nothing_names(void **state)
{
    (void)state;
    open_intake("http://h/a\nhttp://h/1\nhttp://h/2\nhttp://h/3\nhttp://h/4\nhttp://h/5\n"
                "http://h/6\nhttp://h/7\n",
                "odd\n" MD5("1") "  a\n", (struct px_fetch_opts){0});
    expect("a 1\n1 -0\n2 -0\n3 -0\n4 -0\n5 -0\n6 -0\n7 -0\nEEND\n");
    const char *text = messages();
    assert_non_null(strstr(text, "SUMS: line 1 is no checksum\n"));
    assert_non_null(strstr(text, "warning: 1: no checksum file names it"));
    assert_non_null(strstr(text, "warning: 5: "));
    assert_null(strstr(text, "warning: 6: "));
    assert_non_null(strstr(text, "some other files, either"));
}

static void test_intake_refuses_what_checksum_files_leave_open(void **state)
{
    (void)state;
    open_intake("http://h/a\nhttp://h/b\n",
                MD5("1") "  x/a\n" MD5("2") "  y/a\n" MD5("3") "  b\n" MD5("4") "  b\n",
                (struct px_fetch_opts){0});
    expect("!line 1: the checksum files have several files of that name in other folders\n"
           "!line 2: the checksum files have two different checksums for it\nEEND\n");
}

static void test_intake_checksum_file_that_cannot_be_used_ends_the_run(void **state)
{
    (void)state;
    open_intake("http://h/a\n", "nothing\n", (struct px_fetch_opts){0});
    expect("EBADLINE\n");
    assert_non_null(strstr(intake_error(intake), "SUMS: there is no checksum in it"));
    unlinkat(area.fd, "SUMS", 0);
    static const char *const none[] = {"/none/SUMS"};
    open_intake("http://h/a\n", NULL,
                (struct px_fetch_opts){.checksum_files = none, .n_checksum_files = 1});
    expect("EIO\n");
    assert_string_equal(intake_error(intake), "/none/SUMS: No such file or directory");
}

static void test_intake_checksum_of_a_file_is_written_with_its_entry(void **state)
{
    (void)state;
    struct fetch_task *task;
    int64_t until;
    struct memory_text memory = {0};
    open_intake("http://h/a\n  split=2\n", MD5("1") "  a\n", (struct px_fetch_opts){0});
    assert_int_equal(intake_next(intake, 1, &task, &until), PX_OK);
    task_set_failed(task, PX_ENET, 0, "reset");
    assert_int_equal(task_write_entry(task, memory_text_open(&memory)), PX_OK);
    assert_string_equal(memory_text_close(&memory),
                        "http://h/a\n  split=2\n  checksum=md5=" MD5("1") "\n");
    memory_text_free(&memory);
    task_free(task);
}

/* --- --strict --------------------------------------------------------------------------------- */

static void test_intake_strict_gives_all_bad_lines_and_no_good_one(void **state)
{
    (void)state;
    open_intake("http://h/a\nnonsense\nhttp://h/b\n  checksum=x\nhttp://i/a\nhttp://h/a\n", NULL,
                (struct px_fetch_opts){.strict = true});
    expect("!line 2: no scheme: a URL begins with http:// or https://\n"
           "!line 3: checksum= is not TYPE=HEX with a known type and its number of digits\n"
           "!line 5: same target as line 1\nEEND\n");
    assert_non_null(strstr(messages(), "--strict: nothing is fetched: 3 bad lines"));
    assert_int_equal(intake_total(intake), 0);
}

static void test_intake_strict_begins_again_when_all_is_good(void **state)
{
    (void)state;
    open_intake("http://h/a\nhttp://h/b\nhttp://h/a\n", NULL,
                (struct px_fetch_opts){.strict = true});
    expect("a -0\nb -0\na -0\nEEND\n");
    assert_int_equal(intake_total(intake), 3);
    assert_string_equal(messages(), "");
}

static void test_intake_strict_wants_a_checksum_for_each_file(void **state)
{
    (void)state;
    open_intake("http://h/a\nhttp://h/b\n", MD5("1") "  a\n",
                (struct px_fetch_opts){.strict = true});
    expect("!line 2: no checksum file names it (--strict)\nEEND\n");
    open_intake("http://h/a\n", "odd\n" MD5("1") "  a\n", (struct px_fetch_opts){.strict = true});
    expect("EBADLINE\n");
    assert_non_null(strstr(intake_error(intake), "lines that are no checksums"));
}

static void test_intake_strict_reads_a_pipe_to_its_end_first(void **state)
{
    (void)state;
    char path[300];
    const char *input = path;
    struct fetch_task *task;
    int64_t until;
    snprintf(path, sizeof path, "%s/pipe", area.dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    const struct px_fetch_opts opts = {.workers = 1,
                                       .dir = area.dir,
                                       .inputs = &input,
                                       .n_inputs = 1,
                                       .io = io_fault_ops(),
                                       .log = &log_to,
                                       .strict = true};
    fetch = fetching_new(&opts);
    assert_int_equal(intake_new(fetch, &intake), PX_OK);
    assert_int_equal(intake_next(intake, 1, &task, &until), PX_EAGAIN);
    const int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(write(fd, "http://h/a\nhttp://h/b\n", 22), 22);
    for (int64_t now = 1; now < 2000 * MS; now += 100 * MS) {
        assert_int_equal(intake_next(intake, now, &task, &until), PX_EAGAIN);
        assert_true(until > now);
    }
    close(fd);
    expect("a -0\nb -0\nEEND\n");
}

/* --- --shard ---------------------------------------------------------------------------------- */

/* Every line, good, bad or repeated, is in just one share, and keeps its number. */
static void check_shares(enum px_shard_by by, bool strict)
{
    static const unsigned counts[] = {1, 2, 3, 7};
    char *list = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&list, &n);
    for (unsigned i = 0; i < 200; i++) {
        fprintf(to, "http://host%u.example:%u/file-%u\n", i % 31, i, i);
        if (!strict) {
            fprintf(to, "bad-%u\n", i);
        }
    }
    fclose(to);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        unsigned times[401] = {0}, seen = 0;
        for (unsigned k = 0; k < counts[c]; k++) {
            struct fetch_task *task;
            int64_t until;
            int rc;
            open_intake(
                list, NULL,
                (struct px_fetch_opts){
                    .shard_index = k, .shard_count = counts[c], .shard_by = by, .strict = strict});
            while ((rc = intake_next(intake, 1, &task, &until)) == PX_OK || rc == PX_EAGAIN) {
                if (rc == PX_OK) {
                    times[task->item.line]++;
                    seen++;
                    task_free(task);
                }
            }
            assert_int_equal(rc, PX_EEND);
        }
        assert_int_equal(seen, strict ? 200 : 400);
        for (unsigned line = 1; line <= seen; line++) {
            assert_int_equal(times[line], 1);
        }
    }
    free(list);
}

static void test_intake_shares_are_disjoint_and_complete(void **state)
{
    (void)state;
    check_shares(PX_SHARD_HOST, false);
    check_shares(PX_SHARD_ITEM, false);
    check_shares(PX_SHARD_HOST, true);
    check_shares(PX_SHARD_ITEM, true);
}

static void test_intake_share_that_was_found_out_is_said_once(void **state)
{
    (void)state;
    open_intake("http://h/a\nhttp://i/a\n", NULL,
                (struct px_fetch_opts){
                    .shard_index = 0, .shard_count = 2, .shard_from = "from RANK and SIZE"});
    free(read_all());
    assert_string_equal(messages(), "pfetch: shard 0 of 2 (from RANK and SIZE)\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_intake_gives_each_file_its_checksum),
        TEST(test_intake_warns_of_files_that_nothing_names),
        TEST(test_intake_refuses_what_checksum_files_leave_open),
        TEST(test_intake_checksum_file_that_cannot_be_used_ends_the_run),
        TEST(test_intake_checksum_of_a_file_is_written_with_its_entry),
        TEST(test_intake_strict_gives_all_bad_lines_and_no_good_one),
        TEST(test_intake_strict_begins_again_when_all_is_good),
        TEST(test_intake_strict_wants_a_checksum_for_each_file),
        TEST(test_intake_strict_reads_a_pipe_to_its_end_first),
        TEST(test_intake_shares_are_disjoint_and_complete),
        TEST(test_intake_share_that_was_found_out_is_said_once),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
