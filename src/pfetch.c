/* SPDX-License-Identifier: MIT
 *
 * pfetch - fetches many URLs at once. The option table and main(); the download engine is src/fetch,
 * what the user sees is made in src/app.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include <pxfer/fetch.h>
#include <pxfer/version.h>

#include "app/fetch_engine.h"
#include "app/fetch_hints.h"
#include "app/fetch_options.h"
#include "app/fetch_secrets.h"
#include "app/session.h"
#include "app/shard_words.h"
#include "app/words.h"
#include "app/writeout.h"

#define DEFAULT_JOBS 5u

#define AT(field) offsetof(struct fetch_options, field)
#define FETCH(field) offsetof(struct fetch_options, fetch.field)
#define ACCESS(field) offsetof(struct fetch_options, fetch.access.field)

/* clang-format off: a row for each option */
static const struct option_choice format_words[] = {
    {"auto", PX_LIST_AUTO},
    {"aria2", PX_LIST_ARIA2},
    {"pairs", PX_LIST_PAIRS},
    {"sums", PX_LIST_SUMS},
    {"jsonl", PX_LIST_JSONL},
    {"metalink", PX_LIST_METALINK},
    {NULL, 0},
};

static const struct option_choice shard_by_words[] = {
    {"host", PX_SHARD_HOST},
    {"item", PX_SHARD_ITEM},
    {NULL, 0},
};

static const struct option_choice on_exist_words[] = {
    {"skip", PX_ON_EXIST_SKIP},           {"newer", PX_ON_EXIST_NEWER},
    {"overwrite", PX_ON_EXIST_OVERWRITE}, {"rename", PX_ON_EXIST_RENAME},
    {"fail", PX_ON_EXIST_FAIL},           {NULL, 0},
};

static const struct option_choice dirs_words[] = {
    {"flat", PX_DIRS_FLAT},
    {"host", PX_DIRS_HOST},
    {"path", PX_DIRS_PATH},
    {"host/path", PX_DIRS_HOST_PATH},
    {NULL, 0},
};

static const struct option_choice tls_words[] = {
    {"1.2", PX_TLS_1_2},
    {"1.3", PX_TLS_1_3},
    {NULL, 0},
};

static const struct option_choice fsync_words[] = {
    {"none", PX_FSYNC_NONE},
    {"file", PX_FSYNC_FILE},
    {"end", PX_FSYNC_END},
    {NULL, 0},
};

static const struct option_choice split_words[] = {{"auto", -1}, {NULL, 0}}; /* PX_SPLIT_AUTO */

static const struct option_spec table[] = {
    OPTION_ROW_GROUP("What and where:"),
    OPTION_ROW_ARG(OPTION_STRINGS, 'i', "input-file", "FILE",
                   "read URLs from FILE, - for standard input", NULL, AT(lists)),
    OPTION_ROW_FLAG('0', "null", "URLs in lists end in NUL; no comments, no options",
                    FETCH(nul_separated)),
    OPTION_ROW_CHOICE(0, "input-format", "what lists look like", "auto", FETCH(list_format),
                      format_words),
    OPTION_ROW_ARG(OPTION_STRING, 0, "base-url", "URL", "relative lines are seen from URL", NULL,
                   FETCH(base_url)),
    OPTION_ROW_FLAG(0, "strict", "fetch nothing when a line of the lists is bad", FETCH(strict)),
    OPTION_ROW_ARG(OPTION_STRINGS, 0, "checksum-file", "FILE",
                   "checksums by name, as sha256sum writes them", NULL, AT(checksum_files)),
    SHARD_OPTION_ROW(AT(shard)),
    OPTION_ROW_CHOICE(0, "shard-by", "what decides whose share an item is", "host", FETCH(shard_by),
                      shard_by_words),
    OPTION_ROW_ARG(OPTION_STRING, 'd', "dir", "DIR", "put the files into DIR", ".", FETCH(dir)),
    OPTION_ROW_ARG(OPTION_STRING, 'o', "out", "NAME", "name for the file of the only URL", NULL,
                   FETCH(out_name)),
    OPTION_ROW_FLAG(0, "content-disposition", "use the names that servers give",
                    FETCH(content_disposition)),
    OPTION_ROW_CHOICE(0, "dirs", "directories for the files: none, by host, by the URL's path",
                      "flat", FETCH(dirs), dirs_words),
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 0, "cut-dirs",
                      "leave out the first N directories of the path", "0", FETCH(cut_dirs), 0,
                      1000),
    OPTION_ROW_FLAG('R', "remote-time", "give files the server's modification time",
                    FETCH(remote_time)),
    OPTION_ROW_CHOICE(0, "on-exist", "what to do when the name is taken", "skip", FETCH(on_exist),
                      on_exist_words),
    OPTION_ROW_SET('N', "newer", "the same as --on-exist=newer", FETCH(on_exist),
                   PX_ON_EXIST_NEWER),
    OPTION_ROW_CHOICE(0, "fsync", "make data durable for each file or at the end", "none",
                      FETCH(fsync), fsync_words),
    OPTION_ROW_FLAG(0, "dry-run", "only print what would go where", FETCH(dry_run)),
    OPTION_ROW_FLAG(0, "stdout", "write the bodies to standard output, in list order",
                    AT(to_stdout)),
    OPTION_ROW_ARG(OPTION_SIZE, 0, "ahead", "SIZE", "with --stdout: bytes that may wait", "2G",
                   FETCH(ahead_bytes)),
    OPTION_ROW_FLAG(0, "spider", "only say whether each URL is there", FETCH(spider)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "exec", "COMMAND",
                   "run this for each file, {} being its path; no shell", NULL, AT(exec)),
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 0, "exec-jobs",
                      "commands at a time; default one for each processor", NULL, AT(exec_jobs), 1,
                      1024),
    OPTION_ROW_ARG(OPTION_STRING, 0, "write-out", "FORMAT",
                   "print this for each URL: %{url} %{http_code} %{title} ...", NULL,
                   AT(write_out)),
    /* what curl's users write for what is done anyway */
    {.kind = OPTION_IGNORED,
     .letter = 'L',
     .name = "location",
     .help = "as for curl, and what pfetch always does; -f, -Z, --remote-name too"},
    {.kind = OPTION_IGNORED, .letter = 'f', .name = "fail"},
    {.kind = OPTION_IGNORED, .letter = 'Z', .name = "parallel"},
    {.kind = OPTION_IGNORED, .name = "remote-name"},
    {.kind = OPTION_IGNORED, .name = "remote-name-all"},
    OPTION_ROW_GROUP("Transfers:"),
    SESSION_OPTION_JOBS(struct fetch_options, session, "5, with -s N at least N"),
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 0, "streams", "transfers in flight in each worker", "1",
                      FETCH(streams), 1, 4096),
    OPTION_ROW_NUMBER(OPTION_UNSIGNED, 'x', "max-per-host", "transfers at a time from one host",
                      NULL, FETCH(per_host), 1, 1U << 22),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 0, "delay", "SEC",
                   "time between starts of transfers from one host", NULL, FETCH(delay_ms)),
    {.kind = OPTION_UNSIGNED,
     .letter = 's',
     .name = "split",
     .arg = "N|auto",
     .min = 1,
     .max = 60,
     .choices = split_words,
     .preset = "1",
     .offset = FETCH(split),
     .help = "fetch a large file in up to N segments at once; auto: with all idle workers"},
    {.kind = OPTION_SIZE,
     .letter = 'k',
     .name = "min-split-size",
     .arg = "SIZE",
     .preset = "20M",
     .min = 4096,
     .max = INT64_MAX,
     .offset = FETCH(min_split_bytes),
     .help = "least size of a segment"},
    OPTION_ROW_SET(0, "http1.1", "HTTP/1.1 only", FETCH(http), PX_HTTP_1_1),
    OPTION_ROW_SET(0, "http2", "HTTP/2 over TLS where it is offered", FETCH(http), PX_HTTP_2),
    OPTION_ROW_SET(0, "http2-prior-knowledge", "HTTP/2 without asking", FETCH(http),
                   PX_HTTP_2_PRIOR_KNOWLEDGE),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 'T', "timeout", "SEC",
                   "give up a transfer when no byte comes for so long", "60",
                   FETCH(stall_timeout_ms)),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 0, "connect-timeout", "SEC",
                   "the same for making a connection", "10", FETCH(connect_timeout_ms)),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 0, "max-time", "SEC",
                   "the same for a whole file, all its tries", NULL, FETCH(max_time_ms)),
    OPTION_ROW_ARG(OPTION_SIZE, 0, "speed-limit", "BYTES",
                   "try anew when a transfer gets fewer bytes per second than this ...", "10",
                   FETCH(speed_limit)),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 0, "speed-time", "SEC", "... for so long", "60",
                   FETCH(speed_time_ms)),
    OPTION_ROW_ARG(OPTION_SIZE, 0, "limit-rate", "SIZE",
                   "bytes per second of all transfers together", NULL, FETCH(limit_rate)),
    OPTION_ROW_ARG(OPTION_SIZE, 0, "limit-rate-per-file", "SIZE", "bytes per second of each file",
                   NULL, FETCH(limit_rate_per_file)),
    OPTION_ROW_NUMBER(OPTION_INT, 0, "retries", "tries after the first", "5", FETCH(retries), 0,
                      1000),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 0, "retry-wait", "SEC",
                   "first pause, doubled each time up to 60 s", "1", FETCH(retry_base_ms)),
    OPTION_ROW_ARG(OPTION_DURATION_MS, 0, "max-retry-after", "SEC",
                   "longest Retry-After that is obeyed", "300", FETCH(max_retry_after_ms)),
    OPTION_ROW_GROUP("Requests:"),
    OPTION_ROW_ARG(OPTION_STRINGS, 'H', "header", "LINE",
                   "send this header; redirects to other hosts do not get it", NULL, AT(headers)),
    OPTION_ROW_ARG(OPTION_STRING, 'A', "user-agent", "TEXT",
                   "User-Agent; default pfetch/" PX_VERSION_STRING, NULL, FETCH(user_agent)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "referer", "URL", "Referer", NULL, ACCESS(referer)),
    OPTION_ROW_ARG(OPTION_STRING, 'u', "user", "USER[:PASS]",
                   "credentials for URLs without their own; asks for a missing password", NULL,
                   ACCESS(user)),
    OPTION_ROW_FLAG(0, "netrc", "look up credentials in ~/.netrc", ACCESS(netrc)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "netrc-file", "FILE", "look them up in FILE", NULL,
                   ACCESS(netrc_file)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "load-cookies", "FILE",
                   "send these cookies (Netscape format) to the hosts that they name", NULL,
                   ACCESS(cookies)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "proxy", "URL",
                   "http, https, socks4, socks4a, socks5 or socks5h; empty: none", NULL,
                   ACCESS(proxy)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "proxy-user", "USER[:PASS]", "credentials for the proxy", NULL,
                   ACCESS(proxy_user)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "proxy-cacert", "FILE",
                   "trust these certificates of an https proxy", NULL, ACCESS(proxy_cacert)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "noproxy", "HOST,...", "go straight to these hosts", NULL,
                   ACCESS(no_proxy)),
    OPTION_ROW_SET('4', "ipv4", "IPv4 only", ACCESS(ip), PX_IP_4),
    OPTION_ROW_SET('6', "ipv6", "IPv6 only", ACCESS(ip), PX_IP_6),
    OPTION_ROW_ARG(OPTION_STRING, 0, "interface", "NAME", "connect from this interface or address",
                   NULL, ACCESS(interface)),
    OPTION_ROW_ARG(OPTION_STRINGS, 0, "resolve", "HOST:PORT:ADDR",
                   "connect to ADDR for this host and port", NULL, AT(resolve)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "cacert", "FILE", "trust these certificates, not the system's",
                   NULL, FETCH(cacert)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "cert", "FILE", "client certificate, PEM or PKCS#12", NULL,
                   ACCESS(cert)),
    OPTION_ROW_ARG(OPTION_STRING, 0, "key", "FILE", "its private key, if not in the same file",
                   NULL, ACCESS(key)),
    OPTION_ROW_FLAG(0, "insecure", "do not check certificates", FETCH(insecure)),
    OPTION_ROW_CHOICE(0, "tls-min", "least version of TLS", "1.2", ACCESS(tls_min), tls_words),
    OPTION_ROW_FLAG(0, "deny-private", "connect to addresses of the public internet only",
                    FETCH(deny_private)),
    OPTION_ROW_FLAG(0, "allow-downgrade", "follow redirects from https to http",
                    FETCH(allow_downgrade)),
    OPTION_ROW_GROUP("Checks:"),
    OPTION_ROW_ARG(OPTION_SIZE, 0, "min-size", "SIZE", "refuse files of less", NULL,
                   FETCH(min_bytes)),
    OPTION_ROW_ARG(OPTION_SIZE, 0, "max-size", "SIZE", "refuse files of more", NULL,
                   FETCH(max_bytes)),
    OPTION_ROW_ARG(OPTION_STRINGS, 0, "expect-type", "GLOB",
                   "refuse replies of another Content-Type: 'application/*'", NULL, AT(types)),
    OPTION_ROW_FLAG(0, "keep-bad", "keep a file with the wrong digest as .NAME.bad",
                    FETCH(keep_bad)),
    OPTION_ROW_FLAG(0, "ignore-server-digest",
                    "do not compare files with the digests that servers state",
                    FETCH(ignore_server_digest)),
    SESSION_OPTION_ROWS(struct fetch_options, session),
};
/* clang-format on */

static const char *const usage[] = {"[OPTION]... LIST|URL...", NULL};

static const struct option_program program = {
    .name = "pfetch",
    .usage = usage,
    .summary =
        "Fetches many URLs at once. An operand with \"://\" is a URL, \"-\" a list on standard\n"
        "input, anything else a list file: a URL on each line, its options indented below,\n"
        "one on a line (out=NAME, dir=DIR, checksum=sha-256=HEX, header=LINE).",
    .footer = "Exit codes: 0 all done, 1 other, 2 usage or bad list line, 3 local file,\n"
              "4 network, 5 TLS, 6 authentication, 7 protocol, 8 server said error,\n"
              "9 integrity, 75 drained.\n",
    .table = table,
    .hints = fetch_hints,
    .version = PX_VERSION_STRING,
    .versions = fetch_engine_print_versions,
};

static int open_engine(void *ctx, const struct session_run *run, struct run_engine *out,
                       char *error, size_t room)
{
    return fetch_engine_open(&((const struct fetch_options *)ctx)->fetch, run, out, error, room);
}

static const char *target(void *ctx)
{
    return ((const struct fetch_options *)ctx)->fetch.dir;
}

static const char *only_once(void *ctx)
{
    const struct px_fetch_opts *fetch = &((const struct fetch_options *)ctx)->fetch;
    for (size_t i = 0; i < fetch->n_inputs; i++) {
        if (strcmp(fetch->inputs[i], "-") == 0) {
            return "the list comes from standard input";
        }
    }
    return NULL;
}

/* Segments are of use only while there is a worker for each. */
static unsigned default_jobs(const struct px_fetch_opts *fetch)
{
    const unsigned streams = fetch->streams > 0 ? fetch->streams : 1;
    const unsigned wanted =
        fetch->split == PX_SPLIT_AUTO ? 0 : (fetch->split + streams - 1) / streams;
    return wanted > DEFAULT_JOBS ? wanted : DEFAULT_JOBS;
}

/* The lists of -i, then the operands; NULL when out of memory. Caller frees. */
static const char **gather_inputs(struct fetch_options *options, const struct option_parsed *parsed)
{
    const size_t lists = options->lists.n;
    const char **inputs = calloc(lists + parsed->n_operands + 1, sizeof *inputs);
    for (size_t i = 0; inputs != NULL && i < lists + parsed->n_operands; i++) {
        inputs[i] = i < lists ? options->lists.items[i] : parsed->operands[i - lists];
    }
    options->fetch.inputs = inputs;
    options->fetch.n_inputs = lists + parsed->n_operands;
    options->fetch.all_are_lists = parsed->n_operands == 0;
    if (options->session.jobs == 0) {
        options->session.jobs = default_jobs(&options->fetch);
    }
    if (options->fetch.max_retry_after_ms == 0) {
        options->fetch.max_retry_after_ms = -1; /* the engine's 0 is its default */
    }
    options->fetch.headers = options->headers.items;
    options->fetch.n_headers = options->headers.n;
    options->fetch.expect_types = options->types.items;
    options->fetch.n_expect_types = options->types.n;
    options->fetch.checksum_files = options->checksum_files.items;
    options->fetch.n_checksum_files = options->checksum_files.n;
    options->fetch.access.resolve = options->resolve.items;
    options->fetch.access.n_resolve = options->resolve.n;
    return inputs;
}

static int read_shard(struct fetch_options *options)
{
    struct shard_words *words = &options->shard_words;
    const int status = shard_words_option(&program, options->shard, words);
    options->fetch.shard_index = words->index;
    options->fetch.shard_count = words->count;
    options->fetch.shard_from = shard_words_from(words);
    return status;
}

/* What goes to standard output, and what is run for each file. */
static int prepare_outputs(struct fetch_options *options)
{
    const struct journal_schema schema = fetch_engine_journal();
    char error[256] = "";
    const char *reason = NULL;
    int status = PX_OK;

    if (options->to_stdout) {
        const char *temporary = getenv("TMPDIR");
        options->fetch.out_fd = STDOUT_FILENO;
        options->session.fail_fast = true; /* nothing may follow what is missing */
        if (strcmp(options->fetch.dir, ".") == 0) {
            /* not /tmp: that is memory on many machines */
            options->fetch.dir = temporary != NULL && *temporary != '\0' ? temporary : "/var/tmp";
        }
    }
    if (options->exec != NULL) {
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        options->exec_jobs = options->exec_jobs != 0 ? options->exec_jobs
                             : processors > 0        ? (unsigned)processors
                                                     : 1;
        status = words_split(options->exec, &options->exec_words, &reason);
        if (status == PX_EUSAGE) {
            return option_complain(&program, stderr, "--exec: %s", reason);
        }
    }
    if (status == PX_OK && options->write_out != NULL) {
        status = writeout_new(options->write_out, &schema, &exits_pfetch, error, sizeof error,
                              &options->writeout);
        if (status == PX_EUSAGE) {
            return option_complain(&program, stderr, "--write-out: %s", error);
        }
        options->fetch.details = true;
        options->fetch.titles = writeout_wants_title(options->writeout);
    } else if (status == PX_OK && options->fetch.spider && !options->session.json) {
        status = writeout_new_spider(&options->writeout);
    }
    return status;
}

static int check(struct fetch_options *options)
{
    const char *fault = fetch_options_fault(options);
    return fault != NULL ? option_complain(&program, stderr, "%s", fault)
                         : prepare_outputs(options);
}

static int take_secrets(struct fetch_options *options, const char **inputs)
{
    const char *which = NULL;
    int rc = fetch_secrets_take(&options->fetch, options->headers.items, inputs, &options->secrets,
                                &which);
    if (rc == PX_EUSAGE) {
        return option_complain(&program, stderr,
                               "%s: no password, and none was typed on a terminal", which);
    }
    return rc;
}

static int run_checked(struct fetch_options *options)
{
    const struct report_schema report = fetch_engine_report();
    const struct journal_schema journal = fetch_engine_journal();
    const struct session_program session = {
        .options = &program,
        .report = &report,
        .journal = &journal,
        .exits = &exits_pfetch,
        .write_failed = px_fetch_write_entry,
        .open = open_engine,
        .sync = fetch_engine_sync,
        .close = fetch_engine_close,
        .target = target,
        .only_once = only_once,
        .per_worker = options->fetch.streams,
        /* the multi handle's own two; for each stream a socket, another while it connects, a file */
        .fds_per_worker = 2 + 3 * options->fetch.streams,
        .writeout = options->writeout,
        .tells_failures = options->writeout != NULL && options->write_out == NULL,
        .exec_words = (const char *const *)options->exec_words,
        .exec_jobs = options->exec_jobs,
        .uses_stdout = options->to_stdout,
        .dry_run = options->fetch.dry_run,
    };
    return session_main(&session, &options->session, options);
}

static int run(void *ctx, const struct option_parsed *parsed)
{
    struct fetch_options *options = ctx;
    const char **inputs = gather_inputs(options, parsed);
    if (inputs == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(inputs);
        return exits_code_of(&exits_pfetch, option_no_memory(&program, stderr));
    }
    int status = check(options);
    if (status == PX_OK) {
        status = read_shard(options);
    }
    if (status == PX_OK) {
        status = take_secrets(options, inputs);
    }
    if (status == PX_ENOMEM) {
        PX_IGNORE(option_no_memory(&program, stderr)); /* the status is known */
    }
    const int code = status == PX_OK ? run_checked(options) : exits_code_of(&exits_pfetch, status);
    curl_global_cleanup();
    fetch_secrets_free(&options->secrets);
    writeout_free(options->writeout);
    free(options->exec_words);
    free(inputs);
    return code;
}

int main(int argc, char **argv)
{
    struct fetch_options options = {0};
    return session_start(&program, &exits_pfetch, argc, argv, &options, run);
}
