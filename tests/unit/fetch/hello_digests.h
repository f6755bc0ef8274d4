/* SPDX-License-Identifier: MIT
 *
 * fetch/hello_digests.h - the digests of "hello", in base64 as servers state them. Header only.
 */
#ifndef PX_TESTS_FETCH_HELLO_DIGESTS_H
#define PX_TESTS_FETCH_HELLO_DIGESTS_H

#define MD5 "XUFAKrxLKna5cZ2REBfFkg=="
#define SHA1 "qvTGHdzF6KLavt4PO0gs2a6pQ00="
#define SHA256 "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
#define CRC32 "NhCmhg=="
#define CRC32C "mnG7TA=="
#define CRC64 "M3eFcAZSQlc="
#define SHA512                                     \
    "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcj" \
    "I8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw=="

#endif
