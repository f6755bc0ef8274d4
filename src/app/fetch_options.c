/* SPDX-License-Identifier: MIT
 *
 * app/fetch_options.c - which options of pfetch do not go together. Pure.
 */
#include "app/fetch_options.h"

#include <string.h>

/* NULL, or the two that both want standard output, or other things, for themselves. */
static const char *find_clash(const struct fetch_options *options)
{
    const struct session_opts *session = &options->session;
    const bool measures = session->baseline || session->compare.n > 0;

    if (options->to_stdout && (session->json || options->write_out != NULL)) {
        return "--stdout leaves no room for --json and --write-out";
    }
    if (options->to_stdout && (options->fetch.spider || options->exec != NULL ||
                               options->fetch.dry_run || options->fetch.out_name != NULL)) {
        return "--stdout makes no files: no --exec, -o, --dry-run, --spider";
    }
    if (options->fetch.spider && (options->exec != NULL || options->fetch.out_name != NULL)) {
        return "--spider makes no files: no --exec, no -o";
    }
    if (options->fetch.dry_run && (options->fetch.spider || options->exec != NULL)) {
        return "--dry-run asks no server: no --spider, no --exec";
    }
    if (measures && (options->to_stdout || options->fetch.spider)) {
        return "--baseline and --compare measure downloads to files";
    }
    if (session->json && options->write_out != NULL) {
        return "--json and --write-out exclude each other; there is %{json}";
    }
    return NULL;
}

const char *fetch_options_fault(const struct fetch_options *options)
{
    const struct px_fetch_opts *fetch = &options->fetch;
    const char *clash = find_clash(options);

    if (clash != NULL) {
        return clash;
    }
    if (fetch->n_inputs == 0) {
        return "no list and no URL given";
    }
    if (fetch->out_name != NULL &&
        (fetch->n_inputs != 1 || strstr(fetch->inputs[0], "://") == NULL)) {
        return "-o names the file of one URL; lists have out=";
    }
    if (fetch->out_name != NULL &&
        (*fetch->out_name == '\0' || fetch->out_name[strlen(fetch->out_name) - 1] == '/')) {
        return "-o needs a file name";
    }
    if (fetch->out_name != NULL && strcmp(fetch->out_name, "-") == 0) {
        return "-o - does not mean standard output: that is --stdout; a file is ./-";
    }
    if (fetch->stall_timeout_ms == 0 || fetch->connect_timeout_ms == 0 ||
        fetch->retry_base_ms == 0 || fetch->speed_time_ms == 0) {
        return "-T, --connect-timeout, --retry-wait and --speed-time must be more than 0";
    }
    if (fetch->http == PX_HTTP_2_PRIOR_KNOWLEDGE &&
        (fetch->limit_rate > 0 || fetch->limit_rate_per_file > 0)) {
        return "limits of rates need HTTP/1.1: not with --http2-prior-knowledge";
    }
    return NULL;
}
