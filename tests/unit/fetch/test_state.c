/* SPDX-License-Identifier: MIT
 *
 * The state of a part (F16, F17): what was written is read back, everything else is worthless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "fetch/state.h"
#include "support/io_fault.h"
#include "support/scratch.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct state sample = {.url_hash = UINT64_MAX,
                                    .size = 1000,
                                    .held = {2, {{0, 300}, {400, 600}}},
                                    .synced = {1, {{0, 100}}},
                                    .boot = "6a0f-boot",
                                    .etag = "\"a b\"",
                                    .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT"};

static size_t sample_text(char *text)
{
    const size_t len = state_format(&sample, "http://user:secret@h/x?token=abc", text);
    assert_true(len > 0 && len < STATE_TEXT_ROOM);
    return len;
}

static void test_state_round_trip_keeps_everything(void **state)
{
    (void)state;
    char text[STATE_TEXT_ROOM];
    struct state back;
    const size_t len = sample_text(text);
    assert_int_equal(state_parse(text, len, &back), PX_OK);
    assert_true(back.url_hash == sample.url_hash && back.size == 1000 && !back.grows);
    assert_int_equal(back.held.n, 2);
    assert_memory_equal(back.held.at, sample.held.at, 2 * sizeof back.held.at[0]);
    assert_int_equal(back.synced.n, 1);
    assert_memory_equal(back.synced.at, sample.synced.at, sizeof back.held.at[0]);
    assert_string_equal(back.boot, sample.boot);
    assert_string_equal(back.etag, sample.etag);
    assert_string_equal(back.last_modified, sample.last_modified);
}

static void test_state_tells_no_secret(void **state)
{
    (void)state;
    char text[STATE_TEXT_ROOM];
    sample_text(text);
    assert_null(strstr(text, "secret"));
    assert_null(strstr(text, "abc"));
}

static void test_state_cut_anywhere_is_worthless(void **state)
{
    (void)state;
    char text[STATE_TEXT_ROOM];
    struct state back;
    const size_t len = sample_text(text);
    for (size_t n = 0; n < len; n++) {
        assert_int_equal(state_parse(text, n, &back), PX_EINVAL);
    }
}

static void test_state_any_changed_byte_is_safe(void **state)
{
    (void)state;
    char text[STATE_TEXT_ROOM];
    struct state back;
    const size_t len = sample_text(text);
    for (size_t i = 0; i < len; i++) {
        const char was = text[i];
        for (int c = 0; c < 256; c += 5) {
            text[i] = (char)c;
            if (state_parse(text, len, &back) == PX_OK) {
                uint64_t at = 0;
                for (size_t k = 0; k < back.held.n; k++) {
                    assert_true(back.held.at[k].from >= at && back.held.at[k].to > at);
                    at = back.held.at[k].to;
                }
                assert_true(at <= back.size && back.synced.n <= RANGES_MAX);
            }
        }
        text[i] = was;
    }
}

#define STATE_HEAD "pfetch-state 2\nurl-hash 1\n"
#define STATE(size, grows, held, synced) \
    STATE_HEAD "size " size "\ngrows " grows "\nheld " held "\nsynced " synced "\nend\n"

static void test_state_nonsense_is_worthless(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "end\n",
        "pfetch-state 1\nurl-hash 1\nsize 9\nheld 1\nsynced 1\nend\n", /* an older version */
        "pfetch-state 2\nend\n",
        "pfetch-state 2\nurl-hash 1\nsize 9\nheld 0-1\nsynced 0-1\nend\n", /* no grows */
        STATE("9", "2", "0-1", "0-1"),
        STATE("1", "0", "0-2", "0-1"),
        STATE("9", "0", "0-1", "0-2"),
        STATE("9", "1", "0-1 3-4", "0-1"), /* what grows has no holes */
        STATE("9", "1", "1-2", "1-2"),
        STATE("9", "0", "0-1  3-4", ""),
        STATE("9", "0", "0-1 ", ""),
        STATE("9", "0", "3-4 0-1", ""),
        STATE("9", "0", "0-3 2-4", ""),
        STATE("9", "0", "2-2", ""),
        STATE("9", "0", "3-2", ""),
        STATE("9", "0", "-3", ""),
        STATE("9", "0", "0x1-3", ""),
        STATE("9", "0", "0-99999999999999999999", ""),
        STATE("99999999999999999999", "0", "0-1", ""),
        STATE("-1", "0", "0-1", ""),
        (STATE_HEAD "size 9\ngrows 0\nheld 0-1\nsynced \nboot "
                    "0123456789012345678901234567890123456789\nend\n"),
        "pfetch-state 2\nthis-key-is-longer-than-any 1\nend\n",
    };
    struct state back;
    for (size_t i = 0; i < ROWS(texts); i++) {
        assert_int_equal(state_parse(texts[i], strlen(texts[i]), &back), PX_EINVAL);
    }
}

static void test_state_size_may_be_unknown(void **state)
{
    (void)state;
    char text[STATE_TEXT_ROOM];
    struct state unknown = sample, back;
    unknown.size = UINT64_MAX;
    const size_t len = state_format(&unknown, "http://h/x", text);
    assert_int_equal(state_parse(text, len, &back), PX_OK);
    assert_true(back.size == UINT64_MAX);
}

static void expect_good(bool grows, uint64_t file_bytes, const char *boot, const char *want)
{
    struct state from = sample;
    struct ranges good;
    char text[RANGES_TEXT_ROOM];
    from.grows = grows;
    if (grows) {
        from.held = (struct ranges){1, {{0, 500}}};
    }
    state_good_ranges(&from, file_bytes, boot, &good);
    ranges_format(&good, text);
    assert_string_equal(text, want);
}

static void test_state_good_ranges_by_table(void **state)
{
    (void)state;
    expect_good(false, 700, "6a0f-boot", "0-300 400-600");
    expect_good(false, 500, "6a0f-boot", "0-300 400-500"); /* never more than there is */
    expect_good(false, 350, "6a0f-boot", "0-300");
    expect_good(false, 0, "6a0f-boot", "");
    expect_good(false, 700, "other", "0-100");    /* a restart: the disk has */
    expect_good(true, 700, "6a0f-boot", "0-700"); /* the kernel has them */
    expect_good(true, 700, "other", "0-100");
    expect_good(true, 700, "", "0-100");
    expect_good(true, 50, "other", "0-50");
    expect_good(true, 1000, "6a0f-boot", "0-1000");
    expect_good(true, 1001, "6a0f-boot", "0-500"); /* more than the whole: not ours */
    expect_good(true, 0, "6a0f-boot", "");
}

static void test_state_read_boot_is_one_line_or_nothing(void **state)
{
    (void)state;
    char boot[STATE_BOOT_ROOM];
    io_fault_reset();
    state_read_boot(io_fault_ops(), boot);
    assert_true(strlen(boot) < STATE_BOOT_ROOM);
    assert_null(strpbrk(boot, "\r\n"));
    io_fault_arm(IO_FAULT(openat), 1, ENOENT, IO_FAULT_ONCE);
    state_read_boot(io_fault_ops(), boot);
    assert_string_equal(boot, "");
}

static void test_state_save_under_faults_is_old_or_new(void **state)
{
    (void)state;
    static const size_t members[] = {IO_FAULT(openat), IO_FAULT(write), IO_FAULT(close),
                                     IO_FAULT(renameat)};
    struct scratch area;
    char text[STATE_TEXT_ROOM];
    struct state back;
    scratch_make(&area);
    const int dir = open(area.dir, O_RDONLY | O_DIRECTORY);
    const size_t len = sample_text(text);
    for (size_t m = 0; m < ROWS(members); m++) {
        for (int exists = 0; exists < 2; exists++) {
            unlinkat(dir, "state", 0);
            if (exists) {
                scratch_put(&area, "state", "old");
            }
            io_fault_arm(members[m], 1, ENOSPC, IO_FAULT_ONCE);
            assert_int_equal(state_save(io_fault_ops(), dir, "state", "state~", text, len),
                             PX_EFULL);
            assert_true(io_fault_fired());
            assert_int_equal(scratch_has(&area, "state"), exists);
            assert_false(scratch_has(&area, "state~"));
        }
    }
    io_fault_reset();
    assert_int_equal(state_save(io_fault_ops(), dir, "state", "state~", text, len), PX_OK);
    assert_int_equal(state_load(io_fault_ops(), dir, "state", &back), PX_OK);
    assert_int_equal(back.held.n, 2);
    close(dir);
    scratch_remove(&area);
}

static void test_state_load_takes_regular_files_only(void **state)
{
    (void)state;
    struct scratch area;
    struct state back;
    scratch_make(&area);
    io_fault_reset();
    const int dir = open(area.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(state_load(io_fault_ops(), dir, "state", &back), PX_EINVAL);
    assert_int_equal(mkfifo(scratch_path(&area, "fifo"), 0600), 0);
    assert_int_equal(state_load(io_fault_ops(), dir, "fifo", &back), PX_EINVAL); /* no hang */
    assert_int_equal(symlink("/etc/passwd", scratch_path(&area, "link")), 0);
    assert_int_equal(state_load(io_fault_ops(), dir, "link", &back), PX_EINVAL);
    close(dir);
    scratch_remove(&area);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_round_trip_keeps_everything),
        cmocka_unit_test(test_state_tells_no_secret),
        cmocka_unit_test(test_state_cut_anywhere_is_worthless),
        cmocka_unit_test(test_state_any_changed_byte_is_safe),
        cmocka_unit_test(test_state_nonsense_is_worthless),
        cmocka_unit_test(test_state_size_may_be_unknown),
        cmocka_unit_test(test_state_good_ranges_by_table),
        cmocka_unit_test(test_state_read_boot_is_one_line_or_nothing),
        cmocka_unit_test(test_state_save_under_faults_is_old_or_new),
        cmocka_unit_test(test_state_load_takes_regular_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
