/* SPDX-License-Identifier: MIT
 *
 * The control file beside a part of a download: what is read is written as it was, and never
 * makes bytes good that the part file does not have.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <pxfer/status.h>

#include "fetch/state.h"
#include "fuzz/fuzz.h"

static void check_ranges(const struct ranges *ranges, uint64_t limit)
{
    uint64_t end = 0;
    for (size_t i = 0; i < ranges->n; i++) {
        assert_true(ranges->at[i].from < ranges->at[i].to);
        assert_true(i == 0 || ranges->at[i].from > end);
        end = ranges->at[i].to;
    }
    assert_true(end <= limit);
}

static void check_round_trip(const struct state *state)
{
    static char text[STATE_TEXT_ROOM];
    struct state again;
    const size_t len = state_format(state, "http://u:p@h/x", text);
    if (len == 0) { /* a value that has a CR */
        assert_true(strchr(state->etag, '\r') != NULL ||
                    strchr(state->last_modified, '\r') != NULL);
        return;
    }
    assert_int_equal(state_parse(text, len, &again), PX_OK);
    assert_true(again.url_hash == state->url_hash && again.size == state->size);
    assert_int_equal(again.grows, state->grows);
    assert_string_equal(again.etag, state->etag);
    assert_string_equal(again.last_modified, state->last_modified);
    assert_string_equal(again.boot, state->boot);
    assert_int_equal(again.held.n, state->held.n);
    assert_memory_equal(again.held.at, state->held.at, state->held.n * sizeof state->held.at[0]);
    assert_int_equal(again.synced.n, state->synced.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state state;
    struct ranges good;
    if (state_parse((const char *)data, size, &state) != PX_OK) {
        return 0;
    }
    check_ranges(&state.held, state.size);
    check_ranges(&state.synced, state.size);
    static const uint64_t file_bytes[] = {0, 1, 1000, UINT64_C(1) << 40};
    for (size_t i = 0; i < sizeof file_bytes / sizeof file_bytes[0]; i++) {
        state_good_ranges(&state, file_bytes[i], "other", &good);
        check_ranges(&good, file_bytes[i] < state.size ? file_bytes[i] : state.size);
        state_good_ranges(&state, file_bytes[i], state.boot, &good);
        check_ranges(&good, file_bytes[i] < state.size ? file_bytes[i] : state.size);
    }
    check_round_trip(&state);
    return 0;
}
