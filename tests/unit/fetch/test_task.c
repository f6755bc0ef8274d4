/* SPDX-License-Identifier: MIT
 *
 * Tasks: where each goes, what a bad entry becomes, outcomes, and the way back into a list.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "support/memory_text.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define SHA1_X "sha-1=11f6ad8ec52a2984abaafd7c3b516503785c2072"

static struct area area;

static int make_area(void **state)
{
    (void)state;
    area_make(&area);
    return 0;
}

static int remove_area(void **state)
{
    (void)state;
    area_remove(&area);
    return 0;
}

static void test_task_target_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *options, *target, *name;
        bool in_base;
    } rows[] = {
        {"", "DIR/x.bin", "x.bin", true},
        {"out=y\n", "DIR/y", "y", true},
        {"out=a/b/y\n", "DIR/a/b/y", "y", false},
        {"out=y\nout=z\n", "DIR/z", "z", true},
        {"dir=d\n", "d/x.bin", "x.bin", false},
        {"dir=/abs/\nout=s/y\n", "/abs/s/y", "y", false},
        {"dir=/\n", "/x.bin", "x.bin", false},
        {"split=4\nunknown=1\n", "DIR/x.bin", "x.bin", true},
    };
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    for (size_t i = 0; i < ROWS(rows); i++) {
        char want[300];
        struct fetch_task *task = fetching_task(fetch, "http://h/x.bin?q", rows[i].options);
        const bool below = strncmp(rows[i].target, "DIR", 3) == 0;
        snprintf(want, sizeof want, "%s%s", below ? area.dir : "",
                 rows[i].target + (below ? 3 : 0));
        assert_string_equal(task->target, want);
        assert_string_equal(task->item.target, want);
        assert_string_equal(task->name, rows[i].name);
        assert_int_equal(task->in_base, rows[i].in_base);
        task_free(task);
    }
    px_fetch_free(fetch);
}

static void test_task_out_name_of_the_command_line_is_taken_as_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *out, *target;
        bool in_base;
    } rows[] = {
        {".hidden", "DIR/.hidden", true},
        {"sub/../y", "DIR/sub/../y", false},
        {"/abs/y", "/abs/y", false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char want[300];
        const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir, .out_name = rows[i].out};
        struct px_fetch *fetch = fetching_new(&opts);
        struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
        const bool below = strncmp(rows[i].target, "DIR", 3) == 0;
        snprintf(want, sizeof want, "%s%s", below ? area.dir : "",
                 rows[i].target + (below ? 3 : 0));
        assert_string_equal(task->target, want);
        assert_int_equal(task->in_base, rows[i].in_base);
        task_free(task);
        px_fetch_free(fetch);
    }
}

static void test_task_without_a_dir_the_target_is_the_bare_name(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
    assert_string_equal(task->target, "x");
    assert_true(task->in_base);
    assert_int_equal(task->dir_len, 0);
    task_free(task);
    px_fetch_free(fetch);
}

static void test_task_bad_options_fail_with_the_line(void **state)
{
    (void)state;
    static const char *const options[] = {
        "checksum=sha-256\n",
        "checksum=sha-256=12\n",
        "checksum=crc32=12345678\n",
        "checksum=" SHA1_X "00\n",
        "out=../x\n",
        "out=/etc/x\n",
        "out=\n",
        "dir=\n",
    };
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    for (size_t i = 0; i < ROWS(options); i++) {
        struct fetch_task *task = fetching_task(fetch, "http://h/x", options[i]);
        assert_int_equal(task->item.state, PX_ITEM_FAILED);
        assert_int_equal(task->item.status, PX_EBADLINE);
        assert_int_equal(task->result.failed, 1);
        assert_int_equal(strncmp(task->item.error, "line 1: ", 8), 0);
        task_free(task);
    }
    px_fetch_free(fetch);
}

static void test_task_checksum_is_read(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "checksum=" SHA1_X "\n");
    assert_int_equal(task->sums.line.kind, PX_DIGEST_SHA1);
    assert_int_equal(task->sums.line.value[0], 0x11);
    task_free(task);
    px_fetch_free(fetch);
}

static void test_task_origin_is_scheme_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"http://h/a", "http://h/b?c", true},        {"http://h/a", "HTTP://H/a", true},
        {"http://h/a", "http://u:p@h/a", true},      {"http://h/a", "http://h:81/a", false},
        {"http://h/a", "https://h/a", false},        {"http://h/a", "http://h2/a", false},
        {"http://h", "http://h?x/y", true},          {"http://h/a", "http://h:80/b", true},
        {"https://h:443/a", "https://h/b", true},    {"http://h:/a", "http://h/b", true},
        {"http://h:443/a", "http://h/b", false},     {"https://h:80/a", "https://h/b", false},
        {"http://h:8080/a", "http://h:80/b", false}, {"http://[::80]/a", "http://[::]/b", false},
    };
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct fetch_task *a = fetching_task(fetch, rows[i].a, "");
        struct fetch_task *b = fetching_task(fetch, rows[i].b, "");
        assert_int_equal(a->origin == b->origin, rows[i].same);
        assert_int_equal(b->has_userinfo, strchr(rows[i].b, '@') != NULL);
        task_free(a);
        task_free(b);
    }
    px_fetch_free(fetch);
}

static void test_task_outcomes_replace_each_other(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
    task_set_failed(task, PX_ENET, 111, "one %d", 1);
    assert_string_equal(task->item.error, "one 1");
    assert_int_equal(task->item.os_errno, 111);
    assert_int_equal(task->result.failed, 1);
    task_set_repeated(task, "same as line 1");
    assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
    assert_string_equal(task->item.error, "same as line 1");
    assert_int_equal(task->result.failed, 0);
    assert_int_equal(task->result.skipped, 1);
    task_set_canceled(task);
    assert_int_equal(task->item.status, PX_ECANCELED);
    assert_int_equal(task->result.canceled, 1);
    task_set_ok(task, 12);
    assert_null(task->item.error);
    assert_int_equal(task->result.ok, 1);
    assert_int_equal(task->result.canceled, 0);
    assert_int_equal(task->result.bytes, 12);
    task_free(task);
    px_fetch_free(fetch);
}

static void test_task_keep_text_holds_any_length(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
    const char *kept[40];
    char text[200];
    for (size_t i = 0; i < ROWS(kept); i++) {
        memset(text, 'a' + (int)(i % 26), i * 5);
        text[i * 5] = '\0';
        kept[i] = task_keep_text(task, text);
    }
    for (size_t i = 0; i < ROWS(kept); i++) {
        assert_int_equal(strlen(kept[i]), i * 5);
        assert_true(i == 0 || kept[i][i * 5 - 1] == 'a' + (int)(i % 26));
    }
    assert_null(task_keep_text(task, NULL));
    assert_string_equal(task->url, "http://h/x");
    task_free(task);
    px_fetch_free(fetch);
}

static void expect_entry(const struct fetch_task *task, const char *want)
{
    struct memory_text memory;
    FILE *out = memory_text_open(&memory);
    assert_int_equal(px_fetch_write_entry(&task->result, out), PX_OK);
    assert_string_equal(memory_text_close(&memory), want);
    memory_text_free(&memory);
}

static void test_task_write_entry_keeps_what_the_next_run_needs(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    struct list_entry entry = fetching_entry("http://u:p@h/x", "out=a b\nheader=X: y\nsplit=4\n");
    struct fetch_task *task;
    entry.mirrors = "http://m/x\thttp://n/x";
    entry.mirrors_len = strlen(entry.mirrors);
    assert_int_equal(task_new(fetch, &entry, &task), PX_OK);
    expect_entry(task, "http://u:p@h/x\thttp://m/x\thttp://n/x\n"
                       "  out=a b\n  header=X: y\n  split=4\n");
    task_free(task);
    task = fetching_task(fetch, "http://h/y", "");
    expect_entry(task, "http://h/y\n");
    task_free(task);
    px_fetch_free(fetch);
}

static void test_task_write_entry_bad_line_becomes_a_comment(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "ftp://h/\x1b", "");
    expect_entry(task, "# line 1: a control byte in the URL: ftp://h/\\e\n");
    task_free(task);
    px_fetch_free(fetch);
}

static void test_task_write_entry_names_the_out_of_the_command_line(void **state)
{
    (void)state;
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir, .out_name = "y"};
    struct px_fetch *fetch = fetching_new(&opts);
    struct fetch_task *task = fetching_task(fetch, "http://h/x", "");
    expect_entry(task, "http://h/x\n  out=y\n");
    task_free(task);
    px_fetch_free(fetch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_area)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_task_target_by_table),
        TEST(test_task_out_name_of_the_command_line_is_taken_as_it_is),
        TEST(test_task_without_a_dir_the_target_is_the_bare_name),
        TEST(test_task_bad_options_fail_with_the_line),
        TEST(test_task_checksum_is_read),
        TEST(test_task_origin_is_scheme_host_and_port),
        TEST(test_task_outcomes_replace_each_other),
        TEST(test_task_keep_text_holds_any_length),
        TEST(test_task_write_entry_keeps_what_the_next_run_needs),
        TEST(test_task_write_entry_bad_line_becomes_a_comment),
        TEST(test_task_write_entry_names_the_out_of_the_command_line),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
