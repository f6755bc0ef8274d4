/* SPDX-License-Identifier: MIT
 *
 * Lines of a manifest: which items have one, how odd names are written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pxfer/copy.h>
#include <pxfer/status.h>

#include "app/manifest.h"

static void test_manifest_escapes_names_as_sha256sum_does(void **state)
{
    (void)state;
    char path[] = "/tmp/px-manifest-XXXXXX";
    char text[256] = {0};
    const struct px_copy_detail with = {.digest = "0a"};
    const struct px_copy_detail without = {0};
    const struct px_item items[] = {
        {.state = PX_ITEM_OK, .target = "d/plain name", .detail = &with},
        {.state = PX_ITEM_OK, .target = "a\nb\\c\rd", .detail = &with},
        {.state = PX_ITEM_OK, .target = "link", .detail = &without},
        {.state = PX_ITEM_FAILED, .target = "failed", .detail = &with},
        {.state = PX_ITEM_SKIPPED, .target = "there", .detail = &with},
        {.state = PX_ITEM_FAILED, .detail = &with},
    };
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct manifest manifest = {.path = path};
    assert_int_equal(manifest_open(&manifest), PX_OK);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        assert_int_equal(manifest_add(&manifest, &items[i]), PX_OK);
    }
    assert_int_equal(manifest_close(&manifest), PX_OK);
    assert_int_equal(manifest_close(&manifest), PX_OK);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "0a  d/plain name\n\\0a  a\\nb\\\\c\\rd\n0a  there\n");
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
}

static void test_manifest_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct manifest manifest = {.path = "/nowhere/at/all"};
    assert_int_equal(manifest_open(&manifest), PX_EIO);
    assert_int_equal(manifest_close(&manifest), PX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_escapes_names_as_sha256sum_does),
        cmocka_unit_test(test_manifest_that_cannot_be_made_is_told),
    };
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
