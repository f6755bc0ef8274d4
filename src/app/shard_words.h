/* SPDX-License-Identifier: MIT
 *
 * app/shard_words.h - what --shard says: "K/N", or what the environment of a batch system says.
 */
#ifndef PX_APP_SHARD_WORDS_H
#define PX_APP_SHARD_WORDS_H

#include <stddef.h>

#include <pxfer/attr.h>

#include "app/option.h"

#define SHARD_MAX 1000000u /* runs */
#define SHARD_TEXT_ROOM 256

struct shard_words {
    unsigned index, count;
    char from[SHARD_TEXT_ROOM]; /* the variables that said so; "" = the user did */
};

/* The option's row, for a text at `offset`. */
#define SHARD_OPTION_ROW(offset)                                                              \
    OPTION_ROW_ARG(OPTION_STRING, 0, "shard", "K/N|auto",                                     \
                   "take only share K of N, counted from 0; auto: ask the environment", NULL, \
                   offset)

/* Reads "K/N" (0 <= K < N), "auto", or "auto/N": the index from the environment, the count given.
 * `env` is getenv(3) or a test's. PX_EUSAGE: `why` (room bytes) says what is wrong. */
PX_NODISCARD int shard_words_read(const char *text, char *(*env)(const char *name),
                                  struct shard_words *out, char *why, size_t room);

/* The option's value, NULL = it was not given (count 0); complains about a bad one. PX_EUSAGE. */
PX_NODISCARD int shard_words_option(const struct option_program *program, const char *text,
                                    struct shard_words *out);

/* Where they came from, for those who say it; NULL: the user said so. */
const char *shard_words_from(const struct shard_words *words);

#endif
