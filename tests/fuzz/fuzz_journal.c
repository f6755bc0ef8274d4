/* SPDX-License-Identifier: MIT
 *
 * pfetch's journal: garbage proves nothing and a line that it wrote itself is found again,
 * whatever the path and the validators are made of.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/fetch_engine.h"
#include "app/journal_index.h"
#include "app/resume.h"
#include "fuzz/fuzz.h"

#define URL "http://h/a"
#define ID UINT64_C(0xab)

/* Looks up every id that the bytes have. */
static void read_back(const uint8_t *data, size_t size)
{
    static const char key[] = "\"id\":\"";
    struct resume *resume = NULL;
    struct px_fetch_record record;
    char *text = fuzz_text(data, size);
    assert_int_equal(resume_open(fuzz_file(data, size), NULL, NULL, &resume), PX_OK);
    unsigned looks = 0;
    for (const char *at = text; (at = memmem(at, size - (size_t)(at - text), key, 6)) != NULL;) {
        char digits[17] = {0};
        uint64_t id;
        at += sizeof key - 1;
        strncpy(digits, at, 16);
        if (journal_parse_id(digits, &id) && looks++ < 64 &&
            resume_find(resume, id, URL, &record)) {
            assert_non_null(record.target);
            assert_true(record.bytes <= INT64_MAX);
        }
    }
    resume_free(resume);
    free(text);
}

static void write_and_read(const char *path, const char *etag, int64_t mtime_ns)
{
    const struct px_fetch_detail detail = {.etag = etag,
                                           .last_modified = path,
                                           .id = ID,
                                           .has_stamp = true,
                                           .size = 7,
                                           .mtime_ns = mtime_ns};
    const struct px_item item = {
        .state = PX_ITEM_OK, .source = URL, .target = path, .detail = &detail};
    const struct journal_schema schema = fetch_engine_journal();
    struct jsonl json = {0};
    struct resume *resume = NULL;
    struct px_fetch_record record;
    journal_object(&json, &schema, &item, 1);
    assert_int_equal(jsonl_end_line(&json), PX_OK);
    assert_int_equal(
        resume_open(fuzz_file((const uint8_t *)json.text, json.len), NULL, NULL, &resume), PX_OK);
    if (json.len < JOURNAL_LINE_BYTES) {
        assert_true(resume_find(resume, ID, URL, &record));
        assert_string_equal(record.target, path);
        assert_int_equal(record.bytes, 7);
        assert_true(record.mtime_ns == mtime_ns);
        assert_false(resume_find(resume, ID, URL "b", &record));
    }
    resume_free(resume);
    jsonl_fini(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_back(data, size);
    const int64_t mtime_ns = (int64_t)fuzz_number(&data, &size, 8);
    char *etag = fuzz_line(&data, &size);
    char *path = fuzz_text(data, size);
    write_and_read(path, etag, mtime_ns);
    free(path);
    free(etag);
    return 0;
}
