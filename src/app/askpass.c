/* SPDX-License-Identifier: MIT
 *
 * app/askpass.c - secrets of the command line.
 *
 * Main's thread, before others start; no locks.
 */
#define _GNU_SOURCE
#include "app/askpass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <pxfer/status.h>

#include "base/secret.h"
#include "base/show.h"

#define PASSWORD_ROOM 1024
#define DELETE 0x7f

/* --- asking ----------------------------------------------------------------------------------*/

/* One key's worth of editing. True: the line is whole. */
static bool take_key(unsigned char key, const struct termios *keys, char text[PASSWORD_ROOM],
                     size_t *n)
{
    if (key == '\n' || key == '\r') {
        return true;
    }
    if (key == keys->c_cc[VERASE] || key == '\b' || key == DELETE) {
        *n -= *n > 0;
    } else if (key == keys->c_cc[VKILL]) {
        *n = 0;
    } else if (*n + 1 < PASSWORD_ROOM) {
        text[(*n)++] = (char)key;
    }
    return false;
}

/* A line without its end. PX_EUSAGE: the input ended, or Ctrl-C, Ctrl-D. */
static int read_secret(int tty, const struct termios *keys, char text[PASSWORD_ROOM])
{
    size_t n = 0;

    for (;;) {
        unsigned char key;
        ssize_t got = read(tty, &key, 1);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || key == keys->c_cc[VINTR] || key == keys->c_cc[VEOF]) {
            return PX_EUSAGE;
        }
        if (take_key(key, keys, text, &n)) {
            text[n] = '\0';
            return PX_OK;
        }
    }
}

/* No echo, and no signals from keys: a Ctrl-C that killed us would leave the terminal dumb. Without
 * signals the kernel's line editing would keep that key until the line is whole, so it is off, too. */
static int ask(int tty, const char *prompt, char text[PASSWORD_ROOM])
{
    struct termios before, silent;

    if (tcgetattr(tty, &before) != 0) {
        return PX_EUSAGE;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG | ICANON);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    if (tcsetattr(tty, TCSAFLUSH, &silent) != 0) {
        return PX_EUSAGE;
    }
    int rc = write(tty, prompt, strlen(prompt)) < 0 ? PX_EUSAGE : read_secret(tty, &before, text);
    (void)!write(tty, "\n", 1);
    (void)tcsetattr(tty, TCSADRAIN, &before);
    return rc;
}

int askpass_complete(const char *what, const char *text, char **out)
{
    char shown[256], prompt[512], password[PASSWORD_ROOM];

    if (strchr(text, ':') != NULL) {
        *out = strdup(text);
        return *out != NULL ? PX_OK : PX_ENOMEM;
    }
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (tty < 0) {
        return PX_EUSAGE;
    }
    snprintf(prompt, sizeof prompt,
             "Password of %s for the %s: ", px_show_str(shown, sizeof shown, text), what);
    int rc = ask(tty, prompt, password);
    (void)close(tty);
    if (rc == PX_OK && asprintf(out, "%s:%s", text, password) < 0) {
        rc = PX_ENOMEM;
    }
    explicit_bzero(password, sizeof password);
    return rc;
}

/* --- hiding ----------------------------------------------------------------------------------*/

static int has_userinfo(const char *url)
{
    const char *host = strstr(url, "://");

    host = host != NULL ? host + 3 : url;
    return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

static int holds_secret(enum askpass_secret kind, const char *text)
{
    switch (kind) {
    case ASKPASS_HEADER: return px_secret_header(text, strcspn(text, ":;"));
    case ASKPASS_USERINFO: return has_userinfo(text);
    default: return 1;
    }
}

int askpass_hide(enum askpass_secret kind, const char **argument, char **copy)
{
    *copy = NULL;
    if (*argument == NULL || !holds_secret(kind, *argument)) {
        return PX_OK;
    }
    *copy = strdup(*argument);
    if (*copy == NULL) {
        return PX_ENOMEM;
    }
    /* argv's strings may be written to (C11 5.1.2.2.1); only our view of them is const */
    memset((char *)(uintptr_t)*argument, ' ', strlen(*argument));
    *argument = *copy;
    return PX_OK;
}
