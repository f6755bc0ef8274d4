/* SPDX-License-Identifier: MIT
 *
 * app/jsonl.h - JSON Lines (jsonlines.org, RFC 8259): builds one object in memory, as one
 * line.
 *
 * A file name is bytes, JSON is UTF-8: where a string is not valid UTF-8 each bad byte becomes
 * U+FFFD, and a member NAME_b64 (RFC 4648) with the exact bytes follows. Control characters (C0,
 * DEL, C1) and bidirectional controls are written as \uXXXX, so a line is safe on a terminal.
 *
 * Errors are sticky: the calls that add return nothing, jsonl_end_line() says whether all was well.
 * {0} is an empty builder. One thread at a time.
 */
#ifndef PX_APP_JSONL_H
#define PX_APP_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>
#include <pxfer/status.h>

#define JSONL_DEPTH 16

/* Read-only for callers; `text` (owned) is the line so far. */
struct jsonl {
    char *text;
    size_t len;
    size_t room;
    int error;                /* PX_OK, PX_ENOMEM, PX_EINVAL */
    unsigned depth;           /* open objects and arrays */
    char closer[JSONL_DEPTH]; /* '}' or ']' */
    bool filled[JSONL_DEPTH]; /* has a member already */
};

/* Empties, keeping the memory; clears the error. */
void jsonl_reset(struct jsonl *json);
/* Frees the memory; {0} again. */
void jsonl_fini(struct jsonl *json);

/* `name`: the member's name in an object; NULL in an array and at the top. */
void jsonl_object(struct jsonl *json, const char *name);
void jsonl_array(struct jsonl *json, const char *name);
/* Ends the innermost object or array. */
void jsonl_close(struct jsonl *json);

/* A NULL value is written as null. In an array there is no _b64 member. */
void jsonl_string(struct jsonl *json, const char *name, const char *value);
void jsonl_bytes(struct jsonl *json, const char *name, const char *value, size_t n);
void jsonl_u64(struct jsonl *json, const char *name, uint64_t value);
void jsonl_i64(struct jsonl *json, const char *name, int64_t value);
/* With `digits` after the point; null for NaN and infinities, which JSON has no numbers for. */
void jsonl_double(struct jsonl *json, const char *name, double value, int digits);
/* Nanoseconds as milliseconds with three digits after the point. */
void jsonl_ms(struct jsonl *json, const char *name, int64_t ns);
void jsonl_bool(struct jsonl *json, const char *name, bool value);
void jsonl_null(struct jsonl *json, const char *name);

/* Adds the newline: text[0..len) is the line to write. PX_ENOMEM; PX_EINVAL: something is still
 * open, nested too deep or was closed too often. */
PX_NODISCARD int jsonl_end_line(struct jsonl *json);

#endif
