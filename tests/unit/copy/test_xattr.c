/* SPDX-License-Identifier: MIT
 *
 * Extended attributes: what is carried over, and what becomes of refusals.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/xattr.h>

#include "copy/fake.h"
#include "copy/tree.h"
#include "copy/xattr.h"
#include "support/io_fault.h"

/* "src" with attributes user.a and user.b, and an empty "file". */
struct job {
    struct fake fake;
    struct px_pair pair;
    struct px_xattrs xattrs;
    struct px_fail fail;
};

static bool file_system_has_xattrs(void)
{
    tree_text("src", "x");
    return setxattr("src", "user.a", "1", 1, 0) == 0;
}

static void job_begin(struct job *job, struct px_copy_attrs keep)
{
    if (!file_system_has_xattrs()) {
        skip();
    }
    assert_int_equal(setxattr("src", "user.b", "22", 2, 0), 0);
    tree_text("file", "");
    struct px_copy_opts opts = fake_opts("src", "unused");
    opts.io = io_fault_ops();
    opts.keep = keep;
    *job = (struct job){.xattrs = {.in = open("src", O_RDONLY | O_CLOEXEC),
                                   .out = open("file", O_RDWR | O_CLOEXEC),
                                   .clean = true,
                                   .has = 0644}};
    job->xattrs.pair = &job->pair;
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
}

static void job_end(struct job *job)
{
    (void)close(job->xattrs.in);
    (void)close(job->xattrs.out);
    fake_close(&job->fake);
    (void)unlink("file");
}

static int job_run(struct job *job)
{
    return px_xattr_copy(job->fake.copier, &job->xattrs, &job->fail);
}

static bool file_has(const char *name)
{
    return getxattr("file", name, NULL, 0) >= 0;
}

static void test_xattr_class_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum px_xattr_class class;
    } rows[] = {
        {"user.x", PX_XATTR_PLAIN},
        {"trusted.x", PX_XATTR_PLAIN},
        {"security.ima", PX_XATTR_PLAIN},
        {"security.capability", PX_XATTR_CAPABILITY},
        {"security.selinux", PX_XATTR_CONTEXT},
        {"security.SMACK64EXEC", PX_XATTR_CONTEXT},
        {"system.posix_acl_access", PX_XATTR_ACL},
        {"system.posix_acl_default", PX_XATTR_ACL},
        {"system.nfs4_acl", PX_XATTR_OWN},
        {"btrfs.compression", PX_XATTR_OWN},
        {"security.evm", PX_XATTR_NEVER},
        {"trusted.SGI_ACL_FILE", PX_XATTR_NEVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(px_xattr_class_of(rows[i].name), rows[i].class);
    }
}

static void test_xattr_all_are_carried_over(void **state)
{
    (void)state;
    struct job job;
    char value[4];
    io_fault_reset();
    job_begin(&job, (struct px_copy_attrs){0});
    assert_int_equal(job_run(&job), PX_OK);
    assert_int_equal(getxattr("file", "user.b", value, sizeof value), 2);
    assert_memory_equal(value, "22", 2);
    assert_true(file_has("user.a"));
    assert_false(job.xattrs.mode_touched);
    job_end(&job);
}

static void test_xattr_lost_ones_are_left_out(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, (struct px_copy_attrs){.lose = PX_KEEP_XATTR});
    assert_int_equal(job_run(&job), PX_OK);
    assert_false(file_has("user.a"));
    job_end(&job);
}

static void test_xattr_refusals_are_silent_unless_demanded(void **state)
{
    (void)state;
    static const int errs[] = {EOPNOTSUPP, EPERM, E2BIG, ENOSPC};
    for (size_t i = 0; i < 2 * sizeof errs / sizeof errs[0]; i++) {
        const bool demanded = i % 2 == 1;
        struct job job;
        job_begin(&job, (struct px_copy_attrs){.demand = demanded ? PX_KEEP_XATTR : 0});
        io_fault_arm(IO_FAULT(fsetxattr), 1, errs[i / 2], IO_FAULT_ONCE);
        assert_int_equal(job_run(&job), demanded ? PX_EATTR : PX_OK);
        assert_true(file_has("user.a") != file_has("user.b")); /* the other is tried all the same */
        assert_int_equal(atomic_load(&job.pair.warned_xattr), !demanded);
        job_end(&job);
    }
}

static void test_xattr_broken_target_ends_it(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, (struct px_copy_attrs){0});
    io_fault_arm(IO_FAULT(fsetxattr), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(job_run(&job), PX_EIO);
    assert_int_equal(io_fault_calls(IO_FAULT(fsetxattr)), 1);
    job_end(&job);
}

static void test_xattr_source_without_any_is_asked_once(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, (struct px_copy_attrs){0});
    io_fault_arm(IO_FAULT(flistxattr), 1, EOPNOTSUPP, IO_FAULT_ONCE);
    assert_int_equal(job_run(&job), PX_OK);
    assert_int_equal(job_run(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(flistxattr)), 1);
    assert_false(file_has("user.a"));
    job_end(&job);
}

/* As an owner without root's rights sees it: the mode is widened for the time of the call. */
static void test_xattr_read_only_file_is_opened_up_meanwhile(void **state)
{
    (void)state;
    struct job job;
    job_begin(&job, (struct px_copy_attrs){0});
    job.xattrs.has = 0444;
    io_fault_arm(IO_FAULT(fsetxattr), 1, EACCES, IO_FAULT_ONCE);
    assert_int_equal(job_run(&job), PX_OK);
    assert_true(file_has("user.a") && file_has("user.b"));
    assert_true(job.xattrs.mode_touched); /* so that the mode is set again */
    job_end(&job);
}

static void test_xattr_inherited_acls_are_taken_away(void **state)
{
    (void)state;
    struct job job;
    io_fault_reset();
    job_begin(&job, (struct px_copy_attrs){0});
    job.xattrs.clean = false;
    assert_int_equal(job_run(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fremovexattr)), 1);
    job.xattrs.dir = true;
    assert_int_equal(job_run(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fremovexattr)), 3);
    job.fake.copy->opts.keep.lose = PX_KEEP_MODE;
    assert_int_equal(job_run(&job), PX_OK);
    assert_int_equal(io_fault_calls(IO_FAULT(fremovexattr)), 3);
    job_end(&job);
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xattr_class_by_name),
        T(test_xattr_all_are_carried_over),
        T(test_xattr_lost_ones_are_left_out),
        T(test_xattr_refusals_are_silent_unless_demanded),
        T(test_xattr_broken_target_ends_it),
        T(test_xattr_source_without_any_is_asked_once),
        T(test_xattr_read_only_file_is_opened_up_meanwhile),
        T(test_xattr_inherited_acls_are_taken_away),
    };
    return cmocka_run_group_tests_name("xattr", tests, NULL, NULL);
}
