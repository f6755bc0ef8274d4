/* SPDX-License-Identifier: MIT
 *
 * The examples of RFC 6266 and RFC 8187, what browsers agree on beyond them, and names of servers
 * that mean harm (F20).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/disposition.h"
#include "fetch/name.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

struct row {
    const char *value, *name; /* NULL: none */
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char got[DISPOSITION_ROOM + 1];
        size_t len = disposition_filename(rows[i].value, got);

        got[len] = '\0';
        if (strcmp(got, rows[i].name != NULL ? rows[i].name : "") != 0) {
            fail_msg("%s: got '%s', expected '%s'", rows[i].value, got,
                     rows[i].name != NULL ? rows[i].name : "");
        }
    }
}

static void test_disposition_examples_of_the_rfcs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* RFC 6266 section 5 */
        {"Attachment; filename=example.html", "example.html"},
        {"INLINE; FILENAME= \"an example.html\"", "an example.html"},
        {"attachment; filename*= UTF-8''%e2%82%ac%20rates", "\xe2\x82\xac rates"},
        {"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates",
         "\xe2\x82\xac rates"},
        /* RFC 8187 section 3.2.3 */
        {"attachment; filename*=iso-8859-1'en'%A3%20rates", "\xc2\xa3 rates"},
        {"attachment; filename*=UTF-8''%c2%a3%20and%20%e2%82%ac%20rates",
         "\xc2\xa3 and \xe2\x82\xac rates"},
        /* the order does not matter */
        {"attachment; filename*=UTF-8''new; filename=old", "new"},
        {"attachment; filename=old; filename*=UTF-8'en-GB'new", "new"},
    };
    check(rows, ROWS(rows));
}

static void test_disposition_plain_names_as_browsers_read_them(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"attachment", NULL},
        {"", NULL},
        {"attachment;", NULL},
        {"attachment; filename=", NULL},
        {"attachment; filename=\"\"", NULL},
        {"attachment;filename=\"f.txt\"", "f.txt"},
        {"attachment ; filename = f.txt ; x=y", "f.txt"},
        {"attachment; filename=with blank.txt", "with blank.txt"},
        {"attachment; foo=\"a;filename=no\"; filename=yes", "yes"},
        {"attachment; foo=\"\\\"\\\\\";filename=yes", "yes"},
        {"attachment; creation-date=\"Wed, 1 Jan 2020\"; filename=\"f\"; size=3", "f"},
        {"attachment; filename=\"f\\\"oo.html\"", "f\"oo.html"},
        {"attachment; filename=\"here's semi;.html\"", "here's semi;.html"},
        {"attachment; filename=\"foo-%41.html\"", "foo-%41.html"},
        {"attachment; filename=\"first\"; filename=\"second\"", "first"},
        {"attachment; filename=\"fo\xe9.html\"", "fo\xc3\xa9.html"},     /* Latin-1 */
        {"attachment; filename=\"fo\xc3\xa9.html\"", "fo\xc3\xa9.html"}, /* UTF-8 */
        {"attachment; flag; filename=x", "x"},
        {"attachment; filename*0=\"a\"; filename*1=\"b\"", NULL}, /* RFC 2231: not in HTTP */
        {"attachment; xfilename=x", NULL},
        {"filename=x.html", NULL}, /* no type */
        {"\"foo\"; filename=x", NULL},
        {"attachment; filename=\"open", NULL},
        {"attachment; filename=\"f\"oo; x=y", NULL},
    };
    check(rows, ROWS(rows));
}

static void test_disposition_malformed_extended_name_does_not_count(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"attachment; filename*=UTF-8''%c3; filename=ok", "ok"},       /* no UTF-8 */
        {"attachment; filename*=UTF-8''%c0%af; filename=ok", "ok"},    /* overlong '/' */
        {"attachment; filename*=UTF-8''%ed%a0%80; filename=ok", "ok"}, /* a surrogate */
        {"attachment; filename*=UTF-8''a%; filename=ok", "ok"},        /* half an escape */
        {"attachment; filename*=UTF-8''a%4; filename=ok", "ok"},
        {"attachment; filename*=UTF-8''a%zz; filename=ok", "ok"},
        {"attachment; filename*=UTF-8''a b; filename=ok", "ok"},   /* not escaped */
        {"attachment; filename*=UTF-8'x; filename=ok", "ok"},      /* one quote */
        {"attachment; filename*=x; filename=ok", "ok"},            /* none */
        {"attachment; filename*=''x; filename=ok", "ok"},          /* no charset */
        {"attachment; filename*=KOI8-R''x; filename=ok", "ok"},    /* an unknown one */
        {"attachment; filename*=\"UTF-8''x\"; filename=ok", "ok"}, /* quoted */
        {"attachment; filename*=UTF-8''; filename=ok", "ok"},
        {"attachment; filename*=UTF-8''%c3", NULL},
    };
    check(rows, ROWS(rows));
}

static void test_disposition_only_the_last_component_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"attachment; filename=\"../../x\"", "x"},
        {"attachment; filename=/etc/x", "x"},
        {"attachment; filename=\"C:\\\\dir\\\\x.txt\"", "x.txt"},
        {"attachment; filename*=UTF-8''..%2f..%2fx", "x"},
        {"attachment; filename*=UTF-8''a%5Cb", "b"},
        {"attachment; filename=\"dir/\"", NULL},
        {"attachment; filename=..", NULL},
        {"attachment; filename=\"a/..\"", NULL},
        {"attachment; filename=\".\"", NULL},
    };
    check(rows, ROWS(rows));
}

static void test_disposition_hostile_names_are_safe_behind_the_door(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"attachment; filename=\"../../x\"", "x"},
        {"attachment; filename=\"/etc/x\"", "x"},
        {"attachment; filename=.bashrc", "_bashrc"},
        {"attachment; filename=a\\b", "b"},
        {"attachment; filename=\"a\\b\"", "ab"}, /* a quoted pair */
        {"attachment; filename=\"\033]0;x\007\"", "_]0;x_"},
        {"attachment; filename=\"a\xc2\x9b\"", "a_"},
        {"attachment; filename*=UTF-8''a%0Ab%00c", "a_b_c"},
        {"attachment; filename*=UTF-8''%9b", NULL},
        {"attachment; filename*=ISO-8859-1''a%9bb", "a_b"},
        {"attachment; filename=con:", "con:"},
        {"attachment; filename=.x.part", "_x.part"},
        {"attachment; filename=\"...\"", "_.."},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char raw[DISPOSITION_ROOM], safe[NAME_ROOM] = "";
        size_t len = disposition_filename(rows[i].value, raw);

        if (len > 0) {
            name_make_safe(raw, len, safe);
        }
        assert_string_equal(safe, rows[i].name != NULL ? rows[i].name : "");
    }
}

static void test_disposition_name_of_any_length_fits(void **state)
{
    (void)state;
    enum { LONG = 5000 };
    static const char head[] = "attachment; filename=";
    const size_t n = sizeof head - 1;
    char *value = malloc(n + LONG + 1), out[DISPOSITION_ROOM];

    assert_non_null(value);
    memcpy(value, head, n);

    memset(value + n, '\xe9', LONG); /* doubles in UTF-8: more than there is room for */
    value[n + LONG] = '\0';
    assert_int_equal(disposition_filename(value, out), 0);
    value[n + 4000] = '\0';
    assert_int_equal(disposition_filename(value, out), 8000);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disposition_examples_of_the_rfcs),
        cmocka_unit_test(test_disposition_plain_names_as_browsers_read_them),
        cmocka_unit_test(test_disposition_malformed_extended_name_does_not_count),
        cmocka_unit_test(test_disposition_only_the_last_component_counts),
        cmocka_unit_test(test_disposition_hostile_names_are_safe_behind_the_door),
        cmocka_unit_test(test_disposition_name_of_any_length_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
