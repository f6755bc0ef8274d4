/* SPDX-License-Identifier: MIT
 *
 * app/shard_words.c - what --shard says. Main's thread, before others start; no locks.
 */
#include "app/shard_words.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/parse.h"
#include "base/show.h"

/* Who starts many copies of a program, and what it tells each of them. A step of Slurm knows its own
 * size; SLURM_NTASKS is the job's where it is not the step's. PMIx, Kubernetes and PBS's job arrays
 * say which, but not of how many, unless somebody has set that. */
static const struct starter {
    const char *index, *count; /* count NULL: it says none */
} starters[] = {
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"},
    {"SLURM_PROCID", "SLURM_NTASKS"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},
    {"PMIX_RANK", "PMIX_SIZE"},
    {"PBS_VNODENUM", "PBS_NP"},
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"},
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"},
    {"PBS_ARRAY_INDEX", NULL},
};

#define STARTERS (sizeof starters / sizeof starters[0])

/* What was found so far. */
struct search {
    char *(*env)(const char *name);
    unsigned asked_count; /* "auto/N"; 0: the environment has to say it */
    const struct starter *found;
    unsigned index, count;
    const struct starter *lone; /* has an index and no count */
    char *why;
    size_t room;
};

static int read_number(const char *text, uint64_t max, unsigned *out)
{
    uint64_t number = 0;

    if (text == NULL || px_parse_u64(text, 0, max, &number) != PX_OK) {
        return PX_EINVAL;
    }
    *out = (unsigned)number;
    return PX_OK;
}

static int not_a_number(struct search *s, const char *name)
{
    char shown[PX_SHOW_ROOM(64)];

    snprintf(s->why, s->room, "--shard=auto: %s is '%s'", name,
             px_show_str(shown, sizeof shown, s->env(name)));
    return PX_EUSAGE;
}

static int disagree(struct search *s, const struct starter *other, unsigned index, unsigned count)
{
    snprintf(s->why, s->room, "--shard=auto: %s says %u of %u, but %s says %u of %u: give K/N",
             s->found->index, s->index, s->count, other->index, index, count);
    return PX_EUSAGE;
}

/* A starter that is not asked again for the same index under another count. */
static bool is_answered(const struct search *s, const struct starter *starter)
{
    return s->found != NULL && strcmp(s->found->index, starter->index) == 0;
}

static int ask(struct search *s, const struct starter *starter)
{
    const char *index_text = s->env(starter->index);
    const char *count_text = starter->count != NULL ? s->env(starter->count) : NULL;
    unsigned index, count = s->asked_count;

    if (index_text == NULL || is_answered(s, starter)) {
        return PX_OK;
    }
    if (read_number(index_text, SHARD_MAX, &index) != PX_OK) {
        return not_a_number(s, starter->index);
    }
    if (s->asked_count == 0 && count_text == NULL) {
        s->lone = s->lone == NULL ? starter : s->lone;
        return PX_OK;
    }
    if (s->asked_count == 0 && read_number(count_text, SHARD_MAX, &count) != PX_OK) {
        return not_a_number(s, starter->count);
    }
    if (s->found != NULL && count == 1 && index == 0) {
        return PX_OK; /* the only one of its kind: a job of one task, started many times otherwise */
    }
    if (s->found != NULL && s->count > 1 && (s->index != index || s->count != count)) {
        return disagree(s, starter, index, count);
    }
    if (s->found == NULL || s->count == 1) {
        s->found = starter;
        s->index = index;
        s->count = count;
    }
    return PX_OK;
}

/* Does anything say of how many it is the index? Its answer was heard. */
static bool has_count(const struct search *s, const char *index)
{
    for (size_t i = 0; i < STARTERS; i++) {
        if (strcmp(starters[i].index, index) == 0 && starters[i].count != NULL &&
            s->env(starters[i].count) != NULL) {
            return true;
        }
    }
    return false;
}

/* An index without a count still has to agree with the one that was found. */
static int check_lone(struct search *s)
{
    for (size_t i = 0; i < STARTERS && s->found != NULL && s->count > 1; i++) {
        const struct starter *other = &starters[i];
        const char *text = s->env(other->index);
        unsigned index;

        /* an array's index is another thing than that of a task in it */
        if (text == NULL || strstr(other->index, "ARRAY") != NULL || has_count(s, other->index)) {
            continue;
        }
        if (read_number(text, SHARD_MAX, &index) == PX_OK && index != s->index) {
            return disagree(s, other, index, s->count);
        }
    }
    return PX_OK;
}

static int read_auto(struct search *s, struct shard_words *out)
{
    int rc = PX_OK;

    for (size_t i = 0; i < STARTERS && rc == PX_OK; i++) {
        rc = ask(s, &starters[i]);
    }
    rc = rc == PX_OK && s->asked_count == 0 ? check_lone(s) : rc;
    if (rc != PX_OK) {
        return rc;
    }
    if (s->found == NULL && s->lone != NULL) {
        snprintf(s->why, s->room,
                 "--shard=auto: %s says which one this is, but nothing says of how many: give "
                 "auto/N",
                 s->lone->index);
        return PX_EUSAGE;
    }
    if (s->found == NULL) {
        snprintf(s->why, s->room, "--shard=auto: no batch system or MPI says which one this is");
        return PX_EUSAGE;
    }
    if (s->index >= s->count) {
        snprintf(s->why, s->room, "--shard=auto: %s is %u, of %u (they count from 0)",
                 s->found->index, s->index, s->count);
        return PX_EUSAGE;
    }
    out->index = s->index;
    out->count = s->count;
    if (s->asked_count > 0) {
        snprintf(out->from, sizeof out->from, "from %s", s->found->index);
    } else {
        snprintf(out->from, sizeof out->from, "from %s and %s", s->found->index, s->found->count);
    }
    return PX_OK;
}

static int read_pair(const char *text, struct shard_words *out)
{
    const char *slash = strchr(text, '/');
    uint64_t index = 0;

    if (slash == NULL || read_number(slash + 1, SHARD_MAX, &out->count) != PX_OK ||
        out->count == 0 ||
        px_parse_u64_n(text, (size_t)(slash - text), 0, out->count - 1, &index) != PX_OK) {
        return PX_EINVAL;
    }
    out->index = (unsigned)index;
    return PX_OK;
}

int shard_words_read(const char *text, char *(*env)(const char *name), struct shard_words *out,
                     char *why, size_t room)
{
    struct search search = {.env = env, .why = why, .room = room};

    *out = (struct shard_words){0};
    if (strcmp(text, "auto") == 0) {
        return read_auto(&search, out);
    }
    if (strncmp(text, "auto/", 5) == 0 &&
        read_number(text + 5, SHARD_MAX, &search.asked_count) == PX_OK && search.asked_count > 0) {
        return read_auto(&search, out);
    }
    if (read_pair(text, out) != PX_OK) {
        snprintf(why, room, "--shard is K/N with K from 0 to N-1, auto, or auto/N");
        return PX_EUSAGE;
    }
    return PX_OK;
}

int shard_words_option(const struct option_program *program, const char *text,
                       struct shard_words *out)
{
    char why[SHARD_TEXT_ROOM];
    *out = (struct shard_words){0};
    if (text == NULL || shard_words_read(text, getenv, out, why, sizeof why) == PX_OK) {
        return PX_OK;
    }
    return option_complain(program, stderr, "%s", why);
}

const char *shard_words_from(const struct shard_words *words)
{
    return words->from[0] != '\0' ? words->from : NULL;
}
