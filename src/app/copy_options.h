/* SPDX-License-Identifier: MIT
 *
 * app/copy_options.h - the arguments of pcopy's options that are more than a word or a number.
 */
#ifndef PX_APP_COPY_OPTIONS_H
#define PX_APP_COPY_OPTIONS_H

#include <pxfer/attr.h>

#include "app/option.h"

/* OPTION_CALLBACK of --preserve=LIST (spec->value 1) and --no-preserve=LIST (0): words with commas
 * between them into the struct px_copy_attrs at spec->offset. The last word on a thing counts. */
PX_NODISCARD int copy_options_keep(void *options, const struct option_spec *spec, const char *arg,
                                   const char **reason);

/* OPTION_CALLBACK of --bwlimit=RATE into the uint64_t at spec->offset: a size, where a bare number is in
 * KiB, as for rsync. */
PX_NODISCARD int copy_options_bwlimit(void *options, const struct option_spec *spec,
                                      const char *arg, const char **reason);

/* OPTION_CALLBACK of --max-delete=N into the struct px_copy_opts at spec->offset. */
PX_NODISCARD int copy_options_max_delete(void *options, const struct option_spec *spec,
                                         const char *arg, const char **reason);

#endif
