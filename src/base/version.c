/* SPDX-License-Identifier: MIT
 *
 * base/version.c - the version that was compiled into the library, as opposed to the one of the
 * header that a program was compiled with. Pure; any thread.
 */
#include <pxfer/version.h>

const char *px_version(void)
{
    return PX_VERSION_STRING;
}
