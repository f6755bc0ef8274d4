/* SPDX-License-Identifier: MIT
 *
 * copy/data_job.h - one file in a worker's hands, for the tests of what copies bytes: "src" with
 * made-up content and an empty "out", in the scratch directory of copy/tree.h, through the calls of
 * support/io_fault.h. Header only; include after <cmocka.h>.
 */
#ifndef PX_TESTS_COPY_DATA_JOB_H
#define PX_TESTS_COPY_DATA_JOB_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy/data.h"
#include "copy/fake.h"
#include "copy/tree.h"
#include "support/io_fault.h"

struct job {
    struct fake fake;
    struct px_pair pair;
    struct stat st;
    struct px_data data;
    struct px_fail fail;
};

/* "src" to a new "out"; to be ended by job_end(). */
static inline void job_begin(struct job *job, size_t bytes, struct px_copy_opts opts)
{
    *job = (struct job){.fail = {.status = PX_OK}};
    opts.io = io_fault_ops();
    opts.reflink = PX_REFLINK_NEVER;
    tree_file("src", bytes, 3);
    assert_int_equal(fake_open(&job->fake, &opts, 1), PX_OK);
    job->st = tree_stat("src");
    job->data = (struct px_data){.copier = job->fake.copier,
                                 .pair = &job->pair,
                                 .in = open("src", O_RDONLY | O_CLOEXEC),
                                 .out = open("out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                                 .st = &job->st};
    assert_true(job->data.in >= 0 && job->data.out >= 0);
}

static inline void job_end(struct job *job)
{
    (void)close(job->data.in);
    (void)close(job->data.out);
    fake_close(&job->fake);
}

#endif
