/* SPDX-License-Identifier: MIT
 *
 * fuzz/replay.c - main of a fuzz target without libFuzzer: every file that is named, whole, and cut
 * short after each of its first bytes. Any compiler, any sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define CUTS 400 /* so that no seed takes longer than a second under a sanitizer */

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc((size_t)1 << 20);
    if (file == NULL || bytes == NULL) {
        perror(path);
        exit(1);
    }
    *size = fread(bytes, 1, (size_t)1 << 20, file);
    (void)fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        size_t size = 0;
        uint8_t *bytes = read_file(argv[i], &size);
        fprintf(stderr, "%s\n", argv[i]);
        LLVMFuzzerTestOneInput(bytes, size);
        for (size_t n = 0; n < size && n < CUTS; n++) {
            uint8_t *cut = (uint8_t *)fuzz_text(bytes, n);
            LLVMFuzzerTestOneInput(cut, n);
            free(cut);
        }
        free(bytes);
    }
    printf("%d seeds\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
