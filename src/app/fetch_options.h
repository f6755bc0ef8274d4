/* SPDX-License-Identifier: MIT
 *
 * app/fetch_options.h - what pfetch was asked for: filled by its option table, and whether it makes
 * sense together.
 */
#ifndef PX_APP_FETCH_OPTIONS_H
#define PX_APP_FETCH_OPTIONS_H

#include <stdbool.h>

#include <pxfer/fetch.h>

#include "app/fetch_secrets.h"
#include "app/option.h"
#include "app/session.h"
#include "app/shard_words.h"

struct writeout;

struct fetch_options {
    struct session_opts session;
    struct option_strings lists; /* -i */
    struct option_strings headers;
    struct option_strings types; /* --expect-type */
    struct option_strings checksum_files;
    const char *shard;
    struct shard_words shard_words;
    struct option_strings resolve;
    bool to_stdout;
    const char *write_out;
    const char *exec;
    unsigned exec_jobs;
    struct px_fetch_opts fetch;

    /* made of these */
    struct fetch_secrets secrets;
    struct writeout *writeout;
    char **exec_words;
};

/* NULL, or what is wrong with them: options that exclude each other, one that lacks something or has
 * no meaning here. Static text. */
const char *fetch_options_fault(const struct fetch_options *options);

#endif
