/* SPDX-License-Identifier: MIT
 *
 * Which options of pfetch do not go together, and that the others do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/fetch_options.h"

static const char *const url[] = {"http://h/x", "http://h/y"};
static const char *const list[] = {"list"};

/* As the option table leaves it without options. */
static struct fetch_options one_url(void)
{
    return (struct fetch_options){.fetch = {.inputs = url,
                                            .n_inputs = 1,
                                            .stall_timeout_ms = 1,
                                            .connect_timeout_ms = 1,
                                            .retry_base_ms = 1,
                                            .speed_time_ms = 1}};
}

static void expect_fault(const struct fetch_options *options, const char *part)
{
    const char *fault = fetch_options_fault(options);
    assert_non_null(fault);
    if (strstr(fault, part) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", fault, part);
    }
}

static void test_fetch_options_each_alone_is_well(void **state)
{
    (void)state;
    struct fetch_options options[6];
    for (size_t i = 0; i < 6; i++) {
        options[i] = one_url();
    }
    options[1].to_stdout = true;
    options[2].fetch.spider = true;
    options[3].fetch.dry_run = true;
    options[4].fetch.out_name = "name";
    options[5].session.json = options[5].session.baseline = true;
    for (size_t i = 0; i < 6; i++) {
        assert_null(fetch_options_fault(&options[i]));
    }
}

static void test_fetch_options_pairs_that_exclude_each_other(void **state)
{
    (void)state;
    struct fetch_options options = one_url();
    options.to_stdout = options.session.json = true;
    expect_fault(&options, "--stdout leaves no room");
    options = one_url();
    options.to_stdout = true;
    options.exec = "true";
    expect_fault(&options, "--stdout makes no files");
    options = one_url();
    options.fetch.spider = true;
    options.fetch.out_name = "name";
    expect_fault(&options, "--spider makes no files");
    options = one_url();
    options.fetch.dry_run = options.fetch.spider = true;
    expect_fault(&options, "--dry-run asks no server");
    options = one_url();
    options.fetch.spider = options.session.baseline = true;
    expect_fault(&options, "--baseline and --compare");
    options = one_url();
    options.session.json = true;
    options.write_out = "x";
    expect_fault(&options, "--json and --write-out");
}

static void test_fetch_options_out_is_for_one_url_with_a_name(void **state)
{
    (void)state;
    struct fetch_options options = one_url();
    options.fetch.out_name = "dir/";
    expect_fault(&options, "-o needs a file name");
    options.fetch.out_name = "";
    expect_fault(&options, "-o needs a file name");
    options.fetch.out_name = "-";
    expect_fault(&options, "-o - does not mean standard output");
    options.fetch.out_name = "name";
    options.fetch.n_inputs = 2;
    expect_fault(&options, "-o names the file of one URL");
    options.fetch.inputs = list;
    options.fetch.n_inputs = 1;
    expect_fault(&options, "-o names the file of one URL");
}

static void test_fetch_options_nothing_to_fetch_no_time_and_no_http1(void **state)
{
    (void)state;
    struct fetch_options options = one_url();
    options.fetch.n_inputs = 0;
    expect_fault(&options, "no list and no URL");
    options = one_url();
    options.fetch.stall_timeout_ms = 0;
    expect_fault(&options, "more than 0");
    options = one_url();
    options.fetch.http = PX_HTTP_2_PRIOR_KNOWLEDGE;
    assert_null(fetch_options_fault(&options));
    options.fetch.limit_rate = 1;
    expect_fault(&options, "need HTTP/1.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch_options_each_alone_is_well),
        cmocka_unit_test(test_fetch_options_pairs_that_exclude_each_other),
        cmocka_unit_test(test_fetch_options_out_is_for_one_url_with_a_name),
        cmocka_unit_test(test_fetch_options_nothing_to_fetch_no_time_and_no_http1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
