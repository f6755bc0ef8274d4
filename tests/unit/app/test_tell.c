/* SPDX-License-Identifier: MIT
 *
 * What is said and written of items that are final, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/tell.h"
#include "support/sheet.h"

static struct sheet err, out;
static struct px_log log_to;
static struct run_summary summary;
static struct tell tell; /* its plan is large */
static char error_text[] = "chown: not permitted";

static int set_up(void **state)
{
    (void)state;
    sheet_open(&err);
    sheet_open(&out);
    log_to = (struct px_log){.out = err.lock, .level = PX_LOG_NORMAL, .program = "prog"};
    summary = (struct run_summary){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sheet_close(&err);
    sheet_close(&out);
    return 0;
}

/* Tells `to` of one item, as one of a task of its own. */
static void tell_one(const struct tell_listeners *to, struct px_item item, bool worked)
{
    const struct px_result task = {
        .failed = item.state == PX_ITEM_FAILED, .items = &item, .n_items = 1};
    tell_init(&tell, to, &summary);
    tell_task(&tell, &task, worked);
    tell_flush(&tell);
}

static const char *said(struct px_item item, bool worked)
{
    const struct tell_listeners to = {.log = &log_to};
    tell_one(&to, item, worked);
    return sheet_text(&err);
}

static void test_tell_done_items_are_news_only_with_a_warning(void **state)
{
    (void)state;
    struct px_item item = {.state = PX_ITEM_OK, .source = "a\tb"};
    assert_string_equal(said(item, true), "");
    item.error = error_text;
    assert_string_equal(said(item, true), "prog: warning: a\\tb: chown: not permitted\n");
}

static void test_tell_skips_are_news_unless_the_user_asked_for_them(void **state)
{
    (void)state;
    struct px_item item = {.state = PX_ITEM_SKIPPED, .status = PX_EEXIST, .source = "a"};
    assert_string_equal(said(item, false), "");
    item.status = PX_EBADLINE;
    assert_memory_equal(said(item, true), "prog: skipped: a: ", 18);
    log_to.level = PX_LOG_VERBOSE;
    item.status = PX_EEXIST;
    assert_memory_equal(said(item, false), "prog: skipped: a: ", 18);
    assert_string_equal(said(item, true), ""); /* its worker has said so */
}

static void test_tell_failures_are_told_even_when_quiet_a_full_disk_once(void **state)
{
    (void)state;
    struct px_item item = {.state = PX_ITEM_FAILED, .status = PX_EFULL, .source = "a"};
    item.error = error_text;
    log_to.level = PX_LOG_QUIET;
    assert_string_equal(said(item, true), "prog: failed: a: chown: not permitted\n");
    summary.fatal = PX_EFULL;
    assert_string_equal(said(item, true), "");
    item.status = PX_EIO; /* what is at the target, so its name, too */
    assert_string_equal(said(item, true), "prog: failed: a: chown: not permitted\n");
    item.target = "b";
    assert_string_equal(said(item, true), "prog: failed: a -> b: chown: not permitted\n");
    item.status = PX_ESRC;
    assert_string_equal(said(item, true), "prog: failed: a: chown: not permitted\n");
    const struct tell_listeners elsewhere = {.log = &log_to, .tells_failures = true};
    tell_one(&elsewhere, item, true);
    assert_string_equal(sheet_text(&err), "");
}

static void test_tell_names_what_it_is_about(void **state)
{
    (void)state;
    struct px_item item = {.state = PX_ITEM_FAILED, .status = PX_EIO, .source = ""};
    item.error = error_text;
    assert_string_equal(said(item, true), "prog: failed: '': chown: not permitted\n");
    item.source = "a";
    item.target = "b";
    item.target_only = true;
    assert_string_equal(said(item, true), "prog: failed: b: chown: not permitted\n");
    item.source = NULL;
    item.target_only = false;
    item.target = NULL;
    assert_string_equal(said(item, true), "prog: failed: chown: not permitted\n");
}

static void test_tell_urls_are_shown_without_their_secrets(void **state)
{
    (void)state;
    struct px_item item = {.state = PX_ITEM_FAILED, .status = PX_ENET, .source = "http://u:p@h/x"};
    const struct tell_listeners to = {.log = &log_to, .source_is_url = true};
    tell_one(&to, (struct px_item){.state = PX_ITEM_FAILED, .source = "", .error = error_text},
             true);
    assert_string_equal(sheet_text(&err), "prog: failed: chown: not permitted\n");
    tell_one(&to, item, true);
    const char *text = sheet_text(&err);
    assert_non_null(strstr(text, "@h/x: "));
    assert_null(strstr(text, ":p@"));
}

static void test_tell_canceled_items_are_told_to_nobody(void **state)
{
    (void)state;
    struct px_item item = {.state = PX_ITEM_CANCELED, .status = PX_ECANCELED, .source = "a"};
    struct tell_listeners to = {.log = &log_to, .plan = out.lock};
    log_to.level = PX_LOG_DEBUG;
    assert_int_equal(journal_on_outlock(out.lock, &(struct journal_schema){0}, NULL, &to.json),
                     PX_OK);
    tell_one(&to, item, false);
    assert_int_equal(journal_close(to.json), PX_OK);
    assert_string_equal(sheet_text(&err), "");
    assert_string_equal(sheet_text(&out), "");
}

static void test_tell_plan_has_what_would_be_done_and_says_it_once(void **state)
{
    (void)state;
    const struct tell_listeners to = {.log = &log_to, .plan = out.lock};
    struct px_item item = {.state = PX_ITEM_SKIPPED, .source = "a", .target = "b"};
    log_to.level = PX_LOG_DEBUG;
    tell_one(&to, item, false);
    item.status = PX_EEXIST;
    tell_one(&to, item, true);
    assert_string_equal(sheet_text(&out), "a -> b\n");
    assert_string_equal(sheet_text(&err), "");
}

struct lossy {
    unsigned asked;
    int says;
};

static int lossy_add(void *ctx, const struct px_item *item)
{
    struct lossy *lossy = ctx;
    (void)item;
    lossy->asked++;
    return lossy->says;
}

static void test_tell_sink_hears_of_each_item_and_its_loss_is_said_once(void **state)
{
    (void)state;
    struct lossy lossy = {.says = PX_OK};
    const struct tell_listeners to = {
        .log = &log_to, .sink = {.what = "the book", .ctx = &lossy, .add = lossy_add}};
    struct px_item items[3] = {{.state = PX_ITEM_OK}, {.state = PX_ITEM_OK}, {.state = PX_ITEM_OK}};
    const struct px_result task = {.ok = 3, .items = items, .n_items = 3};
    tell_init(&tell, &to, &summary);
    tell_task(&tell, &task, true);
    assert_int_equal(lossy.asked, 3);
    assert_false(summary.output_lost);
    lossy.says = PX_EIO;
    tell_task(&tell, &task, true);
    assert_int_equal(lossy.asked, 6);
    assert_true(summary.output_lost);
    const char *text = sheet_text(&err);
    assert_memory_equal(text, "prog: cannot write the book: ", 29);
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
}

static void test_tell_items_without_memory_are_lost_output(void **state)
{
    (void)state;
    const struct tell_listeners to = {.log = &log_to};
    const struct px_result task = {.ok = 2, .untold = 1};
    tell_init(&tell, &to, &summary);
    tell_task(&tell, &(struct px_result){.ok = 2}, true);
    assert_false(summary.output_lost);
    tell_task(&tell, &task, true);
    tell_task(&tell, &task, true);
    assert_true(summary.output_lost);
    assert_string_equal(sheet_text(&err),
                        "prog: cannot write what became of some items: out of memory\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tell_done_items_are_news_only_with_a_warning, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tell_skips_are_news_unless_the_user_asked_for_them,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_tell_failures_are_told_even_when_quiet_a_full_disk_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tell_names_what_it_is_about, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tell_urls_are_shown_without_their_secrets, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tell_canceled_items_are_told_to_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tell_plan_has_what_would_be_done_and_says_it_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tell_items_without_memory_are_lost_output, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tell_sink_hears_of_each_item_and_its_loss_is_said_once,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
