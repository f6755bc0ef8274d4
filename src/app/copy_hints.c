/* SPDX-License-Identifier: MIT
 *
 * app/copy_hints.c - what is said to the habits of users of cp, rsync, xcp and dcp. A table; no state.
 */
#include "app/copy_hints.h"

/* clang-format off: a line for each */
const struct option_hint copy_hints[] = {
    {.name = "append",
     .says = "a file that exists is replaced whole; --journal goes on in large ones"},
    {.name = "append-verify",
     .says = "a file that exists is replaced whole; --journal goes on in large ones"},
    {.name = "backup-dir", .says = "a backup is beside its file; -S SUFFIX names it"},
    {.name = "block-size", .says = "it is --chunk-size"},
    {.name = "bufsize", .says = "it is --chunk-size"},
    {.name = "compare-dest",
     .says = "first pcopy --link -T OLD NEW, then --update=changed --delete"},
    {.letter = 'z', .name = "compress", .says = "nothing goes over a network"},
    {.letter = 'Z', .name = "context", .says = "it is --preserve=context"},
    {.name = "copy-dest", .says = "first pcopy --link -T OLD NEW, then --update=changed --delete"},
    {.name = "debug", .says = "it is -vv"},
    {.name = "delete-excluded", .says = "what is left out stays"},
    {.name = "filter", .says = "it is --exclude and --include"},
    {.name = "fsync", .says = "it is --sync=file"},
    {.letter = 'g', .says = "it is --progress=bar"},
    {.name = "gitignore", .says = "it is --exclude-from=.gitignore"},
    {.name = "info", .says = "it is -v, -vv or --report"},
    {.name = "inplace", .says = "a file that exists is replaced whole, by a new one"},
    {.letter = 'i',
     .name = "interactive",
     .says = "nothing is asked; -n leaves alone what exists, -b keeps it"},
    {.name = "itemize-changes", .says = "it is --dry-run, or -v"},
    {.name = "link-dest", .says = "first pcopy --link -T OLD NEW, then --update=changed --delete"},
    {.name = "log-file", .says = "it is --journal"},
    {.name = "max-size",
     .says = "find SRC -type f -size ... -print0 chooses, for -0 --files-from -"},
    {.name = "min-size",
     .says = "find SRC -type f -size ... -print0 chooses, for -0 --files-from -"},
    {.name = "no-group", .says = "it is --no-preserve=ownership"},
    {.name = "no-owner", .says = "it is --no-preserve=ownership"},
    {.name = "no-perms", .says = "it is --no-preserve=mode"},
    {.name = "no-progress", .says = "it is --progress=none"},
    {.name = "no-times", .says = "it is --no-preserve=timestamps"},
    {.name = "no-timestamps", .says = "it is --no-preserve=timestamps"},
    {.name = "partial", .says = "what is not whole has no name; --journal goes on in large files"},
    {.name = "remove-source-files", .says = "sources are never removed"},
    {.letter = 'e', .name = "rsh", .says = "nothing goes over a network"},
    {.letter = 'w', .name = "workers", .says = "it is -j N"},
    {.letter = 'S', .says = "rsync's -S is --sparse=always"},
    {0},
};
/* clang-format on */
