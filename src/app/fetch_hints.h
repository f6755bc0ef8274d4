/* SPDX-License-Identifier: MIT
 *
 * app/fetch_hints.h - what curl, wget and aria2c call otherwise: for each option that their users type
 * from habit, what to write here, or why nothing needs to be written.
 */
#ifndef PX_APP_FETCH_HINTS_H
#define PX_APP_FETCH_HINTS_H

#include "app/option.h"

extern const struct option_hint fetch_hints[];

#endif
