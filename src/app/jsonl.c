/* SPDX-License-Identifier: MIT
 *
 * app/jsonl.c - one JSON object at a time, in a buffer that grows and is used again for the next.
 * Stateless apart from the builder; owns no lock.
 */
#include "app/jsonl.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/grow.h"
#include "base/show.h"

void jsonl_reset(struct jsonl *json)
{
    json->len = 0;
    json->error = PX_OK;
    json->depth = 0;
    memset(json->filled, 0, sizeof json->filled);
}

void jsonl_fini(struct jsonl *json)
{
    free(json->text);
    *json = (struct jsonl){0};
}

/* Room for `n` more bytes and a NUL. */
static bool jsonl_reserve(struct jsonl *json, size_t n)
{
    if (json->error != PX_OK) {
        return false;
    }
    char *text = px_grow(json->text, &json->room, json->len + n + 1, 1);
    if (text == NULL) {
        json->error = PX_ENOMEM;
        return false;
    }
    json->text = text;
    return true;
}

static void jsonl_put(struct jsonl *json, const char *bytes, size_t n)
{
    if (jsonl_reserve(json, n)) {
        memcpy(json->text + json->len, bytes, n);
        json->len += n;
        json->text[json->len] = '\0';
    }
}

static void jsonl_puts(struct jsonl *json, const char *text)
{
    jsonl_put(json, text, strlen(text));
}

/* --- Strings ---------------------------------------------------------------------------------*/

/* The length of the valid UTF-8 sequence at src[0..n), 0 when there is none. */
static size_t jsonl_sequence(const char *src, size_t n)
{
    for (size_t len = 1; len <= 4 && len <= n; len++) {
        if (px_utf8_valid(src, len)) {
            return len;
        }
    }
    return 0;
}

static uint32_t jsonl_code_point(const char *src, size_t len)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)src[0] & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        code = code << 6 | ((unsigned char)src[i] & 0x3f);
    }
    return code;
}

/* What must not reach a terminal raw, all in the basic plane. */
static bool jsonl_is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
           (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static void jsonl_put_character(struct jsonl *json, const char *src, size_t len)
{
    const uint32_t code = jsonl_code_point(src, len);
    if (code == '"' || code == '\\') {
        jsonl_puts(json, "\\");
        jsonl_put(json, src, len);
    } else if (code == '\n') {
        jsonl_puts(json, "\\n");
    } else if (code == '\t') {
        jsonl_puts(json, "\\t");
    } else if (jsonl_is_unsafe(code)) {
        char escape[8];
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(code & 0xffff));
        jsonl_puts(json, escape);
    } else {
        jsonl_put(json, src, len);
    }
}

/* True when all of it was UTF-8. */
static bool jsonl_put_string(struct jsonl *json, const char *src, size_t n)
{
    bool valid = true;
    jsonl_puts(json, "\"");
    while (n > 0) {
        const size_t len = jsonl_sequence(src, n);
        if (len == 0) {
            jsonl_puts(json, "\xef\xbf\xbd"); /* U+FFFD */
            valid = false;
        } else {
            jsonl_put_character(json, src, len);
        }
        src += len > 0 ? len : 1;
        n -= len > 0 ? len : 1;
    }
    jsonl_puts(json, "\"");
    return valid;
}

static void jsonl_put_base64(struct jsonl *json, const char *src, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    jsonl_puts(json, "\"");
    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        uint32_t bits = (uint32_t)(unsigned char)src[i] << 16;
        bits |= left > 1 ? (uint32_t)(unsigned char)src[i + 1] << 8 : 0;
        bits |= left > 2 ? (unsigned char)src[i + 2] : 0;
        char four[4] = {digit[bits >> 18], digit[bits >> 12 & 63], '=', '='};
        if (left > 1) {
            four[2] = digit[bits >> 6 & 63];
        }
        if (left > 2) {
            four[3] = digit[bits & 63];
        }
        jsonl_put(json, four, sizeof four);
    }
    jsonl_puts(json, "\"");
}

/* --- Structure -------------------------------------------------------------------------------*/

/* What stands before a value: the comma, and the member's name with `suffix`. */
static void jsonl_put_lead(struct jsonl *json, const char *name, const char *suffix)
{
    if (json->depth > 0) {
        bool *filled = &json->filled[json->depth - 1];
        if (*filled) {
            jsonl_puts(json, ",");
        }
        *filled = true;
    }
    if (name != NULL) {
        jsonl_puts(json, "\"");
        jsonl_puts(json, name); /* ours: a plain word */
        jsonl_puts(json, suffix);
        jsonl_puts(json, "\":");
    }
}

static void jsonl_open(struct jsonl *json, const char *name, const char *opener, char closer)
{
    jsonl_put_lead(json, name, "");
    jsonl_puts(json, opener);
    if (json->depth == JSONL_DEPTH) {
        json->error = PX_EINVAL;
        return;
    }
    json->closer[json->depth] = closer;
    json->filled[json->depth] = false;
    json->depth++;
}

void jsonl_object(struct jsonl *json, const char *name)
{
    jsonl_open(json, name, "{", '}');
}

void jsonl_array(struct jsonl *json, const char *name)
{
    jsonl_open(json, name, "[", ']');
}

void jsonl_close(struct jsonl *json)
{
    if (json->depth == 0) {
        json->error = PX_EINVAL;
        return;
    }
    json->depth--;
    jsonl_put(json, &json->closer[json->depth], 1);
}

int jsonl_end_line(struct jsonl *json)
{
    if (json->error == PX_OK && json->depth != 0) {
        json->error = PX_EINVAL;
    }
    jsonl_puts(json, "\n");
    return json->error;
}

/* --- Values ----------------------------------------------------------------------------------*/

void jsonl_bytes(struct jsonl *json, const char *name, const char *value, size_t n)
{
    if (value == NULL) {
        jsonl_null(json, name);
        return;
    }
    jsonl_put_lead(json, name, "");
    const bool valid = jsonl_put_string(json, value, n);
    if (!valid && name != NULL) {
        jsonl_put_lead(json, name, "_b64");
        jsonl_put_base64(json, value, n);
    }
}

void jsonl_string(struct jsonl *json, const char *name, const char *value)
{
    jsonl_bytes(json, name, value, value != NULL ? strlen(value) : 0);
}

static void jsonl_format(struct jsonl *json, const char *name, const char *fmt, ...)
    PX_PRINTF(3, 4);

static void jsonl_format(struct jsonl *json, const char *name, const char *fmt, ...)
{
    char text[400]; /* %f of DBL_MAX has 309 digits before the point */
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof text) {
        json->error = PX_EINVAL;
        return;
    }
    jsonl_put_lead(json, name, "");
    jsonl_put(json, text, (size_t)n);
}

void jsonl_u64(struct jsonl *json, const char *name, uint64_t value)
{
    jsonl_format(json, name, "%" PRIu64, value);
}

void jsonl_i64(struct jsonl *json, const char *name, int64_t value)
{
    jsonl_format(json, name, "%" PRId64, value);
}

void jsonl_double(struct jsonl *json, const char *name, double value, int digits)
{
    if (isfinite(value)) {
        jsonl_format(json, name, "%.*f", digits, value);
    } else {
        jsonl_null(json, name);
    }
}

void jsonl_ms(struct jsonl *json, const char *name, int64_t ns)
{
    jsonl_double(json, name, (double)ns / (double)PX_NS_PER_MS, 3);
}

void jsonl_bool(struct jsonl *json, const char *name, bool value)
{
    jsonl_format(json, name, "%s", value ? "true" : "false");
}

void jsonl_null(struct jsonl *json, const char *name)
{
    jsonl_format(json, name, "null");
}
