/* SPDX-License-Identifier: MIT
 *
 * The head of a reply, line by line: the headers that are kept, Content-Range, and what the gate
 * says of it all. A body goes on only where it was asked to, and only for the same version. What
 * a server asks to wait is bounded.
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

#include "fetch/gate.h"
#include "fetch/head.h"
#include "fetch/retry.h"
#include "fuzz/fuzz.h"

#define ETAG "\"v\""
#define DATE "Mon, 01 Jan 2024 00:00:00 GMT"

static void read_lines(struct head *head, const uint8_t *data, size_t size)
{
    head_reset(head);
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t len = end != NULL ? (size_t)(end - data) + 1 : size;
        head_line(head, (const char *)data, len);
        data += len;
        size -= len;
    }
    for (int i = 0; i < HEAD_NAMES_; i++) {
        const char *value = head->value[i];
        assert_true(value == NULL || i == HEAD_SET_COOKIE ||
                    (value >= head->text && value + strlen(value) < head->text + HEAD_ROOM));
    }
    assert_true(head->n_lengths <= HEAD_LENGTHS_MAX && head->used <= HEAD_ROOM);
}

static void check_continue(const struct gate_ask *ask, const struct gate_reply *reply,
                           const struct gate_result *result)
{
    uint64_t first, last, size;
    assert_int_equal(reply->status, 206);
    assert_true(ask->from > 0 || ask->to > 0);
    assert_int_equal(gate_parse_range(reply->content_range, &first, &last, &size), PX_OK);
    assert_true(first == ask->from && last < size && result->size == size);
    assert_true(result->body_bytes == last - first + 1);
    assert_true(ask->to == 0 ? last == size - 1 : last == ask->to - 1);
    assert_true(ask->size == GATE_UNKNOWN || ask->size == size);
    if (ask->trust == GATE_STRICT && ask->etag != NULL) {
        assert_string_equal(reply->etag, ask->etag);
    }
}

static void check_gate(const struct gate_ask *ask, const struct gate_reply *reply)
{
    const struct gate_result result = gate_judge(ask, reply);
    switch (result.verdict) {
    case GATE_CONTINUE: check_continue(ask, reply, &result); break;
    case GATE_WHOLE: assert_true(reply->status == 200 || reply->status == 203); break;
    case GATE_COMPLETE: assert_true(reply->status == 416 && ask->from == ask->size); break;
    case GATE_UNMODIFIED: assert_true(reply->status == 304 && ask->conditional); break;
    case GATE_REDIRECT: assert_true(reply->has_location && reply->status / 100 == 3); break;
    case GATE_ANEW:
    case GATE_CHANGED: assert_non_null(result.why); break;
    case GATE_REFUSE: break;
    }
    assert_true(result.body_bytes == GATE_UNKNOWN || result.body_bytes <= INT64_MAX);
}

static void check_retry(long status, uint64_t random)
{
    const struct retry_policy policy = {
        .retries = 3, .base_ms = 1000, .cap_ms = 60000, .max_retry_after_ms = 300000};
    struct retry_facts facts = {.retry_after_ms = (int64_t)(random >> 1), .busy = status == 429};
    facts.status = retry_class_of_http(status, &facts.transient);
    assert_true(facts.status < 0);
    const struct retry_decision decision =
        retry_decide(&policy, &facts, (unsigned)(random & 15), (unsigned)(random >> 4 & 255),
                     (uint32_t)(random >> 32));
    assert_true(!decision.again || (decision.wait_ms >= 0 && decision.wait_ms <= 300000));
    assert_true(!decision.again || facts.transient);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct head head;
    const uint8_t *all = data;
    const size_t all_size = size;
    char *number = fuzz_line(&data, &size); /* "206 5-9/10 1": status, range, size, trust */
    char *end = number;
    const long status = strtol(number, &end, 10);
    struct gate_ask ask = {.etag = ETAG, .last_modified = DATE, .size = GATE_UNKNOWN};
    ask.from = strtoull(end, &end, 10);
    ask.to = *end == '-' ? strtoull(end + 1, &end, 10) : 0;
    ask.size = *end == '/' ? strtoull(end + 1, &end, 10) : GATE_UNKNOWN;
    ask.trust = (enum gate_trust)(strtoul(end, &end, 10) % 3);
    ask.conditional = *end == 'c';
    read_lines(&head, data, size);
    const struct gate_reply reply = {
        .status = status,
        .content_length = head.length,
        .n_content_length = head.n_lengths,
        .chunked = head.value[HEAD_TRANSFER_ENCODING] != NULL,
        .content_range = head.value[HEAD_CONTENT_RANGE],
        .content_type = head.value[HEAD_CONTENT_TYPE],
        .content_encoding = head.value[HEAD_CONTENT_ENCODING],
        .etag = head.value[HEAD_ETAG],
        .last_modified = head.value[HEAD_LAST_MODIFIED],
        .has_location = head.value[HEAD_LOCATION] != NULL,
    };
    check_gate(&ask, &reply);
    check_retry(status, fuzz_number(&all, &(size_t){all_size}, 8));
    free(number);
    return 0;
}
