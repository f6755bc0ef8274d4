/* SPDX-License-Identifier: MIT
 *
 * pxfer/version.h - which libpxfer this is (semver.org; the soname carries the major number).
 */
#ifndef PXFER_VERSION_H
#define PXFER_VERSION_H

#include <pxfer/attr.h>

#define PX_VERSION_MAJOR 0
#define PX_VERSION_MINOR 1
#define PX_VERSION_PATCH 0

#define PX_VERSION_STRINGIFY_(a, b, c) #a "." #b "." #c
#define PX_VERSION_STRING_(a, b, c) PX_VERSION_STRINGIFY_(a, b, c)
#define PX_VERSION_STRING PX_VERSION_STRING_(PX_VERSION_MAJOR, PX_VERSION_MINOR, PX_VERSION_PATCH)

PX_BEGIN_DECLS

/* The version of the library that the program runs with, "MAJOR.MINOR.PATCH". Static text. */
PX_API const char *px_version(void);

PX_END_DECLS

#endif
