/* SPDX-License-Identifier: MIT
 *
 * Pairs of devices: one structure for each pair, whoever asks, however many ask at once.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <pxfer/status.h>

#include "copy/pair.h"

static void test_pairs_same_devices_give_the_same_pair(void **state)
{
    (void)state;
    struct px_pairs pairs;
    assert_int_equal(px_pairs_init(&pairs), PX_OK);
    struct px_pair *first = px_pairs_get(&pairs, 1, 2, -1);
    assert_non_null(first);
    assert_ptr_equal(px_pairs_get(&pairs, 1, 2, -1), first);
    assert_ptr_not_equal(px_pairs_get(&pairs, 2, 1, -1), first);
    assert_ptr_not_equal(px_pairs_get(&pairs, 1, 1, -1), first);
    assert_false(atomic_load(&first->no_reflink));
    assert_false(atomic_load(&first->no_range));
    assert_false(atomic_load(&first->no_nameless));
    px_pairs_fini(&pairs);
}

#define ASKERS 4
#define DEVICES 50

struct asker {
    struct px_pairs *pairs;
    struct px_pair *got[DEVICES];
};

static void *ask_all(void *arg)
{
    struct asker *asker = arg;
    for (dev_t dev = 0; dev < DEVICES; dev++) {
        asker->got[dev] = px_pairs_get(asker->pairs, dev, dev, -1);
    }
    return NULL;
}

static void test_pairs_asked_at_once_agree(void **state)
{
    (void)state;
    static struct asker askers[ASKERS];
    struct px_pairs pairs;
    pthread_t threads[ASKERS];
    assert_int_equal(px_pairs_init(&pairs), PX_OK);
    for (int i = 0; i < ASKERS; i++) {
        askers[i].pairs = &pairs;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_all, &askers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (int i = 1; i < ASKERS; i++) {
        assert_memory_equal(askers[i].got, askers[0].got, sizeof askers[0].got);
    }
    px_pairs_fini(&pairs);
}

static void test_pair_device_without_disk_does_not_spin(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(stat("/proc", &st), 0);
    assert_false(px_device_spins(st.st_dev));
    assert_false(px_device_spins(makedev(4000, 4000))); /* no such device */
}

static void test_pair_only_known_file_systems_never_share(void **state)
{
    (void)state;
    assert_true(px_fs_never_shares(0xEF53));      /* ext2, ext3, ext4 */
    assert_true(px_fs_never_shares(0x01021994));  /* tmpfs */
    assert_false(px_fs_never_shares(0x58465342)); /* xfs */
    assert_false(px_fs_never_shares(0x9123683E)); /* btrfs */
    assert_false(px_fs_never_shares(0x6969));     /* nfs: the server may */
    assert_false(px_fs_never_shares(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_same_devices_give_the_same_pair),
        cmocka_unit_test(test_pairs_asked_at_once_agree),
        cmocka_unit_test(test_pair_device_without_disk_does_not_spin),
        cmocka_unit_test(test_pair_only_known_file_systems_never_share),
    };
    return cmocka_run_group_tests_name("pair", tests, NULL, NULL);
}
