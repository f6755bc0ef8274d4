/* SPDX-License-Identifier: MIT
 *
 * A line of /proc/self/mountinfo: what is found in it lies in it.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "copy/fsname.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = fuzz_text(data, size);
    const char *mount = NULL;
    const char *type = NULL;
    if (px_fsname_match(line, "8:1", &mount, &type) == 0) {
        assert_true(mount > line && mount + strlen(mount) < type);
        assert_true(type + strlen(type) <= line + size);
        assert_null(strchr(mount, ' '));
        assert_null(strchr(type, ' '));
    }
    free(line);
    return 0;
}
