/* SPDX-License-Identifier: MIT
 *
 * The headers that count, picked out of lines, whole or nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/head.h"
#include "support/random.h"

static struct head head;

static void line(const char *text)
{
    head_line(&head, text, strlen(text));
}

static void test_head_values_are_trimmed_and_names_have_no_case(void **state)
{
    (void)state;
    head_reset(&head);
    line("HTTP/1.1 206 Partial Content\r\n");
    line("etag: \"a b\" \r\n");
    line("LAST-MODIFIED:Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    line("Content-Range:\t bytes 1-2/3\r\n");
    line("Content-Type: multipart/byteranges; a: b\r\n");
    line("Content-Encoding: gzip\r\n");
    line("Transfer-Encoding: chunked\r\n");
    line("Location: http://h:80/\r\n");
    line("X-Etag: no\r\n");
    line("Etagx: no\r\n");
    line("\r\n");
    assert_string_equal(head.value[HEAD_ETAG], "\"a b\"");
    assert_string_equal(head.value[HEAD_LAST_MODIFIED], "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_string_equal(head.value[HEAD_CONTENT_RANGE], "bytes 1-2/3");
    assert_string_equal(head.value[HEAD_CONTENT_TYPE], "multipart/byteranges; a: b");
    assert_string_equal(head.value[HEAD_CONTENT_ENCODING], "gzip");
    assert_string_equal(head.value[HEAD_TRANSFER_ENCODING], "chunked");
    assert_string_equal(head.value[HEAD_LOCATION], "http://h:80/");
    assert_int_equal(head.n_lengths, 0);
}

static void test_head_first_value_counts_but_every_length_is_kept(void **state)
{
    (void)state;
    head_reset(&head);
    line("ETag: \"1\"\r\n");
    line("ETag: \"2\"\r\n");
    assert_string_equal(head.value[HEAD_ETAG], "\"1\"");
    for (int i = 0; i < 20; i++) {
        line("Content-Length: 5\r\n");
    }
    assert_int_equal(head.n_lengths, HEAD_LENGTHS_MAX);
    assert_string_equal(head.length[HEAD_LENGTHS_MAX - 1], "5");
}

static void test_head_of_an_interim_reply_is_forgotten(void **state)
{
    (void)state;
    head_reset(&head);
    line("HTTP/1.1 103 Early Hints\r\n");
    line("ETag: \"1\"\r\n");
    line("Content-Length: 7\r\n");
    line("\r\n");
    line("HTTP/2 200 \r\n");
    assert_null(head.value[HEAD_ETAG]);
    assert_int_equal(head.n_lengths, 0);
}

static void test_head_value_with_no_room_or_a_nul_is_absent(void **state)
{
    (void)state;
    static char text[HEAD_ROOM + 100] = "Location: ";
    head_reset(&head);
    memset(text + 10, 'x', sizeof text - 11);
    head_line(&head, text, sizeof text - 1);
    assert_null(head.value[HEAD_LOCATION]);
    head_line(&head, "ETag: \"a\0b\"\r\n", 13);
    assert_null(head.value[HEAD_ETAG]);
    text[14] = '\0';
    head_line(&head, text, 10 + HEAD_ROOM - 1);
    assert_null(head.value[HEAD_LOCATION]);
    head_line(&head, "Content-Length: 5\0006\r\n", 20);
    assert_string_equal(head.length[0], ""); /* there, and no number */
}

static void test_head_cookie_is_noted_but_its_value_is_not_kept(void **state)
{
    (void)state;
    head_reset(&head);
    line("HTTP/1.1 200 OK\r\n");
    assert_null(head.value[HEAD_SET_COOKIE]);
    line("set-cookie: secret=1\r\n");
    assert_string_equal(head.value[HEAD_SET_COOKIE], "");
    assert_int_equal(head.used, 0);
}

static void test_head_random_bytes_stay_within_bounds(void **state)
{
    (void)state;
    static const char bits[] = "HTTP/ETag:Content-Length: 5Location:\r\n\t \0\xff:";
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        char *text;
        const size_t n = (size_t)(random_next(&random) >> 33) % 64;
        text = malloc(n + 1); /* its own block, so that a sanitizer sees the ends */
        assert_non_null(text);
        for (size_t k = 0; k < n; k++) {
            text[k] = bits[(random_next(&random) >> 33) % (sizeof bits - 1)];
        }
        head_line(&head, text, n);
        free(text);
        assert_true(head.used <= HEAD_ROOM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_values_are_trimmed_and_names_have_no_case),
        cmocka_unit_test(test_head_first_value_counts_but_every_length_is_kept),
        cmocka_unit_test(test_head_of_an_interim_reply_is_forgotten),
        cmocka_unit_test(test_head_value_with_no_room_or_a_nul_is_absent),
        cmocka_unit_test(test_head_random_bytes_stay_within_bounds),
        cmocka_unit_test(test_head_cookie_is_noted_but_its_value_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
