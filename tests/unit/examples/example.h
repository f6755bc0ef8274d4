/* SPDX-License-Identifier: MIT
 *
 * An example inside its test. It is a whole program of one file, so the test includes it, with its
 * main() under another name:
 *
 *     #define main example_main
 *     #include "examples/fib.c"
 *     #undef main
 *
 * Then the test calls its functions, or all of it by example_run(), and reads what it has printed.
 * Header only. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_EXAMPLES_EXAMPLE_H
#define PX_TESTS_EXAMPLES_EXAMPLE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int example_main(int argc, char **argv);

/* What goes to standard output goes into a nameless file, from printed_begin() to printed_end(). */
struct printed {
    FILE *file;
    int real;        /* standard output */
    char text[4096]; /* after printed_end() */
};

static inline void printed_begin(struct printed *printed)
{
    fflush(stdout);
    printed->file = tmpfile();
    printed->real = dup(STDOUT_FILENO);
    assert_true(printed->file != NULL && printed->real >= 0);
    assert_true(dup2(fileno(printed->file), STDOUT_FILENO) >= 0);
}

static inline const char *printed_end(struct printed *printed)
{
    fflush(stdout);
    dup2(printed->real, STDOUT_FILENO);
    close(printed->real);
    rewind(printed->file);
    const size_t n = fread(printed->text, 1, sizeof printed->text - 1, printed->file);
    printed->text[n] = '\0';
    fclose(printed->file);
    return printed->text;
}

/* The program with these words, the first its name and the last NULL; its exit code. */
static inline int example_run_words(struct printed *printed, const char *const *words)
{
    int argc = 0;
    while (words[argc] != NULL) {
        argc++;
    }
    printed_begin(printed);
    const int code = example_main(argc, (char **)words);
    printed_end(printed);
    return code;
}

#define example_run(printed, ...) \
    example_run_words((printed), (const char *const[]){__VA_ARGS__, NULL})

/* These lines and no others, in any order. Each line is there once. */
static inline void assert_lines_(const struct printed *printed, const char *const *lines)
{
    size_t len = 0;
    for (; *lines != NULL; lines++) {
        if (strstr(printed->text, *lines) == NULL) {
            fail_msg("no line \"%s\" in:\n%s", *lines, printed->text);
        }
        len += strlen(*lines) + 1;
    }
    assert_int_equal(strlen(printed->text), len);
}

#define assert_lines(printed, ...) \
    assert_lines_((printed), (const char *const[]){__VA_ARGS__, NULL})

#endif
