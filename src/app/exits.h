/* SPDX-License-Identifier: MIT
 *
 * app/exits.h - from what a run came to, to the exit code. Pure: tables and a summary in, a number
 * out.
 *
 * Both programs: a signal is 128 + its number; what made intake stop (disk full) comes before all
 * else; work left by SIGUSR2 is 75 (EX_TEMPFAIL: the same command goes on); then, as wget does, the
 * lowest code of all failures, where 1 ("other") counts as the highest.
 */
#ifndef PX_APP_EXITS_H
#define PX_APP_EXITS_H

#include <stddef.h>

#include "app/summary.h"

#define EXITS_OTHER 1
#define EXITS_USAGE 2
#define EXITS_DRAINED 75

struct exits_rule {
    int status; /* PX_E... of a failed item */
    int code;
};

struct exits_table {
    const struct exits_rule *rules;
    size_t n_rules;
    int output_lost; /* standard output, journal or failure list could not be written */
};

/* 2 list line, 3 local file, 4 network, 5 TLS, 6 authentication, 7 protocol, 8 server said error,
 * 9 integrity, 1 other. */
extern const struct exits_table exits_pfetch;

/* 3 destination, 4 source vanished or kept changing, 9 verify mismatch, 1 other. */
extern const struct exits_table exits_pcopy;

/* The exit code of a run that took place. */
int exits_code(const struct exits_table *table, const struct run_summary *summary);

/* The exit code when a run could not begin because of `status`: 2 for PX_EUSAGE and PX_EREFUSED,
 * else by the table. 0 for PX_OK. */
int exits_code_of(const struct exits_table *table, int status);

#endif
