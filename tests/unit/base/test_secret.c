/* SPDX-License-Identifier: MIT
 *
 * Which names mean a secret, by tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/secret.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void check(bool (*is_secret)(const char *, size_t), const char *name, bool expected)
{
    if (is_secret(name, strlen(name)) != expected) {
        fail_msg("\"%s\" is %sa secret", name, expected ? "" : "not ");
    }
}

static void test_secret_query_key_that_hides_its_value(void **state)
{
    (void)state;
    static const char *const names[] = {
        "key",
        "KEY",
        "Key",
        "api_key",
        "apikey",
        "apiKey",
        "APIKEY",
        "api-key",
        "api.key",
        "keys",
        "AWSAccessKeyId",
        "awsaccesskeyid",
        "Key-Pair-Id",
        "token",
        "TOKEN",
        "ToKeN",
        "access_token",
        "accessToken",
        "tokens",
        "X-Goog-Signature",
        "Signature",
        "signature",
        "sig",
        "SIG",
        "api_sig",
        "secret",
        "client_secret",
        "clientSecret",
        "password",
        "passwd",
        "pass",
        "pwd",
        "passphrase",
        "auth",
        "oauth",
        "oauth_nonce",
        "basicAuth",
        "authorization",
        "Authorisation",
        "credential",
        "X-Amz-Credential",
        "X-Amz-Date",
        "x-amz-expires",
        "X%2DAmz%2dDate",
        "%74oken",
        "user[password]",
        "jwt",
        "jwt_assertion",
        "a token",
        "token\x01",
    };
    for (size_t i = 0; i < ROWS(names); i++) {
        check(px_secret_query_key, names[i], true);
    }
}

static void test_secret_query_key_that_is_plain(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "q",
        "id",
        "file",
        "keyword",
        "keyboard",
        "author",
        "authors",
        "design",
        "sign_up",
        "passenger",
        "bypass_x",
        "compass",
        "x",
        "page",
        "utm_source",
        "response-content-type",
        "amz",
        "%",
        "%7",
        "%zz",
        "&",
        "--",
        "cookie",
        "Expires",
        "Policy",
    };
    for (size_t i = 0; i < ROWS(names); i++) {
        check(px_secret_query_key, names[i], false);
    }
}

static void test_secret_name_too_long_to_tell_is_one(void **state)
{
    (void)state;
    char name[4096];
    memset(name, 'a', sizeof(name));
    assert_true(px_secret_query_key(name, sizeof(name)));
    assert_true(px_secret_header(name, sizeof(name)));
    assert_false(px_secret_query_key(name, 100));
    for (size_t n = 0; n <= 300; n++) { /* no byte beyond any length, no overflow at any */
        memset(name, 'a', sizeof(name));
        for (size_t i = 0; i < n; i++) {
            name[i] = i % 2 == 0 ? 'a' : 'B';
        }
        assert_true(px_secret_query_key(name, n) || n < 128);
    }
}

static void test_secret_header_by_table(void **state)
{
    (void)state;
    static const char *const secrets[] = {
        "Authorization",
        "authorization",
        "PROXY-AUTHORIZATION",
        "Cookie",
        "Set-Cookie",
        "Cookie2",
        "X-Auth-Token",
        "X-Api-Key",
        "X-Token",
        "X-Key",
        "x-vault-token",
        "PRIVATE-TOKEN",
        "X-Amz-Security-Token",
        "Api-Key",
    };
    static const char *const plain[] = {
        "Date",
        "Host",
        "ETag",
        "Location",
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Keep-Alive",
        "Content-Type",
        "X-Amz-Request-Id",
        "Author",
        "Link",
        "Server",
        "X-Cache",
    };
    for (size_t i = 0; i < ROWS(secrets); i++) {
        check(px_secret_header, secrets[i], true);
    }
    for (size_t i = 0; i < ROWS(plain); i++) {
        check(px_secret_header, plain[i], false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_query_key_that_hides_its_value),
        cmocka_unit_test(test_secret_query_key_that_is_plain),
        cmocka_unit_test(test_secret_name_too_long_to_tell_is_one),
        cmocka_unit_test(test_secret_header_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
