/* SPDX-License-Identifier: MIT
 *
 * Going on with held bytes: where the next request begins, and the comparison without a validator.
 * Whole resumed transfers are in test_transfer.c and test_piece.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "fetch/fetching.h"
#include "fetch/name.h"
#include "fetch/resume.h"
#include "fetch/state.h"
#include "fetch/transfer.h"

#define HELD 100000

static struct area area;
static struct px_fetch *fetch;
static struct fetch_task *task;
static struct transfer transfer;
static char bytes[HELD];

static int open_task(void **state)
{
    (void)state;
    area_make(&area);
    const struct px_fetch_opts opts = {.workers = 1, .dir = area.dir};
    fetch = fetching_new(&opts);
    task = fetching_task(fetch, "http://h/x", "");
    for (size_t i = 0; i < HELD; i++) {
        bytes[i] = (char)(i * 3 + i / 255);
    }
    assert_int_equal(task_open_dir(task), PX_OK);
    transfer = (struct transfer){.fetch = fetch, .task = task};
    return 0;
}

static int close_task(void **state)
{
    (void)state;
    task_free(task);
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static void hold(size_t n)
{
    struct part_place place = task_place(task);
    assert_int_equal(part_append(&task->part, &place, bytes, n), PX_OK);
}

/* What an earlier run left as .WORK.part: so many bytes of that URL. */
static void leave(const char *work, size_t n, uint64_t url_hash)
{
    struct part part = {.fd = -1};
    struct part_place place = task_place(task);
    struct state left = {.url_hash = url_hash, .size = HELD, .etag = "\"e\""};
    memcpy(left.boot, fetch->boot, sizeof left.boot);
    place.name = work;
    assert_int_equal(part_append(&part, &place, bytes, n), PX_OK);
    assert_int_equal(part_keep(&part, &place), PX_OK);
    assert_int_equal(part_save_state(&part, &place, &left, task->url), PX_OK);
    part_suspend(&part, place.io);
    task->left_a_part = true; /* it was not there when the engine looked at the directory */
}

static void test_resume_look_finds_the_part_of_the_other_kind_of_run(void **state)
{
    (void)state;
    char late[NAME_ROOM];
    name_for_url("x", task->url, strlen(task->url), late);
    leave(late, 1000, task_url_hash(task));
    assert_int_equal(resume_look(&transfer), PX_OK);
    assert_int_equal(task->part.held, 1000);
    assert_int_equal(task->detail.bytes_kept, 1000);
    assert_string_equal(task->detail.etag, "\"e\"");
    task_drop_part(task);
    assert_int_equal(area_count(&area), 0);
    /* with --content-disposition */
    task->late_name = true;
    task->work = late;
    task->looked_for_leftover = false;
    leave("x", 2000, task_url_hash(task));
    assert_int_equal(resume_look(&transfer), PX_OK);
    assert_int_equal(task->part.held, 2000);
    task_drop_part(task);
    assert_int_equal(area_count(&area), 0);
    task->work = task->name;
}

static void test_resume_look_prefers_its_own_part_and_removes_the_other(void **state)
{
    (void)state;
    char late[NAME_ROOM];
    name_for_url("x", task->url, strlen(task->url), late);
    leave(late, 2000, task_url_hash(task));
    leave("x", 1000, task_url_hash(task));
    assert_int_equal(resume_look(&transfer), PX_OK);
    assert_int_equal(task->part.held, 1000);
    assert_int_equal(area_count(&area), 2); /* its part and its state */
    task_drop_part(task);
}

static void test_resume_look_leaves_the_part_of_another_url_alone(void **state)
{
    (void)state;
    char late[NAME_ROOM];
    name_for_url("x", task->url, strlen(task->url), late);
    leave("x", 1000, task_url_hash(task) + 1);
    task->late_name = true;
    task->work = late;
    assert_int_equal(resume_look(&transfer), PX_OK);
    assert_false(part_is_open(&task->part));
    assert_int_equal(area_count(&area), 2);
    task->work = task->name;
}

static void test_resume_plan_by_what_is_known(void **state)
{
    (void)state;
    resume_plan(&transfer);
    assert_int_equal(transfer.from, 0);
    hold(HELD);
    resume_plan(&transfer); /* nothing to tell versions apart */
    assert_int_equal(transfer.from, HELD - RESUME_OVERLAP);
    assert_int_equal(transfer.compare_left, RESUME_OVERLAP);
    assert_int_equal(transfer.trust, GATE_LENIENT);
    task->detail.etag = "W/\"weak\"";
    resume_plan(&transfer);
    assert_int_equal(transfer.compare_left, RESUME_OVERLAP);
    task->detail.etag = "\"strong\"";
    resume_plan(&transfer);
    assert_int_equal(transfer.from, HELD);
    assert_int_equal(transfer.compare_left, 0);
    assert_int_equal(transfer.trust, GATE_STRICT);
}

static void test_resume_plan_few_bytes_are_asked_for_anew(void **state)
{
    (void)state;
    hold(1000);
    resume_plan(&transfer);
    assert_int_equal(transfer.from, 0);
    assert_int_equal(transfer.to, 0);
}

static void test_resume_plan_bytes_of_another_mirror(void **state)
{
    (void)state;
    hold(HELD);
    task->size = 2 * HELD;
    task->mirror_of_bytes = 1;
    resume_plan(&transfer); /* no validator, no checksum */
    assert_true(transfer.other);
    assert_int_equal(transfer.from, 0);
    task->detail.etag = "\"strong\"";
    resume_plan(&transfer);
    assert_int_equal(transfer.from, HELD);
    assert_int_equal(transfer.trust, GATE_STRICT);
    task->sums.line.kind = PX_DIGEST_SHA256;
    resume_plan(&transfer);
    assert_int_equal(transfer.trust, GATE_SIZE_ONLY);
    task->alone = true;
    resume_plan(&transfer);
    assert_int_equal(transfer.trust, GATE_STRICT);
    task->sums.line.kind = PX_DIGEST_NONE;
}

static void test_resume_plan_unproven_bytes_are_compared_whatever_is_known(void **state)
{
    (void)state;
    size_t compared;
    hold(HELD);
    task->part.unproven = true;
    task->detail.etag = "\"strong\"";
    resume_plan(&transfer);
    assert_int_equal(transfer.from, HELD - RESUME_OVERLAP);
    assert_int_equal(transfer.compare_left, RESUME_OVERLAP);
    assert_int_equal(transfer.trust, GATE_STRICT);
    task->size = 2 * HELD;
    task->mirror_of_bytes = 1;
    resume_plan(&transfer);
    assert_int_equal(transfer.compare_left, RESUME_OVERLAP);
    task->detail.etag = NULL;
    resume_plan(&transfer); /* all of it anew */
    assert_int_equal(transfer.from, 0);
    assert_int_equal(transfer.compare_left, 0);
    task->mirror_of_bytes = 0;
    resume_plan(&transfer);
    assert_int_equal(
        resume_compare(&transfer, bytes + transfer.from, RESUME_OVERLAP - 1, &compared), PX_OK);
    assert_true(task->part.unproven);
    assert_int_equal(resume_compare(&transfer, bytes + HELD - 1, 1, &compared), PX_OK);
    assert_false(task->part.unproven);
}

static void test_resume_compare_same_bytes_then_new_ones(void **state)
{
    (void)state;
    size_t compared;
    hold(HELD);
    resume_plan(&transfer);
    const char *at = bytes + transfer.from;
    assert_int_equal(resume_compare(&transfer, at, 60000, &compared), PX_OK);
    assert_int_equal(compared, 60000);
    at += compared;
    assert_int_equal(resume_compare(&transfer, at, RESUME_OVERLAP - 60000, &compared), PX_OK);
    assert_int_equal(transfer.compare_left, 0);
    assert_int_equal(resume_compare(&transfer, "new", 3, &compared), PX_OK);
    assert_int_equal(compared, 0);
}

static void test_resume_compare_one_other_byte_is_another_version(void **state)
{
    (void)state;
    size_t compared;
    hold(HELD);
    resume_plan(&transfer);
    const size_t from = (size_t)transfer.from;
    bytes[HELD - 1] ^= 1;
    assert_int_equal(resume_compare(&transfer, bytes + from, HELD - from, &compared), PX_ECHANGED);
    bytes[HELD - 1] ^= 1;
}

/* An earlier run's part of 5 bytes and its state, made `length` long. */
static void leave_longer(const struct part_place *place, const struct state *of_x, off_t length)
{
    struct part part = {.fd = -1};
    struct state saved = *of_x;
    assert_int_equal(part_append(&part, place, "hello", 5), PX_OK);
    assert_int_equal(part_keep(&part, place), PX_OK);
    assert_int_equal(part_save_state(&part, place, &saved, "http://h/x"), PX_OK);
    assert_int_equal(ftruncate(part.fd, length), 0);
    part_suspend(&part, place->io);
}

static void test_resume_adopted_bytes_beyond_the_state_are_not_proven(void **state)
{
    (void)state;
    const struct part_place place = task_place(task);
    const struct state of_x = {.url_hash = 7, .size = 11, .boot = "boot"};
    struct part part = {.fd = -1};
    struct state found, saved = of_x;
    leave_longer(&place, &of_x, 8);
    for (int run = 0; run < 2; run++) { /* the state goes on saying what is known */
        assert_int_equal(part_adopt(&part, &place, 7, "boot", &found), PX_OK);
        assert_int_equal(part.held, 8);
        assert_true(part.unproven);
        assert_int_equal(part_save_state(&part, &place, &saved, "http://h/x"), PX_OK);
        part_suspend(&part, place.io);
    }
    assert_int_equal(part_adopt(&part, &place, 7, "boot", &found), PX_OK);
    assert_int_equal(part_restart(&part, &place), PX_OK);
    assert_false(part.unproven);
    part_discard(&part, &place);
    leave_longer(&place, &of_x, 12); /* of 11 */
    assert_int_equal(part_adopt(&part, &place, 7, "boot", &found), PX_OK);
    assert_int_equal(part.held, 5);
    assert_false(part.unproven);
    part_discard(&part, &place);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_task, close_task)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_resume_look_finds_the_part_of_the_other_kind_of_run),
        TEST(test_resume_look_prefers_its_own_part_and_removes_the_other),
        TEST(test_resume_look_leaves_the_part_of_another_url_alone),
        TEST(test_resume_plan_by_what_is_known),
        TEST(test_resume_plan_few_bytes_are_asked_for_anew),
        TEST(test_resume_plan_bytes_of_another_mirror),
        TEST(test_resume_plan_unproven_bytes_are_compared_whatever_is_known),
        TEST(test_resume_adopted_bytes_beyond_the_state_are_not_proven),
        TEST(test_resume_compare_same_bytes_then_new_ones),
        TEST(test_resume_compare_one_other_byte_is_another_version),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
