/* SPDX-License-Identifier: MIT
 *
 * fetch/address.c - blocks of addresses that are not the public internet. Pure; any thread.
 */
#include "fetch/address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct block4 {
    uint32_t net;
    unsigned bits;
    const char *what;
};

/* https://www.iana.org/assignments/iana-ipv4-special-registry, and RFC 5771 for multicast */
static const struct block4 blocks4[] = {
    {0x00000000, 8, "an unspecified address"},
    {0x0a000000, 8, "a private address"},
    {0x64400000, 10, "a carrier's private address"}, /* RFC 6598 */
    {0x7f000000, 8, "a loopback address"},
    {0xa9fe0000, 16, "a link-local address"},
    {0xac100000, 12, "a private address"},
    {0xc0000000, 24, "a reserved address"},
    {0xc0000200, 24, "an address for documentation"},
    {0xc0a80000, 16, "a private address"},
    {0xc6120000, 15, "an address for benchmarks"},
    {0xc6336400, 24, "an address for documentation"},
    {0xcb007100, 24, "an address for documentation"},
    {0xe0000000, 4, "a multicast address"},
    {0xf0000000, 4, "a reserved address"}, /* broadcast among them */
};

struct block6 {
    unsigned char net[8]; /* the rest is 0 */
    unsigned bits;
    const char *what;
};

/* https://www.iana.org/assignments/iana-ipv6-special-registry */
static const struct block6 blocks6[] = {
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "a private address"}, /* local NAT64, RFC 8215 */
    {{0x01}, 64, "a discard address"},
    {{0x20, 0x01}, 23, "a reserved address"}, /* Teredo, benchmarks, ORCHID ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "an address for documentation"},
    {{0x3f, 0xff}, 20, "an address for documentation"}, /* RFC 9637 */
    {{0x5f}, 16, "a reserved address"},                 /* segment routing, RFC 9602 */
    {{0xfc}, 7, "a private address"},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xfe, 0xc0}, 10, "a private address"}, /* site-local, RFC 3879 */
    {{0xff}, 8, "a multicast address"},
};

static const char *special4(uint32_t address)
{
    for (size_t i = 0; i < sizeof blocks4 / sizeof blocks4[0]; i++) {
        if (((address ^ blocks4[i].net) >> (32 - blocks4[i].bits)) == 0) {
            return blocks4[i].what;
        }
    }
    return NULL;
}

static uint32_t read4(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool has_prefix(const unsigned char *bytes, const unsigned char *prefix, unsigned bits)
{
    const unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(bytes, prefix, whole) != 0) {
        return false;
    }
    return rest == 0 || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

/* Where an IPv4 address stands in it; NULL: in none of the known places. */
static const unsigned char *embedded4(const unsigned char bytes[16])
{
    static const unsigned char zeros[12];
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char translated[12] = {[8] = 0xff, [9] = 0xff}; /* RFC 2765 */
    static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};      /* RFC 6052 */

    if (memcmp(bytes, zeros, 12) == 0 || memcmp(bytes, mapped, 12) == 0 ||
        memcmp(bytes, translated, 12) == 0 || memcmp(bytes, nat64, 12) == 0) {
        return bytes + 12;
    }
    return bytes[0] == 0x20 && bytes[1] == 0x02 ? bytes + 2 : NULL; /* 6to4, RFC 3056 */
}

static const char *special6(const unsigned char bytes[16])
{
    static const unsigned char loopback[16] = {[15] = 1};

    if (memcmp(bytes, loopback, 16) == 0) {
        return "a loopback address";
    }
    const unsigned char *four = embedded4(bytes);
    if (four != NULL) {
        return special4(read4(four));
    }
    for (size_t i = 0; i < sizeof blocks6 / sizeof blocks6[0]; i++) {
        if (has_prefix(bytes, blocks6[i].net, blocks6[i].bits)) {
            return blocks6[i].what;
        }
    }
    return NULL;
}

const char *address_special(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof in);
        return special4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof in6);
        return special6(in6.sin6_addr.s6_addr);
    }
    return "no internet address";
}
