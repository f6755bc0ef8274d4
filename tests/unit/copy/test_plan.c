/* SPDX-License-Identifier: MIT
 *
 * The operands: what goes where, and what is refused, each case from an empty directory. Nothing
 * is ever written by a plan.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include <pxfer/status.h>

#include "copy/plan.h"
#include "copy/tree.h"

#define MAX_SOURCES 3

/* a/ a/b/ a/b/c  d/ d/a/ d/f  e/ e/a  f  hard (of f)  sub/f  to_f -> f  to_d -> d  to_a -> a
 * out -> /proc/self/fd/1  to_null -> /dev/null */
static int setup(void **state)
{
    if (tree_setup(state) != 0) {
        return -1;
    }
    static const char *const dirs[] = {"a", "a/b", "d", "d/a", "e", "sub"};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        tree_dir(dirs[i]);
    }
    tree_text("a/b/c", "c");
    tree_text("d/f", "other");
    tree_text("e/a", "a file");
    tree_text("f", "f");
    tree_text("sub/f", "sub f");
    if (link("f", "hard") != 0) {
        return -1;
    }
    tree_link("f", "to_f");
    tree_link("d", "to_d");
    tree_link("a", "to_a");
    tree_link("no/where", "dangling");
    tree_link("/proc/self/fd/1", "out");
    tree_link("/dev/null", "to_null");
    return 0;
}

static int plan_of(const char *const *sources, size_t n, const char *target, char mode,
                   struct px_plan *plan, char *error, size_t room)
{
    const struct px_copy_opts opts = {.workers = 1,
                                      .sources = sources,
                                      .n_sources = n,
                                      .target = target,
                                      .target_is_dir = mode == 't',
                                      .target_is_thing = mode == 'T'};
    return px_plan_make(&opts, error, room, plan);
}

struct row {
    const char *source;
    const char *target;
    char mode; /* 't', 'T' or ' ' */
    int status;
    /* PX_OK: where it is read from and where it goes; else: what the message says */
    const char *source_dir;
    const char *source_name;
    const char *target_base;
    const char *target_name;
};

static const struct row rows[] = {
    /* cp's destination rule */
    {"f", "new", ' ', PX_OK, ".", "f", "", "new"},
    {"f", "./new", ' ', PX_OK, ".", "f", ".", "new"},
    {"a", "new/", ' ', PX_OK, ".", "a", "", "new"},
    {"a/", "d", ' ', PX_OK, ".", "a", "d", "a"},
    {"a//", "e/../d/", ' ', PX_OK, ".", "a", "e/../d", "a"},
    {"a/b", "d", 't', PX_OK, "a", "b", "d", "b"},
    {"a/b", "to_d", ' ', PX_OK, "a", "b", "to_d", "b"},
    {"a/b", "d", 'T', PX_OK, "a", "b", "", "d"},
    {"a/b/.", "d", ' ', PX_OK, "a/b", ".", "d", "."},
    {"a/b/./", "new", ' ', PX_OK, "a/b", ".", "", "new"},
    {"a/b/..", "d", ' ', PX_OK, "a/b/..", ".", "d", "."},
    {"to_a", "d", ' ', PX_OK, ".", "to_a", "d", "to_a"},
    {"to_a/", "d", ' ', PX_OK, "to_a", ".", "d", "to_a"},
    {"to_a//", "new", ' ', PX_OK, "to_a", ".", "", "new"},
    {"to_f", "to_null", ' ', PX_OK, ".", "to_f", "", "to_null"},
    {"to_a/.", "new", ' ', PX_OK, "to_a", ".", "", "new"},
    {"f", "dangling", ' ', PX_OK, ".", "f", "", "dangling"},
    {"f", "d/f", ' ', PX_OK, ".", "f", "d", "f"},
    /* refused */
    {"f", "f", ' ', PX_EREFUSED, "f: source and target are the same file", 0, 0, 0},
    {"f", "./f", 'T', PX_EREFUSED, "f: source and target are the same file", 0, 0, 0},
    {"f", "hard", ' ', PX_EREFUSED, "f: source and target are the same file", 0, 0, 0},
    {"f", "to_f", ' ', PX_EREFUSED, "f: source and target are the same file", 0, 0, 0},
    {"to_f", "f", ' ', PX_EREFUSED, "to_f: source and target are the same file", 0, 0, 0},
    {"d/f", "d", ' ', PX_EREFUSED, "d/f: source and target are the same file", 0, 0, 0},
    {"a", ".", ' ', PX_EREFUSED, "a: source and target are the same file", 0, 0, 0},
    {"a", "a", ' ', PX_EREFUSED, "a: a directory cannot be copied into itself", 0, 0, 0},
    {"a", "a/new", ' ', PX_EREFUSED, "a: a directory cannot be copied into itself", 0, 0, 0},
    {"a", "a/b", ' ', PX_EREFUSED, "a: a directory cannot be copied into itself", 0, 0, 0},
    {"a/.", "a/b/new", ' ', PX_EREFUSED, "a/.: a directory cannot be copied into itself", 0, 0, 0},
    {".", "d/new", ' ', PX_EREFUSED, ".: a directory cannot be copied into itself", 0, 0, 0},
    {"a", "to_a/b", ' ', PX_EREFUSED, "a: a directory cannot be copied into itself", 0, 0, 0},
    {"to_a/", "a/b", ' ', PX_EREFUSED, "to_a/: a directory cannot be copied into itself", 0, 0, 0},
    {"f", "out", ' ', PX_EREFUSED,
     "f: the target is a symbolic link to a file of /proc: not replaced", 0, 0, 0},
    {"f", "to_null", ' ', PX_EREFUSED,
     "f: the target is a symbolic link to a character device: not replaced", 0, 0, 0},
    {"a", "e", ' ', PX_EREFUSED, "a: is a directory and cannot replace what is none", 0, 0, 0},
    {"a", "f", ' ', PX_EREFUSED, "a: is a directory and cannot replace what is none", 0, 0, 0},
    {"a", "to_d", 'T', PX_EREFUSED, "a: is a directory and cannot replace what is none", 0, 0, 0},
    {"e/a", "d", ' ', PX_EREFUSED, "e/a: is not a directory and cannot replace one", 0, 0, 0},
    {"f", "d", 'T', PX_EREFUSED, "f: is not a directory and cannot replace one", 0, 0, 0},
    /* wrong use */
    {"f", "new/", ' ', PX_EUSAGE, "new/: is not a directory", 0, 0, 0},
    {"f", "no/new", ' ', PX_EUSAGE, "no: No such file or directory", 0, 0, 0},
    {"f", "f/new", ' ', PX_EUSAGE, "f: Not a directory", 0, 0, 0},
    {"f", "new", 't', PX_EUSAGE, "new: No such file or directory", 0, 0, 0},
    {"f", "f", 't', PX_EUSAGE, "f: Not a directory", 0, 0, 0},
    {"f", "", ' ', PX_EUSAGE, "no destination", 0, 0, 0},
    {"f", "no\n/new", ' ', PX_EUSAGE, "no\\n: No such file or directory", 0, 0, 0},
};

static void check_row(const struct row *row)
{
    char error[200] = "";
    struct px_plan plan;
    const int status = plan_of(&row->source, 1, row->target, row->mode, &plan, error, sizeof error);
    print_message("%s -> %s: %s\n", row->source, row->target, error);
    assert_int_equal(status, row->status);
    if (status != PX_OK) {
        assert_string_equal(error, row->source_dir);
        return;
    }
    const struct px_root *root = &plan.roots[0];
    assert_int_equal(root->status, PX_OK);
    assert_string_equal(root->source_dir, row->source_dir);
    assert_string_equal(root->source_name, row->source_name);
    assert_string_equal(plan.target_base, row->target_base);
    assert_string_equal(root->target_name, row->target_name);
    px_plan_fini(&plan);
}

static void test_plan_each_case_goes_or_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row(&rows[i]);
    }
}

static void test_plan_several_sources_need_a_directory(void **state)
{
    (void)state;
    static const char *const sources[] = {"f", "a"};
    char error[200];
    struct px_plan plan;
    assert_int_equal(plan_of(sources, 2, "new", ' ', &plan, error, sizeof error), PX_EUSAGE);
    assert_int_equal(plan_of(sources, 2, "d", 'T', &plan, error, sizeof error), PX_EUSAGE);
    assert_int_equal(plan_of(sources, 2, "d", ' ', &plan, error, sizeof error), PX_OK);
    assert_int_equal(plan.n_roots, 2);
    px_plan_fini(&plan);
}

static void test_plan_two_sources_with_one_target_are_refused(void **state)
{
    (void)state;
    static const char *const sources[] = {"f", "a", "sub/f"};
    char error[200];
    struct px_plan plan;
    assert_int_equal(plan_of(sources, 3, "d", ' ', &plan, error, sizeof error), PX_EREFUSED);
    assert_non_null(strstr(error, "has the same target as another source"));
    assert_int_equal(plan_of(sources, 2, "d", ' ', &plan, error, sizeof error), PX_OK);
    px_plan_fini(&plan);
}

static void test_plan_no_source_is_refused(void **state)
{
    (void)state;
    char error[200];
    struct px_plan plan;
    assert_int_equal(plan_of(NULL, 0, "d", ' ', &plan, error, sizeof error), PX_EUSAGE);
    assert_string_equal(error, "no source");
}

static void test_plan_missing_source_is_an_item_of_its_own(void **state)
{
    (void)state;
    static const char *const sources[] = {"gone", "f", "f/.", "f/"};
    char error[200];
    struct px_plan plan;
    assert_int_equal(plan_of(sources, 4, "sub/..", 't', &plan, error, sizeof error), PX_EREFUSED);
    assert_int_equal(plan_of(sources, 4, "e", 't', &plan, error, sizeof error), PX_OK);
    assert_int_equal(plan.roots[0].status, PX_ESRC);
    assert_int_equal(plan.roots[0].os_errno, ENOENT);
    assert_int_equal(plan.roots[1].status, PX_OK);
    assert_int_equal(plan.roots[2].os_errno, ENOTDIR);
    assert_int_equal(plan.roots[3].os_errno, ENOTDIR);
    px_plan_fini(&plan);
}

static void test_plan_link_over_link_compares_the_links(void **state)
{
    (void)state;
    static const char *const sources[] = {"to_f"};
    char error[200];
    struct px_plan plan;
    char path[TREE_PATH_BYTES];
    assert_non_null(realpath("f", path));
    tree_link(path, "d/to_f"); /* leads to the same file, but is another link */
    assert_int_equal(plan_of(sources, 1, "d", ' ', &plan, error, sizeof error), PX_OK);
    px_plan_fini(&plan);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_plan_each_case_goes_or_is_refused),
        T(test_plan_several_sources_need_a_directory),
        T(test_plan_two_sources_with_one_target_are_refused),
        T(test_plan_no_source_is_refused),
        T(test_plan_missing_source_is_an_item_of_its_own),
        T(test_plan_link_over_link_compares_the_links),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
