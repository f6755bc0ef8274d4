/* SPDX-License-Identifier: MIT
 *
 * The journal: the object for each kind of item, one write for each line, torn lines healed, write
 * errors told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/journal.h"
#include "support/io_fault.h"
#include "support/memory_text.h"
#include "support/scratch.h"

static void put_detail(struct jsonl *json, const struct px_item *item)
{
    jsonl_i64(json, "http", *(const int *)item->detail);
}

static const char *const phases[] = {"queue", "dns", "body", NULL};
static const int http_ok = 200;

static const struct journal_schema fetch_schema = {
    .source_key = "url",
    .target_key = "path",
    .source_is_url = true,
    .phase_names = phases,
    .detail = put_detail,
};
static const struct journal_schema copy_schema = {
    .source_key = "source",
    .target_key = "path",
    .phase_names = phases,
};

static struct px_item finished_item(void)
{
    struct px_item item = {
        .state = PX_ITEM_OK,
        .source = "http://u:secret@h/x?token=abc",
        .target = "x",
        .line = 7,
        .bytes = 42,
        .attempts = 2,
        .worker = 3,
        .begin_ns = PX_NS_PER_S,
        .end_ns = PX_NS_PER_S + 1500 * PX_NS_PER_US,
        .detail = &http_ok,
    };
    item.phase_ns[0] = 500 * PX_NS_PER_US;
    item.phase_ns[2] = PX_NS_PER_MS;
    return item;
}

static void check_object(const struct journal_schema *schema, const struct px_item *item,
                         int64_t wall_s, const char *expected)
{
    struct jsonl json = {0};
    journal_object(&json, schema, item, wall_s);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    assert_string_equal(json.text, expected);
    jsonl_fini(&json);
}

static void test_journal_object_of_a_finished_item_has_all_members(void **state)
{
    (void)state;
    const struct px_item item = finished_item();
    check_object(&fetch_schema, &item, 1700000000,
                 "{\"url\":\"http://***@h/x?token=***\",\"path\":\"x\",\"status\":\"ok\","
                 "\"bytes\":42,\"line\":7,\"http\":200,\"attempts\":2,\"worker\":3,"
                 "\"ms\":1.500,\"phases\":{\"queue\":0.500,\"body\":1.000},"
                 "\"time\":\"2023-11-14T22:13:20Z\"}\n");
}

static void test_journal_object_of_a_failure_has_its_error(void **state)
{
    (void)state;
    char error[] = "connect: refused";
    const struct px_item item = {
        .state = PX_ITEM_FAILED, .status = PX_ENET, .error = error, .source = "a", .attempts = 1};
    check_object(&copy_schema, &item, 0,
                 "{\"source\":\"a\",\"path\":null,\"status\":\"failed\",\"bytes\":0,"
                 "\"error\":{\"class\":\"ENET\",\"text\":\"connect: refused\"}}\n");
}

static void test_journal_object_without_a_message_uses_the_class_text(void **state)
{
    (void)state;
    const struct px_item item = {
        .state = PX_ITEM_CANCELED, .status = PX_ECANCELED, .source = "a", .target = "b"};
    check_object(&copy_schema, &item, 0,
                 "{\"source\":\"a\",\"path\":\"b\",\"status\":\"canceled\",\"bytes\":0,"
                 "\"error\":{\"class\":\"ECANCELED\",\"text\":\"canceled\"}}\n");
}

static void test_journal_name_that_is_no_utf8_is_kept_exactly(void **state)
{
    (void)state;
    const struct px_item item = {.state = PX_ITEM_OK, .source = "a\xff", .target = "b\n\xfe"};
    check_object(&copy_schema, &item, 0,
                 "{\"source\":\"a\xef\xbf\xbd\",\"source_b64\":\"Yf8=\","
                 "\"path\":\"b\\n\xef\xbf\xbd\",\"path_b64\":\"Ygr+\",\"status\":\"ok\","
                 "\"bytes\":0}\n");
}

/* --- Files -----------------------------------------------------------------------------------*/

static const struct px_item small_item = {.state = PX_ITEM_OK, .source = "a", .target = "b"};
#define SMALL                                                         \
    "{\"source\":\"a\",\"path\":\"b\",\"status\":\"ok\",\"bytes\":0," \
    "\"time\":\"1970-01-01T00:00:01Z\"}\n"

static struct journal *open_journal(const char *path)
{
    static struct px_fake_clock clock;
    px_fake_clock_init(&clock, 1, 1);
    struct journal *journal = NULL;
    assert_int_equal(journal_open(path, &copy_schema, &clock.clock, io_fault_ops(), &journal),
                     PX_OK);
    return journal;
}

static void test_journal_appends_with_one_write_for_each_item(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    for (int run = 0; run < 2; run++) {
        io_fault_reset();
        struct journal *journal = open_journal(scratch_path(&scratch, "j"));
        assert_int_equal(journal_add(journal, &small_item), PX_OK);
        assert_int_equal(journal_add(journal, &small_item), PX_OK);
        assert_int_equal(io_fault_calls(IO_FAULT(write)), 2);
        assert_int_equal(journal_close(journal), PX_OK);
    }
    char *text = memory_text_read_file(scratch_path(&scratch, "j"));
    assert_string_equal(text, SMALL SMALL SMALL SMALL);
    free(text);
    scratch_remove(&scratch);
}

static void test_journal_level_tells_what_was_measured_if_anything(void **state)
{
    (void)state;
    const struct px_decision rows[] = {
        {.from = 2, .to = 4, .why = "start", .items_per_s = 1.5, .bytes_per_s = 10},
        {.from = 4, .to = 2, .why = "I/O pressure"}};
    static const char *const texts[] = {
        "{\"event\":\"level\",\"from\":2,\"to\":4,\"why\":\"start\",\"items_per_s\":1.5,"
        "\"bytes_per_s\":10}",
        "{\"event\":\"level\",\"from\":4,\"to\":2,\"why\":\"I/O pressure\"}"};
    for (size_t i = 0; i < 2; i++) {
        struct jsonl json = {0};
        jsonl_object(&json, NULL);
        journal_level(&json, &rows[i]);
        jsonl_close(&json);
        assert_int_equal(jsonl_end_line(&json), PX_OK);
        assert_memory_equal(json.text, texts[i], strlen(texts[i]));
        jsonl_fini(&json);
    }
}

static void put_decision(struct jsonl *json, const struct px_decision *decision)
{
    jsonl_string(json, "event", decision->why);
    jsonl_u64(json, "to", decision->to);
}

static void test_journal_decision_is_a_line_of_its_own_kind(void **state)
{
    (void)state;
    struct journal_schema schema = fetch_schema;
    const struct px_decision decision = {.from = 2, .to = 4, .why = "better"};
    struct px_fake_clock clock;
    struct scratch scratch;
    struct journal *journal = NULL;
    schema.decision = put_decision;
    px_fake_clock_init(&clock, 1, 1000000000);
    scratch_make(&scratch);
    const char *path = scratch_path(&scratch, "j");
    assert_int_equal(journal_open(path, &schema, &clock.clock, NULL, &journal), PX_OK);
    assert_int_equal(journal_add_decision(journal, &decision), PX_OK);
    assert_int_equal(journal_close(journal), PX_OK);
    assert_int_equal(journal_open(path, &copy_schema, NULL, NULL, &journal), PX_OK);
    assert_int_equal(journal_add_decision(journal, &decision), PX_OK); /* has no word for it */
    assert_int_equal(journal_close(journal), PX_OK);
    char *text = memory_text_read_file(path);
    assert_string_equal(text,
                        "{\"event\":\"better\",\"to\":4,\"time\":\"2001-09-09T01:46:40Z\"}\n");
    free(text);
    assert_int_equal(journal_add_decision(NULL, &decision), PX_OK);
    scratch_remove(&scratch);
}

static void test_journal_torn_last_line_is_healed(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "j", SMALL "{\"source\":\"c");
    io_fault_reset();
    struct journal *journal = open_journal(scratch_path(&scratch, "j"));
    assert_int_equal(journal_add(journal, &small_item), PX_OK);
    assert_int_equal(journal_close(journal), PX_OK);
    char *text = memory_text_read_file(scratch_path(&scratch, "j"));
    assert_string_equal(text, SMALL "{\"source\":\"c\n" SMALL);
    free(text);
    scratch_remove(&scratch);
}

static void test_journal_short_writes_still_make_whole_lines(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    io_fault_reset();
    io_fault_short(IO_FAULT(write), 7);
    struct journal *journal = open_journal(scratch_path(&scratch, "j"));
    assert_int_equal(journal_add(journal, &small_item), PX_OK);
    assert_int_equal(journal_close(journal), PX_OK);
    char *text = memory_text_read_file(scratch_path(&scratch, "j"));
    assert_string_equal(text, SMALL);
    free(text);
    scratch_remove(&scratch);
}

static void test_journal_failed_write_is_told_and_the_next_goes_on(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    io_fault_arm(IO_FAULT(write), 1, ENOSPC, IO_FAULT_ONCE);
    struct journal *journal = open_journal(scratch_path(&scratch, "j"));
    assert_int_equal(journal_add(journal, &small_item), PX_EFULL);
    assert_int_equal(journal_add(journal, &small_item), PX_OK);
    assert_int_equal(journal_close(journal), PX_OK);
    io_fault_reset();
    scratch_remove(&scratch);
}

static void test_journal_open_failures_give_nothing(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_put(&scratch, "j", "torn");
    static const size_t calls[] = {IO_FAULT(openat), IO_FAULT(fstat), IO_FAULT(pread),
                                   IO_FAULT(write)};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct journal *journal = NULL;
        io_fault_arm(calls[i], 1, EACCES, IO_FAULT_ONCE);
        assert_int_equal(
            journal_open(scratch_path(&scratch, "j"), &copy_schema, NULL, io_fault_ops(), &journal),
            PX_EIO);
        assert_int_equal(errno, EACCES);
        assert_true(io_fault_fired());
        assert_null(journal);
    }
    io_fault_reset();
    scratch_remove(&scratch);
}

static void test_journal_close_error_is_told(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    io_fault_arm(IO_FAULT(close), 1, EDQUOT, IO_FAULT_ONCE);
    struct journal *journal = open_journal(scratch_path(&scratch, "j"));
    assert_int_equal(journal_close(journal), PX_EFULL);
    io_fault_reset();
    scratch_remove(&scratch);
}

static void test_journal_device_is_opened_for_writing_only(void **state)
{
    (void)state;
    struct journal *journal = NULL;
    assert_int_equal(journal_open("/dev/full", &copy_schema, NULL, NULL, &journal), PX_OK);
    assert_int_equal(journal_add(journal, &small_item), PX_EFULL);
    assert_int_equal(journal_close(journal), PX_OK);
}

static void test_journal_on_outlock_writes_the_same_lines(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct px_outlock *lock = NULL;
    assert_int_equal(px_outlock_new(ends[1], &lock), PX_OK);
    struct px_fake_clock clock;
    px_fake_clock_init(&clock, 1, 1);
    struct journal *journal = NULL;
    assert_int_equal(journal_on_outlock(lock, &copy_schema, &clock.clock, &journal), PX_OK);
    assert_int_equal(journal_add(journal, &small_item), PX_OK);
    assert_int_equal(journal_close(journal), PX_OK);
    char text[sizeof SMALL + 1] = {0};
    assert_int_equal(read(ends[0], text, sizeof text), strlen(SMALL));
    assert_string_equal(text, SMALL);
    px_outlock_free(lock);
    close(ends[0]);
    close(ends[1]);
}

static void test_journal_null_takes_everything(void **state)
{
    (void)state;
    assert_int_equal(journal_add(NULL, &small_item), PX_OK);
    assert_int_equal(journal_close(NULL), PX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal_object_of_a_finished_item_has_all_members),
        cmocka_unit_test(test_journal_object_of_a_failure_has_its_error),
        cmocka_unit_test(test_journal_object_without_a_message_uses_the_class_text),
        cmocka_unit_test(test_journal_name_that_is_no_utf8_is_kept_exactly),
        cmocka_unit_test(test_journal_appends_with_one_write_for_each_item),
        cmocka_unit_test(test_journal_level_tells_what_was_measured_if_anything),
        cmocka_unit_test(test_journal_decision_is_a_line_of_its_own_kind),
        cmocka_unit_test(test_journal_torn_last_line_is_healed),
        cmocka_unit_test(test_journal_short_writes_still_make_whole_lines),
        cmocka_unit_test(test_journal_failed_write_is_told_and_the_next_goes_on),
        cmocka_unit_test(test_journal_open_failures_give_nothing),
        cmocka_unit_test(test_journal_close_error_is_told),
        cmocka_unit_test(test_journal_device_is_opened_for_writing_only),
        cmocka_unit_test(test_journal_on_outlock_writes_the_same_lines),
        cmocka_unit_test(test_journal_null_takes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
