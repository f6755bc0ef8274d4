/* SPDX-License-Identifier: MIT
 *
 * The live display's slots: written by one thread, sampled by another at any time.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pxfer/activity.h>
#include <pxfer/status.h>

static void test_activity_null_does_nothing(void **state)
{
    (void)state;
    px_activity_begin(NULL, 0, "x", 1);
    px_activity_total(NULL, 0, 1);
    px_activity_add(NULL, 0, 1);
    px_activity_end(NULL, 0);
    px_activity_free(NULL);
    assert_int_equal(px_activity_slots(NULL), 0);
    assert_int_equal(px_activity_bytes(NULL), 0);
}

static void test_activity_new_none_or_absurdly_many_slots_are_refused(void **state)
{
    (void)state;
    struct px_activity *activity = NULL;
    assert_int_equal(px_activity_new(0, &activity), PX_EINVAL);
    assert_int_equal(px_activity_new(SIZE_MAX / 64, &activity), PX_ENOMEM);
    assert_null(activity);
}

static void test_activity_item_begins_moves_ends(void **state)
{
    (void)state;
    struct px_activity *activity = NULL;
    struct px_activity_sample sample;
    assert_int_equal(px_activity_new(2, &activity), PX_OK);
    assert_int_equal(px_activity_slots(activity), 2);
    px_activity_begin(activity, 1, "a\033[31mb", 0);
    px_activity_total(activity, 1, 50);
    px_activity_add(activity, 1, 20);
    px_activity_sample(activity, 1, &sample);
    assert_true(sample.active);
    assert_null(strchr(sample.name, '\033'));
    assert_int_equal(sample.done_bytes, 20);
    assert_int_equal(sample.total_bytes, 50);
    assert_true(sample.begin_ns > 0);
    px_activity_end(activity, 1);
    px_activity_sample(activity, 1, &sample);
    assert_false(sample.active);
    px_activity_begin(activity, 1, "next", 7);
    px_activity_add(activity, 1, 5);
    px_activity_sample(activity, 1, &sample);
    assert_int_equal(sample.done_bytes, 5);
    assert_int_equal(px_activity_bytes(activity), 25); /* of both items */
    px_activity_free(activity);
}

static void test_activity_parts_of_one_thing_have_its_group_until_the_next_begin(void **state)
{
    (void)state;
    struct px_activity *activity = NULL;
    struct px_activity_sample sample;
    px_activity_join(NULL, 0, 7);
    px_activity_done(NULL, 0, 7);
    assert_int_equal(px_activity_new(1, &activity), PX_OK);
    px_activity_begin(activity, 0, "a", 0);
    px_activity_join(activity, 0, 7);
    px_activity_add(activity, 0, 5);
    px_activity_done(activity, 0, 40); /* of the whole: no bytes that this slot moved */
    px_activity_sample(activity, 0, &sample);
    assert_int_equal(sample.group, 7);
    assert_int_equal(sample.done_bytes, 40);
    assert_int_equal(px_activity_bytes(activity), 5);
    px_activity_begin(activity, 0, "b", 0);
    px_activity_sample(activity, 0, &sample);
    assert_int_equal(sample.group, 0);
    px_activity_free(activity);
}

static void test_activity_long_name_keeps_its_tail(void **state)
{
    (void)state;
    struct px_activity *activity = NULL;
    struct px_activity_sample sample;
    char name[400];
    memset(name, 'd', sizeof name);
    memcpy(name + sizeof name - 9, "/end.png", 9);
    assert_int_equal(px_activity_new(1, &activity), PX_OK);
    px_activity_begin(activity, 0, name, 0);
    px_activity_sample(activity, 0, &sample);
    assert_int_equal(strlen(sample.name), PX_ACTIVITY_NAME_BYTES - 1);
    assert_non_null(strstr(sample.name, "/end.png"));
    px_activity_free(activity);
}

enum { ROUNDS = 2000 };

struct writer {
    struct px_activity *activity;
    atomic_bool finished;
};

static void *write_slot(void *arg)
{
    struct writer *writer = arg;
    for (int i = 0; i < ROUNDS; i++) {
        px_activity_begin(writer->activity, 0, i % 2 == 0 ? "even" : "odd-item", 3);
        px_activity_add(writer->activity, 0, 3);
        px_activity_end(writer->activity, 0);
    }
    atomic_store(&writer->finished, true);
    return NULL;
}

static void test_activity_sampled_while_written_is_never_torn(void **state)
{
    (void)state;
    struct writer writer = {0};
    pthread_t thread;
    unsigned torn = 0;
    assert_int_equal(px_activity_new(1, &writer.activity), PX_OK);
    assert_int_equal(pthread_create(&thread, NULL, write_slot, &writer), 0);
    while (!atomic_load(&writer.finished)) {
        struct px_activity_sample sample;
        px_activity_sample(writer.activity, 0, &sample);
        torn += strcmp(sample.name, "even") != 0 && strcmp(sample.name, "odd-item") != 0 &&
                sample.name[0] != '\0';
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(torn, 0);
    assert_int_equal(px_activity_bytes(writer.activity), 3 * ROUNDS);
    px_activity_free(writer.activity);
}

static void test_activity_items_are_those_of_all_slots(void **state)
{
    (void)state;
    struct px_activity *activity = NULL;
    assert_int_equal(px_activity_new(2, &activity), PX_OK);
    px_activity_item(activity, 0);
    px_activity_item(activity, 1);
    px_activity_begin(activity, 1, "next", 0); /* takes nothing away */
    px_activity_item(activity, 1);
    assert_int_equal(px_activity_items(activity), 3);
    px_activity_item(NULL, 0);
    assert_int_equal(px_activity_items(NULL), 0);
    px_activity_free(activity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activity_null_does_nothing),
        cmocka_unit_test(test_activity_new_none_or_absurdly_many_slots_are_refused),
        cmocka_unit_test(test_activity_item_begins_moves_ends),
        cmocka_unit_test(test_activity_parts_of_one_thing_have_its_group_until_the_next_begin),
        cmocka_unit_test(test_activity_long_name_keeps_its_tail),
        cmocka_unit_test(test_activity_items_are_those_of_all_slots),
        cmocka_unit_test(test_activity_sampled_while_written_is_never_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
