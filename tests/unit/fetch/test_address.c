/* SPDX-License-Identifier: MIT
 *
 * Which addresses are not of the public internet: the edges of each block, and IPv4 in all the places
 * where an IPv6 address can hold it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "fetch/address.h"

static const char *judge(const char *text)
{
    struct sockaddr_storage storage;
    struct sockaddr_in *in = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
    memset(&storage, 0, sizeof storage);
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
        in6->sin6_family = AF_INET6;
    }
    return address_special((struct sockaddr *)&storage);
}

static void expect(const char *text, const char *what)
{
    const char *got = judge(text);
    if (got == NULL || strcmp(got, what) != 0) {
        print_error("%s: %s, not %s\n", text, got != NULL ? got : "ordinary", what);
    }
    assert_non_null(got);
    assert_string_equal(got, what);
}

static void expect_ordinary(const char *text)
{
    const char *got = judge(text);
    if (got != NULL) {
        print_error("%s: %s\n", text, got);
    }
    assert_null(got);
}

static void test_address_ipv4_blocks_end_where_they_end(void **state)
{
    (void)state;
    static const char *const ordinary[] = {
        "1.0.0.0",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
        "172.32.0.0",      "192.0.1.0",       "192.167.255.255", "192.169.0.0",    "198.17.255.255",
        "198.20.0.0",      "223.255.255.255", "8.8.8.8",         "93.184.216.34",
    };
    for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++) {
        expect_ordinary(ordinary[i]);
    }
    expect("0.0.0.0", "an unspecified address");
    expect("0.255.255.255", "an unspecified address");
    expect("10.0.0.0", "a private address");
    expect("10.255.255.255", "a private address");
    expect("100.64.0.0", "a carrier's private address");
    expect("100.127.255.255", "a carrier's private address");
    expect("127.0.0.1", "a loopback address");
    expect("127.255.255.255", "a loopback address");
    expect("169.254.169.254", "a link-local address");
    expect("172.16.0.0", "a private address");
    expect("172.31.255.255", "a private address");
    expect("192.0.0.8", "a reserved address");
    expect("192.0.2.1", "an address for documentation");
    expect("192.168.1.1", "a private address");
    expect("198.19.255.255", "an address for benchmarks");
    expect("224.0.0.1", "a multicast address");
    expect("239.255.255.255", "a multicast address");
    expect("240.0.0.1", "a reserved address");
    expect("255.255.255.255", "a reserved address");
}

static void test_address_ipv6_blocks(void **state)
{
    (void)state;
    expect("::1", "a loopback address");
    expect("::", "an unspecified address");
    expect("fe80::1", "a link-local address");
    expect("febf:ffff::", "a link-local address");
    expect("fec0::1", "a private address");
    expect("fc00::1", "a private address");
    expect("fdff:ffff::1", "a private address");
    expect("ff02::1", "a multicast address");
    expect("100::1", "a discard address");
    expect("2001::1", "a reserved address");
    expect("2001:db8::1", "an address for documentation");
    expect("64:ff9b:1::1", "a private address");
    expect_ordinary("2001:200::1");
    expect_ordinary("2001:4860:4860::8888");
    expect_ordinary("2606:4700::1111");
    expect_ordinary("2a00:1450:4001::1");
    expect_ordinary("fbff::1");
    expect_ordinary("100:0:0:1::1");
}

static void test_address_ipv4_inside_ipv6_is_judged_as_ipv4(void **state)
{
    (void)state;
    static const char *const heads[] = {"::ffff:", "::", "::ffff:0:", "64:ff9b::"};
    char text[64];
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        snprintf(text, sizeof text, "%s127.0.0.1", heads[i]);
        expect(text, "a loopback address");
        snprintf(text, sizeof text, "%s169.254.169.254", heads[i]);
        expect(text, "a link-local address");
        snprintf(text, sizeof text, "%s8.8.8.8", heads[i]);
        expect_ordinary(text);
    }
    expect("2002:7f00:1::", "a loopback address");
    expect("2002:a00:1::", "a private address");
    expect_ordinary("2002:808:808::1");
}

static void test_address_of_another_family_is_not_ordinary(void **state)
{
    (void)state;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_non_null(address_special((struct sockaddr *)&un));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_ipv4_blocks_end_where_they_end),
        cmocka_unit_test(test_address_ipv6_blocks),
        cmocka_unit_test(test_address_ipv4_inside_ipv6_is_judged_as_ipv4),
        cmocka_unit_test(test_address_of_another_family_is_not_ordinary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
