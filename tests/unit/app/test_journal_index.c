/* SPDX-License-Identifier: MIT
 *
 * Lines by their ids: the last counts, worthless ones are passed over, torn ones too.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pxfer/status.h>

#include "app/journal_index.h"

static bool no_skips(void *ctx, const char *line, size_t len)
{
    unsigned *asked = ctx;
    (*asked)++;
    return !journal_line_has(line, len, "\"skip\":true");
}

static void test_journal_index_last_line_with_an_id_counts(void **state)
{
    (void)state;
    char path[] = "/tmp/px-index-XXXXXX";
    static const char text[] = "{\"id\":\"0000000000000001\",\"n\":1}\n"
                               "{\"id\":\"0000000000000002\",\"n\":2}\n"
                               "garbage \"id\":\"0000000000000003\"\n"
                               "{\"id\":\"000000000000000x\"}\n"
                               "{\"id\":\"0000000000000001\",\"n\":3}\n"
                               "{\"id\":\"0000000000000002\",\"skip\":true}\n"
                               "{\"id\":\"0000000000000004\"";
    struct journal_index *index = NULL;
    unsigned asked = 0;
    size_t len = 0;
    const int fd = mkstemp(path);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(journal_index_open(path, NULL, NULL, no_skips, &asked, &index), PX_OK);
    assert_int_equal(asked, 6);
    const char *line = journal_index_line(index, 1, &len);
    assert_non_null(line);
    assert_true(journal_line_has(line, len, "\"n\":3"));
    line = journal_index_line(index, 2, &len);
    assert_non_null(line);
    assert_true(journal_line_has(line, len, "\"n\":2"));
    assert_null(journal_index_line(index, 3, &len));
    assert_null(journal_index_line(index, 4, &len));
    journal_index_free(index);
    journal_index_free(NULL);
    assert_int_equal(unlink(path), 0);
}

static void test_journal_parse_id_takes_16_digits(void **state)
{
    (void)state;
    uint64_t id = 0;
    assert_true(journal_parse_id("00000000000000ff", &id));
    assert_int_equal(id, 255);
    assert_false(journal_parse_id("ff", &id));
    assert_false(journal_parse_id("00000000000000ffa", &id));
    assert_false(journal_parse_id(NULL, &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal_index_last_line_with_an_id_counts),
        cmocka_unit_test(test_journal_parse_id_takes_16_digits),
    };
    return cmocka_run_group_tests_name("journal_index", tests, NULL, NULL);
}
