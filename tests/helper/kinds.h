/* SPDX-License-Identifier: MIT
 *
 * kinds.h - what mktree makes with --kinds: every kind of inode and every attribute that a copy is
 * to keep. What only root may make (devices, trusted. attributes, capabilities) is left out without
 * a word for others, as is what the file system does not know.
 */
#ifndef KINDS_H
#define KINDS_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define KINDS_ACL_BYTES 44
#define KINDS_GROUP 12345

/* Reports a failure, unless it is the lack of a right or of a feature. */
static inline int kinds_may(int rc)
{
    if (rc == 0 || errno == EPERM || errno == EOPNOTSUPP || errno == EACCES || errno == EINVAL) {
        return 0;
    }
    return -1;
}

/* user::rw- user:USER:rw- group::r-- mask::rw- other::r--, as linux/posix_acl_xattr.h has it. */
static inline void kinds_acl(uint32_t user, unsigned char out[KINDS_ACL_BYTES])
{
    const uint32_t rows[][3] = {{0x01, 6, UINT32_MAX},
                                {0x02, 6, user},
                                {0x04, 4, UINT32_MAX},
                                {0x10, 6, UINT32_MAX},
                                {0x20, 4, UINT32_MAX}};

    memcpy(out, "\2\0\0\0", 4);
    for (size_t i = 0; i < 5; i++) {
        unsigned char *row = out + 4 + 8 * i;

        row[0] = (unsigned char)rows[i][0];
        row[1] = 0;
        row[2] = (unsigned char)rows[i][1];
        row[3] = 0;
        for (int byte = 0; byte < 4; byte++) {
            row[4 + byte] = (unsigned char)(rows[i][2] >> (8 * byte));
        }
    }
}

/* Attributes by path, of a link itself; `dir` is relative to the current directory. */
static inline int kinds_xattr(const char *path, const char *name, const void *value, size_t bytes)
{
    return kinds_may(lsetxattr(path, name, value, bytes, 0));
}

static inline int kinds_file(const char *path, mode_t mode, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return -1;
    }
    int bad = write(fd, text, strlen(text)) != (ssize_t)strlen(text);
    bad |= fchmod(fd, mode) != 0;
    return (close(fd) != 0 || bad) ? -1 : 0;
}

/* Data at the offsets given, holes between them, `size` bytes in all. */
static inline int kinds_sparse(const char *path, const off_t *at, size_t count, off_t size)
{
    char block[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    int bad = fd < 0;

    memset(block, 'd', sizeof block);
    for (size_t i = 0; !bad && i < count; i++) {
        bad = pwrite(fd, block, sizeof block, at[i]) != (ssize_t)sizeof block;
    }
    bad = bad || ftruncate(fd, size) != 0;
    return (fd >= 0 && close(fd) != 0) || bad ? -1 : 0;
}

static inline int kinds_special(void)
{
    int bad = mkfifo("fifo", 0640) | mknod("socket", S_IFSOCK | 0604, 0);

    bad |= link("fifo", "fifo-again");
    bad |= kinds_may(mknod("char", S_IFCHR | 0620, makedev(1, 3)));
    bad |= kinds_may(mknod("block", S_IFBLK | 0660, makedev(7, 200)));
    bad |= kinds_may(lchown("fifo", (uid_t)-1, KINDS_GROUP));
    bad |= kinds_xattr("fifo", "trusted.px", "f", 1);
    return bad;
}

static inline int kinds_modes(void)
{
    int bad = kinds_file("setuid", 04755, "s") | kinds_file("setgid", 02755, "s");

    bad |= kinds_file("sticky", 01644, "s") | kinds_file("read-only", 0444, "r");
    bad |= kinds_file("write-only", 0600, "w") | kinds_file("all", 0777, "a");
    bad |= kinds_xattr("setuid", "user.px", "s", 1);
    bad |= chmod("read-only", 0644) | kinds_xattr("read-only", "user.px", "r", 1);
    bad |= chmod("read-only", 0444);
    bad |= mkdir("sticky-dir", 0700) | chmod("sticky-dir", 01777);
    bad |= mkdir("setgid-dir", 0700) | chmod("setgid-dir", 02775);
    bad |= kinds_file("setgid-dir/file", 0644, "f") | mkdir("setgid-dir/below", 0755);
    bad |= mkdir("r-x", 0755) | kinds_file("r-x/file", 0444, "f") | mkdir("r-x/r-x", 0755);
    bad |= kinds_file("r-x/r-x/file", 0400, "f") | chmod("r-x/r-x", 0555) | chmod("r-x", 0555);
    return bad;
}

static inline int kinds_attributes(void)
{
    static const unsigned char capability[20] = {1, 0, 0, 2, 0, 4}; /* cap_net_bind_service=ep */
    static char large[3000];
    unsigned char acl[KINDS_ACL_BYTES];
    int bad = kinds_file("attributes", 0644, "x") | kinds_file("acl", 0664, "x");

    memset(large, 'v', sizeof large);
    bad |= kinds_xattr("attributes", "user.empty", "", 0);
    bad |= kinds_xattr("attributes", "user.binary", "\0\xff\n", 3);
    bad |= kinds_xattr("attributes", "user.large", large, sizeof large);
    bad |= kinds_xattr("attributes", "trusted.px", "t", 1);
    bad |= kinds_file("capable", 0755, "x");
    bad |= kinds_may(lchown("capable", KINDS_GROUP, KINDS_GROUP));
    bad |= kinds_xattr("capable", "security.capability", capability, sizeof capability);
    bad |= symlink("acl", "link-with-attribute");
    bad |= kinds_xattr("link-with-attribute", "trusted.px", "l", 1);
    bad |= link("link-with-attribute", "link-again");
    kinds_acl(KINDS_GROUP, acl);
    bad |= kinds_xattr("acl", "system.posix_acl_access", acl, sizeof acl);
    bad |= mkdir("default-acl", 0755) | kinds_file("default-acl/before", 0640, "x");
    bad |= mkdir("default-acl/plain", 0750);
    bad |= kinds_xattr("default-acl", "system.posix_acl_default", acl, sizeof acl);
    bad |= kinds_xattr("default-acl", "user.px", "d", 1);
    bad |= kinds_file("default-acl/after", 0640, "x");
    return bad;
}

static inline int kinds_holes(void)
{
    static const off_t one[] = {1 << 20};
    static const off_t some[] = {0, 3 << 16, (off_t)40 << 20};

    return kinds_sparse("hole-only", NULL, 0, 1 << 20) |
           kinds_sparse("hole-around", one, 1, 5 << 20) |
           kinds_sparse("hole-between", some, 3, ((off_t)40 << 20) + 4096) |
           kinds_sparse("hole-odd", some, 2, (1 << 20) + 77);
}

/* Everything, below the directory `name` in `root`. Changes the current directory and back. With
 * `unreadable` also what root alone can read. */
static inline int kinds_make(int root, const char *name, bool unreadable)
{
    int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (back < 0 || mkdirat(root, name, 0755) != 0 || fchdir(root) != 0 || chdir(name) != 0) {
        return -1;
    }
    int bad = kinds_modes() | kinds_special() | kinds_attributes() | kinds_holes();
    if (unreadable) {
        bad |= mkdir("closed", 0755) | kinds_file("closed/file", 0, "x") | chmod("closed", 0);
    }
    const struct timespec times[2] = {{1000000001, 1}, {1000000001, 999999999}};
    bad |= utimensat(AT_FDCWD, "fifo", times, AT_SYMLINK_NOFOLLOW);
    bad |= utimensat(AT_FDCWD, "default-acl", times, 0) | utimensat(AT_FDCWD, "r-x", times, 0);
    bad |= fchdir(back);
    return close(back) | bad;
}

#endif
