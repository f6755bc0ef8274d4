/* SPDX-License-Identifier: MIT
 *
 * fetch/state.c - the small file beside a .part file: what its bytes are a part of.
 *
 * Written and read under the lock on the part file (part.c), by whoever holds it. Ends in a line
 * "end", so a file that was cut short is known as such.
 */
#define _GNU_SOURCE
#include "fetch/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pxfer/status.h>

#include "base/fdio.h"
#include "base/parse.h"
#include "base/show.h"

#define FIRST_LINE "pfetch-state 2"
#define SIZE_LIMIT ((uint64_t)INT64_MAX)

static bool is_one_line(const char *value)
{
    return strpbrk(value, "\r\n") == NULL;
}

size_t state_format(const struct state *state, const char *url, char *text)
{
    char shown[2048], held[RANGES_TEXT_ROOM], synced[RANGES_TEXT_ROOM];
    char size[24] = "unknown";

    if (!is_one_line(state->etag) || !is_one_line(state->last_modified)) {
        return 0;
    }
    if (state->size != UINT64_MAX) {
        snprintf(size, sizeof size, "%" PRIu64, state->size);
    }
    ranges_format(&state->held, held);
    ranges_format(&state->synced, synced);
    int n = snprintf(text, STATE_TEXT_ROOM,
                     FIRST_LINE "\nurl %s\nurl-hash %" PRIu64 "\nsize %s\ngrows %d\nheld %s\n"
                                "synced %s\nboot %s\netag %s\nlast-modified %s\nend\n",
                     px_show_url(shown, sizeof shown, url), state->url_hash, size, state->grows,
                     held, synced, state->boot, state->etag, state->last_modified);
    return n > 0 && n < STATE_TEXT_ROOM ? (size_t)n : 0;
}

static bool copy_value(char *dst, size_t room, const char *value, size_t len)
{
    if (len >= room || memchr(value, '\0', len) != NULL) {
        return false;
    }
    memcpy(dst, value, len);
    dst[len] = '\0';
    return true;
}

static bool number_value(uint64_t *dst, uint64_t limit, const char *value, size_t len)
{
    return px_parse_u64_n(value, len, 0, limit, dst) == PX_OK;
}

/* One line "KEY VALUE". Keys that are not known belong to a later version's extras. */
static bool parse_line(const char *line, size_t len, struct state *out, unsigned *seen)
{
    const char *space = memchr(line, ' ', len);
    size_t key_len = space != NULL ? (size_t)(space - line) : len;
    const char *value = space != NULL ? space + 1 : line + len;
    size_t n = len - key_len - (space != NULL);
    char key[16];

    if (!copy_value(key, sizeof key, line, key_len)) {
        return false;
    }
    if (strcmp(key, "url-hash") == 0) {
        *seen |= 1;
        return number_value(&out->url_hash, UINT64_MAX, value, n);
    }
    if (strcmp(key, "size") == 0) {
        *seen |= 2;
        out->size = UINT64_MAX;
        return (n == 7 && memcmp(value, "unknown", 7) == 0) ||
               number_value(&out->size, SIZE_LIMIT, value, n);
    }
    if (strcmp(key, "held") == 0) {
        *seen |= 4;
        return ranges_parse(value, n, SIZE_LIMIT, &out->held) == PX_OK;
    }
    if (strcmp(key, "synced") == 0) {
        *seen |= 8;
        return ranges_parse(value, n, SIZE_LIMIT, &out->synced) == PX_OK;
    }
    if (strcmp(key, "grows") == 0) {
        *seen |= 16;
        out->grows = n == 1 && value[0] == '1';
        return n == 1 && (value[0] == '0' || value[0] == '1');
    }
    if (strcmp(key, "boot") == 0) {
        return copy_value(out->boot, sizeof out->boot, value, n);
    }
    if (strcmp(key, "etag") == 0) {
        return copy_value(out->etag, sizeof out->etag, value, n);
    }
    if (strcmp(key, "last-modified") == 0) {
        return copy_value(out->last_modified, sizeof out->last_modified, value, n);
    }
    return true;
}

static uint64_t end_of(const struct ranges *ranges)
{
    return ranges->n > 0 ? ranges->at[ranges->n - 1].to : 0;
}

/* Bytes within the file, and one stretch from its beginning where only that can be. */
static bool is_sound(const struct state *state)
{
    bool one = ranges_sum(&state->held) == ranges_prefix(&state->held);

    return end_of(&state->held) <= state->size && end_of(&state->synced) <= end_of(&state->held) &&
           (one || !state->grows);
}

int state_parse(const char *text, size_t len, struct state *out)
{
    unsigned seen = 0;
    bool first = true;

    *out = (struct state){0};
    while (len > 0) {
        const char *end = memchr(text, '\n', len);

        if (end == NULL) {
            return PX_EINVAL;
        }
        size_t n = (size_t)(end - text);
        if (first && (n != sizeof FIRST_LINE - 1 || memcmp(text, FIRST_LINE, n) != 0)) {
            return PX_EINVAL;
        }
        if (n == 3 && memcmp(text, "end", 3) == 0) {
            return seen == 31 && is_sound(out) ? PX_OK : PX_EINVAL;
        }
        if (!first && !parse_line(text, n, out, &seen)) {
            return PX_EINVAL;
        }
        first = false;
        text = end + 1;
        len -= n + 1;
    }
    return PX_EINVAL;
}

void state_good_ranges(const struct state *state, uint64_t file_bytes, const char *boot,
                       struct ranges *out)
{
    bool same_boot = boot[0] != '\0' && strcmp(boot, state->boot) == 0;

    *out = same_boot ? state->held : state->synced;
    if (same_boot && state->grows && file_bytes <= state->size) {
        out->n = 0;
        ranges_add(out, 0, file_bytes);
    }
    ranges_clip(out, file_bytes < state->size ? file_bytes : state->size);
}

void state_read_boot(const struct px_io_ops *io, char boot[STATE_BOOT_ROOM])
{
    int fd = io->openat(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);

    boot[0] = '\0';
    if (fd < 0) {
        return;
    }
    ssize_t n = px_read_full(io, fd, boot, STATE_BOOT_ROOM - 1);
    boot[n > 0 ? n : 0] = '\0';
    boot[strcspn(boot, "\r\n")] = '\0';
    PX_IGNORE(io->close(fd)); /* was only read from */
}

int state_save(const struct px_io_ops *io, int dirfd, const char *name, const char *temporary,
               const char *text, size_t len)
{
    int fd = io->openat(dirfd, temporary,
                        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        return px_status_from_errno(errno);
    }
    int bad = px_write_all(io, fd, text, len);
    int err = bad != 0 ? errno : 0;
    if (io->close(fd) != 0 && err == 0) {
        err = errno;
    }
    if (err == 0 && io->renameat(dirfd, temporary, dirfd, name) != 0) {
        err = errno;
    }
    if (err != 0) {
        PX_IGNORE(io->unlinkat(dirfd, temporary, 0)); /* litter at worst */
        errno = err;
        return px_status_from_errno(err);
    }
    return PX_OK;
}

int state_load(const struct px_io_ops *io, int dirfd, const char *name, struct state *out)
{
    char text[STATE_TEXT_ROOM];
    struct stat st;
    int fd = io->openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

    if (fd < 0) {
        return PX_EINVAL;
    }
    ssize_t n = -1;
    if (io->fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        n = px_read_full(io, fd, text, sizeof text);
    }
    PX_IGNORE(io->close(fd)); /* was only read from */
    return n > 0 && (size_t)n < sizeof text ? state_parse(text, (size_t)n, out) : PX_EINVAL;
}
