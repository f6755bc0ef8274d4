/* SPDX-License-Identifier: MIT
 *
 * pxfer/attr.h - what the compiler is told about the functions of the library.
 *
 * PX_API       the function is exported from the shared library (everything else is hidden)
 * PX_NODISCARD the result is a status and must be looked at; PX_IGNORE(expr) says that it is not
 * PX_PRINTF    argument `fmt` is a printf format, the values start at argument `first`
 */
#ifndef PXFER_ATTR_H
#define PXFER_ATTR_H

#if defined(__GNUC__) || defined(__clang__)
#define PX_API __attribute__((visibility("default")))
#define PX_NODISCARD __attribute__((warn_unused_result))
#define PX_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define PX_API
#define PX_NODISCARD
#define PX_PRINTF(fmt, first)
#endif

/* For the rare call whose failure changes nothing; say why beside it. */
#define PX_IGNORE(expr)    \
    do {                   \
        if ((expr) != 0) { \
            (void)0;       \
        }                  \
    } while (0)

#ifdef __cplusplus
#define PX_BEGIN_DECLS extern "C" {
#define PX_END_DECLS }
#else
#define PX_BEGIN_DECLS
#define PX_END_DECLS
#endif

#endif
