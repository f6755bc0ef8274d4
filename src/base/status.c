/* SPDX-License-Identifier: MIT
 *
 * base/status.c - names and texts of the result codes, all from the one list in pxfer/status.h.
 * Pure; any thread.
 */
#include <pxfer/status.h>

const char *px_status_name(int status)
{
    switch (status) {
#define STATUS_NAME(name, value, text) \
    case PX_##name: return #name;
        PX_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
    default: return "UNKNOWN";
    }
}

const char *px_status_text(int status)
{
    switch (status) {
#define STATUS_TEXT(name, value, text) \
    case PX_##name: return text;
        PX_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    default: return "unknown status";
    }
}
