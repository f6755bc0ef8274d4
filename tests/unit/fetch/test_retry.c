/* SPDX-License-Identifier: MIT
 *
 * The retry policy, by tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "fetch/retry.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct retry_policy policy = {
    .retries = 5, .base_ms = 1000, .cap_ms = 60000, .max_retry_after_ms = 300000};
static const uint32_t middle = UINT32_MAX / 2;

static void test_retry_class_of_curl_by_table(void **state)
{
    (void)state;
    static const struct {
        CURLcode code;
        int status;
        bool transient;
    } rows[] = {
        {CURLE_OK, PX_OK, false},
        {CURLE_COULDNT_RESOLVE_HOST, PX_ENET, true},
        {CURLE_COULDNT_CONNECT, PX_ENET, true},
        {CURLE_OPERATION_TIMEDOUT, PX_ENET, true},
        {CURLE_PARTIAL_FILE, PX_ENET, true},
        {CURLE_RECV_ERROR, PX_ENET, true},
        {CURLE_GOT_NOTHING, PX_ENET, true},
        {CURLE_HTTP2_STREAM, PX_ENET, true},
        {CURLE_PEER_FAILED_VERIFICATION, PX_ETLS, false},
        {CURLE_SSL_CACERT_BADFILE, PX_ETLS, false},
        {CURLE_LOGIN_DENIED, PX_EAUTH, false},
        {CURLE_WEIRD_SERVER_REPLY, PX_EPROTO, false},
        {CURLE_UNSUPPORTED_PROTOCOL, PX_EPROTO, false},
        {CURLE_URL_MALFORMAT, PX_EPROTO, false},
        {CURLE_OUT_OF_MEMORY, PX_ENOMEM, false},
        {CURLE_FAILED_INIT, PX_EINTERNAL, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool transient;
        assert_int_equal(retry_class_of_curl(rows[i].code, &transient), rows[i].status);
        assert_int_equal(transient, rows[i].transient);
    }
}

static void test_retry_class_of_http_by_table(void **state)
{
    (void)state;
    static const struct {
        long http;
        int status;
        bool transient;
    } rows[] = {
        {204, PX_EPROTO, false}, {206, PX_EPROTO, false}, {304, PX_EPROTO, false},
        {400, PX_EHTTP, false},  {401, PX_EAUTH, false},  {403, PX_EHTTP, false},
        {404, PX_EHTTP, false},  {407, PX_EAUTH, false},  {408, PX_EHTTP, true},
        {410, PX_EHTTP, false},  {425, PX_EHTTP, true},   {429, PX_EHTTP, true},
        {500, PX_EHTTP, true},   {501, PX_EHTTP, false},  {502, PX_EHTTP, true},
        {503, PX_EHTTP, true},   {504, PX_EHTTP, true},   {600, PX_EPROTO, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool transient;
        assert_int_equal(retry_class_of_http(rows[i].http, &transient), rows[i].status);
        assert_int_equal(transient, rows[i].transient);
    }
}

static void test_retry_decide_success_and_lasting_failure_are_final(void **state)
{
    (void)state;
    const struct retry_facts ok = {.status = PX_OK, .transient = true};
    const struct retry_facts lasting = {.status = PX_EHTTP};
    assert_false(retry_decide(&policy, &ok, 1, 0, middle).again);
    assert_false(retry_decide(&policy, &lasting, 1, 0, middle).again);
    assert_true(retry_decide(&policy, &lasting, 1, 0, middle).counts);
}

static void test_retry_decide_doubles_the_pause_up_to_the_cap(void **state)
{
    (void)state;
    static const int64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    const struct retry_policy patient = {
        .retries = 100, .base_ms = 1000, .cap_ms = 60000, .max_retry_after_ms = 300000};
    const struct retry_facts facts = {.status = PX_ENET, .transient = true};
    for (unsigned i = 0; i < ROWS(waits); i++) {
        const int64_t low = retry_decide(&patient, &facts, i + 1, 0, 0).wait_ms;
        const int64_t mid = retry_decide(&patient, &facts, i + 1, 0, middle).wait_ms;
        const int64_t high = retry_decide(&patient, &facts, i + 1, 0, UINT32_MAX).wait_ms;
        assert_int_equal(low, waits[i] * 3 / 4);
        assert_in_range(mid, waits[i] - 1, waits[i] + 1);
        assert_int_equal(high, waits[i] * 5 / 4);
    }
}

static void test_retry_decide_gives_up_after_the_retries(void **state)
{
    (void)state;
    const struct retry_facts facts = {.status = PX_ENET, .transient = true};
    const struct retry_policy none = {.retries = 0, .base_ms = 1, .cap_ms = 1};
    for (unsigned tries = 1; tries <= 5; tries++) {
        assert_true(retry_decide(&policy, &facts, tries, 0, middle).again);
    }
    assert_false(retry_decide(&policy, &facts, 6, 0, middle).again);
    assert_false(retry_decide(&none, &facts, 1, 0, middle).again);
}

static void test_retry_decide_retry_after_pauses_the_host_and_costs_no_try(void **state)
{
    (void)state;
    const struct retry_facts facts = {
        .status = PX_EHTTP, .transient = true, .busy = true, .retry_after_ms = 7000};
    const struct retry_decision decision = retry_decide(&policy, &facts, 6, 1, middle);
    assert_true(decision.again);
    assert_true(decision.pause_host);
    assert_false(decision.counts);
    assert_int_equal(decision.wait_ms, 7000);
}

static void test_retry_decide_retry_after_is_not_obeyed_for_ever(void **state)
{
    (void)state;
    const struct retry_facts facts = {
        .status = PX_EHTTP, .transient = true, .busy = true, .retry_after_ms = 7000};
    assert_true(retry_decide(&policy, &facts, 1, RETRY_MAX_PAUSES - 1, middle).again);
    assert_false(retry_decide(&policy, &facts, 1, RETRY_MAX_PAUSES, middle).again);
}

static void test_retry_decide_too_long_a_retry_after_is_final(void **state)
{
    (void)state;
    struct retry_facts facts = {
        .status = PX_EHTTP, .transient = true, .busy = true, .retry_after_ms = 300000};
    assert_true(retry_decide(&policy, &facts, 1, 0, middle).again);
    facts.retry_after_ms = 300001;
    const struct retry_decision decision = retry_decide(&policy, &facts, 1, 0, middle);
    assert_false(decision.again);
    assert_true(decision.asked_too_long);
    assert_false(decision.pause_host);
}

static void test_retry_decide_429_without_a_time_pauses_the_host_by_our_own(void **state)
{
    (void)state;
    const struct retry_facts facts = {.status = PX_EHTTP, .transient = true, .busy = true};
    const struct retry_decision decision = retry_decide(&policy, &facts, 1, 0, middle);
    assert_true(decision.again);
    assert_true(decision.pause_host);
    assert_true(decision.counts);
    assert_in_range(decision.wait_ms, 999, 1001);
}

static void test_retry_refused_users_and_certificates_are_known(void **state)
{
    (void)state;
    assert_true(retry_is_socks_auth(CURLPX_NO_AUTH));
    assert_true(retry_is_socks_auth(CURLPX_USER_REJECTED));
    assert_false(retry_is_socks_auth(CURLPX_OK));
    assert_false(retry_is_socks_auth(CURLPX_REPLY_HOST_UNREACHABLE));
    assert_true(retry_is_certificate_alert(
        "OpenSSL SSL_read: OpenSSL/3.0.17: error:0A00045C:SSL routines::tlsv13 alert certificate "
        "required, errno 0"));
    assert_false(retry_is_certificate_alert("Recv failure: Connection reset by peer"));
    assert_false(
        retry_is_certificate_alert("OpenSSL SSL_read: Connection reset by peer, errno 104"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_class_of_curl_by_table),
        cmocka_unit_test(test_retry_class_of_http_by_table),
        cmocka_unit_test(test_retry_decide_success_and_lasting_failure_are_final),
        cmocka_unit_test(test_retry_decide_doubles_the_pause_up_to_the_cap),
        cmocka_unit_test(test_retry_decide_gives_up_after_the_retries),
        cmocka_unit_test(test_retry_decide_retry_after_pauses_the_host_and_costs_no_try),
        cmocka_unit_test(test_retry_decide_retry_after_is_not_obeyed_for_ever),
        cmocka_unit_test(test_retry_decide_too_long_a_retry_after_is_final),
        cmocka_unit_test(test_retry_decide_429_without_a_time_pauses_the_host_by_our_own),
        cmocka_unit_test(test_retry_refused_users_and_certificates_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
