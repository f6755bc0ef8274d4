/* SPDX-License-Identifier: MIT
 *
 * What earlier runs know: which entries share an identity, what proves a file done with each kind of
 * --on-exist, and the conditions of --on-exist=newer, up to the reply.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fetch/earlier.h"
#include "fetch/settle.h"
#include "fetch/site.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define THEN 784111777 /* the same as: */
#define THEN_TEXT "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER_TEXT "Mon, 07 Nov 1994 08:49:37 GMT"

/* --- a memory that holds one record ----------------------------------------------------------- */

static struct px_fetch_record record;
static uint64_t record_id; /* 0: nothing */

static bool find(void *ctx, uint64_t id, const char *url, struct px_fetch_record *out)
{
    (void)ctx;
    (void)url;
    if (id != record_id) {
        return false;
    }
    *out = record;
    return true;
}

static const struct px_fetch_memory memory = {.find = find};

/* --- a server with one file ------------------------------------------------------------------- */

static struct site site;
static struct {
    const char *etag, *modified; /* NULL = none */
    bool believes;               /* in conditions */
    char if_none_match[64], if_modified_since[64];
} origin;

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    char headers[256] = "", *at = headers;
    const size_t room = sizeof headers;
    (void)ctx;
    if (strcmp(request->path, "/redirect") == 0) {
        http_whole(reply, "302 Found", "Location: file\r\n", "", 0);
        return;
    }
    origin.if_none_match[0] = origin.if_modified_since[0] = '\0';
    (void)http_header(request->head, "If-None-Match", origin.if_none_match, 64);
    (void)http_header(request->head, "If-Modified-Since", origin.if_modified_since, 64);
    if (origin.etag != NULL) {
        at += snprintf(at, room, "ETag: %s\r\n", origin.etag);
    }
    if (origin.modified != NULL) {
        snprintf(at, room - (size_t)(at - headers), "Last-Modified: %s\r\n", origin.modified);
    }
    const bool same_etag = origin.etag != NULL && strcmp(origin.etag, origin.if_none_match) == 0;
    const bool same_date =
        origin.modified != NULL && strcmp(origin.modified, origin.if_modified_since) == 0;
    if (origin.believes && (same_etag || (origin.if_none_match[0] == '\0' && same_date))) {
        http_text(reply, "HTTP/1.1 304 Not Modified\r\n");
        http_text(reply, headers);
        http_text(reply, "\r\n");
    } else {
        http_whole(reply, "200 OK", headers, "new bytes", 9);
    }
}

/* The directory holds `file` with the bytes "old" and the date THEN when the engine begins. */
static void open_site(enum px_on_exist on_exist)
{
    const struct timespec times[2] = {{THEN, 5}, {THEN, 5}};
    record_id = 0;
    memset(&origin, 0, sizeof origin);
    origin.believes = true;
    site_open(&site, serve,
              (struct px_fetch_opts){.on_exist = on_exist, .memory = &memory, .stamps = true});
    area_put(&site.area, "file", "old", 3);
    assert_int_equal(utimensat(site.area.fd, "file", times, 0), 0);
    present_fini(&site.fetch->present);
    present_scan(&site.fetch->present, px_io_real(), site.area.fd);
}

static void remember(const struct fetch_task *task, const char *etag, const char *modified)
{
    record_id = earlier_id(task);
    record = (struct px_fetch_record){.target = task->target,
                                      .bytes = 3,
                                      .mtime_ns = (int64_t)THEN * 1000000000 + 5,
                                      .etag = etag,
                                      .last_modified = modified};
}

static bool settle(struct fetch_task *task)
{
    struct settle all;
    bool finished = false;
    assert_int_equal(settle_init(&all, site.fetch, NULL), PX_OK);
    assert_int_equal(settle_task(&all, task, &finished), PX_OK);
    settle_fini(&all);
    return finished;
}

/* --- identity --------------------------------------------------------------------------------- */

static uint64_t id_of(const char *url, const char *options)
{
    struct fetch_task *task = fetching_task(site.fetch, url, options);
    const uint64_t id = earlier_id(task);
    task_free(task);
    return id;
}

static void test_earlier_id_is_of_url_target_and_checksum(void **state)
{
    static const char sum[] = "checksum=md5=d41d8cd98f00b204e9800998ecf8427e\n";
    static const struct {
        const char *url, *options;
        bool same;
    } rows[] = {
        {"http://h/a?q=1", "", true},
        {"http://u:p@h/a?q=1", "", true}, /* who asks makes no difference */
        {"http://other:user@h/a?q=1", "", true},
        {"http://h/a?q=1", "header=A: b\n", true},
        {"http://h/a?q=2", "", false},
        {"https://h/a?q=1", "", false},
        {"http://h:80/a?q=1", "", false},
        {"http://h/b@h/a?q=1", "", false},
        {"http://h/a?q=1", "out=b\n", false},
        {"http://h/a?q=1", "dir=/tmp\n", false},
        {"http://h/a?q=1", sum, false},
        {"http://h/a?q=1", "checksum=md5=d41d8cd98f00b204e9800998ecf8427f\n", false},
    };
    (void)state;
    open_site(PX_ON_EXIST_SKIP);
    const uint64_t id = id_of("http://h/a?q=1", "");
    assert_true(id != 0);
    for (size_t i = 0; i < ROWS(rows); i++) {
        if ((id_of(rows[i].url, rows[i].options) == id) != rows[i].same) {
            fail_msg("row %zu: %s %s", i, rows[i].url, rows[i].options);
        }
    }
    assert_true(id_of("http://h/a", sum) == id_of("http://h/a", sum));
    site_close(&site);
}

/* --- done ------------------------------------------------------------------------------------- */

static void test_earlier_file_as_recorded_is_done_but_for_newer(void **state)
{
    static const enum px_on_exist kinds[] = {PX_ON_EXIST_SKIP, PX_ON_EXIST_OVERWRITE,
                                             PX_ON_EXIST_RENAME, PX_ON_EXIST_FAIL};
    (void)state;
    for (size_t i = 0; i < ROWS(kinds); i++) {
        open_site(kinds[i]);
        struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
        remember(task, "\"e\"", THEN_TEXT);
        assert_true(settle(task));
        assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
        assert_string_equal(task->detail.skip_reason, "done");
        assert_true(task->detail.has_stamp); /* the next journal proves it, too */
        assert_int_equal(task->detail.size, 3);
        assert_true(task->detail.mtime_ns == record.mtime_ns);
        assert_string_equal(task->detail.etag, "\"e\"");
        assert_string_equal(task->detail.last_modified, THEN_TEXT);
        task_free(task);
        site_close(&site);
    }
    open_site(PX_ON_EXIST_NEWER);
    struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
    remember(task, "\"e\"", THEN_TEXT);
    assert_false(settle(task));
    task_free(task);
    site_close(&site);
}

static void test_earlier_file_under_the_name_that_it_got_is_done(void **state)
{
    char path[100];
    (void)state;
    open_site(PX_ON_EXIST_RENAME);
    struct fetch_task *task = fetching_task(site.fetch, "http://h/other", "");
    snprintf(path, sizeof path, "%s/file", site.area.dir);
    remember(task, NULL, NULL);
    record.target = path;
    assert_true(settle(task));
    assert_string_equal(task->item.target, path);
    task_free(task);
    site_close(&site);
}

/* Not as recorded: by size, by time, or not a file at all. */
static void test_earlier_changed_file_is_fetched_again_only_with_skip(void **state)
{
    static const struct {
        enum px_on_exist on_exist;
        bool finished;
        enum px_item_state state;
        enum px_on_exist publish_as;
    } rows[] = {
        {PX_ON_EXIST_SKIP, false, PX_ITEM_OK, PX_ON_EXIST_OVERWRITE},
        {PX_ON_EXIST_OVERWRITE, false, PX_ITEM_OK, PX_ON_EXIST_OVERWRITE},
        {PX_ON_EXIST_RENAME, false, PX_ITEM_OK, PX_ON_EXIST_RENAME},
        {PX_ON_EXIST_FAIL, true, PX_ITEM_FAILED, PX_ON_EXIST_FAIL},
    };
    (void)state;
    for (size_t i = 0; i < 2 * ROWS(rows); i++) {
        const size_t row = i / 2;
        open_site(rows[row].on_exist);
        struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
        remember(task, NULL, NULL);
        record.bytes += i % 2;
        record.mtime_ns += i % 2 == 0;
        assert_int_equal(settle(task), rows[row].finished);
        assert_int_equal(task->item.state, rows[row].state);
        assert_int_equal(task_place(task).on_exist, rows[row].publish_as);
        task_free(task);
        site_close(&site);
    }
}

static void test_earlier_changed_file_is_replaced_when_the_new_one_is_whole(void **state)
{
    (void)state;
    open_site(PX_ON_EXIST_SKIP);
    struct fetch_task *task = fetching_task(site.fetch, http_url(&site.server, "/file"), "");
    remember(task, NULL, NULL);
    record.bytes++;
    assert_false(settle(task));
    fake_give(&site.worker, task);
    fake_run(&site.worker, site.fetch);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    area_assert(&site.area, "file", "new bytes", 9);
    assert_true(task->detail.has_stamp);
    assert_int_equal(task->detail.size, 9);
    site_close(&site);
}

static void test_earlier_file_that_is_gone_is_fetched(void **state)
{
    (void)state;
    open_site(PX_ON_EXIST_SKIP);
    struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
    remember(task, NULL, NULL);
    assert_int_equal(unlinkat(site.area.fd, "file", 0), 0);
    assert_false(settle(task));
    task_free(task);
    site_close(&site);
}

/* A file that is there and that no journal tells of is the rule of --on-exist alone. */
static void test_earlier_without_a_record_the_file_is_left_alone(void **state)
{
    (void)state;
    open_site(PX_ON_EXIST_SKIP);
    struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
    assert_true(settle(task));
    assert_string_equal(task->detail.skip_reason, "exists");
    task_free(task);
    site_close(&site);
}

/* --- newer ------------------------------------------------------------------------------------ */

struct newer {
    const char *name;
    const char *record_etag, *record_modified; /* of the journal; both NULL: there is none */
    const char *etag, *modified;               /* of the server */
    bool believes;
    const char *none_match, *since; /* what it is to be asked */
    bool replaced;
};

static void fetch_newer(const struct newer *row, const char *path)
{
    open_site(PX_ON_EXIST_NEWER);
    origin.etag = row->etag;
    origin.modified = row->modified;
    origin.believes = row->believes;
    struct fetch_task *task = fetching_task(site.fetch, http_url(&site.server, path), "out=file\n");
    if (row->record_etag != NULL || row->record_modified != NULL) {
        remember(task, row->record_etag, row->record_modified);
    }
    assert_false(settle(task));
    fake_give(&site.worker, task);
    fake_run(&site.worker, site.fetch);
    if (strcmp(origin.if_none_match, row->none_match) != 0 ||
        strcmp(origin.if_modified_since, row->since) != 0 ||
        (task->item.state == PX_ITEM_OK) != row->replaced) {
        fail_msg("%s: asked '%s' '%s', %s", row->name, origin.if_none_match,
                 origin.if_modified_since, task->detail.skip_reason);
    }
    if (row->replaced) {
        area_assert(&site.area, "file", "new bytes", 9);
    } else {
        assert_int_equal(task->item.state, PX_ITEM_SKIPPED);
        assert_string_equal(task->detail.skip_reason, "not modified");
        assert_int_equal(task->detail.http_status, 304);
        area_assert(&site.area, "file", "old", 3);
    }
    assert_true(task->detail.has_stamp);
    assert_int_equal(area_count(&site.area), 1);
    site_close(&site);
}

static void test_earlier_newer_by_table(void **state)
{
    static const struct newer rows[] = {
        {"by the file's date, same", NULL, NULL, NULL, THEN_TEXT, true, "", THEN_TEXT, false},
        {"by the file's date, later", NULL, NULL, NULL, LATER_TEXT, true, "", THEN_TEXT, true},
        {"by the file's date, none told", NULL, NULL, NULL, NULL, true, "", THEN_TEXT, true},
        {"deaf server, same date", NULL, NULL, NULL, THEN_TEXT, false, "", THEN_TEXT, false},
        {"deaf server, later date", NULL, NULL, NULL, LATER_TEXT, false, "", THEN_TEXT, true},
        {"by the recorded ETag, same", "\"a\"", THEN_TEXT, "\"a\"", THEN_TEXT, true, "\"a\"", "",
         false},
        {"by the recorded ETag, other", "\"a\"", THEN_TEXT, "\"b\"", THEN_TEXT, true, "\"a\"", "",
         true},
        {"by a weak ETag", "W/\"a\"", NULL, "W/\"a\"", NULL, true, "W/\"a\"", "", false},
        {"by the recorded date", NULL, LATER_TEXT, NULL, LATER_TEXT, true, "", LATER_TEXT, false},
        {"a recorded date that is none", NULL, "soon", NULL, LATER_TEXT, true, "", THEN_TEXT, true},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        fetch_newer(&rows[i], "/file");
    }
}

static void test_earlier_newer_conditions_go_along_with_redirects(void **state)
{
    static const struct newer rows[] = {
        {"date", NULL, NULL, NULL, THEN_TEXT, true, "", THEN_TEXT, false},
        {"ETag", "\"a\"", NULL, "\"a\"", NULL, true, "\"a\"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        fetch_newer(&rows[i], "/redirect");
    }
}

static void test_earlier_newer_without_a_file_asks_without_a_condition(void **state)
{
    (void)state;
    open_site(PX_ON_EXIST_NEWER);
    struct fetch_task *task = fetching_task(site.fetch, http_url(&site.server, "/other"), "");
    assert_false(settle(task));
    assert_false(task_is_conditional(task));
    fake_give(&site.worker, task);
    fake_run(&site.worker, site.fetch);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    area_assert(&site.area, "other", "new bytes", 9);
    site_close(&site);
}

static void test_earlier_newer_a_record_of_another_file_gives_no_etag(void **state)
{
    (void)state;
    open_site(PX_ON_EXIST_NEWER);
    struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
    remember(task, "\"a\"", NULL);
    record.bytes = 4;
    assert_false(settle(task));
    assert_null(task->condition.etag);
    assert_true(task->condition.has_date);
    assert_int_equal(task->condition.date_s, THEN);
    task_free(task);
    site_close(&site);
}

static void test_earlier_newer_directory_in_the_way_is_told_without_a_request(void **state)
{
    (void)state;
    open_site(PX_ON_EXIST_NEWER);
    assert_int_equal(unlinkat(site.area.fd, "file", 0), 0);
    assert_int_equal(mkdirat(site.area.fd, "file", 0755), 0);
    struct fetch_task *task = fetching_task(site.fetch, "http://h/file", "");
    assert_true(settle(task));
    assert_int_equal(task->item.status, PX_EIO);
    task_free(task);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_earlier_id_is_of_url_target_and_checksum),
        cmocka_unit_test(test_earlier_file_as_recorded_is_done_but_for_newer),
        cmocka_unit_test(test_earlier_file_under_the_name_that_it_got_is_done),
        cmocka_unit_test(test_earlier_changed_file_is_fetched_again_only_with_skip),
        cmocka_unit_test(test_earlier_changed_file_is_replaced_when_the_new_one_is_whole),
        cmocka_unit_test(test_earlier_file_that_is_gone_is_fetched),
        cmocka_unit_test(test_earlier_without_a_record_the_file_is_left_alone),
        cmocka_unit_test(test_earlier_newer_by_table),
        cmocka_unit_test(test_earlier_newer_conditions_go_along_with_redirects),
        cmocka_unit_test(test_earlier_newer_without_a_file_asks_without_a_condition),
        cmocka_unit_test(test_earlier_newer_a_record_of_another_file_gives_no_etag),
        cmocka_unit_test(test_earlier_newer_directory_in_the_way_is_told_without_a_request),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
