/* SPDX-License-Identifier: MIT
 *
 * How tries end (F10, F24): checksums, names that are taken, what the source is told.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fetch/hello_digests.h"
#include "fetch/site.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define RIGHT "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* hello */
#define WRONG "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9825"

static struct site site;
static void (*before_reply)(void); /* runs on the server's thread */

static void serve(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    const char *path = request->path;
    (void)ctx;
    if (before_reply != NULL) {
        before_reply();
    }
    if (strcmp(path, "/hello") == 0) {
        http_whole(reply, "200 OK",
                   "ETag: \"e\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "hello", 5);
    } else if (strncmp(path, "/stated", 7) == 0) {
        const bool damaged = strcmp(path, "/stated-damaged") == 0 && request->of_path == 1;
        http_whole(reply, "200 OK",
                   strcmp(path, "/stated-wrong") == 0
                       ? "Repr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n"
                       : "Content-MD5: " MD5 "\r\nx-amz-checksum-crc32c: " CRC32C "\r\n",
                   damaged ? "hellO" : "hello", 5);
    } else if (strcmp(path, "/damaged") == 0) {
        http_whole(reply, "200 OK", "", request->of_path == 1 ? "hellO" : "hello", 5);
    } else {
        char status[64], headers[128] = "";
        snprintf(status, sizeof status, "%.3s Reason\x1b", path + 1);
        if (strlen(path) > 4) {
            snprintf(headers, sizeof headers, "Retry-After: %s\r\n", path + 5);
        }
        http_whole(reply, status, headers, "", 0);
    }
}

static void test_outcome_right_checksum_is_told(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/hello", "checksum=sha-256=" RIGHT "\n");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_string_equal(task->detail.digest_name, "sha-256");
    assert_string_equal(task->detail.digest_hex, RIGHT);
    assert_string_equal(task->detail.etag, "\"e\"");
    assert_string_equal(task->detail.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    site_close(&site);
}

static void test_outcome_each_digest_is_known(void **state)
{
    (void)state;
    static const char *const options[] = {
        "checksum=md5=5d41402abc4b2a76b9719d911017c592\n",
        "checksum=sha-1=aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\n",
        "checksum=sha-512="
        "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99b"
        "a5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043\n",
    };
    for (size_t i = 0; i < ROWS(options); i++) {
        site_open(&site, serve, (struct px_fetch_opts){0});
        assert_int_equal(site_fetch(&site, "/hello", options[i])->item.state, PX_ITEM_OK);
        site_close(&site);
    }
}

static void test_outcome_wrong_checksum_has_no_name_and_two_digests(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/hello", "checksum=sha-256=" WRONG "\n");
    assert_int_equal(task->item.status, PX_EINTEGRITY);
    assert_non_null(strstr(task->item.error, RIGHT));
    assert_non_null(strstr(task->item.error, WRONG));
    assert_int_equal(area_count(&site.area), 0);
    assert_true(task->facts.transient); /* once */
    site_again(&site, task);
    assert_int_equal(task->item.status, PX_EINTEGRITY);
    assert_false(task->facts.transient);
    site_close(&site);
}

static void test_outcome_damage_on_the_way_is_mended_by_the_second_try(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/damaged", "checksum=sha-256=" RIGHT "\n");
    assert_int_equal(task->item.status, PX_EINTEGRITY);
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    area_assert(&site.area, "damaged", "hello", 5);
    site_close(&site);
}

static void test_outcome_what_the_server_states_is_checked(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/stated", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_string_equal(task->detail.digest_name, "md5");
    assert_string_equal(task->detail.digest_hex, "5d41402abc4b2a76b9719d911017c592");
    site_close(&site);
}

static void test_outcome_stated_wrongly_is_no_file(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/stated-wrong", "");
    assert_int_equal(task->item.status, PX_EINTEGRITY);
    assert_true(task->facts.transient);
    assert_string_equal(task->item.error,
                        "sha-256 is " RIGHT ", the server stated "
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(area_count(&site.area), 0);
    site_close(&site);
}

static void test_outcome_stated_wrongly_counts_less_than_the_line_and_the_option(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/stated-wrong", "checksum=sha-256=" RIGHT "\n");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    site_close(&site);
    site_open(&site, serve, (struct px_fetch_opts){.ignore_server_digest = true});
    task = site_fetch(&site, "/stated-wrong", "");
    assert_int_equal(task->item.state, PX_ITEM_OK);
    assert_null(task->detail.digest_name);
    site_close(&site);
}

static void test_outcome_damage_that_the_server_finds_is_mended_by_the_second_try(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_fetch(&site, "/stated-damaged", "");
    assert_int_equal(task->item.status, PX_EINTEGRITY);
    site_again(&site, task);
    assert_int_equal(task->item.state, PX_ITEM_OK);
    area_assert(&site.area, "stated-damaged", "hello", 5);
    site_close(&site);
}

static void test_outcome_http_failures_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        bool transient, busy;
        int64_t retry_after_ms;
    } rows[] = {
        {"/404", PX_EHTTP, false, false, 0},    {"/401", PX_EAUTH, false, false, 0},
        {"/500", PX_EHTTP, true, false, 0},     {"/503", PX_EHTTP, true, false, 0},
        {"/503/7", PX_EHTTP, true, true, 7000}, {"/429", PX_EHTTP, true, true, 0},
        {"/429/7", PX_EHTTP, true, true, 7000}, {"/429/0", PX_EHTTP, true, true, 0},
        {"/429/junk", PX_EHTTP, true, true, 0}, {"/404/7", PX_EHTTP, false, false, 7000},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        site_open(&site, serve, (struct px_fetch_opts){0});
        struct fetch_task *task = site_fetch(&site, rows[i].path, "");
        assert_int_equal(task->item.status, rows[i].status);
        assert_int_equal(task->facts.transient, rows[i].transient);
        assert_int_equal(task->facts.busy, rows[i].busy);
        assert_int_equal(task->facts.retry_after_ms, rows[i].retry_after_ms);
        assert_null(strchr(task->item.error, '\x1b'));
        assert_int_equal(area_count(&site.area), 0);
        site_close(&site);
    }
}

static void put_hello(void)
{
    const int fd = openat(site.area.fd, "hello", O_WRONLY | O_CREAT, 0600);
    if (fd >= 0) {
        close(fd);
    }
}

static void put_directory(void)
{
    (void)mkdirat(site.area.fd, "hello", 0700);
}

static void test_outcome_name_that_was_taken_meanwhile_by_mode(void **state)
{
    (void)state;
    static const struct {
        enum px_on_exist on_exist;
        enum px_item_state state;
        int status;
        size_t size; /* of the file "hello" afterwards */
    } rows[] = {
        {PX_ON_EXIST_SKIP, PX_ITEM_SKIPPED, PX_EEXIST, 0},
        {PX_ON_EXIST_FAIL, PX_ITEM_FAILED, PX_EEXIST, 0},
        {PX_ON_EXIST_OVERWRITE, PX_ITEM_OK, PX_OK, 5},
        {PX_ON_EXIST_RENAME, PX_ITEM_OK, PX_OK, 0},
    };
    before_reply = put_hello;
    for (size_t i = 0; i < ROWS(rows); i++) {
        site_open(&site, serve, (struct px_fetch_opts){.on_exist = rows[i].on_exist});
        struct fetch_task *task = site_fetch(&site, "/hello", "");
        assert_int_equal(task->item.state, rows[i].state);
        assert_int_equal(task->item.status, rows[i].status);
        area_assert(&site.area, "hello", "hello", rows[i].size);
        if (rows[i].on_exist == PX_ON_EXIST_RENAME) {
            assert_non_null(strstr(task->item.target, "/hello.1"));
            area_assert(&site.area, "hello.1", "hello", 5);
        }
        site_close(&site);
    }
    before_reply = NULL;
}

static void test_outcome_directory_in_the_way_is_an_io_failure(void **state)
{
    (void)state;
    before_reply = put_directory;
    for (int mode = 0; mode < 2; mode++) {
        site_open(&site, serve,
                  (struct px_fetch_opts){.on_exist =
                                             mode == 0 ? PX_ON_EXIST_SKIP : PX_ON_EXIST_OVERWRITE});
        assert_int_equal(site_fetch(&site, "/hello", "")->item.status, PX_EIO);
        assert_int_equal(area_count(&site.area), 1);
        site_close(&site);
    }
    before_reply = NULL;
}

static void test_outcome_local_failure_names_stage_and_errno(void **state)
{
    (void)state;
    site_open(&site, serve, (struct px_fetch_opts){0});
    struct fetch_task *task = site_give(&site, "/hello", "");
    io_fault_arm(IO_FAULT(pwrite), 1, EIO, IO_FAULT_ONCE);
    fake_run(&site.worker, site.fetch);
    assert_int_equal(task->item.status, PX_EIO);
    assert_int_equal(task->item.os_errno, EIO);
    assert_string_equal(task->item.error, "write: Input/output error");
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_right_checksum_is_told),
        cmocka_unit_test(test_outcome_each_digest_is_known),
        cmocka_unit_test(test_outcome_wrong_checksum_has_no_name_and_two_digests),
        cmocka_unit_test(test_outcome_damage_on_the_way_is_mended_by_the_second_try),
        cmocka_unit_test(test_outcome_what_the_server_states_is_checked),
        cmocka_unit_test(test_outcome_stated_wrongly_is_no_file),
        cmocka_unit_test(test_outcome_stated_wrongly_counts_less_than_the_line_and_the_option),
        cmocka_unit_test(test_outcome_damage_that_the_server_finds_is_mended_by_the_second_try),
        cmocka_unit_test(test_outcome_http_failures_by_table),
        cmocka_unit_test(test_outcome_name_that_was_taken_meanwhile_by_mode),
        cmocka_unit_test(test_outcome_directory_in_the_way_is_an_io_failure),
        cmocka_unit_test(test_outcome_local_failure_names_stage_and_errno),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
