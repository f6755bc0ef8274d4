/* SPDX-License-Identifier: MIT
 *
 * fetch/quirk.c - faults of certain versions of libcurl. Asked once, by the engine. No state.
 */
#include "fetch/quirk.h"

/* Both came with the connection filters and went with 8.0.0. */
#define FILTERS_FIRST 0x075700u
#define FILTERS_MENDED 0x080000u

struct quirks quirks_of(unsigned version)
{
    bool early_filters = version >= FILTERS_FIRST && version < FILTERS_MENDED;

    return (struct quirks){.h2c_no_reuse = early_filters, .h2_end_uncertain = early_filters};
}
