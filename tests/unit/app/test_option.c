/* SPDX-License-Identifier: MIT
 *
 * The command line: what is parsed into which field, and each complaint word for word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "app/option.h"
#include "support/memory_text.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define HINT "\nTry 'prog --help' for more information.\n"

enum colour { RED, GREEN, BLUE };

struct options {
    bool quiet;
    int verbose;
    enum colour colour;
    enum colour update;
    int retries;
    unsigned jobs;
    uint64_t number;
    uint64_t size;
    int64_t pause_ns;
    int64_t timeout_ms;
    const char *dir;
    struct option_strings headers;
    struct option_numbers compare;
    const char *called_with;
};

static int take_even(void *options, const struct option_spec *spec, const char *arg,
                     const char **reason)
{
    (void)spec;
    if (strlen(arg) % 2 != 0) {
        *reason = "must be of even length";
        return PX_EINVAL;
    }
    ((struct options *)options)->called_with = arg;
    return PX_OK;
}

#define AT(field) .offset = offsetof(struct options, field)

static const struct option_choice colours[] = {
    {"red", RED}, {"green", GREEN}, {"blue", BLUE}, {NULL, 0}};
static const struct option_choice automatic[] = {{"auto", 0}, {NULL, 0}};

static const struct option_spec table[] = {
    {.kind = OPTION_GROUP, .help = "All of them:"},
    {.kind = OPTION_FLAG, .letter = 'q', .name = "quiet", .help = "h", AT(quiet)},
    {.kind = OPTION_COUNT, .letter = 'v', .name = "verbose", .help = "h", AT(verbose)},
    {.kind = OPTION_SET, .name = "blue", .help = "h", .value = BLUE, AT(colour)},
    {.kind = OPTION_CHOICE, .name = "colour", .help = "h", .choices = colours, AT(colour)},
    {.kind = OPTION_CHOICE_OPTIONAL,
     .letter = 'u',
     .name = "update",
     .help = "h",
     .choices = colours,
     .value = GREEN,
     AT(update)},
    {.kind = OPTION_INT, .name = "retries", .help = "h", .preset = "5", AT(retries)},
    {.kind = OPTION_UNSIGNED,
     .letter = 'j',
     .name = "jobs",
     .help = "h",
     .preset = "2",
     .min = 1,
     .max = 64,
     .choices = automatic,
     AT(jobs)},
    {.kind = OPTION_U64, .name = "number", .help = "h", .min = 3, AT(number)},
    {.kind = OPTION_SIZE, .name = "size", .help = "h", .min = 512, AT(size)},
    {.kind = OPTION_DURATION_NS, .name = "pause", .help = "h", AT(pause_ns)},
    {.kind = OPTION_DURATION_MS, .letter = 'T', .name = "timeout", .help = "h", AT(timeout_ms)},
    {.kind = OPTION_STRING, .letter = 'd', .name = "dir", .help = "h", AT(dir)},
    {.kind = OPTION_STRINGS, .letter = 'H', .name = "header", .help = "h", AT(headers)},
    {.kind = OPTION_NUMBERS, .name = "compare", .help = "h", .min = 1, .max = 9, AT(compare)},
    {.kind = OPTION_CALLBACK, .name = "even", .arg = "TEXT", .help = "h", .callback = take_even},
    {.kind = OPTION_IGNORED, .letter = 'r', .name = "recursive"},
    {.kind = OPTION_IGNORED, .letter = 'R'},
    {.kind = OPTION_HELP, .letter = 'h', .name = "help", .help = "h"},
    {.kind = OPTION_VERSION, .name = "version", .help = "h"},
    {.kind = OPTION_COMPLETION, .name = "completion", .help = "h"},
    {.kind = OPTION_END},
};

static void put_versions(FILE *out)
{
    fputs("libthing 7.0\n", out);
}

static const char *const usage[] = {"[OPTION]... FILE...", NULL};
static const struct option_hint hints[] = {
    {.letter = 'w', .name = "wait", .says = "write --pause"},
    {.name = "numb", .says = "write --retries"},
    {.letter = 'T', .says = "cookies are -H"},
    {0},
};
static const struct option_program program = {
    .name = "prog",
    .usage = usage,
    .table = table,
    .hints = hints,
    .version = "1.2.3",
    .versions = put_versions,
};

/* A parse of words separated by single spaces. */
struct parse {
    char line[256];
    char *argv[32];
    int argc;
    struct options options;
    struct option_parsed parsed;
    struct memory_text err;
    int status;
};

static struct parse *parse(const char *line)
{
    struct parse *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->line, sizeof p->line, "prog %s", line);
    for (char *word = p->line; word != NULL;) {
        char *space = strchr(word, ' ');
        if (space != NULL) {
            *space++ = '\0';
        }
        if (*word != '\0') {
            p->argv[p->argc++] = word;
        }
        word = space;
    }
    FILE *err = memory_text_open(&p->err);
    p->status = option_parse(&program, p->argc, p->argv, &p->options, err, &p->parsed);
    memory_text_close(&p->err);
    return p;
}

static void parse_free(struct parse *p)
{
    option_free(&program, &p->options);
    memory_text_free(&p->err);
    free(p);
}

static void test_option_without_arguments_leaves_the_presets(void **state)
{
    (void)state;
    struct parse *p = parse("");
    assert_int_equal(p->status, PX_OK);
    assert_string_equal(p->err.text, "");
    assert_int_equal(p->parsed.action, OPTION_DO_RUN);
    assert_int_equal(p->parsed.n_operands, 0);
    assert_int_equal(p->options.retries, 5);
    assert_int_equal(p->options.jobs, 2);
    assert_false(p->options.quiet);
    assert_null(p->options.dir);
    parse_free(p);
}

static void test_option_each_kind_lands_in_its_field(void **state)
{
    (void)state;
    struct parse *p = parse("-q -vv --blue --retries=0 -j7 --number 3 --size=1.5K --pause 10ms "
                            "-T 0.0001 -d x --compare=1,2,5 --even=ab");
    assert_string_equal(p->err.text, "");
    assert_int_equal(p->status, PX_OK);
    const struct options *o = &p->options;
    assert_true(o->quiet);
    assert_int_equal(o->verbose, 2);
    assert_int_equal(o->colour, BLUE);
    assert_int_equal(o->retries, 0);
    assert_int_equal(o->jobs, 7);
    assert_int_equal(o->number, 3);
    assert_int_equal(o->size, 1536);
    assert_int_equal(o->pause_ns, 10000000);
    assert_int_equal(o->timeout_ms, 1); /* rounded up: never "no timeout" */
    assert_string_equal(o->dir, "x");
    assert_int_equal(o->compare.n, 3);
    assert_int_equal(o->compare.value[2], 5);
    assert_string_equal(o->called_with, "ab");
    parse_free(p);
}

static void test_option_number_takes_words_of_its_table(void **state)
{
    (void)state;
    struct parse *p = parse("-j auto");
    assert_int_equal(p->status, PX_OK);
    assert_int_equal(p->options.jobs, 0);
    parse_free(p);
}

static void test_option_choice_last_one_wins(void **state)
{
    (void)state;
    struct parse *p = parse("--colour=green --blue --colour red");
    assert_int_equal(p->options.colour, RED);
    parse_free(p);
}

static void test_option_optional_choice_takes_a_word_only_after_equals(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum colour expected;
        size_t operands;
    } rows[] = {
        {"--update", GREEN, 0},      {"--update=blue", BLUE, 0}, {"-u", GREEN, 0},
        {"--update blue", GREEN, 1}, {"-u blue", GREEN, 1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct parse *p = parse(rows[i].line);
        assert_int_equal(p->status, PX_OK);
        assert_int_equal(p->options.update, rows[i].expected);
        assert_int_equal(p->parsed.n_operands, rows[i].operands);
        parse_free(p);
    }
}

static void test_option_list_of_strings_grows(void **state)
{
    (void)state;
    struct parse *p = parse("-H a -H b -H c -H d -H e -H f -H g -H h -H i --header=j");
    assert_int_equal(p->status, PX_OK);
    assert_int_equal(p->options.headers.n, 10);
    assert_string_equal(p->options.headers.items[0], "a");
    assert_string_equal(p->options.headers.items[9], "j");
    option_free(&program, &p->options);
    assert_int_equal(p->options.headers.n, 0);
    parse_free(p);
}

static void test_option_operands_are_permuted_and_dashes_end_options(void **state)
{
    (void)state;
    struct parse *p = parse("one -q two - --dir=d -- -v three");
    assert_int_equal(p->status, PX_OK);
    static const char *const expected[] = {"one", "two", "-", "-v", "three"};
    assert_int_equal(p->parsed.n_operands, ROWS(expected));
    for (size_t i = 0; i < ROWS(expected); i++) {
        assert_string_equal(p->parsed.operands[i], expected[i]);
    }
    assert_true(p->options.quiet);
    assert_int_equal(p->options.verbose, 0);
    parse_free(p);
}

static void test_option_abbreviation_and_ignored_ones_are_taken(void **state)
{
    (void)state;
    struct parse *p = parse("--qui -rR --recursive --retr 3");
    assert_string_equal(p->err.text, "");
    assert_int_equal(p->status, PX_OK);
    assert_true(p->options.quiet);
    assert_int_equal(p->options.retries, 3);
    parse_free(p);
}

static void test_option_mistake_gets_one_line_and_a_hint(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"--jobs=x", "prog: option '--jobs': 'x' is not a number from 1 to 64 nor auto"},
        {"-j 0", "prog: option '--jobs': '0' is not a number from 1 to 64 nor auto"},
        {"-j 65", "prog: option '--jobs': '65' is not a number from 1 to 64 nor auto"},
        {"-j -5", "prog: option '--jobs': '-5' is not a number from 1 to 64 nor auto"},
        {"-j5x", "prog: option '--jobs': '5x' is not a number from 1 to 64 nor auto"},
        {"--jobs=", "prog: option '--jobs': '' is not a number from 1 to 64 nor auto"},
        {"--retries=-1", "prog: option '--retries': '-1' is not a number"},
        {"--retries=2147483648", "prog: option '--retries': '2147483648' is not a number"},
        {"--number=2", "prog: option '--number': '2' is not a number from 3 up"},
        {"--size=big",
         "prog: option '--size': 'big' is not a size such as 4096, 64K or 1.5G from 512 up"},
        {"--size=511",
         "prog: option '--size': '511' is not a size such as 4096, 64K or 1.5G from 512 up"},
        {"-T soon", "prog: option '--timeout': 'soon' is not a time such as 0.5 (seconds), 10ms or "
                    "2m; cookies "
                    "are -H"},
        {"--colour=rad", "prog: option '--colour': 'rad' is not one of red, green, blue"},
        {"--update=", "prog: option '--update': '' is not one of red, green, blue"},
        {"--compare=1,,2",
         "prog: option '--compare': '1,,2' is not a list such as 1,2,5 of numbers from 1 to 9"},
        {"--even=abc", "prog: option '--even': must be of even length"},
        {"--completion=csh", "prog: option '--completion': 'csh' is not bash"},
        {"--dir", "prog: option '--dir': needs an argument"},
        {"-q -d", "prog: option '--dir': needs an argument"},
        {"--quiet=yes", "prog: option '--quiet': takes no argument"},
        {"--nope=1", "prog: unknown option '--nope'"},
        {"one --nope two", "prog: unknown option '--nope'"},
        {"-z", "prog: unknown option '-z'"},
        {"-qz", "prog: unknown option '-z'"},
        {"-5", "prog: unknown option '-5'"},
        {"--ver", "prog: ambiguous option '--ver' --verbose --version"},
        {"--re", "prog: ambiguous option '--re' --retries"},
        {"-w", "prog: unknown option '-w': write --pause"},
        {"-qw 1", "prog: unknown option '-w': write --pause"},
        {"--wait=1", "prog: unknown option '--wait': write --pause"},
        {"--wai 1", "prog: unknown option '--wait': write --pause"},
        {"--numb 3", "prog: unknown option '--numb': write --retries"},
        {"-T 99999999999", "prog: option '--timeout': '99999999999' is not a time such as 0.5 "
                           "(seconds), 10ms or 2m"},
        {"-T", "prog: option '--timeout': needs an argument; cookies are -H"},
        {"-T http://u:secret@h/?token=1",
         "prog: option '--timeout': 'http://***@h/?token=***' is not a time such as 0.5 (seconds), "
         "10ms or 2m; cookies are -H"},
        {"--no\033pe", "prog: unknown option '--no\\epe'"},
        {"-d x --colour=\xff", "prog: option '--colour': '\\xff' is not one of red, green, blue"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct parse *p = parse(rows[i].line);
        assert_int_equal(p->status, PX_EUSAGE);
        const size_t len = strlen(rows[i].message);
        assert_memory_equal(p->err.text, rows[i].message, len);
        assert_string_equal(p->err.text + len, HINT);
        parse_free(p);
    }
}

static void test_option_help_version_completion_end_the_parsing(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum option_action action;
        const char *beginning;
    } rows[] = {
        {"--help --nope", OPTION_DO_HELP, "Usage: prog [OPTION]... FILE...\n"},
        {"-qh", OPTION_DO_HELP, "Usage: prog [OPTION]... FILE...\n"},
        {"--version", OPTION_DO_VERSION, "prog 1.2.3\nlibthing 7.0\n"},
        {"--completion=bash", OPTION_DO_COMPLETION, "# bash completion for prog"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct parse *p = parse(rows[i].line);
        assert_int_equal(p->status, PX_OK);
        assert_int_equal(p->parsed.action, rows[i].action);
        struct memory_text out = {0};
        assert_int_equal(option_show(&program, &p->parsed, memory_text_open(&out), stderr), PX_OK);
        memory_text_close(&out);
        assert_memory_equal(out.text, rows[i].beginning, strlen(rows[i].beginning));
        memory_text_free(&out);
        parse_free(p);
    }
}

static void test_option_show_on_a_full_device_is_an_error(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    const struct option_parsed help = {.action = OPTION_DO_HELP};
    struct memory_text err = {0};
    assert_int_equal(option_show(&program, &help, full, memory_text_open(&err)), PX_EIO);
    memory_text_close(&err);
    assert_string_equal(err.text, "prog: standard output: No space left on device\n");
    memory_text_free(&err);
    fclose(full);
}

static void test_option_no_memory_is_said_in_one_line(void **state)
{
    (void)state;
    struct memory_text memory = {0};
    assert_int_equal(option_no_memory(&program, memory_text_open(&memory)), PX_ENOMEM);
    assert_string_equal(memory_text_close(&memory), "prog: out of memory\n");
    memory_text_free(&memory);
}

static void test_option_complain_is_a_usage_error(void **state)
{
    (void)state;
    struct memory_text err = {0};
    FILE *stream = memory_text_open(&err);
    assert_int_equal(option_complain(&program, stream, "missing %s", "operand"), PX_EUSAGE);
    assert_string_equal(memory_text_close(&err), "prog: missing operand" HINT);
    memory_text_free(&err);
}

static void test_option_bad_preset_is_found(void **state)
{
    (void)state;
    static const struct option_spec wrong[] = {
        {.kind = OPTION_UNSIGNED, .name = "jobs", .help = "h", .preset = "many", AT(jobs)},
        {.kind = OPTION_END},
    };
    const struct option_program bad = {.name = "prog", .usage = usage, .table = wrong};
    struct options options = {0};
    struct option_parsed parsed;
    struct memory_text err = {0};
    char name[] = "prog";
    char *argv[] = {name, NULL};
    FILE *stream = memory_text_open(&err);
    assert_int_equal(option_parse(&bad, 1, argv, &options, stream, &parsed), PX_EUSAGE);
    assert_string_equal(memory_text_close(&err),
                        "prog: option '--jobs': 'many' is not a number" HINT);
    memory_text_free(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_option_without_arguments_leaves_the_presets),
        cmocka_unit_test(test_option_each_kind_lands_in_its_field),
        cmocka_unit_test(test_option_number_takes_words_of_its_table),
        cmocka_unit_test(test_option_choice_last_one_wins),
        cmocka_unit_test(test_option_optional_choice_takes_a_word_only_after_equals),
        cmocka_unit_test(test_option_list_of_strings_grows),
        cmocka_unit_test(test_option_operands_are_permuted_and_dashes_end_options),
        cmocka_unit_test(test_option_abbreviation_and_ignored_ones_are_taken),
        cmocka_unit_test(test_option_mistake_gets_one_line_and_a_hint),
        cmocka_unit_test(test_option_help_version_completion_end_the_parsing),
        cmocka_unit_test(test_option_show_on_a_full_device_is_an_error),
        cmocka_unit_test(test_option_no_memory_is_said_in_one_line),
        cmocka_unit_test(test_option_complain_is_a_usage_error),
        cmocka_unit_test(test_option_bad_preset_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
