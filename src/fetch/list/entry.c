/* SPDX-License-Identifier: MIT
 *
 * fetch/list/entry.c - the parts of a list entry: is this a URL, which option is next? Pure functions
 * over bytes; any thread; no locks.
 */
#include "fetch/list/entry.h"

#include <string.h>
#include <strings.h>

/* --- URLs ------------------------------------------------------------------------------------*/

const char *list_url_byte_fault(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= 0x20 || c == 0x7f) {
            return c == ' ' ? "a space in the URL: write %20" : "a control byte in the URL";
        }
    }
    return NULL;
}

static bool ends_authority(char c)
{
    return c == '/' || c == '?' || c == '#';
}

/* Is there a host between "://" and the path, behind what may be USER:PASS@? */
static bool has_host(const char *authority, const char *end)
{
    const char *host = authority;

    for (const char *p = authority; p < end && !ends_authority(*p); p++) {
        if (*p == '@') {
            host = p + 1;
        }
    }
    return host < end && !ends_authority(*host) && *host != ':';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What is no URL: it may be meant as something else. */
static const char *fault_of_no_url(const char *text, size_t len)
{
    size_t name = 0;

    if (len > 0 && (text[0] == '"' || text[0] == '\'')) {
        return "quotes are no part of a URL";
    }
    while (name < len && (is_letter(text[name]) || text[name] == '-')) {
        name++;
    }
    return name > 0 && name < len && text[name] == '='
               ? "no URL; options of the URL above begin with a blank"
               : NULL;
}

const char *list_url_fault(const char *url, size_t len)
{
    const char *fault = list_url_byte_fault(url, len);

    fault = fault != NULL ? fault : fault_of_no_url(url, len);
    if (fault != NULL) {
        return fault;
    }
    const char *colon = memchr(url, ':', len);
    if (colon == NULL || len - (size_t)(colon - url) < 3 || colon[1] != '/' || colon[2] != '/') {
        return "no scheme: a URL begins with http:// or https://";
    }
    size_t scheme = (size_t)(colon - url);
    if (!(scheme == 4 && strncasecmp(url, "http", 4) == 0) &&
        !(scheme == 5 && strncasecmp(url, "https", 5) == 0)) {
        return "neither http nor https";
    }
    return has_host(url + scheme + 3, url + len) ? NULL : "no host in the URL";
}

bool list_url_has_scheme(const char *url, size_t len)
{
    size_t i = 0;

    while (i < len && (is_letter(url[i]) || (i > 0 && ((url[i] >= '0' && url[i] <= '9') ||
                                                       memchr("+-.", url[i], 3) != NULL)))) {
        i++;
    }
    return i > 0 && i < len && url[i] == ':';
}

/* --- options ---------------------------------------------------------------------------------*/

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void list_trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_blank((*text)[*len - 1])) {
        (*len)--;
    }
}

const char *list_option_fault(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return "a control byte in an option";
        }
    }
    return NULL;
}

bool list_option_next(const char **options, size_t *len, struct list_option *out)
{
    if (*len == 0) {
        return false;
    }
    const char *line = *options;
    const char *end = memchr(line, '\n', *len);
    size_t n = end != NULL ? (size_t)(end - line) : *len;
    const char *equals = memchr(line, '=', n);
    size_t taken = end != NULL ? n + 1 : n;

    *out = (struct list_option){.name = line, .name_len = n, .value = line + n};
    if (equals != NULL) {
        out->name_len = (size_t)(equals - line);
        out->value = equals + 1;
        out->value_len = n - out->name_len - 1;
    }
    list_trim(&out->name, &out->name_len);
    list_trim(&out->value, &out->value_len);
    *options += taken;
    *len -= taken;
    return true;
}

bool list_option_is(const struct list_option *option, const char *name)
{
    return strlen(name) == option->name_len && memcmp(option->name, name, option->name_len) == 0;
}
