/* SPDX-License-Identifier: MIT
 *
 * The engine as its caller sees it: made or refused, names for everything, one account a worker.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "copy/fake.h"
#include "copy/tree.h"

static size_t count_names(const char *const *names)
{
    size_t n = 0;
    while (names[n] != NULL) {
        n++;
    }
    return n;
}

static void test_engine_names_are_as_many_as_the_enums(void **state)
{
    (void)state;
    assert_int_equal(count_names(px_copy_phase_names()), PX_COPY_PHASES_);
    assert_int_equal(count_names(px_copy_counter_names()), PX_COPY_COUNTERS_);
    assert_true((int)PX_COPY_PHASES_ <= PX_PHASES && (int)PX_COPY_COUNTERS_ <= PX_COUNTERS);
    assert_string_equal(px_copy_type_name(PX_COPY_DIR), "directory");
    assert_string_equal(px_copy_type_name((enum px_copy_type)99), "unknown");
    assert_string_equal(px_copy_engine_name(PX_ENGINE_COPY_FILE_RANGE), "copy_file_range");
    assert_string_equal(px_copy_engine_name((enum px_copy_engine)99), "unknown");
}

static void test_engine_refusal_leaves_nothing_to_free(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = fake_opts("src", "no/where");
    assert_int_equal(fake_open(&fake, &opts, 1), PX_EUSAGE);
    assert_string_equal(fake.message, "no: No such file or directory");
    assert_null(fake.copy);
    px_copy_free(NULL);
}

static void test_engine_has_an_account_for_each_worker(void **state)
{
    (void)state;
    char error[100];
    struct px_copy *copy = NULL;
    struct px_copy_opts opts = fake_opts("src", "dst");
    tree_dir("src");
    opts.workers = 3;
    assert_int_equal(px_copy_new(&opts, error, sizeof error, &copy), PX_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_non_null(px_copy_account(copy, i));
        assert_int_equal((uintptr_t)px_copy_account(copy, i) % PX_CACHE_LINE, 0);
    }
    assert_ptr_not_equal(px_copy_account(copy, 0), px_copy_account(copy, 1));
    assert_null(px_copy_account(copy, 3));
    px_copy_free(copy);
}

static void test_engine_umask_is_read_and_left(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = fake_opts("src", "dst");
    tree_dir("src");
    (void)umask(027);
    assert_int_equal(fake_open(&fake, &opts, 1), PX_OK);
    assert_int_equal(fake.copy->umask, 027);
    assert_int_equal(umask(022), 027);
    fake_close(&fake);
}

/* Modes come out exactly whatever the umask, and group and world never see a file wider than it. */
static void test_engine_umask_does_not_change_modes(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 077, 0777};
    tree_make_sample("src");
    for (size_t i = 0; i < 4; i++) {
        struct fake fake;
        const struct px_copy_opts opts = fake_opts("src", "dst");
        (void)umask(masks[i]);
        assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
        (void)umask(022);
        assert_int_equal(fake.sum.failed, geteuid() != 0 && i == 3 ? fake.sum.failed : 0);
        assert_true(fake.sum.failed > 0 || tree_same("src", "dst"));
        tree_remove(AT_FDCWD, "dst");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_names_are_as_many_as_the_enums),
        T(test_engine_refusal_leaves_nothing_to_free),
        T(test_engine_has_an_account_for_each_worker),
        T(test_engine_umask_is_read_and_left),
        T(test_engine_umask_does_not_change_modes),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
