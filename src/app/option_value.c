/* SPDX-License-Identifier: MIT
 *
 * app/option_value.c - text to value, by the kind of a row of the option table. Pure but for the
 * growing lists of strings. The types behind `offset` are those that option.h names for each kind.
 */
#include "app/option_value.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/grow.h"
#include "base/parse.h"

bool option_takes_argument(const struct option_spec *spec)
{
    switch (spec->kind) {
    case OPTION_END:
    case OPTION_GROUP:
    case OPTION_IGNORED:
    case OPTION_FLAG:
    case OPTION_COUNT:
    case OPTION_SET:
    case OPTION_HELP:
    case OPTION_VERSION: return false;
    case OPTION_CALLBACK: return spec->arg != NULL;
    default: return true;
    }
}

static const struct option_choice *value_find_word(const struct option_spec *spec, const char *arg)
{
    for (const struct option_choice *c = spec->choices; c != NULL && c->word != NULL; c++) {
        if (strcmp(c->word, arg) == 0) {
            return c;
        }
    }
    return NULL;
}

static uint64_t value_max(const struct option_spec *spec)
{
    uint64_t limit = UINT64_MAX;
    if (spec->kind == OPTION_INT) {
        limit = INT_MAX;
    } else if (spec->kind == OPTION_UNSIGNED) {
        limit = UINT_MAX;
    }
    return spec->max != 0 && spec->max < limit ? spec->max : limit;
}

static int value_store_number(const struct option_spec *spec, const char *arg, void *field)
{
    uint64_t number = 0;
    const struct option_choice *word = value_find_word(spec, arg);
    if (word != NULL) {
        number = (uint64_t)word->value;
    } else if (px_parse_u64(arg, spec->min, value_max(spec), &number) != PX_OK) {
        return PX_EINVAL;
    }
    switch (spec->kind) {
    case OPTION_INT: *(int *)field = (int)number; break;
    case OPTION_UNSIGNED: *(unsigned *)field = (unsigned)number; break;
    default: *(uint64_t *)field = number; break;
    }
    return PX_OK;
}

static int value_store_size(const struct option_spec *spec, const char *arg, uint64_t *field)
{
    uint64_t bytes = 0;
    const int status = px_parse_size(arg, &bytes);
    if (status != PX_OK || bytes < spec->min || bytes > value_max(spec)) {
        return PX_EINVAL;
    }
    *field = bytes;
    return PX_OK;
}

static int value_store_choice(const struct option_spec *spec, const char *arg, int *field)
{
    if (arg == NULL) {
        *field = spec->value;
        return PX_OK;
    }
    const struct option_choice *word = value_find_word(spec, arg);
    if (word == NULL) {
        return PX_EINVAL;
    }
    *field = word->value;
    return PX_OK;
}

static int value_store_duration_ms(const char *arg, int64_t *field)
{
    int64_t ns = 0;
    const int status = px_parse_duration(arg, &ns);
    if (status == PX_OK) {
        *field = ns / PX_NS_PER_MS + (ns % PX_NS_PER_MS != 0);
    }
    return status;
}

static int value_add_string(struct option_strings *list, const char *arg)
{
    const char **items = px_grow(list->items, &list->room, list->n + 1, sizeof *items);
    if (items == NULL) {
        return PX_ENOMEM;
    }
    list->items = items;
    list->items[list->n++] = arg;
    return PX_OK;
}

static int value_store_numbers(const struct option_spec *spec, const char *arg,
                               struct option_numbers *field)
{
    return px_parse_list(arg, spec->min, value_max(spec), field->value, OPTION_NUMBERS_MAX,
                         &field->n);
}

int option_value_store(const struct option_spec *spec, const char *arg, void *options,
                       const char **reason)
{
    void *field = (char *)options + spec->offset;
    switch (spec->kind) {
    case OPTION_FLAG: *(bool *)field = true; return PX_OK;
    case OPTION_COUNT: *(int *)field += 1; return PX_OK;
    case OPTION_SET: *(int *)field = spec->value; return PX_OK;
    case OPTION_INT:
    case OPTION_UNSIGNED:
    case OPTION_U64: return value_store_number(spec, arg, field);
    case OPTION_SIZE: return value_store_size(spec, arg, field);
    case OPTION_DURATION_NS: return px_parse_duration(arg, field);
    case OPTION_DURATION_MS: return value_store_duration_ms(arg, field);
    case OPTION_STRING: *(const char **)field = arg; return PX_OK;
    case OPTION_STRINGS: return value_add_string(field, arg);
    case OPTION_CHOICE:
    case OPTION_CHOICE_OPTIONAL: return value_store_choice(spec, arg, field);
    case OPTION_NUMBERS: return value_store_numbers(spec, arg, field);
    case OPTION_CALLBACK: return spec->callback(options, spec, arg, reason);
    default: return PX_OK; /* nothing to store */
    }
}

static void value_describe_words(const struct option_spec *spec, FILE *out)
{
    for (const struct option_choice *c = spec->choices; c != NULL && c->word != NULL; c++) {
        fprintf(out, "%s%s", c == spec->choices ? "" : ", ", c->word);
    }
}

static void value_describe_number(const struct option_spec *spec, const char *what, FILE *out)
{
    fputs(what, out);
    if (spec->max != 0) {
        fprintf(out, " from %" PRIu64 " to %" PRIu64, spec->min, spec->max);
    } else if (spec->min != 0) {
        fprintf(out, " from %" PRIu64 " up", spec->min);
    }
    if (spec->choices != NULL) {
        fputs(spec->choices[1].word != NULL ? " nor one of " : " nor ", out);
        value_describe_words(spec, out);
    }
}

void option_value_describe(const struct option_spec *spec, FILE *out)
{
    switch (spec->kind) {
    case OPTION_SIZE: value_describe_number(spec, "a size such as 4096, 64K or 1.5G", out); break;
    case OPTION_DURATION_NS:
    case OPTION_DURATION_MS: fputs("a time such as 0.5 (seconds), 10ms or 2m", out); break;
    case OPTION_CHOICE:
    case OPTION_CHOICE_OPTIONAL:
        fputs("one of ", out);
        value_describe_words(spec, out);
        break;
    case OPTION_NUMBERS: value_describe_number(spec, "a list such as 1,2,5 of numbers", out); break;
    case OPTION_COMPLETION: fputs("bash", out); break;
    case OPTION_CALLBACK: fputs("valid here", out); break;
    default: value_describe_number(spec, "a number", out); break;
    }
}

void option_value_free(const struct option_spec *spec, void *options)
{
    if (spec->kind == OPTION_STRINGS) {
        struct option_strings *list = (void *)((char *)options + spec->offset);
        free(list->items);
        *list = (struct option_strings){0};
    }
}
