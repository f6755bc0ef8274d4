/* SPDX-License-Identifier: MIT
 *
 * --shard: what the user says, and what environments say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "app/shard_words.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* "NAME=VALUE ..." */
static const char *environment;

static char *look_up(const char *name)
{
    static char value[3][64];
    static unsigned turn;
    const size_t n = strlen(name);
    for (const char *at = environment; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, " ");
        if (len > n && memcmp(at, name, n) == 0 && at[n] == '=') {
            char *out = value[turn++ % 3];
            snprintf(out, sizeof value[0], "%.*s", (int)(len - n - 1), at + n + 1);
            return out;
        }
        at += len + (at[len] == ' ');
    }
    return NULL;
}

/* "INDEX/COUNT", or "!" and why not. */
static const char *read_words(const char *text, const char *env)
{
    static char out[2 * SHARD_TEXT_ROOM];
    struct shard_words words;
    char why[SHARD_TEXT_ROOM] = "";
    environment = env;
    if (shard_words_read(text, look_up, &words, why, sizeof why) != PX_OK) {
        snprintf(out, sizeof out, "!%s", why);
    } else {
        snprintf(out, sizeof out, "%u/%u%s%s", words.index, words.count,
                 words.from[0] != '\0' ? " " : "", words.from);
    }
    return out;
}

static void test_shard_words_pairs_by_table(void **state)
{
    (void)state;
    static const char *const good[] = {"0/1", "0/2", "1/2", "999999/1000000"};
    static const char *const bad[] = {"",     "1",     "/",      "1/",    "/2",  "2/2",
                                      "0/0",  "-1/2",  "1/2/3",  "1 /2",  "a/2", "0/1000001",
                                      "Auto", "auto/", "auto/0", "auto/x"};
    for (size_t i = 0; i < ROWS(good); i++) {
        assert_string_equal(read_words(good[i], "SLURM_PROCID=7"), good[i]);
    }
    for (size_t i = 0; i < ROWS(bad); i++) {
        if (read_words(bad[i], "SLURM_PROCID=0 SLURM_NTASKS=4")[0] != '!') {
            fail_msg("%s: taken", bad[i]);
        }
    }
}

static void test_shard_words_auto_by_table(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"SLURM_PROCID=1 SLURM_NTASKS=4", "1/4 from SLURM_PROCID and SLURM_NTASKS"},
        {"SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2 SLURM_NTASKS=4",
         "1/2 from SLURM_PROCID and SLURM_STEP_NUM_TASKS"},
        {"OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4",
         "3/4 from OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE"},
        {"PMI_RANK=0 PMI_SIZE=2", "0/2 from PMI_RANK and PMI_SIZE"},
        {"PBS_VNODENUM=5 PBS_NP=8", "5/8 from PBS_VNODENUM and PBS_NP"},
        {"JOB_COMPLETION_INDEX=2 JOB_COMPLETIONS=3",
         "2/3 from JOB_COMPLETION_INDEX and JOB_COMPLETIONS"},
        {"SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3",
         "2/3 from SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT"},
        /* two that agree */
        {"SLURM_PROCID=1 SLURM_NTASKS=4 PMIX_RANK=1 PMI_RANK=1 PMI_SIZE=4",
         "1/4 from SLURM_PROCID and SLURM_NTASKS"},
        /* a job of one task says nothing against what starts many of them */
        {"SLURM_PROCID=0 SLURM_NTASKS=1 OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4",
         "3/4 from OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE"},
        {"SLURM_PROCID=0 SLURM_NTASKS=1 SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=3",
         "1/3 from SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT"},
        {"SLURM_PROCID=0 SLURM_NTASKS=1", "0/1 from SLURM_PROCID and SLURM_NTASKS"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_string_equal(read_words("auto", rows[i][0]), rows[i][1]);
    }
}

static void test_shard_words_auto_is_refused_in_doubt(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "no batch system or MPI says which one this is"},
        {"SLURM_NTASKS=4", "no batch system or MPI says which one this is"},
        {"PMIX_RANK=1", "PMIX_RANK says which one this is, but nothing says of how many"},
        {"JOB_COMPLETION_INDEX=1", "JOB_COMPLETION_INDEX says which one this is"},
        {"PBS_ARRAY_INDEX=1", "PBS_ARRAY_INDEX says which one this is"},
        {"SLURM_PROCID=1 SLURM_NTASKS=4 OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4",
         "SLURM_PROCID says 1 of 4, but OMPI_COMM_WORLD_RANK says 2 of 4"},
        {"SLURM_PROCID=1 SLURM_NTASKS=4 PMI_RANK=1 PMI_SIZE=2",
         "SLURM_PROCID says 1 of 4, but PMI_RANK says 1 of 2"},
        {"SLURM_PROCID=1 SLURM_NTASKS=4 PMIX_RANK=2",
         "SLURM_PROCID says 1 of 4, but PMIX_RANK says 2 of 4"},
        {"SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=3", "SLURM_ARRAY_TASK_ID is 3, of 3"},
        {"SLURM_PROCID=1 SLURM_NTASKS=many", "SLURM_NTASKS is 'many'"},
        {"SLURM_PROCID=-1 SLURM_NTASKS=4", "SLURM_PROCID is '-1'"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *got = read_words("auto", rows[i][0]);
        if (got[0] != '!' || strstr(got, rows[i][1]) == NULL) {
            fail_msg("%s: %s", rows[i][0], got);
        }
    }
}

static void test_shard_words_auto_with_a_count(void **state)
{
    (void)state;
    assert_string_equal(read_words("auto/8", "PMIX_RANK=7"), "7/8 from PMIX_RANK");
    assert_string_equal(read_words("auto/8", "PBS_ARRAY_INDEX=0"), "0/8 from PBS_ARRAY_INDEX");
    assert_string_equal(read_words("auto/8", "JOB_COMPLETION_INDEX=3"),
                        "3/8 from JOB_COMPLETION_INDEX");
    assert_non_null(strstr(read_words("auto/8", "PMIX_RANK=8"), "PMIX_RANK is 8, of 8"));
    /* in a job array the script's own SLURM_PROCID is 0 */
    assert_non_null(strstr(read_words("auto/8", "SLURM_PROCID=0 SLURM_ARRAY_TASK_ID=3"),
                           "SLURM_PROCID says 0 of 8, but SLURM_ARRAY_TASK_ID says 3 of 8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shard_words_pairs_by_table),
        cmocka_unit_test(test_shard_words_auto_by_table),
        cmocka_unit_test(test_shard_words_auto_is_refused_in_doubt),
        cmocka_unit_test(test_shard_words_auto_with_a_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
