/* SPDX-License-Identifier: MIT
 *
 * A journal read back (C22 for downloads): what proves a file done, and all that proves nothing,
 * torn, foreign, hostile or long.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

#include <pxfer/status.h>

#include "app/journal_index.h"
#include "app/resume.h"
#include "support/io_fault.h"
#include "support/scratch.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define URL "http://u:p@h/x?token=abc"
#define SHOWN "http://***@h/x?token=***"
#define LINE(id, path, more)                                                      \
    "{\"url\":\"" SHOWN "\",\"path\":\"" path "\",\"status\":\"ok\",\"bytes\":5," \
    "\"id\":\"" id "\",\"size\":5,\"mtime\":\"1700000000.000000007\"" more "}\n"
#define ID "00000000000000ab"

static struct scratch scratch;

static int make(void **state)
{
    (void)state;
    scratch_make(&scratch);
    io_fault_reset();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

static struct resume *open_text(const char *text)
{
    struct resume *resume = NULL;
    scratch_put(&scratch, "journal", text);
    assert_int_equal(resume_open(scratch_path(&scratch, "journal"), io_fault_ops(), NULL, &resume),
                     PX_OK);
    return resume;
}

static void check_target(struct resume *resume, uint64_t id, const char *target)
{
    struct px_fetch_record record;
    const bool found = resume_find(resume, id, URL, &record);
    assert_int_equal(found, target != NULL);
    if (found) {
        assert_string_equal(record.target, target);
    }
}

static void test_resume_finds_what_was_recorded(void **state)
{
    struct px_fetch_record record;
    (void)state;
    struct resume *resume =
        open_text(LINE(ID, "d/x", ",\"etag\":\"\\\"v\\\"\",\"last_modified\":\"then\""));
    assert_true(resume_find(resume, 0xab, URL, &record));
    assert_string_equal(record.target, "d/x");
    assert_int_equal(record.bytes, 5);
    assert_true(record.mtime_ns == 1700000000000000007);
    assert_string_equal(record.etag, "\"v\"");
    assert_string_equal(record.last_modified, "then");
    assert_false(resume_find(resume, 0xac, URL, &record));
    assert_false(resume_find(resume, 0xab, "http://h/other", &record)); /* a hash is no proof */
    assert_true(resume_find(resume, 0xab, "http://me:too@h/x?token=xyz", &record));
    resume_free(resume);
}

static void test_resume_of_several_lines_the_last_proof_counts(void **state)
{
    (void)state;
    struct resume *resume = open_text(
        LINE(ID, "one", "") LINE("00000000000000ac", "other", "")
            LINE(ID, "two", "") "{\"url\":\"" SHOWN
                                "\",\"path\":\"three\",\"status\":\"failed\",\"id\":\"" ID "\"}\n");
    check_target(resume, 0xab, "two");
    check_target(resume, 0xac, "other");
    check_target(resume, 0xab, "two");
    resume_free(resume);
}

/* Not one of these lines proves anything; the good one behind each does. */
static void test_resume_distrusts_everything_else(void **state)
{
    static const char *const lines[] = {
        "",
        "\n\n\n",
        "garbage\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"to\n", /* torn, and healed by the next run */
        "{}\n",
        "[]\n",
        "null\n",
        "{\"id\":\"00000000000000ac\"}\n",
        "{\"id\":172,\"status\":\"ok\"}\n",
        "{\"status\":{\"ok\":1},\"id\":[],\"size\":\"5\",\"mtime\":5,\"path\":7}\n",
        "\xff\xfe\x01\n",
        "{\"a\":\"\xff\"}\n",
        LINE("00000000000000a", "short-id", ""),
        LINE("00000000000000acc", "long-id", ""),
        LINE("zz000000000000ac", "no-hex", ""),
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"skipped\",\"reason\":\"exists\","
        "\"id\":\"00000000000000ac\",\"size\":5,\"mtime\":\"1.000000000\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"skipped\","
        "\"id\":\"00000000000000ac\",\"size\":5,\"mtime\":\"1.000000000\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":null,\"status\":\"ok\","
        "\"id\":\"00000000000000ac\",\"size\":5,\"mtime\":\"1.000000000\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"ok\","
        "\"id\":\"00000000000000ac\",\"size\":-5,\"mtime\":\"1.000000000\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"ok\","
        "\"id\":\"00000000000000ac\",\"size\":99999999999999999999,\"mtime\":\"1.000000000\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"ok\","
        "\"id\":\"00000000000000ac\",\"size\":5,\"mtime\":\"1.5\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"ok\","
        "\"id\":\"00000000000000ac\",\"size\":5,\"mtime\":\"99999999999.000000000\"}\n",
        "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"ok\","
        "\"id\":\"00000000000000ac\",\"size\":5,\"mtime\":\"\"}\n",
        /* no URL */
        ("{\"path\":\"p\",\"status\":\"ok\",\"id\":\"00000000000000ac\",\"size\":5,"
         "\"mtime\":\"1.000000000\"}\n"),
    };
    (void)state;
    for (size_t i = 0; i < ROWS(lines); i++) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s", lines[i], LINE(ID, "good", ""));
        struct resume *resume = open_text(text);
        check_target(resume, 0xac, NULL);
        check_target(resume, 0xab, "good");
        resume_free(resume);
    }
}

static void test_resume_skips_prove_when_the_file_was_compared(void **state)
{
    static const char *const reasons[] = {"done", "not modified"};
    (void)state;
    for (size_t i = 0; i < ROWS(reasons); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"skipped\",\"reason\":\"%s\","
                 "\"id\":\"" ID "\",\"size\":5,\"mtime\":\"1.000000000\"}\n",
                 reasons[i]);
        struct resume *resume = open_text(text);
        check_target(resume, 0xab, "p");
        resume_free(resume);
    }
}

static void test_resume_last_line_without_its_end_is_torn(void **state)
{
    (void)state;
    char text[] = LINE(ID, "one", "") LINE("00000000000000ac", "two", "");
    text[sizeof text - 2] = '\0'; /* all but the newline */
    struct resume *resume = open_text(text);
    check_target(resume, 0xab, "one");
    check_target(resume, 0xac, NULL);
    resume_free(resume);
}

static void test_resume_path_that_is_no_utf8_is_exact(void **state)
{
    (void)state;
    struct resume *resume =
        open_text(LINE(ID, "d/\xef\xbf\xbd", ",\"path_b64\":\"ZC//\"") /* d/ and the byte ff */
                  LINE("00000000000000ac", "d/x", ",\"path_b64\":\"ZC8\"")
                      LINE("00000000000000ad", "d/x", ",\"path_b64\":\"ZC8A\"")); /* a NUL in it */
    check_target(resume, 0xab, "d/\xff");
    check_target(resume, 0xac, NULL);
    check_target(resume, 0xad, NULL);
    resume_free(resume);
}

static void test_resume_lines_of_any_length_are_passed_over(void **state)
{
    const size_t big = 3 * JOURNAL_LINE_BYTES;
    (void)state;
    char *text = test_malloc(big + 4096);
    for (size_t n = JOURNAL_LINE_BYTES - 200; n < big; n += n / 3) {
        size_t at = (size_t)snprintf(text, 2048, "%s", LINE(ID, "before", ""));
        memset(text + at, 'x', n);
        text[at] = '{';
        at += n;
        snprintf(text + at, 2048, "\n%s", LINE("00000000000000ac", "after", ""));
        struct resume *resume = open_text(text);
        check_target(resume, 0xab, "before");
        check_target(resume, 0xac, "after");
        resume_free(resume);
    }
    test_free(text);
}

static void test_resume_many_lines_across_all_buffers(void **state)
{
    FILE *file = fopen(scratch_path(&scratch, "journal"), "w");
    struct resume *resume = NULL;
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        fprintf(file,
                "{\"url\":\"" SHOWN "\",\"path\":\"p%u\",\"status\":\"ok\",\"id\":\"%016x\","
                "\"size\":%u,\"mtime\":\"%u.000000000\",\"pad\":\"%.*s\"}\n",
                i, i * 2654435761u, i, i, (int)(i % 97),
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
    assert_int_equal(fclose(file), 0);
    io_fault_short(IO_FAULT(pread), 1000);
    assert_int_equal(resume_open(scratch_path(&scratch, "journal"), io_fault_ops(), NULL, &resume),
                     PX_OK);
    for (unsigned i = 0; i < 5000; i++) {
        struct px_fetch_record record;
        char path[16];
        snprintf(path, sizeof path, "p%u", i);
        assert_true(resume_find(resume, i * 2654435761u, URL, &record));
        assert_string_equal(record.target, path);
        assert_int_equal(record.bytes, i);
    }
    resume_free(resume);
}

static void test_resume_line_that_was_overwritten_since_proves_nothing(void **state)
{
    struct px_fetch_record record;
    (void)state;
    struct resume *resume = open_text(LINE(ID, "one", ""));
    scratch_put(&scratch, "journal", "");
    assert_false(resume_find(resume, 0xab, URL, &record));
    scratch_put(&scratch, "journal", LINE("00000000000000ac", "two", ""));
    assert_false(resume_find(resume, 0xab, URL, &record));
    resume_free(resume);
}

static void test_resume_without_a_regular_file_knows_nothing(void **state)
{
    struct resume *resume = NULL;
    (void)state;
    assert_int_equal(resume_open(scratch_path(&scratch, "none"), NULL, NULL, &resume), PX_OK);
    check_target(resume, 0xab, NULL);
    resume_free(resume);
    assert_int_equal(mkfifo(scratch_path(&scratch, "fifo"), 0600), 0);
    assert_int_equal(resume_open(scratch_path(&scratch, "fifo"), NULL, NULL, &resume), PX_OK);
    check_target(resume, 0xab, NULL);
    resume_free(resume);
    assert_int_equal(resume_open("/dev/null", NULL, NULL, &resume), PX_OK);
    resume_free(resume);
    resume_free(NULL);
}

static void test_resume_journal_that_cannot_be_read_is_told(void **state)
{
    struct resume *resume = NULL;
    (void)state;
    scratch_put(&scratch, "journal", LINE(ID, "one", ""));
    io_fault_arm(IO_FAULT(pread), 1, EIO, IO_FAULT_ONCE);
    assert_int_equal(resume_open(scratch_path(&scratch, "journal"), io_fault_ops(), NULL, &resume),
                     PX_EIO);
    assert_int_equal(errno, EIO);
    io_fault_arm(IO_FAULT(openat), 1, EACCES, IO_FAULT_ONCE);
    assert_int_equal(resume_open(scratch_path(&scratch, "journal"), io_fault_ops(), NULL, &resume),
                     PX_EIO);
    assert_int_equal(errno, EACCES);
    io_fault_arm(IO_FAULT(pread), 1, EINTR, IO_FAULT_ONCE);
    assert_int_equal(resume_open(scratch_path(&scratch, "journal"), io_fault_ops(), NULL, &resume),
                     PX_OK);
    check_target(resume, 0xab, "one");
    resume_free(resume);
}

static bool stop_now(void)
{
    return true;
}

static void test_resume_stops_reading_when_told(void **state)
{
    struct resume *resume = NULL;
    (void)state;
    scratch_put(&scratch, "journal", LINE(ID, "one", ""));
    assert_int_equal(resume_open(scratch_path(&scratch, "journal"), NULL, stop_now, &resume),
                     PX_OK);
    check_target(resume, 0xab, NULL);
    resume_free(resume);
}

static void test_resume_mtime_round_trip(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0.000000000"},
        {1, "0.000000001"},
        {1700000000123456789, "1700000000.123456789"},
        {-1, "-1.999999999"},
        {-1500000000, "-2.500000000"},
        {INT64_MAX, "9223372036.854775807"},
        {INT64_MIN, "-9223372037.145224192"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct px_fetch_record record;
        char text[RESUME_MTIME_ROOM], line[512];
        resume_format_mtime(rows[i].ns, text);
        assert_string_equal(text, rows[i].text);
        snprintf(line, sizeof line,
                 "{\"url\":\"" SHOWN "\",\"path\":\"p\",\"status\":\"ok\",\"id\":\"" ID "\","
                 "\"size\":5,\"mtime\":\"%s\"}\n",
                 text);
        struct resume *resume = open_text(line);
        assert_true(resume_find(resume, 0xab, URL, &record));
        assert_true(record.mtime_ns == rows[i].ns);
        resume_free(resume);
    }
}

static void test_resume_mtime_beyond_the_last_nanosecond_is_none(void **state)
{
    static const char *const texts[] = {"9223372036.854775808",
                                        "9223372036.999999999",
                                        "9223372037.000000000",
                                        "-9223372037.145224191",
                                        "-9223372038.999999999",
                                        "1.99999999",
                                        "-1",
                                        ""};
    int64_t ns = 77;
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++) {
        assert_false(resume_parse_mtime(texts[i], &ns));
        assert_int_equal(ns, 77);
    }
}

/* Each byte in turn is another one: it is the same record, or none; and the next line is found. */
static void test_resume_damaged_bytes_are_harmless(void **state)
{
    static const char bad[] = {'"', '\\', '{', '\n', '\0', '\xff', '0', ' '};
    static const char good[] =
        LINE(ID, "damaged", ",\"etag\":\"e\"") "\n" LINE("00000000000000ac", "next", "");
    const size_t first = strcspn(good, "\n");
    (void)state;
    for (size_t at = 0; at < first; at++) {
        for (size_t b = 0; b < sizeof bad; b++) {
            struct px_fetch_record record;
            struct resume *resume = NULL;
            FILE *file = fopen(scratch_path(&scratch, "journal"), "w");
            assert_non_null(file);
            fwrite(good, 1, at, file);
            fputc(bad[b], file);
            fwrite(good + at + 1, 1, sizeof good - at - 2, file);
            assert_int_equal(fclose(file), 0);
            const char *path = scratch_path(&scratch, "journal");
            assert_int_equal(resume_open(path, NULL, NULL, &resume), PX_OK);
            if (resume_find(resume, 0xab, URL, &record)) {
                assert_non_null(record.target);
            }
            check_target(resume, 0xac, "next");
            resume_free(resume);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_resume_finds_what_was_recorded),
        TEST(test_resume_of_several_lines_the_last_proof_counts),
        TEST(test_resume_distrusts_everything_else),
        TEST(test_resume_skips_prove_when_the_file_was_compared),
        TEST(test_resume_damaged_bytes_are_harmless),
        TEST(test_resume_last_line_without_its_end_is_torn),
        TEST(test_resume_path_that_is_no_utf8_is_exact),
        TEST(test_resume_lines_of_any_length_are_passed_over),
        TEST(test_resume_many_lines_across_all_buffers),
        TEST(test_resume_line_that_was_overwritten_since_proves_nothing),
        TEST(test_resume_without_a_regular_file_knows_nothing),
        TEST(test_resume_journal_that_cannot_be_read_is_told),
        TEST(test_resume_stops_reading_when_told),
        TEST(test_resume_mtime_round_trip),
        TEST(test_resume_mtime_beyond_the_last_nanosecond_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
