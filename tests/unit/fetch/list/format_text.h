/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format_text.h - for the tests of formats: bytes in, entries out, as text (list_text.h says
 * how they are shown); no file in between. Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_FETCH_FORMAT_TEXT_H
#define PX_TESTS_FETCH_FORMAT_TEXT_H

#include "fetch/list/format.h"
#include "fetch/list/list_text.h"

struct format_run {
    struct draft draft;
    FILE *out;
    size_t entries, bad;
};

/* What is true of every entry, whatever the bytes were. */
static inline void format_check(const struct list_entry *entry)
{
    const char *at = entry->options;
    size_t left = entry->options_len;
    struct list_option option;

    if (entry->bad != NULL) {
        for (const char *c = entry->bad; *c != '\0'; c++) {
            assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
        return;
    }
    assert_null(list_url_fault(entry->url, entry->url_len));
    for (size_t i = 0; i < entry->mirrors_len; i++) {
        assert_true((unsigned char)entry->mirrors[i] > 0x20 || entry->mirrors[i] == '\t');
    }
    while (list_option_next(&at, &left, &option)) {
        assert_null(list_option_fault(option.value, option.value_len));
    }
}

static inline void format_take(struct format_run *run)
{
    struct list_entry entry;
    draft_finish(&run->draft, 0, &entry);
    format_check(&entry);
    run->entries++;
    run->bad += entry.bad != NULL;
    list_show_entry(run->out, &entry);
}

static inline void format_run_lines(struct format_run *run, const struct list_format *format,
                                    const char *bytes, size_t n)
{
    uint64_t number = 1;
    for (size_t at = 0; at < n; number++) {
        const char *end = memchr(bytes + at, '\n', n - at);
        const size_t len = end != NULL ? (size_t)(end - bytes) - at : n - at;
        const struct format_line line = {.text = bytes + at, .len = len, .number = number};
        enum format_step step = FORMAT_NOT_MINE;
        while (step == FORMAT_NOT_MINE) {
            assert_int_equal(format->line(&run->draft, &line, &step), PX_OK);
            if (step != FORMAT_MORE) {
                format_take(run);
            }
        }
        at += len + 1;
    }
    if (run->draft.begun) {
        format_take(run);
    }
}

static inline void format_run_bytes(struct format_run *run, const struct list_format *format,
                                    const char *bytes, size_t n, size_t piece)
{
    void *ctx = NULL;
    size_t at = 0;
    enum format_step step = FORMAT_MORE;
    bool ended = false;
    assert_int_equal(format->open(1, &ctx), PX_OK);
    while (step != FORMAT_END && !(step == FORMAT_MORE && ended)) {
        const size_t give = step != FORMAT_MORE ? 0 : n - at < piece ? n - at : piece;
        ended = ended || (step == FORMAT_MORE && at + give == n);
        const bool last = step == FORMAT_MORE && ended;
        assert_int_equal(format->bytes(ctx, &run->draft, bytes + at, give, last, &step), PX_OK);
        at += give;
        if (step == FORMAT_WHOLE) {
            format_take(run);
        }
    }
    format->close(ctx);
}

/* All entries as text; the caller frees. `piece`: bytes at once, where the format takes bytes. */
static inline char *format_entries(const struct list_format *format, const char *bytes, size_t n,
                                   size_t piece, const char *base_url)
{
    struct memory_text memory = {0};
    struct format_run run = {.draft.base_url = base_url, .out = memory_text_open(&memory)};
    if (format->line != NULL) {
        format_run_lines(&run, format, bytes, n);
    } else {
        format_run_bytes(&run, format, bytes, n, piece);
    }
    draft_fini(&run.draft);
    memory_text_close(&memory);
    return memory.text;
}

static inline void format_expect(const struct list_format *format, const char *text,
                                 const char *expected)
{
    static const size_t pieces[] = {1, 7, 1 << 20};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char *entries = format_entries(format, text, strlen(text), pieces[i], NULL);
        assert_string_equal(entries, expected);
        free(entries);
    }
}

#endif
