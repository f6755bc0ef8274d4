/* SPDX-License-Identifier: MIT
 *
 * app/option_value.h - one option's argument, from text into its field of the options struct.
 * Called by option.c.
 */
#ifndef PX_APP_OPTION_VALUE_H
#define PX_APP_OPTION_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include "app/option.h"

/* Does this row take an argument (an optional one counts)? */
bool option_takes_argument(const struct option_spec *spec);

/* Stores `arg` (NULL where the option was given none). PX_EINVAL: it is not such a value; `*reason`
 * is set when a callback said why. PX_ENOMEM. */
PX_NODISCARD int option_value_store(const struct option_spec *spec, const char *arg, void *options,
                                    const char **reason);

/* What a value must be, to follow "is not": "a number from 1 to 64". */
void option_value_describe(const struct option_spec *spec, FILE *out);

/* Frees what the row's field owns. */
void option_value_free(const struct option_spec *spec, void *options);

#endif
