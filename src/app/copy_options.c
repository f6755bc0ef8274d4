/* SPDX-License-Identifier: MIT
 *
 * app/copy_options.c - lists of words into the engine's options. Runs on the main thread before
 * others start; no state.
 */
#include "app/copy_options.h"

#include <stdio.h>
#include <string.h>

#include <pxfer/copy.h>

#include "base/parse.h"

/* "all" is no context: asking for everything should not fail where SELinux is off (as cp has it). */
static const struct option_choice keep_words[] = {
    {"mode", PX_KEEP_MODE},
    {"ownership", PX_KEEP_OWNERSHIP},
    {"timestamps", PX_KEEP_TIMESTAMPS},
    {"xattr", PX_KEEP_XATTR},
    {"links", PX_KEEP_LINKS},
    {"context", PX_KEEP_CONTEXT},
    {"all", PX_KEEP_ALL & ~PX_KEEP_CONTEXT},
    {NULL, 0},
};

/* The value of the word of `len` bytes, 0 when there is no such word. */
static unsigned keep_word(const char *text, size_t len)
{
    for (const struct option_choice *choice = keep_words; choice->word != NULL; choice++) {
        if (strlen(choice->word) == len && memcmp(choice->word, text, len) == 0) {
            return (unsigned)choice->value;
        }
    }
    return 0;
}

int copy_options_keep(void *options, const struct option_spec *spec, const char *arg,
                      const char **reason)
{
    struct px_copy_attrs *keep = (void *)((char *)options + spec->offset);
    for (const char *at = arg;; at++) {
        const size_t len = strcspn(at, ",");
        const unsigned mask = keep_word(at, len);
        if (mask == 0) {
            *reason =
                "must be words out of mode, ownership, timestamps, xattr, links, context, all";
            return PX_EINVAL;
        }
        keep->lose = spec->value != 0 ? keep->lose & ~mask : keep->lose | mask;
        keep->demand = spec->value != 0 ? keep->demand | mask : keep->demand & ~mask;
        at += len;
        if (*at == '\0') {
            return PX_OK;
        }
    }
}

int copy_options_bwlimit(void *options, const struct option_spec *spec, const char *arg,
                         const char **reason)
{
    uint64_t *rate = (void *)((char *)options + spec->offset);
    char text[32];
    const size_t len = strlen(arg);
    const bool bare = len > 0 && arg[len - 1] >= '0' && arg[len - 1] <= '9';
    const int n = snprintf(text, sizeof text, "%s%s", arg, bare ? "K" : "");
    if (n < 0 || (size_t)n >= sizeof text || px_parse_size(text, rate) != PX_OK) {
        *reason = "must be a rate such as 500 (KiB per second), 1.5M or 2MB";
        return PX_EINVAL;
    }
    return PX_OK;
}

int copy_options_max_delete(void *options, const struct option_spec *spec, const char *arg,
                            const char **reason)
{
    struct px_copy_opts *copy = (void *)((char *)options + spec->offset);
    if (px_parse_u64(arg, 0, UINT64_MAX, &copy->max_delete) != PX_OK) {
        *reason = "must be a number";
        return PX_EINVAL;
    }
    copy->delete_none = copy->max_delete == 0;
    return PX_OK;
}
