/* SPDX-License-Identifier: MIT
 *
 * app/copy_hints.h - what cp, rsync, xcp and dcp call otherwise: for each option that their users type
 * from habit, what to write here, or why there is nothing of the kind.
 */
#ifndef PX_APP_COPY_HINTS_H
#define PX_APP_COPY_HINTS_H

#include "app/option.h"

extern const struct option_hint copy_hints[];

#endif
