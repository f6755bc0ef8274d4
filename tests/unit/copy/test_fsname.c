/* SPDX-License-Identifier: MIT
 *
 * Which file system is it? Lines of mountinfo, and a real descriptor.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "copy/fsname.h"

static void test_fsname_match_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int rc;
        const char *mount;
        const char *type;
    } rows[] = {
        {"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw", 0, "/mnt2", "ext3"},
        {"36 35 98:0 / / rw - xfs /dev/sda rw", 0, "/", "xfs"},
        {"36 35 98:0 / /a\\040b rw a b c d - tmpfs none rw", 0, "/a\\040b", "tmpfs"},
        {"36 35 98:1 /mnt1 /mnt2 rw - ext3 /dev/root rw", -1, NULL, NULL},
        {"36 35 98:0 /mnt1 /mnt2 rw ext3", -1, NULL, NULL},
        {"36 35 98:0 /mnt1 /mnt2 rw -", -1, NULL, NULL},
        {"36 35 98:0", -1, NULL, NULL},
        {"", -1, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[128];
        const char *mount = NULL;
        const char *type = NULL;
        (void)snprintf(line, sizeof line, "%s", rows[i].line);
        assert_int_equal(px_fsname_match(line, "98:0", &mount, &type), rows[i].rc);
        if (rows[i].rc == 0) {
            assert_string_equal(mount, rows[i].mount);
            assert_string_equal(type, rows[i].type);
        }
    }
}

static void test_fsname_of_a_descriptor_tells_type_and_room(void **state)
{
    (void)state;
    char name[PX_FSNAME_ROOM];
    const int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    const char *text = px_fsname(fd, name);
    assert_ptr_equal(text, name);
    assert_non_null(strstr(text, "file system /proc (proc), "));
    assert_non_null(strstr(text, " bytes and "));
    assert_int_equal(close(fd), 0);
}

static void test_fsname_of_nothing_is_short(void **state)
{
    (void)state;
    char name[PX_FSNAME_ROOM];
    assert_string_equal(px_fsname(-1, name), "file system");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fsname_match_follows_the_table),
        cmocka_unit_test(test_fsname_of_a_descriptor_tells_type_and_room),
        cmocka_unit_test(test_fsname_of_nothing_is_short),
    };
    return cmocka_run_group_tests_name("fsname", tests, NULL, NULL);
}
