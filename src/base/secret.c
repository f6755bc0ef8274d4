/* SPDX-License-Identifier: MIT
 *
 * base/secret.c - the policy behind px_show_url and px_show_header: takes a name apart into words
 * and looks for those that secrets go by. Pure; any thread.
 */
#include "base/secret.h"

#include <string.h>

#include "base/parse.h"

#define SECRET_WORDS_BYTES 128

static bool secret_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static char secret_lower(char c)
{
    return secret_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static bool secret_is_alnum(char c)
{
    char low = secret_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
}

/* The character at *at, with %HH decoded as the server will; moves *at on. */
static char secret_next(const char *name, size_t n, size_t *at)
{
    const size_t i = *at;
    const int decoded = px_parse_percent(name + i, n - i);
    *at += decoded >= 0 ? 3 : 1;
    return decoded >= 0 ? (char)(unsigned char)decoded : name[i];
}

/* "X-Api_keyID" becomes "-x-api-keyid-", with `humps` "-x-api-key-id-": lower case, every word
 * between two hyphens. False when it is too long to tell. */
static bool secret_words(char words[SECRET_WORDS_BYTES], const char *name, size_t n, bool humps)
{
    size_t len = 0;
    words[len++] = '-';
    char before = '-';
    for (size_t i = 0; i < n;) {
        char c = secret_next(name, n, &i);
        if (len + 4 > SECRET_WORDS_BYTES) { /* two here, two at the end */
            return false;
        }
        bool hump =
            humps && secret_is_upper(c) && secret_is_alnum(before) && !secret_is_upper(before);
        if ((hump || !secret_is_alnum(c)) && words[len - 1] != '-') {
            words[len++] = '-';
        }
        if (secret_is_alnum(c)) {
            words[len++] = secret_lower(c);
        }
        before = c;
    }
    if (words[len - 1] != '-') {
        words[len++] = '-';
    }
    words[len] = '\0';
    return true;
}

/* A mark with hyphens is the beginning or the end of a word, or all of it. */
static bool secret_is_marked(const char *words)
{
    static const char *const marks[] = {
        "key-",      "keys-",  "apikey",   "accesskey",  "token",  "secret",
        "signature", "sig-",   "passw",    "passphrase", "-pass-", "-pwd-",
        "auth-",     "-oauth", "authoriz", "authoris",   "-jwt",   "credential",
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strstr(words, marks[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Both ways of splitting, or "APIToken" and "ToKen" could not both be seen. `mark` is one more. */
static bool secret_name(const char *name, size_t n, const char *mark)
{
    char words[SECRET_WORDS_BYTES];
    if (!secret_words(words, name, n, true) || secret_is_marked(words)) {
        return true;
    }
    if (!secret_words(words, name, n, false) || secret_is_marked(words)) {
        return true;
    }
    return strstr(words, mark) != NULL;
}

bool px_secret_query_key(const char *name, size_t n)
{
    return secret_name(name, n, "-x-amz-");
}

bool px_secret_header(const char *name, size_t n)
{
    return secret_name(name, n, "-cookie");
}
