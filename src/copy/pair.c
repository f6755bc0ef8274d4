/* SPDX-License-Identifier: MIT
 *
 * copy/pair.c - the list of device pairs. Entered by workers when a directory is on another device
 * than its parent. Owns one lock, held for a walk over a handful of entries; no IO under it.
 */
#define _GNU_SOURCE /* major, minor */

#include "copy/pair.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <pxfer/status.h>

#define DEVICE_DEPTH 4 /* a file system on LVM on LUKS on md on disks */

int px_pairs_init(struct px_pairs *pairs)
{
    *pairs = (struct px_pairs){0};
    return px_mutex_init(&pairs->lock);
}

void px_pairs_fini(struct px_pairs *pairs)
{
    px_mutex_lock(&pairs->lock);
    while (pairs->first != NULL) {
        struct px_pair *pair = pairs->first;
        pairs->first = pair->next;
        free(pair);
    }
    px_mutex_unlock(&pairs->lock);
    px_mutex_fini(&pairs->lock);
}

bool px_fs_never_shares(unsigned long type)
{
    return type == EXT4_SUPER_MAGIC || type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

static struct px_pair *pair_new(dev_t source_dev, dev_t target_dev, int target_fd)
{
    struct px_pair *pair = calloc(1, sizeof *pair);
    if (pair != NULL) {
        struct statfs fs;
        pair->source_dev = source_dev;
        pair->target_dev = target_dev;
        pair->team_pays = !px_device_spins(source_dev) && !px_device_spins(target_dev);
        const unsigned long type = fstatfs(target_fd, &fs) == 0 ? (unsigned long)fs.f_type : 0;
        pair->reflink_small_pays = type == BTRFS_SUPER_MAGIC;
        pair->never_shares = px_fs_never_shares(type);
        pair->reserving_pays = type == EXT4_SUPER_MAGIC;
    }
    return pair;
}

static struct px_pair *pairs_find_locked(struct px_pairs *pairs, dev_t source_dev, dev_t target_dev)
    PX_REQUIRES(pairs->lock)
{
    struct px_pair *pair = pairs->first;
    while (pair != NULL && (pair->source_dev != source_dev || pair->target_dev != target_dev)) {
        pair = pair->next;
    }
    return pair;
}

struct px_pair *px_pairs_get(struct px_pairs *pairs, dev_t source_dev, dev_t target_dev,
                             int target_fd)
{
    px_mutex_lock(&pairs->lock);
    struct px_pair *pair = pairs_find_locked(pairs, source_dev, target_dev);
    px_mutex_unlock(&pairs->lock);
    if (pair != NULL) {
        return pair;
    }
    struct px_pair *fresh =
        pair_new(source_dev, target_dev, target_fd); /* reads /sys: not under the lock */
    if (fresh == NULL) {
        return NULL;
    }
    px_mutex_lock(&pairs->lock);
    pair = pairs_find_locked(pairs, source_dev, target_dev); /* somebody else was faster? */
    if (pair == NULL) {
        fresh->next = pairs->first;
        pairs->first = fresh;
        pair = fresh;
        fresh = NULL;
    }
    px_mutex_unlock(&pairs->lock);
    free(fresh);
    return pair;
}

/* Disks whose flag means nothing: virtio says "rotational" whatever is behind it, and a loop device
 * repeats what the disk below its file says. */
static bool device_flag_is_hearsay(const char *dir)
{
    char target[PATH_MAX];
    const ssize_t len = readlink(dir, target, sizeof target - 1);
    if (len < 0) {
        return true;
    }
    target[len] = '\0';
    return strstr(target, "/virtio") != NULL || strstr(target, "/virtual/block/loop") != NULL;
}

static int device_read_flag(const char *dir, const char *file)
{
    char path[PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s/%s", dir, file);
    const int fd = len > 0 && (size_t)len < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return -1;
    }
    char digit = '0';
    const ssize_t got = read(fd, &digit, 1);
    PX_IGNORE(close(fd)); /* only read */
    return got == 1 ? digit - '0' : -1;
}

/* `dir` is a device's directory below /sys. Devices made of others (device mapper, md) are asked for
 * those. */
static bool device_dir_spins(const char *dir, int depth)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/slaves", dir);
    DIR *slaves = len > 0 && (size_t)len < sizeof path ? opendir(path) : NULL;
    bool composed = false;
    bool spins = false;
    for (struct dirent *slave = slaves != NULL ? readdir(slaves) : NULL; slave != NULL && depth > 0;
         slave = readdir(slaves)) {
        if (slave->d_name[0] != '.') {
            composed = true;
            len = snprintf(path, sizeof path, "%s/slaves/%s", dir, slave->d_name);
            spins = spins || ((size_t)len < sizeof path && device_dir_spins(path, depth - 1));
        }
    }
    if (slaves != NULL) {
        PX_IGNORE(closedir(slaves)); /* only read */
    }
    if (composed || device_flag_is_hearsay(dir)) {
        return spins;
    }
    const int flag = device_read_flag(dir, "queue/rotational");
    return (flag >= 0 ? flag : device_read_flag(dir, "../queue/rotational" /* a partition */)) > 0;
}

bool px_device_spins(dev_t dev)
{
    if (major(dev) == 0) {
        return false; /* no disk of its own: tmpfs, NFS, btrfs */
    }
    char dir[64];
    (void)snprintf(dir, sizeof dir, "/sys/dev/block/%u:%u", major(dev), minor(dev));
    return device_dir_spins(dir, DEVICE_DEPTH);
}
