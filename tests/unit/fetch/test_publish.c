/* SPDX-License-Identifier: MIT
 *
 * The last step by itself: numbers, and what each mode does to a name that is taken. What failing
 * calls leave behind is in test_part.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "fetch/fetching.h"
#include "fetch/name.h"
#include "fetch/publish.h"
#include "support/io_fault.h"

static struct area area;

static int make_area(void **state)
{
    (void)state;
    area_make(&area);
    io_fault_reset();
    return 0;
}

static int remove_area(void **state)
{
    (void)state;
    area_remove(&area);
    return 0;
}

static struct publish publish_of(const char *text, enum px_on_exist on_exist)
{
    const int fd = px_open_nameless(px_io_real(), area.fd, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return (struct publish){.io = io_fault_ops(),
                            .fd = fd,
                            .dirfd = area.fd,
                            .name = "x",
                            .on_exist = on_exist,
                            .mode = 0644};
}

static void test_publish_numbered_by_table(void **state)
{
    (void)state;
    char long_name[NAME_ROOM], *a, *b;
    a = publish_numbered("x", 0);
    b = publish_numbered("x", 12);
    assert_string_equal(a, "x");
    assert_string_equal(b, "x.12");
    free(a);
    free(b);
    memset(long_name, 'n', NAME_BYTES);
    long_name[NAME_BYTES] = '\0';
    a = publish_numbered(long_name, 1);
    b = publish_numbered(long_name, 2);
    assert_int_equal(strlen(a), NAME_BYTES);
    assert_int_equal(strlen(b), NAME_BYTES);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
}

static void test_publish_nameless_gives_a_free_name_and_closes(void **state)
{
    (void)state;
    struct publish publish = publish_of("new", PX_ON_EXIST_SKIP);
    const int fd = publish.fd;
    assert_int_equal(publish_nameless(&publish), PX_OK);
    assert_int_equal(publish.fd, -1);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    area_assert(&area, "x", "new", 3);
}

static void test_publish_nameless_over_a_name_asks_for_a_rename(void **state)
{
    (void)state;
    struct publish publish = publish_of("new", PX_ON_EXIST_OVERWRITE);
    area_put(&area, "x", "old", 3);
    assert_int_equal(publish_nameless(&publish), PX_EAGAIN);
    assert_true(publish.fd >= 0);
    area_assert(&area, "x", "old", 3);
    close(publish.fd);
}

static void test_publish_sync_happens_before_and_after_the_name(void **state)
{
    (void)state;
    struct publish publish = publish_of("new", PX_ON_EXIST_SKIP);
    publish.sync = true;
    assert_int_equal(publish_nameless(&publish), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fsync)), 2);

    publish = publish_of("new", PX_ON_EXIST_RENAME);
    publish.sync = true;
    io_fault_arm(IO_FAULT(fsync), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(publish_nameless(&publish), PX_EIO);
    assert_string_equal(publish.stage, "fsync");
    assert_int_equal(area_count(&area), 1); /* no name for what may not be on the disk */
    close(publish.fd);
}

static void test_publish_nameless_close_that_fails_takes_the_name_back(void **state)
{
    (void)state;
    struct publish publish = publish_of("new", PX_ON_EXIST_RENAME);
    area_put(&area, "x", "old", 3);
    io_fault_arm(IO_FAULT(close), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(publish_nameless(&publish), PX_EIO);
    assert_int_equal(publish.fd, -1);
    area_assert(&area, "x", "old", 3);
    assert_false(area_has(&area, "x.1"));
    free(publish.final_name);
}

static void test_publish_named_close_that_fails_gives_no_name(void **state)
{
    (void)state;
    struct publish publish = publish_of("new", PX_ON_EXIST_OVERWRITE);
    area_put(&area, "x", "old", 3);
    assert_int_equal(px_link_fd(px_io_real(), publish.fd, area.fd, ".x.part"), 0);
    publish.part_name = ".x.part";
    io_fault_arm(IO_FAULT(close), 1, EDQUOT, IO_FAULT_ONCE);
    assert_int_equal(publish_named(&publish), PX_EFULL);
    area_assert(&area, "x", "old", 3);
    io_fault_reset();
    assert_int_equal(publish_named(&publish), PX_OK);
    area_assert(&area, "x", "new", 3);
    assert_false(area_has(&area, ".x.part"));
}

static void test_publish_time_is_set_before_the_name(void **state)
{
    (void)state;
    struct stat st;
    struct publish publish = publish_of("new", PX_ON_EXIST_SKIP);
    publish.mtime = 86400;
    io_fault_arm(IO_FAULT(futimens), 1, EPERM, IO_FAULT_ONCE);
    assert_int_equal(publish_nameless(&publish), PX_EIO);
    assert_string_equal(publish.stage, "set the time");
    assert_false(area_has(&area, "x"));
    io_fault_reset();
    assert_int_equal(publish_nameless(&publish), PX_OK);
    assert_int_equal(fstatat(area.fd, "x", &st, 0), 0);
    assert_int_equal(st.st_mtim.tv_sec, 86400);
    assert_true(st.st_atim.tv_sec > 86400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_area, remove_area)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_publish_numbered_by_table),
        TEST(test_publish_nameless_gives_a_free_name_and_closes),
        TEST(test_publish_nameless_over_a_name_asks_for_a_rename),
        TEST(test_publish_sync_happens_before_and_after_the_name),
        TEST(test_publish_nameless_close_that_fails_takes_the_name_back),
        TEST(test_publish_named_close_that_fails_gives_no_name),
        TEST(test_publish_time_is_set_before_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
