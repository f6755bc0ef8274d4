/* SPDX-License-Identifier: MIT
 *
 * What the two fixture servers have in common: the command line, the port file, the way they
 * end, the request log, the count of requests for each path, and the parsing of paths and
 * ranges. Header only: each helper is a program of one file. Everything here may be called
 * from any thread unless it says otherwise.
 */
#ifndef PX_TESTS_HELPER_HTTPD_H
#define PX_TESTS_HELPER_HTTPD_H

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/parse.h"

#define HTTPD_KEY_BYTES 256 /* names of counts that are no paths; they begin with # */

struct httpd_options {
    const char *port_file;
    const char *root;
    const char *cert;
    const char *key;
    const char *log;
    bool stdin_guard;
};

/* One path and how often it was asked for. */
struct httpd_count {
    uint64_t seen;
    char path[];
};

/* State that both servers keep; the caller's own struct holds one of these. */
struct httpd {
    struct httpd_options options; /* fixed after start */
    struct timespec started;      /* fixed after start */
    int log_fd;                   /* fixed after start; -1: no log */
    pthread_mutex_t lock;
    pthread_cond_t stop_changed;
    bool stopping; /* protected by lock */
    void *counts;  /* tsearch tree of struct httpd_count; protected by lock */
};

enum httpd_range { HTTPD_RANGE_NONE, HTTPD_RANGE_PART, HTTPD_RANGE_BAD };

/* Reads digits at *text and moves *text behind them. Returns 0, or -1: no digit, or too big. */
static inline int httpd_number(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t value = 0;

    if (*p < '0' || *p > '9') {
        return -1;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return -1;
        }
        value = value * 10 + digit;
    }
    *text = p;
    *out = value;
    return 0;
}

/* A whole string that is one number. */
static inline int httpd_whole_number(const char *text, uint64_t *out)
{
    if (httpd_number(&text, out) != 0 || *text != '\0') {
        return -1;
    }
    return 0;
}

/* Percent-decodes text in place; %00 ends the string, as a careless server's would. */
static inline void httpd_unescape(char *text)
{
    char *out = text;

    while (*text != '\0') {
        const int decoded = px_parse_percent(text, strnlen(text, 3));

        *out++ = decoded >= 0 ? (char)decoded : *text;
        text += decoded >= 0 ? 3 : 1;
    }
    *out = '\0';
}

/*
 * Splits "/ROUTE/ARG1/.../REST" in place: the first `want` parts behind the route go to args,
 * and what is left, slashes and all, is returned. NULL when a part is missing.
 */
static inline char *httpd_split(char *path, size_t want, char **args)
{
    char *part = strchr(path + 1, '/');

    for (size_t i = 0; part != NULL && i < want; i++) {
        *part++ = '\0';
        args[i] = part;
        part = strchr(part, '/');
    }
    if (part == NULL) {
        return NULL;
    }
    *part = '\0';
    return part + 1;
}

/*
 * A Range header against a body of `size` bytes (RFC 9110, section 14): one range is obeyed,
 * several or other units are ignored, as the section allows. [*first, *last] on ..._PART.
 */
static inline enum httpd_range httpd_range(const char *text, uint64_t size, uint64_t *first,
                                           uint64_t *last)
{
    *first = 0;
    *last = size > 0 ? size - 1 : 0;
    if (text == NULL || strncmp(text, "bytes=", 6) != 0) {
        return HTTPD_RANGE_NONE;
    }
    text += 6;
    if (*text == '-') {
        uint64_t suffix;

        text++;
        if (httpd_whole_number(text, &suffix) != 0) {
            return HTTPD_RANGE_NONE;
        }
        if (suffix == 0 || size == 0) {
            return HTTPD_RANGE_BAD;
        }
        *first = suffix < size ? size - suffix : 0;
        return HTTPD_RANGE_PART;
    }
    if (httpd_number(&text, first) != 0 || *text != '-') {
        return HTTPD_RANGE_NONE;
    }
    text++;
    if (*text != '\0') {
        uint64_t end;

        if (httpd_whole_number(text, &end) != 0 || end < *first) {
            return HTTPD_RANGE_NONE;
        }
        if (size > 0 && end < size - 1) {
            *last = end;
        }
    }
    return *first < size ? HTTPD_RANGE_PART : HTTPD_RANGE_BAD;
}

/* Milliseconds since the server started. */
static inline uint64_t httpd_elapsed_ms(const struct httpd *httpd)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - httpd->started.tv_sec) * 1000 +
                      (now.tv_nsec - httpd->started.tv_nsec) / 1000000);
}

static inline int httpd_count_compare(const void *a, const void *b)
{
    return strcmp(((const struct httpd_count *)a)->path, ((const struct httpd_count *)b)->path);
}

/* Adds `add` to the count of that path, or makes it at least `least`; returns what it was before. */
static inline uint64_t httpd_count_change(struct httpd *httpd, const char *path, uint64_t add,
                                          uint64_t least)
{
    size_t bytes = strlen(path) + 1;
    struct httpd_count *fresh = malloc(sizeof *fresh + bytes);
    uint64_t before = 0;

    if (fresh == NULL) {
        return 0;
    }
    fresh->seen = 0;
    memcpy(fresh->path, path, bytes);
    pthread_mutex_lock(&httpd->lock);
    struct httpd_count **slot = tsearch(fresh, &httpd->counts, httpd_count_compare);
    if (slot != NULL) {
        before = (*slot)->seen;
        (*slot)->seen += add;
        (*slot)->seen = (*slot)->seen < least ? least : (*slot)->seen;
        if (*slot == fresh) {
            fresh = NULL;
        }
    }
    pthread_mutex_unlock(&httpd->lock);
    free(fresh);
    return before;
}

/* Adds `add` to the count of that path and returns how often it had been asked for before. */
static inline uint64_t httpd_count(struct httpd *httpd, const char *path, uint64_t add)
{
    return httpd_count_change(httpd, path, add, 0);
}

/* Opens the gate of that name, for good. */
static inline void httpd_gate_open(struct httpd *httpd, const char *gate)
{
    char name[HTTPD_KEY_BYTES];

    snprintf(name, sizeof name, "#open/%.200s", gate);
    (void)httpd_count(httpd, name, 1);
}

/* A turn of `cost_ms` after all turns of that name that were given before. When it ends, in
 * milliseconds since the start. */
static inline uint64_t httpd_turn(struct httpd *httpd, const char *name, uint64_t cost_ms)
{
    const uint64_t now_ms = httpd_elapsed_ms(httpd);

    (void)httpd_count_change(httpd, name, 0, now_ms);
    return httpd_count_change(httpd, name, cost_ms, 0) + cost_ms;
}

/* Sleeps, or returns early because the server ends. Returns true while it goes on. */
static inline bool httpd_sleep_ms(struct httpd *httpd, uint64_t ms)
{
    struct timespec until;
    bool stopping;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&httpd->lock);
    while (!httpd->stopping) {
        if (pthread_cond_timedwait(&httpd->stop_changed, &httpd->lock, &until) != 0) {
            break;
        }
    }
    stopping = httpd->stopping;
    pthread_mutex_unlock(&httpd->lock);
    return !stopping;
}

/* Waits until the count of that name is at least `least`. False: the server ends. */
static inline bool httpd_await_count(struct httpd *httpd, const char *name, uint64_t least)
{
    while (httpd_count(httpd, name, 0) < least) {
        if (!httpd_sleep_ms(httpd, 2)) {
            return false;
        }
    }
    return true;
}

/* Waits until somebody has opened that gate. False: the server ends. */
static inline bool httpd_gate_pass(struct httpd *httpd, const char *gate)
{
    char name[HTTPD_KEY_BYTES];

    snprintf(name, sizeof name, "#open/%.200s", gate);
    return httpd_await_count(httpd, name, 1);
}

/* Writes text with all but printable ASCII as \xNN: one line stays one line. */
static inline void httpd_put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c >= 0x7f) {
            fprintf(out, "\\x%02x", (unsigned)c);
        } else {
            fputc(c, out);
        }
    }
}

/* One line to the log, with one write: O_APPEND keeps the lines of several threads whole. */
static inline void httpd_log_line(struct httpd *httpd, const char *line, size_t bytes)
{
    if (httpd->log_fd >= 0 && write(httpd->log_fd, line, bytes) < 0) {
        perror("log");
    }
}

static inline int httpd_parse_options(int argc, char **argv, struct httpd_options *out)
{
    static const struct option table[] = {
        {"port-file", required_argument, NULL, 'p'}, {"root", required_argument, NULL, 'r'},
        {"tls", required_argument, NULL, 't'},       {"stdin-guard", no_argument, NULL, 'g'},
        {"log", required_argument, NULL, 'l'},       {NULL, 0, NULL, 0},
    };
    int c;

    *out = (struct httpd_options){0};
    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (c) {
        case 'p': out->port_file = optarg; break;
        case 'r': out->root = optarg; break;
        case 'g': out->stdin_guard = true; break;
        case 'l': out->log = optarg; break;
        case 't':
            if (optind >= argc) {
                return -1;
            }
            out->cert = optarg;
            out->key = argv[optind++];
            break;
        default: return -1;
        }
    }
    return out->port_file != NULL && optind == argc ? 0 : -1;
}

/* Before the first thread: signals that end the server go to its signalfd alone. */
static inline int httpd_init(struct httpd *httpd, int argc, char **argv)
{
    struct rlimit files;
    pthread_condattr_t attr;
    sigset_t ending;

    *httpd = (struct httpd){.log_fd = -1};
    if (httpd_parse_options(argc, argv, &httpd->options) != 0) {
        fprintf(stderr,
                "usage: %s --port-file FILE [--root DIR] [--tls CERT KEY] "
                "[--stdin-guard] [--log FILE]\n",
                argv[0]);
        return -1;
    }
    if (httpd->options.log != NULL) {
        httpd->log_fd = open(httpd->options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (httpd->log_fd < 0) {
            perror(httpd->options.log);
            return -1;
        }
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    clock_gettime(CLOCK_MONOTONIC, &httpd->started);
    pthread_mutex_init(&httpd->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&httpd->stop_changed, &attr);
    pthread_condattr_destroy(&attr);
    return 0;
}

/* Writes the port beside the file and renames: who sees the file sees a whole number. */
static inline int httpd_write_port(const struct httpd *httpd, unsigned port)
{
    char *beside = NULL;
    FILE *file = NULL;
    int bad = 1;

    if (asprintf(&beside, "%s.tmp", httpd->options.port_file) < 0) {
        return -1;
    }
    file = fopen(beside, "w");
    if (file != NULL) {
        bad = fprintf(file, "%u\n", port) < 0;
        bad |= fclose(file) != 0;
    }
    if (!bad) {
        bad = rename(beside, httpd->options.port_file) != 0;
    }
    if (bad) {
        perror(httpd->options.port_file);
    }
    free(beside);
    return bad ? -1 : 0;
}

/* Blocks until SIGTERM or SIGINT, or end-of-file of stdin under --stdin-guard. Main thread. */
static inline int httpd_wait_end(const struct httpd *httpd)
{
    sigset_t ending;

    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    int signals = signalfd(-1, &ending, SFD_CLOEXEC);
    if (signals < 0) {
        return -1;
    }
    struct pollfd fds[2] = {
        {.fd = signals, .events = POLLIN},
        {.fd = httpd->options.stdin_guard ? STDIN_FILENO : -1, .events = POLLIN},
    };
    for (;;) {
        char skipped[256];

        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            break;
        }
        if (fds[0].revents != 0) {
            break;
        }
        if (fds[1].revents != 0 && read(STDIN_FILENO, skipped, sizeof skipped) <= 0) {
            break;
        }
    }
    close(signals);
    return 0;
}

/* Wakes every sleeper; call it before joining the threads that serve. */
static inline void httpd_stop(struct httpd *httpd)
{
    pthread_mutex_lock(&httpd->lock);
    httpd->stopping = true;
    pthread_cond_broadcast(&httpd->stop_changed);
    pthread_mutex_unlock(&httpd->lock);
}

/* After the last thread. */
static inline void httpd_fini(struct httpd *httpd)
{
    while (httpd->counts != NULL) {
        struct httpd_count *count = *(struct httpd_count **)httpd->counts;

        tdelete(count, &httpd->counts, httpd_count_compare);
        free(count);
    }
    if (httpd->log_fd >= 0) {
        close(httpd->log_fd);
    }
    pthread_cond_destroy(&httpd->stop_changed);
    pthread_mutex_destroy(&httpd->lock);
}

#endif
