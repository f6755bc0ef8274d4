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
                                    .held = 500,
                                    .synced = 100,
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
    assert_true(back.url_hash == sample.url_hash && back.size == 1000 && back.held == 500 &&
                back.synced == 100);
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
                assert_true(back.held <= back.size && back.synced <= back.held);
            }
        }
        text[i] = was;
    }
}

static void test_state_nonsense_is_worthless(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "end\n",
        "pfetch-state 2\nurl-hash 1\nsize 1\nheld 1\nsynced 1\nend\n",
        "pfetch-state 1\nend\n",
        "pfetch-state 1\nurl-hash 1\nsize 1\nheld 2\nsynced 0\nend\n",
        "pfetch-state 1\nurl-hash 1\nsize 2\nheld 1\nsynced 2\nend\n",
        "pfetch-state 1\nurl-hash 1\nsize 99999999999999999999\nheld 1\nsynced 0\nend\n",
        "pfetch-state 1\nurl-hash 1\nsize -1\nheld 1\nsynced 0\nend\n",
        ("pfetch-state 1\nurl-hash 1\nsize 1\nheld 1\nsynced 0\nboot "
         "0123456789012345678901234567890123456789\nend\n"),
        "pfetch-state 1\nthis-key-is-longer-than-any 1\nend\n",
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

static void test_state_good_bytes_by_table(void **state)
{
    (void)state;
    assert_int_equal(state_good_bytes(&sample, 700, "6a0f-boot"), 700); /* the kernel has them */
    assert_int_equal(state_good_bytes(&sample, 700, "other"), 100); /* a restart: the disk has */
    assert_int_equal(state_good_bytes(&sample, 700, ""), 100);
    assert_int_equal(state_good_bytes(&sample, 50, "other"), 50);
    assert_int_equal(state_good_bytes(&sample, 2000, "6a0f-boot"), 1000);
    assert_int_equal(state_good_bytes(&sample, 0, "6a0f-boot"), 0);
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
    assert_int_equal(back.held, 500);
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
        cmocka_unit_test(test_state_good_bytes_by_table),
        cmocka_unit_test(test_state_read_boot_is_one_line_or_nothing),
        cmocka_unit_test(test_state_save_under_faults_is_old_or_new),
        cmocka_unit_test(test_state_load_takes_regular_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
