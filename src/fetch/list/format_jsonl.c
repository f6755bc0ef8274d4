/* SPDX-License-Identifier: MIT
 *
 * fetch/list/format_jsonl.c - lists of JSON objects, one on each line:
 *
 *     {"url": "https://...", "out": "name", "checksum": "sha-256:HEX", "headers": {"Name": "value"},
 *      "mirrors": ["https://..."]}
 *
 * Members that are not known do not count. Pure but for jansson's memory; no locks.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <pxfer/status.h>

#include "base/show.h"
#include "fetch/list/format.h"

/* --- URLs ------------------------------------------------------------------------------------*/

static int add_string(struct draft *draft, const char *member, const json_t *value)
{
    if (!json_is_string(value)) {
        draft_spoil(draft, "\"%s\" is not a string", member);
        return PX_OK;
    }
    return draft_url(draft, json_string_value(value), json_string_length(value));
}

/* A string, or an array of strings. */
static int add_urls(struct draft *draft, const char *member, const json_t *value)
{
    int rc = PX_OK;

    if (!json_is_array(value)) {
        return add_string(draft, member, value);
    }
    for (size_t i = 0; i < json_array_size(value) && rc == PX_OK; i++) {
        rc = add_string(draft, member, json_array_get(value, i));
    }
    return rc;
}

static int take_urls(struct draft *draft, const json_t *object)
{
    const json_t *url = json_object_get(object, "url");
    const json_t *mirrors = json_object_get(object, "mirrors");

    if (url == NULL || (json_is_array(url) && json_array_size(url) == 0)) {
        draft_spoil(draft, "no \"url\"");
        return PX_OK;
    }
    int rc = add_urls(draft, "url", url);
    if (rc == PX_OK && mirrors != NULL && !json_is_null(mirrors)) {
        rc = add_urls(draft, "mirrors", mirrors);
    }
    return rc;
}

/* --- options ---------------------------------------------------------------------------------*/

static int add_header(struct draft *draft, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);
    char *line = NULL;

    if (text == NULL) {
        draft_spoil(draft, "a header's value is not a string");
        return PX_OK;
    }
    /* libcurl sends a header without a value when it is written so, and takes "Name:" as an order
     * to leave it out */
    const int n =
        *text == '\0' ? asprintf(&line, "%s;", name) : asprintf(&line, "%s: %s", name, text);
    if (n < 0) {
        return PX_ENOMEM;
    }
    const int rc = draft_option(draft, "header", line, (size_t)n);
    free(line);
    return rc;
}

static int add_headers_of(struct draft *draft, const char *name, const json_t *value)
{
    int rc = PX_OK;

    if (!json_is_array(value)) {
        return add_header(draft, name, value);
    }
    for (size_t i = 0; i < json_array_size(value) && rc == PX_OK; i++) {
        rc = add_header(draft, name, json_array_get(value, i));
    }
    return rc;
}

/* {"Name": "value"}, {"Name": ["value", "value"]} or ["Name: value"]. */
static int take_headers(struct draft *draft, const json_t *headers)
{
    int rc = PX_OK;

    if (json_is_object(headers)) {
        /* jansson walks over an object that it may change */
        json_t *object = (json_t *)headers;
        for (void *at = json_object_iter(object); at != NULL && rc == PX_OK;
             at = json_object_iter_next(object, at)) {
            rc = add_headers_of(draft, json_object_iter_key(at), json_object_iter_value(at));
        }
    } else if (json_is_array(headers)) {
        for (size_t i = 0; i < json_array_size(headers) && rc == PX_OK; i++) {
            const json_t *line = json_array_get(headers, i);

            if (json_is_string(line)) {
                rc = draft_option(draft, "header", json_string_value(line),
                                  json_string_length(line));
            } else {
                draft_spoil(draft, "a header is not a string");
            }
        }
    } else if (!json_is_null(headers)) {
        draft_spoil(draft, "\"headers\" is neither an object nor an array");
    }
    return rc;
}

/* "sha-256=HEX" or "sha-256:HEX". */
static int take_checksum(struct draft *draft, const json_t *value)
{
    char *text = strdup(json_string_value(value));

    if (text == NULL) {
        return PX_ENOMEM;
    }
    const size_t name = strcspn(text, "=:");
    if (text[name] == ':') {
        text[name] = '=';
    }
    const int rc = draft_option(draft, "checksum", text, strlen(text));
    free(text);
    return rc;
}

static int take_option(struct draft *draft, const char *name, const json_t *value)
{
    char number[32];

    if (json_is_integer(value)) {
        const int n =
            snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return draft_option(draft, name, number, (size_t)n);
    }
    if (!json_is_string(value)) {
        draft_spoil(draft, "\"%s\" is not a string", name);
        return PX_OK;
    }
    return strcmp(name, "checksum") == 0
               ? take_checksum(draft, value)
               : draft_option(draft, name, json_string_value(value), json_string_length(value));
}

static int take_options(struct draft *draft, const json_t *object)
{
    static const char *const names[] = {"out",   "dir",        "checksum", "referer",
                                        "split", "user-agent", "size"};
    const json_t *headers = json_object_get(object, "headers");
    int rc = PX_OK;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && rc == PX_OK; i++) {
        const json_t *value = json_object_get(object, names[i]);

        if (value != NULL && !json_is_null(value)) {
            rc = take_option(draft, names[i], value);
        }
    }
    return rc == PX_OK && headers != NULL ? take_headers(draft, headers) : rc;
}

/* --- lines -----------------------------------------------------------------------------------*/

/* What jansson says, without the piece of the line that it puts behind: there may be a password in
 * that. */
static void spoil_by_syntax(struct draft *draft, json_error_t *error)
{
    char shown[PX_SHOW_ROOM(JSON_ERROR_TEXT_LENGTH)];
    char *near = strstr(error->text, " near ");

    if (near != NULL) {
        *near = '\0';
    }
    draft_spoil(draft, "not a JSON object: %s (column %d)",
                px_show_str(shown, sizeof shown, error->text), error->column);
}

static int jsonl_line(struct draft *draft, const struct format_line *line, enum format_step *step)
{
    json_error_t error;
    int rc = PX_OK;

    *step = FORMAT_MORE;
    if (format_is_nothing(line)) {
        return PX_OK;
    }
    *step = FORMAT_WHOLE;
    draft_begin(draft, line->number);
    if (line->too_long) {
        draft_spoil(draft, "%s", FORMAT_LONG_LINE);
        return PX_OK;
    }
    json_t *object = json_loadb(line->text, line->len, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        spoil_by_syntax(draft, &error);
    } else if (!json_is_object(object)) {
        draft_spoil(draft, "not a JSON object");
    } else {
        rc = take_urls(draft, object);
        rc = rc == PX_OK ? take_options(draft, object) : rc;
    }
    json_decref(object);
    return rc;
}

const struct list_format format_jsonl = {.name = "jsonl", .line = jsonl_line};
