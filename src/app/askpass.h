/* SPDX-License-Identifier: MIT
 *
 * app/askpass.h - secrets of the command line: asked for when they are missing, taken off it when
 * they are there. Main's thread, before others start.
 */
#ifndef PX_APP_ASKPASS_H
#define PX_APP_ASKPASS_H

#include <stddef.h>

#include <pxfer/attr.h>

/* "USER" becomes "USER:PASSWORD", the password typed on the controlling terminal without being shown;
 * `what` says what for ("host", "proxy"). A text with a ':' is only copied. Caller frees `*out`.
 * PX_ENOMEM; PX_EUSAGE: there is no terminal, or nothing was typed (Ctrl-C, Ctrl-D). */
PX_NODISCARD int askpass_complete(const char *what, const char *text, char **out);

/* What to hide. */
enum askpass_secret {
    ASKPASS_ALL,      /* the whole argument */
    ASKPASS_HEADER,   /* a header line, when its name says that its value is a secret */
    ASKPASS_USERINFO, /* a URL, when it has USER:PASS@ in it */
};

/* An argument of the command line that holds a secret becomes a copy (`*copy`, freed by the caller),
 * and is overwritten with blanks where other users can read it (/proc/PID/cmdline), as curl does.
 * One without a secret stays, and `*copy` is NULL. PX_ENOMEM. */
PX_NODISCARD int askpass_hide(enum askpass_secret kind, const char **argument, char **copy);

#endif
