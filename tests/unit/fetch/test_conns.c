/* SPDX-License-Identifier: MIT
 *
 * Connections under -x: a new one shuts down an idle one of another worker, never one in use, never
 * one to another host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "fetch/conns.h"

#define PAIRS 4
#define HOST 7
#define OTHER 8

static struct conns *conns;
static int ours[PAIRS], theirs[PAIRS];

/* Four workers with `streams` places each, two connections to a host. */
static void begin(unsigned streams)
{
    assert_int_equal(conns_new(2, (size_t)4 * streams, streams, &conns), PX_OK);
    for (int i = 0; i < PAIRS; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < PAIRS; i++) {
        close(ours[i]);
        close(theirs[i]);
    }
    conns_free(conns);
    conns = NULL;
    return 0;
}

static bool is_shut(int i)
{
    char byte;
    return recv(theirs[i], &byte, 1, 0) == 0;
}

static void test_conns_idle_one_of_another_worker_makes_room(void **state)
{
    (void)state;
    begin(1);
    for (size_t i = 0; i < 2; i++) {
        conns_use(conns, i, HOST);
        conns_add(conns, i, HOST, ours[i]);
        conns_use(conns, i, 0);
    }
    conns_use(conns, 2, HOST);
    conns_add(conns, 2, HOST, ours[2]);
    assert_true(is_shut(0)); /* the one that was opened first */
    assert_false(is_shut(1));
    conns_use(conns, 3, HOST);
    conns_add(conns, 3, HOST, ours[3]);
    assert_true(is_shut(1));
    assert_false(is_shut(2));
}

static void test_conns_in_use_or_to_another_host_is_left_alone(void **state)
{
    (void)state;
    begin(1);
    conns_use(conns, 0, HOST);
    conns_add(conns, 0, HOST, ours[0]);
    conns_use(conns, 1, OTHER);
    conns_add(conns, 1, OTHER, ours[1]);
    conns_use(conns, 1, HOST); /* this worker is at the host now, the other's connection is kept */
    conns_add(conns, 1, HOST, ours[2]);
    conns_use(conns, 2, HOST);
    conns_add(conns, 2, HOST, ours[3]); /* more than two in use: not this table's business */
    for (int i = 0; i < PAIRS; i++) {
        assert_false(is_shut(i));
    }
}

static void test_conns_closed_one_counts_no_more(void **state)
{
    (void)state;
    begin(1);
    conns_add(conns, 0, HOST, ours[0]);
    conns_add(conns, 1, HOST, ours[1]);
    conns_remove(conns, ours[1]);
    conns_remove(conns, ours[1]); /* not in it: nothing */
    conns_add(conns, 2, HOST, ours[2]);
    assert_false(is_shut(0));
}

static void test_conns_worker_with_a_stream_at_the_host_keeps_its_idle_ones(void **state)
{
    (void)state;
    begin(2);
    conns_add(conns, 0, HOST, ours[0]);
    conns_add(conns, 1, HOST, ours[1]);
    conns_use(conns, 1, HOST);
    conns_add(conns, 2, HOST, ours[2]);
    assert_false(is_shut(0));
    conns_use(conns, 1, 0);
    conns_add(conns, 4, HOST, ours[3]);
    assert_true(is_shut(0));
    assert_true(is_shut(1)); /* down to the limit again */
}

static void test_conns_none_is_legal(void **state)
{
    (void)state;
    begin(1);
    conns_add(NULL, 0, HOST, ours[0]);
    conns_remove(NULL, ours[0]);
    conns_use(NULL, 0, HOST);
    conns_free(NULL);
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_conns_idle_one_of_another_worker_makes_room),
        TEST(test_conns_in_use_or_to_another_host_is_left_alone),
        TEST(test_conns_closed_one_counts_no_more),
        TEST(test_conns_worker_with_a_stream_at_the_host_keeps_its_idle_ones),
        TEST(test_conns_none_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
