/* SPDX-License-Identifier: MIT
 *
 * app/words.c - a command line taken apart into words. Pure functions; any thread; no locks.
 */
#include "app/words.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Copies one word from *at to *to, with a NUL behind; false: a quote stays open. */
static bool take_word(const char **at, char **to)
{
    const char *in = *at;
    char *out = *to;
    char quote = '\0';

    for (; *in != '\0' && (quote != '\0' || !is_space(*in)); in++) {
        if (quote != '\0' && *in == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*in == '\'' || *in == '"')) {
            quote = *in;
        } else if (*in == '\\' && quote != '\'' && in[1] != '\0' &&
                   (quote == '\0' || in[1] == '"' || in[1] == '\\')) {
            *out++ = *++in;
        } else {
            *out++ = *in;
        }
    }
    *out++ = '\0';
    *at = in;
    *to = out;
    return quote == '\0';
}

int words_split(const char *text, char ***out, const char **reason)
{
    const size_t len = strlen(text);
    const size_t most = len / 2 + 2; /* words are a byte and a space at least; and the NULL */
    char **words = malloc(most * sizeof *words + len + 2);
    size_t n = 0;

    if (words == NULL) {
        return PX_ENOMEM;
    }
    char *to = (char *)(words + most);
    for (;;) {
        while (is_space(*text)) {
            text++;
        }
        if (*text == '\0') {
            break;
        }
        words[n++] = to;
        if (!take_word(&text, &to)) {
            free(words);
            *reason = "a quote is not closed";
            return PX_EUSAGE;
        }
    }
    if (n == 0) {
        free(words);
        *reason = "there is no command in it";
        return PX_EUSAGE;
    }
    words[n] = NULL;
    *out = words;
    return PX_OK;
}

char *words_fill(const char *word, const char *path, const char *url)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);

    if (memory == NULL) {
        return NULL;
    }
    while (*word != '\0') {
        if (strncmp(word, "{}", 2) == 0) {
            fputs(path, memory);
            word += 2;
        } else if (strncmp(word, "{url}", 5) == 0) {
            fputs(url, memory);
            word += 5;
        } else {
            fputc(*word++, memory);
        }
    }
    if (fclose(memory) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
