/* SPDX-License-Identifier: MIT
 *
 * Continuing: what is believed of finished files and of chunks, and what is not.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "copy/earlier.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

#define CHUNKS 5
#define CHUNK_BYTES ((uint64_t)1 << 20)
#define BIG_BYTES ((size_t)(CHUNKS - 1) * (1 << 20) + 1000)

/* A memory of one file. */
static struct {
    bool knows_file;
    struct px_copy_record file;
    bool knows_begin;
    struct px_copy_part part;
    bool knows[CHUNKS];
    struct px_copy_chunk chunk[CHUNKS];
    unsigned noted;
} kept;

static bool kept_find(void *ctx, const char *source, const char *target, struct px_copy_record *out)
{
    (void)ctx;
    (void)source;
    (void)target;
    *out = kept.file;
    return kept.knows_file;
}

static bool kept_begin(void *ctx, const char *source, const char *target,
                       const struct px_copy_part *part)
{
    (void)source;
    (void)target;
    kept.knows_begin = true;
    kept.part = *part;
    (void)snprintf(kept.part.begun, sizeof kept.part.begun, "%s", (const char *)ctx);
    return true;
}

static bool kept_find_begin(void *ctx, const char *source, const char *target,
                            struct px_copy_part *out)
{
    (void)ctx;
    (void)source;
    (void)target;
    *out = kept.part;
    return kept.knows_begin;
}

static bool kept_find_chunk(void *ctx, const char *source, const char *target, uint64_t offset,
                            struct px_copy_chunk *out)
{
    (void)ctx;
    (void)source;
    (void)target;
    *out = kept.chunk[offset / CHUNK_BYTES];
    return kept.knows[offset / CHUNK_BYTES];
}

static void kept_note_chunk(void *ctx, const char *source, const char *target,
                            const struct px_copy_chunk *chunk)
{
    (void)ctx;
    (void)source;
    (void)target;
    kept.chunk[chunk->offset / CHUNK_BYTES] = *chunk;
    kept.knows[chunk->offset / CHUNK_BYTES] = true;
    kept.noted++;
}

static struct px_copy_memory memory_of(char *run)
{
    return (struct px_copy_memory){.ctx = run,
                                   .run = run,
                                   .find = kept_find,
                                   .begin = kept_begin,
                                   .find_begin = kept_find_begin,
                                   .find_chunk = kept_find_chunk,
                                   .note_chunk = kept_note_chunk};
}

static int setup(void **state)
{
    memset(&kept, 0, sizeof kept);
    return tree_setup(state);
}

static struct px_copy_opts big_opts(const struct px_copy_memory *memory)
{
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.target_is_thing = true;
    opts.memory = memory;
    opts.chunk_bytes = CHUNK_BYTES;
    opts.reflink = PX_REFLINK_NEVER;
    opts.io = io_fault_ops();
    return opts;
}

/* Ends the first run after two chunks, by an error that leaves what is there. */
static void run_and_break(const struct px_copy_memory *memory)
{
    struct fake fake;
    const struct px_copy_opts opts = big_opts(memory);
    tree_dir("src");
    tree_file("src/f", BIG_BYTES, 5);
    io_fault_arm(IO_FAULT(pwrite), 5, EIO, IO_FAULT_STICKY); /* two of 512 KiB for each chunk */
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.failed, 1);
    io_fault_reset();
    assert_true(tree_has("dst/.f.pcopy-part"));
    assert_false(tree_has("dst/f"));
    assert_int_equal(kept.noted, 2);
}

static void go_on(const struct px_copy_memory *memory, unsigned copied_again)
{
    struct fake fake;
    const struct px_copy_opts opts = big_opts(memory);
    kept.noted = 0;
    io_fault_reset();
    assert_int_equal(fake_prepare(&fake, &opts, 4), PX_OK);
    fake_drive(&fake);
    const struct px_account *account = px_copy_account(fake.copy, 0);
    const unsigned left = CHUNKS - copied_again;
    assert_int_equal(account->bytes_kept, left * CHUNK_BYTES);
    assert_int_equal(account->counter[PX_COPY_CHUNKS_KEPT], left);
    px_copy_free(fake.copy);
    assert_int_equal(fake.sum.failed, 0);
    assert_int_equal(fake.sum.bytes, BIG_BYTES);
    assert_int_equal(kept.noted, copied_again);
    assert_true(tree_same("src", "dst"));
}

static void test_earlier_chunks_that_are_there_are_not_copied_again(void **state)
{
    (void)state;
    const struct px_copy_memory first = memory_of((char[]){"one"});
    const struct px_copy_memory second = memory_of((char[]){"two"});
    run_and_break(&first);
    go_on(&second, CHUNKS - 2);
}

static void test_earlier_changed_source_believes_no_chunk(void **state)
{
    (void)state;
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    run_and_break(&memory);
    tree_file("src/f", BIG_BYTES, 6);
    tree_touch("src/f", 1000000000);
    go_on(&memory, CHUNKS);
}

static void test_earlier_other_chunk_size_believes_no_chunk(void **state)
{
    (void)state;
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    run_and_break(&memory);
    for (size_t i = 0; i < CHUNKS; i++) {
        kept.chunk[i].bytes /= 2;
    }
    go_on(&memory, CHUNKS);
}

/* The temporary file was removed, and another got its name: maybe its inode as well. */
static void test_earlier_part_begun_anew_believes_no_older_chunk(void **state)
{
    (void)state;
    const struct px_copy_memory first = memory_of((char[]){"one"});
    const struct px_copy_memory second = memory_of((char[]){"two"});
    run_and_break(&first);
    assert_int_equal(truncate("dst/.f.pcopy-part", 0), 0);
    go_on(&second, CHUNKS);
    assert_string_equal(kept.part.begun, "two");
}

static void test_earlier_zeros_of_a_later_run_are_not_taken_for_chunks(void **state)
{
    (void)state;
    const struct px_copy_memory first = memory_of((char[]){"one"});
    const struct px_copy_memory third = memory_of((char[]){"three"});
    run_and_break(&first);
    /* A second run began it anew (the same inode), sized it, and was killed. */
    assert_int_equal(truncate("dst/.f.pcopy-part", 0), 0);
    assert_int_equal(truncate("dst/.f.pcopy-part", (off_t)BIG_BYTES), 0);
    (void)snprintf(kept.part.begun, sizeof kept.part.begun, "second");
    go_on(&third, CHUNKS);
}

static void test_earlier_part_of_another_inode_is_begun_anew(void **state)
{
    (void)state;
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    run_and_break(&memory);
    kept.part.inode++;
    go_on(&memory, CHUNKS);
}

static void test_earlier_link_at_the_parts_name_is_not_followed(void **state)
{
    (void)state;
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    run_and_break(&memory);
    assert_int_equal(unlink("dst/.f.pcopy-part"), 0);
    tree_text("victim", "precious");
    tree_link("../victim", "dst/.f.pcopy-part");
    struct fake fake;
    const struct px_copy_opts opts = big_opts(&memory);
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    tree_assert_text("victim", "precious");
    assert_true(tree_same_bytes("src/f", "dst/f"));
}

static void test_earlier_run_without_memory_clears_the_part(void **state)
{
    (void)state;
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    run_and_break(&memory);
    struct fake fake;
    struct px_copy_opts opts = big_opts(&memory);
    opts.memory = NULL;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_true(tree_same("src", "dst"));
}

/* --- whole files ------------------------------------------------------------------------------ */

static void run_small(struct fake *fake, bool verify)
{
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    struct px_copy_opts opts = fake_opts("src", "dst");
    opts.target_is_thing = true;
    opts.memory = &memory;
    opts.verify = verify;
    assert_int_equal(fake_run(fake, &opts, 4), PX_OK);
    assert_int_equal(fake->sum.failed, 0);
}

static void make_done(void)
{
    struct fake fake;
    tree_dir("src");
    tree_text("src/f", "text");
    tree_touch("src/f", 1000000000);
    run_small(&fake, false);
    const struct stat st = tree_stat("src/f");
    kept.knows_file = true;
    kept.file = (struct px_copy_record){.bytes = 4, .mtime_ns = px_earlier_mtime_ns(&st)};
}

static void test_earlier_finished_file_is_skipped(void **state)
{
    (void)state;
    struct fake fake;
    make_done();
    run_small(&fake, false);
    assert_int_equal(fake.sum.skipped, 1);
    run_small(&fake, true);
    assert_int_equal(fake.sum.skipped, 1);
}

static void test_earlier_edited_source_or_target_is_copied_again(void **state)
{
    (void)state;
    struct fake fake;
    make_done();
    tree_text("dst/f", "edit");
    run_small(&fake, false);
    assert_int_equal(fake.sum.skipped, 0);
    tree_assert_text("dst/f", "text");
    tree_text("src/f", "next");
    run_small(&fake, false);
    assert_int_equal(fake.sum.skipped, 0);
    tree_assert_text("dst/f", "next");
}

static void test_earlier_target_of_the_same_time_is_found_out_by_verify(void **state)
{
    (void)state;
    struct fake fake;
    make_done();
    tree_text("dst/f", "edit");
    tree_touch("dst/f", 1000000000);
    run_small(&fake, false);
    assert_int_equal(fake.sum.skipped, 1); /* as is said */
    run_small(&fake, true);
    assert_int_equal(fake.sum.skipped, 0);
    tree_assert_text("dst/f", "text");
}

static void test_earlier_record_without_a_digest_that_is_wanted_is_no_proof(void **state)
{
    (void)state;
    struct fake fake;
    const struct px_copy_memory memory = memory_of((char[]){"one"});
    struct px_copy_opts opts = fake_opts("src", "dst");
    make_done();
    opts.target_is_thing = true;
    opts.memory = &memory;
    opts.hash = PX_HASH_SHA256;
    assert_int_equal(fake_run(&fake, &opts, 4), PX_OK);
    assert_int_equal(fake.sum.skipped, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_earlier_chunks_that_are_there_are_not_copied_again),
        T(test_earlier_changed_source_believes_no_chunk),
        T(test_earlier_other_chunk_size_believes_no_chunk),
        T(test_earlier_part_begun_anew_believes_no_older_chunk),
        T(test_earlier_zeros_of_a_later_run_are_not_taken_for_chunks),
        T(test_earlier_part_of_another_inode_is_begun_anew),
        T(test_earlier_link_at_the_parts_name_is_not_followed),
        T(test_earlier_run_without_memory_clears_the_part),
        T(test_earlier_finished_file_is_skipped),
        T(test_earlier_edited_source_or_target_is_copied_again),
        T(test_earlier_target_of_the_same_time_is_found_out_by_verify),
        T(test_earlier_record_without_a_digest_that_is_wanted_is_no_proof),
    };
    return cmocka_run_group_tests_name("earlier", tests, NULL, NULL);
}
