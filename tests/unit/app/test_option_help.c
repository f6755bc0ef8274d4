/* SPDX-License-Identifier: MIT
 *
 * The texts made from a table: --help to the letter, and a completion script that bash takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/option_help.h"
#include "support/memory_text.h"

static const struct option_choice modes[] = {
    {"skip", 0}, {"overwrite", 1}, {"rename", 2}, {NULL, 0}};

static const struct option_spec table[] = {
    {.kind = OPTION_GROUP, .help = "Work:"},
    {.kind = OPTION_UNSIGNED,
     .letter = 'j',
     .name = "jobs",
     .preset = "5",
     .help = "worker threads, each with a connection of its own, which is kept between files"},
    {.kind = OPTION_CHOICE,
     .name = "on-exist",
     .choices = modes,
     .preset = "skip",
     .help = "what to do when the file is there"},
    {.kind = OPTION_CHOICE_OPTIONAL,
     .letter = 'u',
     .name = "up",
     .choices = modes,
     .help = "newer only"},
    {.kind = OPTION_STRING, .letter = 'd', .arg = "DIR", .help = "where to"},
    {.kind = OPTION_IGNORED, .letter = 'r'},
    {.kind = OPTION_GROUP, .help = "Other:"},
    {.kind = OPTION_DURATION_MS, .letter = 'T', .name = "timeout", .help = "give up"},
    {.kind = OPTION_SIZE, .name = "chunk", .help = "piece"},
    {.kind = OPTION_NUMBERS, .name = "compare", .help = "run each"},
    {.kind = OPTION_HELP, .letter = 'h', .name = "help", .help = "print this text"},
    {.kind = OPTION_END},
};

static const char *const usage[] = {"[OPTION]... A", "[OPTION]... -i B", NULL};

static const struct option_program program = {
    .name = "prog",
    .usage = usage,
    .summary = "Does a thing that needs more than one\nline to be told, so that the summary is "
               "wrapped.",
    .footer = "Exit status: 0.\n",
    .table = table,
};

static const char expected_help[] =
    "Usage: prog [OPTION]... A\n"
    "   or: prog [OPTION]... -i B\n"
    "Does a thing that needs more than one line to be told, so that the summary is\n"
    "wrapped.\n"
    "\n"
    "Work:\n"
    "  -j, --jobs=N                worker threads, each with a connection of its\n"
    "                              own, which is kept between files (default 5)\n"
    "      --on-exist=skip|overwrite|rename\n"
    "                              what to do when the file is there (default skip)\n"
    "  -u, --up[=skip|overwrite|rename]\n"
    "                              newer only\n"
    "  -d DIR                      where to\n"
    "\n"
    "Other:\n"
    "  -T, --timeout=SECONDS       give up\n"
    "      --chunk=SIZE            piece\n"
    "      --compare=N,N...        run each\n"
    "  -h, --help                  print this text\n"
    "\n"
    "Exit status: 0.\n";

static void test_option_help_is_aligned_and_wrapped(void **state)
{
    (void)state;
    struct memory_text out = {0};
    option_help_write(&program, memory_text_open(&out));
    assert_string_equal(memory_text_close(&out), expected_help);
    memory_text_free(&out);
}

static void test_option_completion_names_options_and_words(void **state)
{
    (void)state;
    struct memory_text out = {0};
    option_completion_write(&program, memory_text_open(&out));
    const char *text = memory_text_close(&out);
    assert_non_null(strstr(text, "    --on-exist) words='skip overwrite rename' ;;\n"));
    assert_non_null(
        strstr(text, "words='--jobs --on-exist --up --timeout --chunk --compare --help'\n"));
    assert_non_null(strstr(text, "complete -o bashdefault -o default -F _prog prog\n"));
    memory_text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_option_help_is_aligned_and_wrapped),
        cmocka_unit_test(test_option_completion_names_options_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
