/* SPDX-License-Identifier: MIT
 *
 * pattern N NAME [--offset O] [--version V]: writes the bytes [O, O + N) of NAME's body, as
 * server.c and liar.c send them, to standard output, for cmp in shell tests.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdlib.h>

#include "body.h"
#include "httpd.h"

#define PATTERN_BLOCK_BYTES 65536

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s N NAME [--offset O] [--version V]\n", program);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option table[] = {
        {"offset", required_argument, NULL, 'o'},
        {"version", required_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    unsigned char block[PATTERN_BLOCK_BYTES];
    uint64_t offset = 0;
    uint64_t version = 0;
    uint64_t left;
    int c;

    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (c == '?' || httpd_whole_number(optarg, c == 'o' ? &offset : &version) != 0) {
            return usage(argv[0]);
        }
    }
    if (argc - optind != 2 || httpd_whole_number(argv[optind], &left) != 0) {
        return usage(argv[0]);
    }
    uint64_t seed = body_seed(argv[optind + 1], version);
    while (left > 0) {
        size_t bytes = left < sizeof block ? (size_t)left : sizeof block;

        body_fill(seed, offset, block, bytes);
        if (fwrite(block, 1, bytes, stdout) != bytes) {
            break;
        }
        offset += bytes;
        left -= bytes;
    }
    if (left > 0 || fflush(stdout) != 0) {
        perror("pattern");
        return 1;
    }
    return 0;
}
