/* SPDX-License-Identifier: MIT
 *
 * app/exits.c - exit codes. The documented tables of the two programs; pure, no state.
 */
#include "app/exits.h"

#include <stdbool.h>

#include <pxfer/status.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* The classes that GNU Wget's manual names ("Exit Status"), and 9 for what it does not check. */
static const struct exits_rule pfetch_rules[] = {
    {PX_EUSAGE, 2},  {PX_EBADLINE, 2}, {PX_EREFUSED, 2},   {PX_EIO, 3},      {PX_EFULL, 3},
    {PX_EEXIST, 3},  {PX_EINUSE, 3},   {PX_ESRC, 3},       {PX_EATTR, 3},    {PX_ESPECIAL, 3},
    {PX_EOUTPUT, 3}, {PX_ENET, 4},     {PX_ETIMEDOUT, 4},  {PX_ETLS, 5},     {PX_EAUTH, 6},
    {PX_EPROTO, 7},  {PX_EHTTP, 8},    {PX_EINTEGRITY, 9}, {PX_ECHANGED, 9},
};

/* An item that was refused while the rest was copied is 1; 2 says that nothing was touched. */
static const struct exits_rule pcopy_rules[] = {
    {PX_EIO, 3},
    {PX_EFULL, 3},
    {PX_ECHANGED, 4},
    {PX_EINTEGRITY, 9},
};

const struct exits_table exits_pfetch = {pfetch_rules, ROWS(pfetch_rules), 3};
const struct exits_table exits_pcopy = {pcopy_rules, ROWS(pcopy_rules), 1};

static int exits_look_up(const struct exits_table *table, int status)
{
    for (size_t i = 0; i < table->n_rules; i++) {
        if (table->rules[i].status == status) {
            return table->rules[i].code;
        }
    }
    return EXITS_OTHER;
}

int exits_code_of(const struct exits_table *table, int status)
{
    if (status == PX_OK) {
        return 0;
    }
    if (status == PX_EUSAGE || status == PX_EREFUSED) {
        return EXITS_USAGE;
    }
    return exits_look_up(table, status);
}

/* 0 yields to everything, 1 to everything but 0, else the lower one wins. */
static int exits_worse(int a, int b)
{
    if (a == 0 || b == 0) {
        return a + b;
    }
    if (a == EXITS_OTHER || b == EXITS_OTHER) {
        return a > b ? a : b;
    }
    return a < b ? a : b;
}

static int exits_of_failures(const struct exits_table *table, const struct run_summary *summary)
{
    int code = 0;
    for (int i = 0; i < RUN_CLASSES; i++) {
        if (summary->class_count[i] > 0) {
            code = exits_worse(code, exits_look_up(table, -i));
        }
    }
    if (code == 0 && (summary->failed > 0 || summary->canceled > 0)) {
        code = EXITS_OTHER; /* counted, but of no class that the table could know */
    }
    return code;
}

/* Cancelling is a consequence; its cause is among the failures, or a signal. */
static bool exits_stopped_by_itself(const struct run_summary *summary)
{
    return summary->fatal != PX_OK && summary->fatal != PX_ECANCELED;
}

int exits_code(const struct exits_table *table, const struct run_summary *summary)
{
    if (summary->signal != 0) {
        return 128 + summary->signal;
    }
    if (exits_stopped_by_itself(summary)) {
        return exits_code_of(table, summary->fatal);
    }
    if (summary->drained_early) {
        return EXITS_DRAINED;
    }
    const int code = exits_of_failures(table, summary);
    return summary->output_lost ? exits_worse(code, table->output_lost) : code;
}
