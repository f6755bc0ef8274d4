/* SPDX-License-Identifier: MIT
 *
 * copy/fanout.c - the life of a regular file that goes to several destinations at once. Entered by
 * any worker; no locks, everything belongs to it until it is settled.
 *
 * The steps are those of copy/file.c. What looks at the source is done once, what concerns a target
 * for each lane: is it wanted there, a new file, attributes, name. Lanes that can share the blocks
 * (reflink) do; the others get each buffer that is read, one after the other. A lane has an outcome
 * of its own at each step and is tried again by itself. The file is not split into chunks: the
 * workers share the files instead.
 */
#include "copy/fanout.h"

#include <string.h>

#include "base/fdio.h"
#include "copy/data.h"
#include "copy/dir.h"
#include "copy/handout.h"
#include "copy/reserve.h"

/* The one reading. */
struct reading {
    struct px_file source; /* `out` is not used */
    bool proved;           /* the proof has heard all bytes */
};

/* --- lanes ------------------------------------------------------------------------------------ */

/* What the others took in the meantime is not this lane's time. */
static void lane_resume(struct px_lane *lane)
{
    const int64_t now_ns = px_now_ns();
    lane->entry.begin_ns += now_ns - lane->entry.mark_ns;
    lane->entry.mark_ns = now_ns;
}

/* Ends its try. */
static void lane_end(struct px_copier *copier, struct px_lane *lane, int status)
{
    px_out_abort(copier, &lane->entry, &lane->file.out);
    lane->status = status;
    lane->writes = false;
}

/* The reading failed: all that depended on it. */
static void lanes_end(struct px_copier *copier, struct px_lane *lanes, size_t n, int status,
                      const struct px_fail *fail)
{
    for (size_t i = 0; i < n; i++) {
        if (lanes[i].writes && !lanes[i].filled) {
            if (status != PX_EAGAIN && status != PX_ECANCELED) {
                lanes[i].fail = *fail;
            }
            lane_end(copier, &lanes[i], status);
        }
    }
}

static void lane_open(struct px_copier *copier, struct px_lane *lane, const struct px_file *source)
{
    bool copy = true;
    lane_resume(lane);
    lane->file = (struct px_file){.in = source->in, .st = source->st, .out = {.fd = -1}};
    int status = px_file_judge(copier, &lane->entry, &lane->file, &copy, &lane->fail);
    if (copy) {
        status = px_out_open(copier, &lane->entry, &source->st, &lane->file.out, &lane->fail);
        lane->writes = status == PX_OK;
        status = lane->writes ? PX_EAGAIN : status;
    }
    lane->status = status;
    px_copier_phase(&lane->entry, PX_COPY_OPEN);
}

/* --- data ------------------------------------------------------------------------------------- */

static struct px_data data_of(struct px_copier *copier, struct reading *reading,
                              const struct px_lane *lane)
{
    return (struct px_data){.copier = copier,
                            .pair = lane->entry.dir->pair,
                            .in = reading->source.in,
                            .out = lane->file.out.fd,
                            .st = &reading->source.st,
                            .proof = &reading->source.proof,
                            .prefix = copier->copy->opts.allow_changing};
}

static void lane_note_data(struct px_lane *lane, const struct px_data *data)
{
    lane->filled = true;
    lane->entry.engine = data->engine;
    lane->entry.engine_why = data->why;
    lane->entry.bytes = data->bytes;
}

static int reading_begin(struct px_copier *copier, struct reading *reading)
{
    reading->proved = false;
    return px_proof_init(&reading->source.proof, &copier->copy->opts);
}

/* Shares the blocks where that can be, else asks for room. The first that shares them has the bytes
 * read for the proof, when there is one. PX_ENOMEM: there can be no proof. */
static int lane_reflink(struct px_copier *copier, struct reading *reading, struct px_lane *lane)
{
    struct px_data data = data_of(copier, reading, lane);
    data.proof = reading->proved ? NULL : data.proof;
    lane_resume(lane);
    int status = px_data_reflink(&data, &lane->fail);
    px_copier_phase(&lane->entry, PX_COPY_DATA);
    if (status == PX_OK) {
        lane_note_data(lane, &data);
        reading->proved = reading->source.proof.active;
        return PX_OK;
    }
    const bool copies = status == PX_EAGAIN; /* the bytes, so there must be room for them */
    status = copies ? px_reserve(copier, data.pair, data.out, data.st, &lane->fail) : status;
    if (copies && status == PX_OK) {
        return PX_OK;
    }
    lane_end(copier, lane, status == PX_ECHANGED ? PX_EAGAIN : status);
    if (reading->proved) {
        return PX_OK;
    }
    px_proof_fini(&reading->source.proof); /* it may have heard half of it */
    return reading_begin(copier, reading);
}

/* The bytes for all lanes that have none yet. */
static void lanes_read(struct px_copier *copier, struct reading *reading, struct px_lane *lanes,
                       size_t n)
{
    struct px_tee tee = {.size = (uint64_t)reading->source.st.st_size};
    struct px_lane *first = NULL;
    for (size_t i = 0; i < n; i++) {
        struct px_lane *lane = &lanes[i];
        if (lane->writes && !lane->filled) {
            lane->end = (struct px_tee_end){.fd = lane->file.out.fd, .fail = &lane->fail};
            px_tee_add(&tee, &lane->end);
            first = first != NULL ? first : lane;
        }
    }
    if (first == NULL) {
        return;
    }
    struct px_fail fail;
    struct px_data data = data_of(copier, reading, first);
    data.tee = tee.n > 1 ? &tee : NULL;
    lane_resume(first);
    int status = px_data_copy(&data, &fail);
    status = status == PX_ECHANGED ? PX_EAGAIN : status;
    px_copier_phase(&first->entry, PX_COPY_DATA);
    for (size_t i = 0; i < n; i++) {
        struct px_lane *lane = &lanes[i];
        if (lane->writes && !lane->filled && lane->end.dropped) {
            lane_end(copier, lane, lane->fail.status);
        } else if (status == PX_OK && lane->writes && !lane->filled) {
            lane_note_data(lane, &data);
        }
    }
    lanes_end(copier, lanes, n, status, &fail);
}

static void lanes_fill(struct px_copier *copier, struct reading *reading, struct px_lane *lanes,
                       size_t n)
{
    struct px_fail fail;
    int status = reading_begin(copier, reading);
    for (size_t i = 0; i < n && status == PX_OK; i++) {
        if (lanes[i].writes) {
            status = lane_reflink(copier, reading, &lanes[i]);
        }
    }
    if (status != PX_OK) {
        lanes_end(copier, lanes, n, px_fail_set(&fail, PX_ENOMEM, 0, "digest: out of memory"),
                  &fail);
        return;
    }
    lanes_read(copier, reading, lanes, n);
}

/* --- names ------------------------------------------------------------------------------------ */

/* The digest is that of the one reading; each target is compared with it by itself. */
static void lanes_publish(struct px_copier *copier, struct reading *reading, struct px_lane *lanes,
                          size_t n)
{
    struct px_proof *proof = &reading->source.proof;
    const char *digest = NULL;
    px_proof_close_piece(proof);
    for (size_t i = 0; i < n; i++) {
        struct px_lane *lane = &lanes[i];
        if (!lane->writes || !lane->filled) {
            continue;
        }
        lane_resume(lane);
        if (digest != NULL) {
            memcpy(lane->entry.digest, digest, sizeof lane->entry.digest);
        }
        lane->file.proof = *proof;
        const int status = px_file_end(copier, &lane->entry, &lane->file, &lane->fail);
        digest = lane->entry.digest[0] != '\0' ? lane->entry.digest : digest;
        lane_end(copier, lane, status);
        px_copier_phase(&lane->entry, PX_COPY_OPEN);
    }
}

/* --- one try ---------------------------------------------------------------------------------- */

static void lanes_copy(struct px_copier *copier, struct reading *reading, struct px_lane *lanes,
                       size_t n, size_t writing)
{
    struct px_activity *activity = copier->copy->opts.activity;
    const uint64_t bytes = (uint64_t)reading->source.st.st_size;
    const bool shown = bytes >= PX_FILE_SHOW_MIN_BYTES;
    px_handout_share(copier, bytes);
    if (shown) {
        px_activity_begin(activity, copier->worker->index, lanes[0].entry.source_name,
                          bytes * writing);
    }
    lanes_fill(copier, reading, lanes, n);
    lanes_publish(copier, reading, lanes, n);
    if (shown) {
        px_activity_end(activity, copier->worker->index);
    }
}

/* The lanes that are still to be copied, with the source opened once. False: there are none. */
static bool lanes_try(struct px_copier *copier, struct px_lane *lanes, size_t n)
{
    struct reading reading = {.source = {.in = -1, .out = {.fd = -1}}};
    struct px_lane *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (lanes[i].status == PX_EAGAIN) {
            px_file_begin_try(&lanes[i].entry);
            lanes[i].filled = false;
            first = first != NULL ? first : &lanes[i];
        }
    }
    if (first == NULL) {
        return false;
    }
    struct px_fail fail;
    size_t writing = 0;
    const int status = px_file_look(copier, &first->entry, &reading.source, &fail);
    for (size_t i = 0; i < n; i++) {
        if (lanes[i].status == PX_EAGAIN && status != PX_OK) {
            lanes[i].status = status;
            lanes[i].fail = fail;
        } else if (lanes[i].status == PX_EAGAIN) {
            lane_open(copier, &lanes[i], &reading.source);
            writing += lanes[i].writes;
        }
    }
    if (writing > 0) {
        lanes_copy(copier, &reading, lanes, n, writing);
    }
    px_file_close(copier, &first->entry, &reading.source);
    return true;
}

void px_fanout_copy(struct px_copier *copier, struct px_lane *lanes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        px_copier_begin(copier, &lanes[i].entry);
        lanes[i].status = PX_EAGAIN;
        lanes[i].writes = false;
    }
    for (int i = 0; i < PX_FILE_TRIES && lanes_try(copier, lanes, n); i++) {
    }
    for (size_t i = 0; i < n; i++) {
        struct px_lane *lane = &lanes[i];
        if (lane->status == PX_EAGAIN) {
            lane->status = px_file_fail_changing(&lane->fail);
        }
        if (!lane->entry.waits) {
            px_copier_settle_status(copier, &lane->entry, lane->status, &lane->fail);
        }
    }
}
