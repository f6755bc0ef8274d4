/* SPDX-License-Identifier: MIT
 *
 * copy/fsname.h - which file system a descriptor is on, in words, for messages about full disks.
 */
#ifndef PX_COPY_FSNAME_H
#define PX_COPY_FSNAME_H

#include <stddef.h>

#define PX_FSNAME_ROOM 288

/* "file system /mnt/data (ext4), 12288 bytes and 0 inodes free": mount point and type from
 * /proc/self/mountinfo (proc_pid_mountinfo(5)), escaped and cut to fit; what cannot be found out is
 * left out. Reads a file: for the error path. Returns buf. */
const char *px_fsname(int fd, char buf[PX_FSNAME_ROOM]);

/* Takes one line of mountinfo apart. Returns 0 and the mount point and type (pointers into `line`,
 * which is cut up) when the line is that of device `device` ("8:1"), else -1. */
int px_fsname_match(char *line, const char *device, const char **mount, const char **type);

#endif
