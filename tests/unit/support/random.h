/* SPDX-License-Identifier: MIT
 *
 * support/random.h - numbers that look random and are the same in each run: Marsaglia's xorshift64. The
 * state is any number but 0. Header only.
 */
#ifndef PX_TESTS_SUPPORT_RANDOM_H
#define PX_TESTS_SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* `n` of these pieces one behind the other, as a string; its length. */
static inline size_t random_pieces(uint64_t *state, const char *const *pieces, size_t n_pieces,
                                   size_t n, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const char *piece = pieces[random_next(state) % n_pieces];
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    out[len] = '\0';
    return len;
}

#endif
