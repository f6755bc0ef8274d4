/* SPDX-License-Identifier: MIT
 *
 * app/option_help.h - the two texts that are made from an option table: --help, in 80 columns, and
 * the completion script for bash. Called by option.c. Errors stay in the stream: see ferror(3).
 */
#ifndef PX_APP_OPTION_HELP_H
#define PX_APP_OPTION_HELP_H

#include <stdio.h>

#include "app/option.h"

void option_help_write(const struct option_program *program, FILE *out);
void option_completion_write(const struct option_program *program, FILE *out);

#endif
