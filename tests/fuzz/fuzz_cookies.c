/* SPDX-License-Identifier: MIT
 *
 * Files of cookies (--load-cookies), and what libcurl is given of them.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <pxfer/status.h>

#include "fetch/cookies.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cookies *cookies = NULL;
    const int rc = cookies_load(fuzz_file(data, size), &cookies);
    assert_true(rc == PX_OK || rc == PX_EUSAGE);
    if (rc == PX_OK) {
        static CURL *easy;
        struct jar jar = {0};
        easy = easy != NULL ? easy : curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
        assert_int_equal(jar_fill(&jar, cookies, easy, "http://a.example/x", true), PX_OK);
        assert_int_equal(jar_fill(&jar, cookies, easy, "https://b.example/x", false), PX_OK);
        curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL");
        jar_fini(&jar);
        cookies_free(cookies);
    }
    return 0;
}
