/* SPDX-License-Identifier: MIT
 *
 * copy/fsname.c - the name of a file system, for messages. Enters from any worker that met a full
 * disk; no state, no locks.
 */
#define _GNU_SOURCE /* major, minor, strsep */

#include "copy/fsname.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/show.h"

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": the third field is the device,
 * the fifth the mount point, the type follows the lone dash. */
int px_fsname_match(char *line, const char *device, const char **mount, const char **type)
{
    char *rest = line;
    char *field = NULL;
    for (int i = 1; i <= 5; i++) {
        field = strsep(&rest, " ");
        if (field == NULL || (i == 3 && strcmp(field, device) != 0)) {
            return -1;
        }
    }
    *mount = field;
    do {
        field = strsep(&rest, " ");
    } while (field != NULL && strcmp(field, "-") != 0);
    *type = strsep(&rest, " ");
    return *type != NULL ? 0 : -1;
}

/* Appends "(TYPE)" and the mount point; the last mount of a device is the one on top. */
static size_t fsname_mount(int fd, char *buf, size_t room)
{
    struct stat st;
    FILE *table = fstat(fd, &st) == 0 ? fopen("/proc/self/mountinfo", "re") : NULL;
    if (table == NULL) {
        return 0;
    }
    char device[32];
    (void)snprintf(device, sizeof device, "%u:%u", major(st.st_dev), minor(st.st_dev));
    char *line = NULL;
    size_t line_room = 0;
    int len = 0;
    while (len == 0 && getline(&line, &line_room, table) > 0) {
        const char *mount;
        const char *type;
        if (px_fsname_match(line, device, &mount, &type) == 0) {
            char shown[PX_FSNAME_ROOM / 2];
            len = snprintf(buf, room, " %s (%s)", px_show_str(shown, sizeof shown, mount), type);
        }
    }
    free(line);
    PX_IGNORE(fclose(table)); /* only read */
    return len > 0 && (size_t)len < room ? (size_t)len : 0;
}

const char *px_fsname(int fd, char buf[PX_FSNAME_ROOM])
{
    static const char lead[] = "file system";
    memcpy(buf, lead, sizeof lead);
    size_t len = sizeof lead - 1;
    len += fsname_mount(fd, buf + len, PX_FSNAME_ROOM - len);
    struct statvfs fs;
    if (fstatvfs(fd, &fs) == 0) {
        (void)snprintf(buf + len, PX_FSNAME_ROOM - len,
                       ", %" PRIu64 " bytes and %" PRIu64 " inodes free",
                       (uint64_t)fs.f_bavail * fs.f_frsize, (uint64_t)fs.f_favail);
    }
    return buf;
}
