/* SPDX-License-Identifier: MIT
 *
 * Part files and their last step (F1, F12, F13, F16, F18, F21): the final name is old, absent or
 * complete, whichever call fails; the lock keeps others out. What an earlier run left is in
 * test_part_leftover.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/name.h"
#include "fetch/parting.h"

static void test_part_small_file_has_no_name_until_it_is_published(void **state)
{
    (void)state;
    struct part part = empty;
    struct stat st;
    assert_int_equal(append(&part, "hello "), PX_OK);
    assert_int_equal(append(&part, "world"), PX_OK);
    assert_int_equal(area_count(&area), 0);
    assert_int_equal(publish(&part), PX_OK);
    assert_int_equal(area_count(&area), 1);
    area_assert(&area, "x", "hello world", 11);
    assert_int_equal(fstatat(area.fd, "x", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_false(part_is_open(&part));
}

static void test_part_empty_file_is_published_too(void **state)
{
    (void)state;
    struct part part = empty;
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "", 0);
}

static void test_part_kept_is_private_until_it_is_published(void **state)
{
    (void)state;
    struct part part = empty;
    struct stat st;
    assert_int_equal(append(&part, "hello"), PX_OK);
    assert_int_equal(part_keep(&part, &place), PX_OK);
    assert_int_equal(part_keep(&part, &place), PX_OK);
    assert_int_equal(fstatat(area.fd, ".x.part", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(area_has(&area, "x"));
    assert_int_equal(append(&part, " world"), PX_OK);
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "hello world", 11);
    assert_int_equal(fstatat(area.fd, "x", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(area_count(&area), 1);
}

static void test_part_without_nameless_files_has_its_name_at_once(void **state)
{
    (void)state;
    struct part part = empty;
    refuse_nameless();
    assert_int_equal(append(&part, "hello"), PX_OK);
    assert_true(area_has(&area, ".x.part"));
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "hello", 5);
    assert_int_equal(area_count(&area), 1);
}

static void test_part_on_exist_by_table(void **state)
{
    (void)state;
    static const struct {
        enum px_on_exist on_exist;
        int rc;
        const char *x, *x1; /* x1 NULL: not made */
    } rows[] = {
        {PX_ON_EXIST_SKIP, PX_EEXIST, "old", NULL},
        {PX_ON_EXIST_FAIL, PX_EEXIST, "old", NULL},
        {PX_ON_EXIST_OVERWRITE, PX_OK, "new", NULL},
        {PX_ON_EXIST_RENAME, PX_OK, "old", "new"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        for (int kept = 0; kept < 2; kept++) {
            struct part part = empty;
            char *name = NULL;
            place.on_exist = rows[i].on_exist;
            area_put(&area, "x", "old", 3);
            assert_int_equal(append(&part, "new"), PX_OK);
            if (kept) {
                assert_int_equal(part_keep(&part, &place), PX_OK);
            }
            assert_int_equal(part_publish(&part, &place, &name), rows[i].rc);
            area_assert(&area, "x", rows[i].x, 3);
            if (rows[i].x1 != NULL) {
                assert_string_equal(name, "x.1");
                area_assert(&area, "x.1", rows[i].x1, 3);
            } else {
                assert_null(name);
            }
            free(name);
            part_discard(&part, &place);
            assert_int_equal(area_count(&area), rows[i].x1 != NULL ? 2 : 1);
            area_empty(area.fd);
        }
    }
}

static void test_part_rename_takes_the_first_free_number(void **state)
{
    (void)state;
    place.on_exist = PX_ON_EXIST_RENAME;
    for (int i = 0; i < 12; i++) {
        struct part part = empty;
        assert_int_equal(append(&part, "new"), PX_OK);
        assert_int_equal(publish(&part), PX_OK);
    }
    assert_true(area_has(&area, "x") && area_has(&area, "x.1") && area_has(&area, "x.11"));
    assert_int_equal(area_count(&area), 12);
}

static void test_part_rename_long_names_stay_within_255_bytes(void **state)
{
    (void)state;
    char name[NAME_ROOM];
    memset(name, 'n', NAME_BYTES);
    name[NAME_BYTES] = '\0';
    place.name = name;
    place.on_exist = PX_ON_EXIST_RENAME;
    for (int i = 0; i < 3; i++) {
        struct part part = empty;
        assert_int_equal(append(&part, "new"), PX_OK);
        assert_int_equal(part_keep(&part, &place), PX_OK);
        assert_int_equal(publish(&part), PX_OK);
    }
    assert_int_equal(area_count(&area), 3);
}

static void test_part_target_that_is_no_file_is_never_replaced(void **state)
{
    (void)state;
    static const char *const kinds[] = {"directory", "fifo"};
    for (size_t i = 0; i < ROWS(kinds); i++) {
        struct part part = empty;
        place.on_exist = PX_ON_EXIST_OVERWRITE;
        assert_int_equal(i == 0 ? mkdirat(area.fd, "x", 0700) : mkfifoat(area.fd, "x", 0600), 0);
        assert_int_equal(append(&part, "new"), PX_OK);
        assert_int_equal(publish(&part), PX_EIO);
        assert_non_null(strstr(part.stage, "target is"));
        part_discard(&part, &place);
        assert_int_equal(area_count(&area), 1);
        assert_int_equal(unlinkat(area.fd, "x", i == 0 ? AT_REMOVEDIR : 0), 0);
    }
}

static void test_part_symlink_target_is_replaced_itself_or_stays(void **state)
{
    (void)state;
    struct part part = empty;
    area_put(&area, "victim", "precious", 8);
    assert_int_equal(symlinkat("victim", area.fd, "x"), 0);
    assert_int_equal(append(&part, "new"), PX_OK);
    assert_int_equal(publish(&part), PX_EEXIST);
    place.on_exist = PX_ON_EXIST_OVERWRITE;
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "new", 3);
    area_assert(&area, "victim", "precious", 8);
}

static void test_part_name_that_is_a_symlink_or_fifo_is_not_followed(void **state)
{
    (void)state;
    static const char *const kinds[] = {"symlink", "fifo", "directory"};
    area_put(&area, "victim", "precious", 8);
    for (size_t i = 0; i < ROWS(kinds); i++) {
        struct part part = empty;
        const int made = i == 0   ? symlinkat("victim", area.fd, ".x.part")
                         : i == 1 ? mkfifoat(area.fd, ".x.part", 0600)
                                  : mkdirat(area.fd, ".x.part", 0700);
        assert_int_equal(made, 0);
        assert_int_equal(append(&part, "new"), PX_OK);
        assert_int_equal(part_keep(&part, &place), PX_EIO);
        assert_int_equal(part.err, i == 2 ? EISDIR : 0); /* no errno tells of the others */
        part_suspend(&part, place.io);
        refuse_nameless();
        assert_int_equal(append(&part, "new"), PX_EIO);
        io_fault_reset();
        area_assert(&area, "victim", "precious", 8);
        unlinkat(area.fd, ".x.part", i == 2 ? AT_REMOVEDIR : 0);
    }
}

static void test_part_second_one_on_the_same_target_is_in_use(void **state)
{
    (void)state;
    struct part first = empty, second = empty;
    struct state state_of;
    assert_int_equal(append(&first, "first"), PX_OK);
    assert_int_equal(part_keep(&first, &place), PX_OK);
    assert_int_equal(append(&second, "second"), PX_OK);
    assert_int_equal(part_keep(&second, &place), PX_EINUSE);
    assert_int_equal(part_adopt(&second, &place, 1, "", &state_of), PX_EINUSE);
    part_suspend(&second, place.io);
    refuse_nameless();
    assert_int_equal(append(&second, "second"), PX_EINUSE);
    assert_int_equal(publish(&first), PX_OK);
    area_assert(&area, "x", "first", 5);
}

static void test_part_rename_mode_gives_the_second_a_part_of_its_own(void **state)
{
    (void)state;
    struct part first = empty, second = empty;
    place.on_exist = PX_ON_EXIST_RENAME;
    assert_int_equal(append(&first, "first"), PX_OK);
    assert_int_equal(part_keep(&first, &place), PX_OK);
    assert_int_equal(append(&second, "second"), PX_OK);
    assert_int_equal(part_keep(&second, &place), PX_OK);
    assert_true(area_has(&area, ".x.1.part"));
    assert_int_equal(publish(&second), PX_OK);
    assert_int_equal(publish(&first), PX_OK);
    area_assert(&area, "x", "second", 6);
    area_assert(&area, "x.1", "first", 5);
    assert_int_equal(area_count(&area), 2);
}

static void test_part_restart_forgets_all_bytes(void **state)
{
    (void)state;
    struct part part = empty;
    assert_int_equal(part_restart(&part, &place), PX_OK);
    assert_int_equal(append(&part, "longer text"), PX_OK);
    assert_int_equal(part_restart(&part, &place), PX_OK);
    assert_int_equal(append(&part, "new"), PX_OK);
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "new", 3);
}

static void test_part_ragged_end_of_a_failed_write_is_cut_off(void **state)
{
    (void)state;
    struct part part = empty;
    assert_int_equal(append(&part, "good"), PX_OK);
    io_fault_arm(IO_FAULT(pwrite), 2, EIO, IO_FAULT_ONCE);
    io_fault_short(IO_FAULT(pwrite), 3);
    assert_int_equal(append(&part, "lost bytes"), PX_EIO);
    assert_int_equal(part.held, 4);
    io_fault_reset();
    assert_int_equal(publish(&part), PX_OK);
    area_assert(&area, "x", "good", 4);
}

static void test_part_discard_leaves_nothing(void **state)
{
    (void)state;
    struct part part = empty;
    struct state saved = of_x;
    assert_int_equal(append(&part, "hello"), PX_OK);
    assert_int_equal(part_keep(&part, &place), PX_OK);
    assert_int_equal(part_save_state(&part, &place, &saved, "http://h/x"), PX_OK);
    assert_int_equal(area_count(&area), 2);
    part_discard(&part, &place);
    assert_int_equal(area_count(&area), 0);
    part_discard(&part, &place);
}

/* --- every call fails once -------------------------------------------------------------------- */

struct scene {
    enum px_on_exist on_exist;
    bool exists, kept, named_from_start;
};

/* What a run of the scene does; errors stop it, as they do a transfer. */
static int play(const struct scene *scene, struct part *part)
{
    struct state saved = of_x;
    int rc = append(part, "hello ");
    if (rc == PX_OK && scene->kept) {
        rc = part_keep(part, &place);
    }
    if (rc == PX_OK && scene->kept) {
        rc = part_save_state(part, &place, &saved, "http://h/x");
    }
    if (rc == PX_OK) {
        rc = append(part, "world");
    }
    return rc == PX_OK ? publish(part) : rc;
}

/* Old, absent or complete; and complete whenever it was said to be. */
static void check_final(const struct scene *scene, int rc)
{
    size_t n = 0;
    char *held = area_get(&area, "x", &n);
    if (held == NULL) {
        assert_false(scene->exists);
        assert_int_not_equal(rc, PX_OK);
        return;
    }
    const bool old = n == 3 && memcmp(held, "old", 3) == 0;
    const bool complete = n == 11 && memcmp(held, "hello world", 11) == 0;
    assert_true(complete || (scene->exists && old));
    if (rc == PX_OK) {
        assert_true(complete);
    }
    free(held);
}

static void run_scene(const struct scene *scene, size_t member, int err, bool sticky)
{
    for (unsigned nth = 1;; nth++) {
        struct part part = empty;
        area_empty(area.fd);
        if (scene->exists) {
            area_put(&area, "x", "old", 3);
        }
        place.on_exist = scene->on_exist;
        io_fault_arm(member, nth, err, sticky);
        const int rc = play(scene, &part);
        const bool fired = io_fault_fired();
        check_final(scene, rc);
        if (rc != PX_OK) {
            assert_true(rc == PX_EIO || rc == PX_EFULL);
            assert_non_null(part.stage);
            io_fault_reset();
            part_discard(&part, &place);
            assert_int_equal(area_count(&area), area_has(&area, "x"));
            /* and the same again finishes the job */
            assert_int_equal(play(scene, &part), area_has(&area, "x") && !scene->exists &&
                                                         scene->on_exist == PX_ON_EXIST_SKIP
                                                     ? PX_EEXIST
                                                     : PX_OK);
            part_discard(&part, &place);
        }
        if (!fired) {
            assert_int_equal(rc, PX_OK);
            break;
        }
        assert_true(nth < 50);
    }
}

static void test_part_every_failing_call_leaves_old_absent_or_complete(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(openat), IO_FAULT(pwrite),    IO_FAULT(linkat),
                                     IO_FAULT(close),  IO_FAULT(renameat),  IO_FAULT(fsync),
                                     IO_FAULT(fchmod), IO_FAULT(fstatat),   IO_FAULT(fstat),
                                     IO_FAULT(write),  IO_FAULT(ftruncate), IO_FAULT(unlinkat)};
    static const struct scene scenes[] = {
        {PX_ON_EXIST_SKIP, false, false, false},     {PX_ON_EXIST_SKIP, false, true, false},
        {PX_ON_EXIST_OVERWRITE, true, false, false}, {PX_ON_EXIST_OVERWRITE, true, true, false},
        {PX_ON_EXIST_OVERWRITE, false, true, false},
    };
    static const int errs[] = {EIO, ENOSPC};
    place.fsync = PX_FSYNC_FILE;
    for (size_t s = 0; s < ROWS(scenes); s++) {
        for (size_t m = 0; m < ROWS(members); m++) {
            for (size_t e = 0; e < ROWS(errs); e++) {
                run_scene(&scenes[s], members[m], errs[e], IO_FAULT_ONCE);
                run_scene(&scenes[s], members[m], errs[e], IO_FAULT_STICKY);
            }
        }
    }
}

static void test_part_without_hard_links_is_renamed_unless_the_name_is_taken(void **state)
{
    (void)state;
    for (int taken = 0; taken < 2; taken++) {
        struct part part = empty;
        refuse_nameless();
        assert_int_equal(append(&part, "new"), PX_OK);
        if (taken) {
            area_put(&area, "x", "old", 3);
        }
        io_fault_arm(IO_FAULT(linkat), 1, EPERM, IO_FAULT_STICKY);
        assert_int_equal(publish(&part), taken ? PX_EEXIST : PX_OK);
        area_assert(&area, "x", taken ? "old" : "new", 3);
        part_discard(&part, &place);
        area_empty(area.fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_part_small_file_has_no_name_until_it_is_published),
        TEST(test_part_empty_file_is_published_too),
        TEST(test_part_kept_is_private_until_it_is_published),
        TEST(test_part_without_nameless_files_has_its_name_at_once),
        TEST(test_part_on_exist_by_table),
        TEST(test_part_rename_takes_the_first_free_number),
        TEST(test_part_rename_long_names_stay_within_255_bytes),
        TEST(test_part_target_that_is_no_file_is_never_replaced),
        TEST(test_part_symlink_target_is_replaced_itself_or_stays),
        TEST(test_part_name_that_is_a_symlink_or_fifo_is_not_followed),
        TEST(test_part_second_one_on_the_same_target_is_in_use),
        TEST(test_part_rename_mode_gives_the_second_a_part_of_its_own),
        TEST(test_part_restart_forgets_all_bytes),
        TEST(test_part_ragged_end_of_a_failed_write_is_cut_off),
        TEST(test_part_discard_leaves_nothing),
        TEST(test_part_every_failing_call_leaves_old_absent_or_complete),
        TEST(test_part_without_hard_links_is_renamed_unless_the_name_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
