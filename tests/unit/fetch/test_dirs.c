/* SPDX-License-Identifier: MIT
 *
 * Directories: made with their parents, opened once, closed when nobody needs them.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "fetch/dirs.h"
#include "fetch/fetching.h"
#include "support/io_fault.h"

static struct area area;
static struct dirs *dirs;

static int make_all(void **state)
{
    (void)state;
    area_make(&area);
    io_fault_reset();
    return dirs_new(io_fault_ops(), &dirs) == PX_OK ? 0 : -1;
}

static int remove_all(void **state)
{
    (void)state;
    dirs_free(dirs);
    area_remove(&area);
    return 0;
}

static const char *below(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", area.dir, name);
    return path;
}

static int get(const char *path, const struct dir **out)
{
    return dirs_get(dirs, path, strlen(path), out);
}

static void test_dirs_get_makes_parents(void **state)
{
    (void)state;
    const struct dir *dir;
    assert_int_equal(get(below("a//b/c/"), &dir), PX_OK);
    assert_true(area_has(&area, "a/b/c"));
    assert_int_equal(mkdirat(dir->fd, "d", 0700), 0);
    assert_true(area_has(&area, "a/b/c/d"));
    dirs_put(dirs, dir);
}

static void test_dirs_get_twice_opens_once(void **state)
{
    (void)state;
    const struct dir *one, *two;
    assert_int_equal(get(area.dir, &one), PX_OK);
    const unsigned opens = io_fault_calls(IO_FAULT(openat));
    assert_int_equal(get(area.dir, &two), PX_OK);
    assert_ptr_equal(one, two);
    assert_int_equal(io_fault_calls(IO_FAULT(openat)), opens);
    dirs_put(dirs, one);
    dirs_put(dirs, two);
    assert_int_equal(get(area.dir, &one), PX_OK); /* idle ones are kept for a while */
    assert_int_equal(io_fault_calls(IO_FAULT(openat)), opens);
    dirs_put(dirs, one);
    dirs_put(dirs, NULL);
}

static void test_dirs_empty_path_is_the_current_directory(void **state)
{
    (void)state;
    const struct dir *dir;
    struct stat here, there;
    assert_int_equal(get("", &dir), PX_OK);
    assert_int_equal(fstat(dir->fd, &there), 0);
    assert_int_equal(stat(".", &here), 0);
    assert_int_equal(here.st_ino, there.st_ino);
    dirs_put(dirs, dir);
}

static void test_dirs_idle_ones_are_bounded(void **state)
{
    (void)state;
    const struct dir *dir;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "d%d", i);
        assert_int_equal(get(below(name), &dir), PX_OK);
        dirs_put(dirs, dir);
    }
    /* each took opens for itself and its parents, and all but 16 were closed again */
    assert_true(io_fault_calls(IO_FAULT(close)) >= 100 - 17);
    assert_int_equal(fcntl(dir->fd, F_GETFD), FD_CLOEXEC);
}

static void test_dirs_get_tells_why_not(void **state)
{
    (void)state;
    const struct dir *dir;
    area_put(&area, "file", "x", 1);
    assert_int_equal(get(below("file"), &dir), PX_EIO);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(get(below("file/sub"), &dir), PX_EIO);
    assert_int_equal(errno, ENOTDIR);
    io_fault_arm(IO_FAULT(mkdirat), 1, ENOSPC, IO_FAULT_ONCE);
    assert_int_equal(get(below("new"), &dir), PX_EFULL);
    assert_int_equal(errno, ENOSPC);
    io_fault_arm(IO_FAULT(openat), 2, EMFILE, IO_FAULT_STICKY);
    assert_int_equal(get(below("new"), &dir), PX_EIO);
    assert_int_equal(errno, EMFILE);
}

struct racer {
    pthread_t thread;
    char paths[4][100];
    atomic_uint bad;
};

static void *race(void *ctx)
{
    struct racer *racer = ctx;
    for (int i = 0; i < 2000; i++) {
        const struct dir *dir;
        const char *path = racer->paths[i % 4];
        if (dirs_get(dirs, path, strlen(path), &dir) != PX_OK || fcntl(dir->fd, F_GETFD) < 0) {
            atomic_fetch_add(&racer->bad, 1);
        } else {
            dirs_put(dirs, dir);
        }
    }
    return NULL;
}

static void test_dirs_from_many_threads(void **state)
{
    (void)state;
    struct racer racers[4];
    for (int i = 0; i < 4; i++) {
        atomic_init(&racers[i].bad, 0);
        for (int k = 0; k < 4; k++) {
            snprintf(racers[i].paths[k], sizeof racers[i].paths[k], "%s/r%d/s", area.dir, k);
        }
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_int_equal(atomic_load(&racers[i].bad), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_all, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dirs_get_makes_parents),
        TEST(test_dirs_get_twice_opens_once),
        TEST(test_dirs_empty_path_is_the_current_directory),
        TEST(test_dirs_idle_ones_are_bounded),
        TEST(test_dirs_get_tells_why_not),
        TEST(test_dirs_from_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
