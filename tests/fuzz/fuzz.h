/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz.h - what the fuzz targets share. A target is a file fuzz_NAME.c with one
 * LLVMFuzzerTestOneInput(): libFuzzer calls it with bytes of its own (make fuzz), replay.c with the
 * seeds of fixtures/fuzz/NAME (make check). What must be true of any input is said with cmocka's
 * assert_*(), which outside of a cmocka test print and abort.
 *
 * One thread. Include after <cmocka.h>.
 */
#ifndef PX_TESTS_FUZZ_H
#define PX_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Makes a failed assertion abort. libFuzzer and replay.c call it once. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A NUL-terminated copy, exactly as long as it must be; the caller frees. */
char *fuzz_text(const uint8_t *data, size_t size);

/* The path of a file with these bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* The part before the first newline, as fuzz_text(), and what is behind it. */
char *fuzz_line(const uint8_t **data, size_t *size);

/* A number from the first bytes, which are taken; 0 where there are none. */
uint64_t fuzz_number(const uint8_t **data, size_t *size, size_t bytes);

/* One component of a path as name.h says it is safe. */
void fuzz_check_name(const char *name, size_t len);

/* Neither control bytes nor what is no UTF-8. */
void fuzz_check_shown(const char *text);

#endif
