/* SPDX-License-Identifier: MIT
 *
 * What was read against what the target gives: pieces, holes, digests of the whole, a target that
 * was changed between the write and the second read.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/fake.h"
#include "copy/proof.h"
#include "copy/tree.h"
#include "support/io_fault.h"

static void test_proof_pieces_join_and_are_told_apart(void **state)
{
    (void)state;
    const struct px_copy_opts opts = {.verify = true};
    struct px_proof proof;
    struct px_proof other;
    assert_int_equal(px_proof_init(&proof, &opts), PX_OK);
    assert_int_equal(px_proof_init(&other, &opts), PX_OK);
    assert_int_equal(px_proof_add(&proof, 0, "abc", 3), PX_OK);
    assert_int_equal(px_proof_add(&proof, 3, "def", 3), PX_OK);
    assert_int_equal(px_proof_add(&proof, 100, "x", 1), PX_OK);
    px_proof_close_piece(&proof);
    assert_int_equal(px_proof_add(&other, 0, "abcdef", 6), PX_OK);
    px_proof_close_piece(&other);
    assert_int_equal(proof.n, 2);
    assert_int_equal(proof.pieces[1].offset, 100);
    assert_true(proof.pieces[0].hash == other.pieces[0].hash);
    assert_int_equal(px_proof_merge(&other, &proof), PX_OK);
    assert_int_equal(other.n, 3);
    px_proof_fini(&proof);
    px_proof_fini(&other);
}

static void test_proof_nothing_asked_is_not_active(void **state)
{
    (void)state;
    const struct px_copy_opts opts = {0};
    struct px_proof proof;
    char digest[PX_COPY_DIGEST_ROOM] = "x";
    assert_int_equal(px_proof_init(&proof, &opts), PX_OK);
    assert_false(proof.active);
    assert_int_equal(px_proof_digest(&proof, 10, digest), PX_OK);
    assert_string_equal(digest, "");
    px_proof_fini(&proof);
}

static void digest_of(enum px_copy_hash hash, const char *text, char out[PX_COPY_DIGEST_ROOM])
{
    const struct px_copy_opts opts = {.hash = hash};
    struct px_proof proof;
    assert_int_equal(px_proof_init(&proof, &opts), PX_OK);
    if (text[0] != '\0') {
        assert_int_equal(px_proof_add(&proof, 0, text, strlen(text)), PX_OK);
    }
    assert_int_equal(px_proof_digest(&proof, strlen(text), out), PX_OK);
    px_proof_fini(&proof);
}

static void test_proof_digests_are_those_of_the_tools(void **state)
{
    (void)state;
    char out[PX_COPY_DIGEST_ROOM];
    digest_of(PX_HASH_SHA256, "abc", out);
    assert_string_equal(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_of(PX_HASH_XXH3, "", out);
    assert_string_equal(out, "99aa06d3014798d86001c324468d497f");
}

/* A hole in the middle and one at the end are zeros. */
static void test_proof_digest_of_holes_is_of_zeros(void **state)
{
    (void)state;
    static char zeros[200000];
    const struct px_copy_opts opts = {.hash = PX_HASH_SHA256};
    struct px_proof proof;
    char sparse[PX_COPY_DIGEST_ROOM];
    char whole[PX_COPY_DIGEST_ROOM];
    zeros[100000] = 'x';
    assert_int_equal(px_proof_init(&proof, &opts), PX_OK);
    assert_int_equal(px_proof_add(&proof, 100000, "x", 1), PX_OK);
    assert_int_equal(px_proof_digest(&proof, sizeof zeros, sparse), PX_OK);
    px_proof_fini(&proof);
    assert_int_equal(px_proof_init(&proof, &opts), PX_OK);
    assert_int_equal(px_proof_add(&proof, 0, zeros, sizeof zeros), PX_OK);
    assert_int_equal(px_proof_digest(&proof, sizeof zeros, whole), PX_OK);
    px_proof_fini(&proof);
    assert_string_equal(sparse, whole);
}

/* The temporary file has a name here, so that somebody else can open it. */
static void flip_a_byte(void *ctx)
{
    const off_t *at = ctx;
    const int fd = open("dst/.f.pcopy-tmp", O_RDWR | O_CLOEXEC);
    char byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, *at), 1);
    byte = (char)~byte;
    assert_int_equal(pwrite(fd, &byte, 1, *at), 1);
    assert_int_equal(close(fd), 0);
}

static void cut_it(void *ctx)
{
    (void)ctx;
    assert_int_equal(truncate("dst/.f.pcopy-tmp", 1000), 0);
}

static struct px_copy_opts verify_opts(void)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.target_is_thing = true;
    opts.verify = true;
    opts.io = io_fault_ops();
    return opts;
}

/* O_TMPFILE is the 1st openat with that flag that fails: then files have temporary names. */
static void run_verify(struct fake *fake, const struct px_copy_opts *opts)
{
    assert_int_equal(fake_prepare(fake, opts, 4), PX_OK);
    struct stat st = tree_stat("src");
    const int fd = open("dst", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct px_pair *pair = px_pairs_get(&fake->copy->pairs, st.st_dev, tree_stat("dst").st_dev, fd);
    assert_non_null(pair);
    atomic_store(&pair->no_nameless, true);
    assert_int_equal(close(fd), 0);
    fake_finish(fake);
}

static void test_proof_target_changed_before_the_second_read_fails(void **state)
{
    (void)state;
    static off_t offsets[] = {0, 700000, 1499999};
    for (size_t i = 0; i < 3; i++) {
        struct fake fake;
        const struct px_copy_opts opts = verify_opts();
        tree_dir("src");
        tree_dir("dst");
        tree_file("src/f", 1500000, 3);
        tree_text("dst/f", "old");
        io_fault_reset();
        io_fault_before(IO_FAULT(fsync), 1, flip_a_byte, &offsets[i]);
        run_verify(&fake, &opts);
        assert_int_equal(fake.sum.failed, 1);
        assert_int_equal(fake.worst.status, PX_EINTEGRITY);
        tree_assert_text("dst/f", "old");
        assert_false(tree_has_temp("dst"));
        io_fault_reset();
        tree_remove(AT_FDCWD, "src");
        tree_remove(AT_FDCWD, "dst");
    }
}

static void test_proof_target_cut_before_the_second_read_fails(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = verify_opts();
    tree_dir("src");
    tree_dir("dst");
    tree_file("src/f", 5000, 3);
    io_fault_reset();
    io_fault_before(IO_FAULT(fsync), 1, cut_it, NULL);
    run_verify(&fake, &opts);
    assert_int_equal(fake.worst.status, PX_EINTEGRITY);
    assert_false(tree_has("dst/f"));
    io_fault_reset();
}

static void test_proof_of_what_is_right_gives_the_name(void **state)
{
    (void)state;
    struct fake fake;
    struct px_copy_opts opts = verify_opts();
    tree_make_sample("src");
    tree_file("src/large", 5000000, 9);
    opts.chunk_bytes = 1 << 20;
    opts.workers = 3;
    io_fault_reset();
    assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
    assert_int_equal(fake.sum.failed, 0);
    assert_true(tree_same("src", "dst"));
    assert_int_equal(io_fault_calls(IO_FAULT(copy_file_range)), 0);
}

static void test_proof_failing_sync_is_the_targets_failure(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_opts opts = verify_opts();
    tree_dir("src");
    tree_text("src/f", "x");
    io_fault_arm(IO_FAULT(fsync), 1, EIO, IO_FAULT_STICKY);
    assert_int_equal(fake_run(&fake, &opts, 8), PX_OK);
    assert_int_equal(fake.worst.status, PX_EIO);
    assert_false(tree_has("dst/f"));
    io_fault_reset();
}

#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_pieces_join_and_are_told_apart),
        cmocka_unit_test(test_proof_nothing_asked_is_not_active),
        cmocka_unit_test(test_proof_digests_are_those_of_the_tools),
        cmocka_unit_test(test_proof_digest_of_holes_is_of_zeros),
        T(test_proof_target_changed_before_the_second_read_fails),
        T(test_proof_target_cut_before_the_second_read_fails),
        T(test_proof_of_what_is_right_gives_the_name),
        T(test_proof_failing_sync_is_the_targets_failure),
    };
    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
