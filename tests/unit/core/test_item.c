/* SPDX-License-Identifier: MIT
 *
 * The words for what became of an item.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pxfer/item.h>

static void test_item_state_name_each_state_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(px_item_state_name(PX_ITEM_OK), "ok");
    assert_string_equal(px_item_state_name(PX_ITEM_SKIPPED), "skipped");
    assert_string_equal(px_item_state_name(PX_ITEM_FAILED), "failed");
    assert_string_equal(px_item_state_name(PX_ITEM_CANCELED), "canceled");
    assert_string_equal(px_item_state_name((enum px_item_state)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_item_state_name_each_state_has_its_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
