/* SPDX-License-Identifier: MIT
 *
 * Owners and helpers as the source sees them: who is handed out when, and what a return means.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/crew.h"
#include "fetch/jointly.h"
#include "fetch/retry.h"

#define NOW (200 * PX_NS_PER_S)

static struct crew crew;
static bool slots;

static bool may_start(void *ctx, struct fetch_task *helper, int64_t now_ns)
{
    (void)ctx;
    (void)helper;
    (void)now_ns;
    return slots;
}

static int open_crew(void **state)
{
    open_joint(state);
    slots = true;
    crew = (struct crew){.fetch = fetch, .may_start = may_start};
    owner->posted = true;
    board_post(fetch->board, owner->joint);
    struct split_claim mine;
    assert_true(split_take_free(&owner->joint->split, NOW, &mine)); /* the owner's worker */
    return 0;
}

static int close_crew(void **state)
{
    (void)state;
    crew_forget(&crew, owner);
    task_free(owner);
    crew_fini(&crew);
    px_fetch_free(fetch);
    area_remove(&area);
    return 0;
}

static void return_helper(struct fetch_task *helper, const struct retry_decision *decision)
{
    crew_helper_done(&crew, helper, decision, NOW);
    task_free(helper);
}

static void test_crew_helper_shares_the_stream_and_is_no_item(void **state)
{
    (void)state;
    struct fetch_task *helper = crew_next_helper(&crew, 1, NOW);
    assert_non_null(helper);
    assert_true(task_is_helper(helper));
    assert_int_equal(helper->result.n_items, 0);
    assert_int_equal(helper->claim.to, SIZE);
    assert_int_equal(helper->claim.from, 55000);
    task_set_failed(helper, PX_ENET, 0, "x");
    assert_int_equal(helper->result.failed, 0);
    return_helper(helper, NULL);
}

static void test_crew_without_a_slot_there_is_no_helper(void **state)
{
    (void)state;
    slots = false;
    assert_null(crew_next_helper(&crew, 3, NOW));
    slots = true;
    struct fetch_task *helper = crew_next_helper(&crew, 1, NOW);
    assert_non_null(helper); /* and the claim was given up */
    return_helper(helper, NULL);
}

static void test_crew_split_of_the_list_limits_the_helpers(void **state)
{
    (void)state;
    owner->split = 1;
    assert_null(crew_next_helper(&crew, 3, NOW));
    owner->split = 2;
    struct fetch_task *helper = crew_next_helper(&crew, 3, NOW);
    assert_non_null(helper);
    assert_null(crew_next_helper(&crew, 2, NOW));
    return_helper(helper, NULL);
}

static void test_crew_rejected_helper_is_the_last(void **state)
{
    (void)state;
    struct fetch_task *helper = crew_next_helper(&crew, 1, NOW);
    helper->rejected = true;
    return_helper(helper, NULL);
    assert_null(crew_next_helper(&crew, 3, NOW));
}

static void test_crew_failed_helper_makes_a_pause(void **state)
{
    (void)state;
    const struct retry_decision wait = {.again = true, .counts = true, .wait_ms = 1000};
    const struct retry_decision never = {.counts = true};
    return_helper(crew_next_helper(&crew, 1, NOW), &wait);
    assert_null(crew_next_helper(&crew, 1, NOW));
    struct fetch_task *helper = crew_next_helper(&crew, 1, NOW + PX_NS_PER_S);
    assert_non_null(helper);
    return_helper(helper, &never);
    assert_null(crew_next_helper(&crew, 1, NOW + 100 * PX_NS_PER_S));
}

static void test_crew_owner_waits_for_its_helpers(void **state)
{
    (void)state;
    bool final;
    struct fetch_task *helper = crew_next_helper(&crew, 1, NOW);
    owner->waits = true;
    assert_int_equal(crew_owner_done(&crew, owner), PX_EAGAIN);
    assert_null(crew_next_owner(&crew, NOW, &final));
    return_helper(helper, NULL);
    assert_ptr_equal(crew_next_owner(&crew, NOW, &final), owner);
    assert_false(final);
    assert_true(owner->goes_on);
    assert_null(crew_next_owner(&crew, NOW, &final));
}

static void test_crew_final_owner_is_told_after_its_helpers(void **state)
{
    (void)state;
    bool final;
    struct fetch_task *helper = crew_next_helper(&crew, 1, NOW);
    task_set_failed(owner, PX_ENET, 0, "x");
    assert_int_equal(crew_owner_done(&crew, owner), PX_OK);
    assert_int_equal(crew_owner_ends(&crew, owner), PX_EAGAIN);
    assert_int_equal(split_stopped(&owner->joint->split), SPLIT_DONE);
    assert_null(crew_next_owner(&crew, NOW, &final));
    return_helper(helper, NULL);
    assert_ptr_equal(crew_next_owner(&crew, NOW, &final), owner);
    assert_true(final);
    assert_null(owner->joint);
    assert_int_equal(owner->item.state, PX_ITEM_FAILED);
}

static void stop_and_return(enum split_stop why, bool want_final)
{
    bool final;
    split_stop(&owner->joint->split, why);
    owner->waits = true;
    assert_int_equal(crew_owner_done(&crew, owner), PX_EAGAIN);
    assert_ptr_equal(crew_next_owner(&crew, NOW, &final), owner);
    assert_int_equal(final, want_final);
    assert_null(owner->joint);
    assert_int_equal(owner->part.held, 0);
    assert_int_equal(area_count(&area), 0);
}

static void test_crew_changed_file_begins_anew(void **state)
{
    (void)state;
    stop_and_return(SPLIT_CHANGED, false);
    assert_int_equal(owner->restarts, 1);
    assert_false(owner->one_stream);
}

static void test_crew_changed_too_often_is_final(void **state)
{
    (void)state;
    owner->restarts = TASK_RESTARTS_MAX;
    stop_and_return(SPLIT_CHANGED, true);
    assert_int_equal(owner->item.status, PX_EINTEGRITY);
}

static void test_crew_without_ranges_it_is_one_stream(void **state)
{
    (void)state;
    stop_and_return(SPLIT_RANGELESS, false);
    assert_true(owner->one_stream);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_crew, close_crew)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_crew_helper_shares_the_stream_and_is_no_item),
        TEST(test_crew_without_a_slot_there_is_no_helper),
        TEST(test_crew_split_of_the_list_limits_the_helpers),
        TEST(test_crew_rejected_helper_is_the_last),
        TEST(test_crew_failed_helper_makes_a_pause),
        TEST(test_crew_owner_waits_for_its_helpers),
        TEST(test_crew_final_owner_is_told_after_its_helpers),
        TEST(test_crew_changed_file_begins_anew),
        TEST(test_crew_changed_too_often_is_final),
        TEST(test_crew_without_ranges_it_is_one_stream),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
