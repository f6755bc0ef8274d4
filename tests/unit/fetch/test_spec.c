/* SPDX-License-Identifier: MIT
 *
 * What an entry's options say, and where they send the file. How a target is put together from it
 * is tested in test_task.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/fetching.h"
#include "fetch/spec.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define MD5_X "md5=9dd4e461268c8034f5c8564e155c67a6"

static bool option_is(const struct list_option *option, const char *value)
{
    if (value == NULL) {
        return option->name == NULL;
    }
    return option->name != NULL && option->value_len == strlen(value) &&
           memcmp(option->value, value, option->value_len) == 0;
}

static void test_spec_read_known_options_last_one_wins(void **state)
{
    (void)state;
    static const struct {
        const char *options, *out, *dir;
        bool headers, checksum;
    } rows[] = {
        {"", NULL, NULL, false, false},
        {"out=a\nout=b\n", "b", NULL, false, false},
        {"dir=d\nheader=A: b\n", NULL, "d", true, false},
        {"referer=r\n", NULL, NULL, true, false},
        {"checksum=" MD5_X "\n", NULL, NULL, false, true},
        {"odd=1\nout=a\n", "a", NULL, false, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct list_entry entry = fetching_entry("http://h/x", rows[i].options);
        struct spec spec = {0};
        assert_null(spec_read(&entry, &spec));
        assert_true(option_is(&spec.out, rows[i].out));
        assert_true(option_is(&spec.dir, rows[i].dir));
        assert_int_equal(spec.has_headers, rows[i].headers);
        assert_int_equal(spec.checksum.kind != PX_DIGEST_NONE, rows[i].checksum);
    }
}

static void test_spec_read_bad_values_are_faults(void **state)
{
    (void)state;
    static const char *const options[] = {
        "checksum=md5\n",  "checksum=md5=1\n", "header=none\n",   "header=A\x01: b\n",
        "referer=a\x02\n", "dir=\n",           "http-user=a:b\n", "http-passwd=p\n",
    };
    for (size_t i = 0; i < ROWS(options); i++) {
        const struct list_entry entry = fetching_entry("http://h/x", options[i]);
        struct spec spec = {0};
        assert_non_null(spec_read(&entry, &spec));
    }
}

static void check_destination(struct px_fetch_opts opts, const char *options, const char *dir,
                              const char *path)
{
    const struct list_entry entry = fetching_entry("http://h/x.bin?q", options);
    struct px_fetch fetch = {.opts = opts};
    struct spec spec = {0};
    struct destination to = {0};
    assert_null(spec_read(&entry, &spec));
    assert_null(spec_destination(&fetch, &entry, &spec, &to));
    assert_int_equal(to.dir_len, strlen(dir));
    assert_memory_equal(to.dir, dir, to.dir_len);
    assert_int_equal(to.path_len, strlen(path));
    assert_memory_equal(to.path, path, to.path_len);
}

static void test_spec_destination_by_table(void **state)
{
    (void)state;
    const struct px_fetch_opts plain = {.dir = "base"};
    const struct px_fetch_opts named = {.dir = "base", .out_name = "y"};
    const struct px_fetch_opts absolute = {.dir = "base", .out_name = "/abs/y"};
    check_destination(plain, "", "base", "x.bin");
    check_destination(plain, "out=a/y\n", "base", "a/y");
    check_destination(plain, "dir=d\n", "d", "x.bin");
    check_destination(named, "", "base", "y");
    check_destination(absolute, "", "", "/abs/y");
}

static void test_spec_destination_confined_stays_below_the_base(void **state)
{
    (void)state;
    const struct px_fetch_opts confined = {.dir = "base", .confine = true, .out_name = "/abs/y"};
    const struct list_entry entry = fetching_entry("http://h/x", "dir=/elsewhere\n");
    struct px_fetch fetch = {.opts = {.dir = "base", .confine = true}};
    struct spec spec = {0};
    struct destination to = {0};
    check_destination(confined, "", "base", "y");
    assert_null(spec_read(&entry, &spec));
    assert_null(spec_destination(&fetch, &entry, &spec, &to));
    assert_memory_equal(to.dir, "base", 4);
    assert_int_equal(strncmp(to.path, "dir-", 4), 0);
}

static void test_spec_read_size_is_a_number_of_bytes(void **state)
{
    (void)state;
    static const char *const bad[] = {"size=\n", "size=1K\n", "size=-1\n",
                                      "size=9223372036854775808\n"};
    struct list_entry entry = fetching_entry("http://h/x", "size= 1000 \n");
    struct spec spec = {0};
    assert_null(spec_read(&entry, &spec));
    assert_true(spec.has_size);
    assert_int_equal(spec.size, 1000);
    for (size_t i = 0; i < ROWS(bad); i++) {
        entry = fetching_entry("http://h/x", bad[i]);
        assert_string_equal(spec_read(&entry, &spec), "size= is not a number of bytes");
    }
}

static void test_spec_read_split_is_a_number_from_1(void **state)
{
    (void)state;
    static const char *const bad[] = {"split=\n", "split=0\n", "split=auto\n", "split=-1\n"};
    struct list_entry entry = fetching_entry("http://h/x", "split=3\n");
    struct spec spec = {0};
    assert_null(spec_read(&entry, &spec));
    assert_int_equal(spec.split, 3);
    for (size_t i = 0; i < ROWS(bad); i++) {
        entry = fetching_entry("http://h/x", bad[i]);
        assert_string_equal(spec_read(&entry, &spec), "split= is not a number from 1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec_read_known_options_last_one_wins),
        cmocka_unit_test(test_spec_read_size_is_a_number_of_bytes),
        cmocka_unit_test(test_spec_read_split_is_a_number_from_1),
        cmocka_unit_test(test_spec_read_bad_values_are_faults),
        cmocka_unit_test(test_spec_destination_by_table),
        cmocka_unit_test(test_spec_destination_confined_stays_below_the_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
