/* SPDX-License-Identifier: MIT
 *
 * The map of a file in pieces: who gets what, and that no byte is ever lost or owned twice, whatever
 * the order of claims, answers and failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "fetch/split.h"

#define MB ((uint64_t)1000000)
#define SEC PX_NS_PER_S
#define START (100 * SEC)

static const struct share_limits limits = {.most = 16, .least = 2 * MB, .least_late = MB};
static const struct ranges nothing = {0};
static struct split split;

static int close_split(void **state)
{
    (void)state;
    split_fini(&split);
    return 0;
}

/* A stream that has just begun: piece 0 is all of it. */
static void begin(uint64_t size)
{
    struct split_claim mine;
    assert_int_equal(split_init(&split, size, &nothing), PX_OK);
    assert_true(split_take_free(&split, START, &mine));
    assert_int_equal(mine.id, 0);
    assert_int_equal(mine.from, 0);
    assert_int_equal(mine.to, size);
    assert_false(split_take_free(&split, START, &mine));
}

static void receive(unsigned piece, uint64_t n)
{
    assert_int_equal(split_accept(&split, piece, n), n);
}

static void write_all(const struct split_claim *piece)
{
    const uint64_t n = piece->to - piece->from;
    const size_t got = split_accept(&split, piece->id, n);
    split_written(&split, piece->id, piece->from + got);
    split_give_back(&split, piece->id);
}

static void test_split_a_single_stream_is_shared_out_evenly(void **state)
{
    (void)state;
    struct split_claim claim[3], mine;
    begin(40 * MB);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(split_ask(&split, &limits, 3 - i, START, &claim[i]));
        assert_int_equal(claim[i].to - claim[i].from, 10 * MB);
    }
    assert_int_equal(claim[2].from, 10 * MB);
    /* answers in any order */
    for (unsigned i = 3; i-- > 0;) {
        assert_true(split_confirm(&split, claim[i].id, START, &mine));
        assert_int_equal(mine.from, claim[i].from);
        assert_int_equal(mine.to, claim[i].to);
        /* nobody's speed is known yet */
        assert_false(split_ask(&split, &limits, 1, START, &(struct split_claim){0}));
        write_all(&mine);
    }
    assert_false(split_is_complete(&split));
    write_all(&(struct split_claim){.id = 0, .from = 0, .to = 10 * MB});
    assert_true(split_is_complete(&split));
    assert_int_equal(split_segments(&split), 4);
}

static void test_split_claims_that_fail_leave_the_stream_whole(void **state)
{
    (void)state;
    struct split_claim claim[4];
    begin(40 * MB);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(split_ask(&split, &limits, 4 - i, START, &claim[i]));
    }
    for (unsigned i = 0; i < 4; i++) {
        split_drop_claim(&split, claim[i].id);
    }
    receive(0, 40 * MB);
    assert_true(split_is_done(&split, 0));
    split_written(&split, 0, 40 * MB);
    assert_true(split_is_complete(&split));
    assert_int_equal(split_segments(&split), 1);
}

static void test_split_least_size_limits_the_parts(void **state)
{
    (void)state;
    struct split_claim claim;
    unsigned n = 0;
    begin(5 * MB); /* two parts of at least 2 MB, not three */
    while (split_ask(&split, &limits, 8, START, &claim)) {
        assert_true(claim.to - claim.from >= limits.least);
        n++;
    }
    assert_int_equal(n, 1);
    split_fini(&split);
    begin(3 * MB);
    assert_false(split_ask(&split, &limits, 8, START, &claim));
}

static void test_split_most_workers_at_a_time(void **state)
{
    (void)state;
    const struct share_limits three = {.most = 3, .least = MB, .least_late = MB};
    struct split_claim claim;
    begin(90 * MB);
    assert_true(split_ask(&split, &three, 9, START, &claim));
    assert_int_equal(claim.to - claim.from, 30 * MB);
    assert_true(split_ask(&split, &three, 9, START, &claim));
    assert_false(split_ask(&split, &three, 9, START, &claim));
}

static void test_split_confirm_after_the_stream_went_on_skips_what_it_has(void **state)
{
    (void)state;
    struct split_claim claim, mine;
    begin(10 * MB);
    assert_true(split_ask(&split, &limits, 1, START, &claim));
    assert_int_equal(claim.from, 5 * MB);
    receive(0, 6 * MB);
    assert_true(split_confirm(&split, claim.id, START, &mine));
    assert_int_equal(mine.from, 6 * MB);
    assert_int_equal(mine.to, 10 * MB);
    assert_int_equal(split_accept(&split, 0, 1), 0); /* its end is where it is */
    assert_true(split_is_done(&split, 0));
    split_fini(&split);
    begin(10 * MB);
    assert_true(split_ask(&split, &limits, 1, START, &claim));
    receive(0, 10 * MB);
    assert_false(split_confirm(&split, claim.id, START, &mine)); /* nothing is left */
}

static void test_split_given_back_bytes_are_free_again(void **state)
{
    (void)state;
    struct split_claim claim, mine, again;
    begin(10 * MB);
    assert_true(split_ask(&split, &limits, 1, START, &claim));
    assert_true(split_confirm(&split, claim.id, START, &mine));
    receive(mine.id, 2 * MB);
    split_written(&split, mine.id, mine.from + MB); /* the other one was lost */
    split_give_back(&split, mine.id);
    assert_true(split_has_free(&split));
    assert_true(split_ask(&split, &limits, 1, START, &claim)); /* free ones go first */
    assert_int_equal(claim.from, mine.from + MB);
    assert_int_equal(claim.to, mine.to);
    assert_false(split_take_free(&split, START, &again)); /* somebody has asked for it */
    split_drop_claim(&split, claim.id);
    assert_true(split_take_free(&split, START, &again));
    assert_int_equal(again.from, mine.from + MB);
}

static void test_split_slowest_piece_is_helped_by_what_it_will_lack(void **state)
{
    (void)state;
    struct split_claim claim, mine;
    begin(40 * MB);
    assert_true(split_ask(&split, &limits, 1, START, &claim));
    assert_true(split_confirm(&split, claim.id, START, &mine)); /* 20 MB each */
    receive(0, 2 * MB);
    receive(mine.id, 10 * MB);
    assert_true(split_ask(&split, &limits, 1, START + SEC, &claim));
    /* 2 MB/s there, 6 MB/s is the mean: the helper gets three quarters of 18 MB */
    assert_int_equal(claim.to, 20 * MB);
    assert_true(claim.from >= 6 * MB && claim.from <= 7 * MB);
}

static void test_split_piece_far_below_the_mean_is_replaced(void **state)
{
    (void)state;
    struct split_claim claim[3], mine[3];
    begin(80 * MB);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(split_ask(&split, &limits, 3 - i, START, &claim[i]));
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_true(split_confirm(&split, claim[i].id, START, &mine[i]));
        receive(mine[i].id, 10 * MB);
    }
    receive(0, MB / 10);
    struct split_claim all;
    assert_true(split_ask(&split, &limits, 1, START + SEC, &all));
    assert_int_equal(all.from, MB / 10);
    assert_int_equal(all.to, 20 * MB);
    assert_true(split_confirm(&split, all.id, START + SEC, &all));
    assert_true(split_is_done(&split, 0));
}

static void test_split_what_will_soon_be_there_is_left_alone(void **state)
{
    (void)state;
    struct split_claim claim, mine;
    begin(40 * MB);
    assert_true(split_ask(&split, &limits, 1, START, &claim));
    assert_true(split_confirm(&split, claim.id, START, &mine));
    receive(0, 18 * MB);
    receive(mine.id, 18 * MB);
    assert_false(split_ask(&split, &limits, 1, START + SEC, &claim));
}

static void test_split_stop_ends_everybody_and_the_first_reason_stays(void **state)
{
    (void)state;
    struct split_claim claim, mine;
    begin(40 * MB);
    assert_true(split_ask(&split, &limits, 1, START, &claim));
    split_stop(&split, SPLIT_CHANGED);
    split_stop(&split, SPLIT_DONE);
    assert_int_equal(split_stopped(&split), SPLIT_CHANGED);
    assert_int_equal(split_accept(&split, 0, 100), 0);
    assert_false(split_confirm(&split, claim.id, START, &mine));
    assert_false(split_ask(&split, &limits, 1, START, &claim));
    split_give_back(&split, 0);
    assert_false(split_take_free(&split, START, &mine));
}

static void test_split_held_ranges_make_the_gaps_free(void **state)
{
    (void)state;
    const struct ranges held = {3, {{0, 10}, {20, 30}, {90, 100}}};
    struct ranges back;
    struct split_claim a, b, c;
    assert_int_equal(split_init(&split, 100, &held), PX_OK);
    split_held(&split, &back);
    assert_int_equal(back.n, 3);
    assert_memory_equal(back.at, held.at, 3 * sizeof held.at[0]);
    assert_int_equal(split_accepted_bytes(&split), 30);
    assert_true(split_take_free(&split, START, &a));
    assert_true(split_take_free(&split, START, &b));
    assert_false(split_take_free(&split, START, &c));
    assert_true(a.from == 10 && a.to == 20 && b.from == 30 && b.to == 90);
    write_all(&b);
    split_held(&split, &back);
    assert_int_equal(back.n, 2);
    write_all(&a);
    assert_true(split_is_complete(&split));
    split_held(&split, &back);
    assert_int_equal(ranges_prefix(&back), 100);
}

static void test_split_more_gaps_than_room_fetches_some_again(void **state)
{
    (void)state;
    struct ranges held = {0};
    struct ranges back;
    for (uint64_t i = 0; i < RANGES_MAX; i++) {
        ranges_add(&held, 10 * i, 10 * i + 5);
    }
    assert_int_equal(split_init(&split, 10 * RANGES_MAX, &held), PX_OK);
    split_held(&split, &back);
    assert_true(back.n > 20 && back.n < SPLIT_PIECES);
    for (size_t i = 0; i < back.n; i++) {
        assert_true(back.at[i].to - back.at[i].from == 5); /* none of them wider than it was */
    }
}

/* Workers that come, get claims, are answered or not, receive, fail and return, at random: each byte
 * is accepted and written by exactly one of them. */
static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

#define CROWD 12
#define BYTES 200000

static unsigned char written[BYTES];

struct one {
    enum { IDLE, ASKING, AT_WORK } doing;
    struct split_claim claim;
    uint64_t at, pos;
};

static void crowd_step(struct one *one, int64_t now)
{
    static const struct share_limits small = {.most = CROWD, .least = 1000, .least_late = 100};
    if (one->doing == IDLE) {
        if (next_random() % 4 == 0 && split_take_free(&split, now, &one->claim)) {
            one->doing = AT_WORK;
            one->at = one->pos = one->claim.from;
        } else if (split_ask(&split, &small, 3, now, &one->claim)) {
            one->doing = ASKING;
        }
    } else if (one->doing == ASKING) {
        const unsigned id = one->claim.id;
        if (next_random() % 4 == 0) {
            split_drop_claim(&split, id);
            one->doing = IDLE;
        } else if (split_confirm(&split, id, now, &one->claim)) {
            one->doing = AT_WORK;
            one->at = one->pos = one->claim.from;
        } else {
            one->doing = IDLE;
        }
    } else {
        const size_t want = (size_t)(next_random() % 3000);
        const size_t got = split_accept(&split, one->claim.id, want);
        one->pos += got;
        if (next_random() % 3 == 0 || got < want) {
            for (uint64_t i = one->at; i < one->pos; i++) {
                written[i]++;
            }
            one->at = one->pos;
            split_written(&split, one->claim.id, one->at);
        }
        if (got < want || next_random() % 16 == 0) {
            split_give_back(&split, one->claim.id);
            one->doing = IDLE;
        }
    }
}

static void test_split_crowd_owns_each_byte_once(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct one crowd[CROWD] = {0};
        struct ranges held;
        random_state = seed;
        memset(written, 0, sizeof written);
        if (seed > 1) {
            split_fini(&split);
        }
        assert_int_equal(split_init(&split, BYTES, &nothing), PX_OK);
        for (int64_t now = START; !split_is_complete(&split); now += SEC / 10) {
            crowd_step(&crowd[next_random() % CROWD], now);
            assert_true(now < START + 100000 * SEC);
        }
        for (size_t i = 0; i < BYTES; i++) {
            assert_int_equal(written[i], 1);
        }
        split_held(&split, &held);
        assert_int_equal(ranges_prefix(&held), BYTES);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, close_split)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_split_a_single_stream_is_shared_out_evenly),
        TEST(test_split_claims_that_fail_leave_the_stream_whole),
        TEST(test_split_least_size_limits_the_parts),
        TEST(test_split_most_workers_at_a_time),
        TEST(test_split_confirm_after_the_stream_went_on_skips_what_it_has),
        TEST(test_split_given_back_bytes_are_free_again),
        TEST(test_split_slowest_piece_is_helped_by_what_it_will_lack),
        TEST(test_split_piece_far_below_the_mean_is_replaced),
        TEST(test_split_what_will_soon_be_there_is_left_alone),
        TEST(test_split_stop_ends_everybody_and_the_first_reason_stays),
        TEST(test_split_held_ranges_make_the_gaps_free),
        TEST(test_split_more_gaps_than_room_fetches_some_again),
        TEST(test_split_crowd_owns_each_byte_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
