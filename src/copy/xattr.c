/* SPDX-License-Identifier: MIT
 *
 * copy/xattr.c - extended attributes from one descriptor to another. Entered by the worker that has
 * the file or directory in hand, after its data was written, so the data buffer is free: the list of
 * names is in its first 64 KiB, a value in the next.
 *
 * Costs one flistxattr() for a file without any; a source that knows none is asked once.
 */
#include "copy/xattr.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/fdattr.h"
#include "base/fdio.h"
#include "base/show.h"
#include "copy/data.h"
#include "copy/engine.h"

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
#define CAPABILITY "security.capability"

/* XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux. */
#define LIST_BYTES ((size_t)64 * 1024)
#define VALUE_BYTES ((size_t)64 * 1024)
_Static_assert(LIST_BYTES + 2 * VALUE_BYTES <= PX_DATA_BUF_BYTES, "all fit into the data buffer");

#define OWNER_RW 0600

/* --- pure ------------------------------------------------------------------------------------- */

static bool name_begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What attr_copy_fd(3) leaves out (xattr.conf), and what it leaves to others. */
enum px_xattr_class px_xattr_class_of(const char *name)
{
    static const struct {
        const char *prefix;
        enum px_xattr_class class;
    } rows[] = {
        {ACL_ACCESS, PX_XATTR_ACL},
        {ACL_DEFAULT, PX_XATTR_ACL},
        {CAPABILITY, PX_XATTR_CAPABILITY},
        {"security.selinux", PX_XATTR_CONTEXT},
        {"security.SMACK64", PX_XATTR_CONTEXT},
        {"security.evm", PX_XATTR_NEVER},
        {"trusted.SGI_", PX_XATTR_NEVER},
        {"user.Beagle.", PX_XATTR_NEVER},
        {"xfsroot.", PX_XATTR_NEVER},
        {"afs.", PX_XATTR_NEVER},
        {"user.", PX_XATTR_PLAIN},
        {"trusted.", PX_XATTR_PLAIN},
        {"security.", PX_XATTR_PLAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (name_begins(name, rows[i].prefix)) {
            return rows[i].class;
        }
    }
    return PX_XATTR_OWN; /* system.nfs4_acl, btrfs.compression ... */
}

static unsigned class_keep(enum px_xattr_class class)
{
    switch (class) {
    case PX_XATTR_ACL: return PX_KEEP_MODE;
    case PX_XATTR_CONTEXT: return PX_KEEP_CONTEXT;
    case PX_XATTR_PLAIN:
    case PX_XATTR_CAPABILITY:
    case PX_XATTR_OWN: return PX_KEEP_XATTR;
    case PX_XATTR_NEVER: break;
    }
    return 0;
}

/* --- refusals --------------------------------------------------------------------------------- */

/* ext4 says ENOSPC, too, when an attribute is too large for it: then the disk is not full. */
static bool xattr_is_full_disk(int err, int fd)
{
    struct statvfs fs;
    if (err == EDQUOT || err == EROFS) {
        return true;
    }
    return err == ENOSPC && (fstatvfs(fd, &fs) != 0 || fs.f_bavail == 0);
}

static bool xattr_is_refusal(int err, int fd)
{
    switch (err) {
    case EPERM:
    case EACCES:
    case EOPNOTSUPP:
    case EINVAL:
    case ENOSYS:
    case E2BIG:
    case ERANGE:
    case ENODATA: return true;
    case ENOSPC: return !xattr_is_full_disk(err, fd);
    default: return false;
    }
}

/* One line for each pair of file systems: ten thousand files have the same trouble. */
static void xattr_warn(const struct px_copier *copier, struct px_pair *pair, const char *name,
                       int err)
{
    if (!atomic_exchange_explicit(&pair->warned_xattr, true, memory_order_relaxed)) {
        char shown[PX_FAIL_ROOM / 2];
        px_log_line(copier->copy->opts.log, PX_LOG_NORMAL, PX_LOG_MAIN,
                    "attributes are left out that the target refuses, such as %s: %s",
                    px_show_str(shown, sizeof shown, name), px_errno_text(err));
    }
}

/* A name was not carried over. PX_OK: that may be. */
static int xattr_lost(const struct px_copier *copier, const struct px_xattrs *xattrs,
                      const char *name, int err, struct px_fail *fail)
{
    const enum px_xattr_class class = px_xattr_class_of(name);
    char shown[PX_FAIL_ROOM / 2];
    if (!xattr_is_refusal(err, xattrs->out)) {
        return px_fail_target(fail, err, "set attribute", xattrs->out);
    }
    if ((copier->copy->opts.keep.demand & class_keep(class)) != 0) {
        return px_fail_set(fail, PX_EATTR, err, "set attribute %s",
                           px_show_str(shown, sizeof shown, name));
    }
    if (class != PX_XATTR_OWN && class != PX_XATTR_CONTEXT) {
        xattr_warn(copier, xattrs->pair, name, err);
    }
    return PX_OK;
}

/* --- one attribute ---------------------------------------------------------------------------- */

/* user. attributes want write permission of the mode, which a read-only file gives to root alone. */
static int xattr_set(struct px_copier *copier, struct px_xattrs *xattrs, const char *name,
                     const void *value, size_t bytes)
{
    const struct px_io_ops *io = copier->io;
    int rc = io->fsetxattr(xattrs->out, name, value, bytes);
    if (rc != 0 && errno == EACCES && (xattrs->has & OWNER_RW) != OWNER_RW) {
        if (io->fchmod(xattrs->out, xattrs->has | OWNER_RW) != 0) {
            errno = EACCES;
            return -1;
        }
        xattrs->has |= OWNER_RW;
        xattrs->mode_touched = true;
        rc = io->fsetxattr(xattrs->out, name, value, bytes);
    }
    return rc;
}

static int xattr_copy_one(struct px_copier *copier, struct px_xattrs *xattrs, const char *name,
                          struct px_fail *fail)
{
    unsigned char *value = copier->buf + LIST_BYTES;
    const ssize_t bytes = copier->io->fgetxattr(xattrs->in, name, value, VALUE_BYTES);
    if (bytes < 0 && errno == ENODATA) {
        return PX_OK; /* taken away since it was listed, or the file system only pretends */
    }
    if (bytes < 0 && !xattr_is_refusal(errno, xattrs->out)) {
        return px_fail_set(fail, PX_EATTR, errno, "read attributes");
    }
    if (bytes < 0) {
        return xattr_lost(copier, xattrs, name, errno, fail);
    }
    if (xattr_set(copier, xattrs, name, value, (size_t)bytes) != 0) {
        return xattr_lost(copier, xattrs, name, errno, fail);
    }
    xattrs->mode_touched = xattrs->mode_touched || strcmp(name, ACL_ACCESS) == 0;
    return PX_OK;
}

/* --- all of a file ---------------------------------------------------------------------------- */

/* The number of bytes of names, 0 when there are none or cannot be listed. */
static size_t xattr_list(struct px_copier *copier, struct px_xattrs *xattrs)
{
    const unsigned kept = ~copier->copy->opts.keep.lose;
    if ((kept & (PX_KEEP_MODE | PX_KEEP_XATTR | PX_KEEP_CONTEXT)) == 0 ||
        atomic_load_explicit(&xattrs->pair->no_xattr, memory_order_relaxed)) {
        return 0;
    }
    const ssize_t bytes = copier->io->flistxattr(xattrs->in, (char *)copier->buf, LIST_BYTES);
    if (bytes < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
        atomic_store_explicit(&xattrs->pair->no_xattr, true, memory_order_relaxed);
    }
    return bytes > 0 ? (size_t)bytes : 0;
}

/* ENODATA, EOPNOTSUPP: it has none. */
static void xattr_remove_acl(struct px_copier *copier, struct px_xattrs *xattrs, const char *name)
{
    if (copier->io->fremovexattr(xattrs->out, name) == 0) {
        xattrs->mode_touched = true;
    }
}

int px_xattr_copy(struct px_copier *copier, struct px_xattrs *xattrs, struct px_fail *fail)
{
    const unsigned kept = ~copier->copy->opts.keep.lose;
    const char *const list = (const char *)copier->buf;
    const size_t bytes = xattr_list(copier, xattrs);
    bool has_access = false;
    bool has_default = false;
    int status = PX_OK;
    for (const char *name = list; name < list + bytes; name += strlen(name) + 1) {
        const enum px_xattr_class class = px_xattr_class_of(name);
        if ((class_keep(class) & kept) == 0) {
            continue;
        }
        has_access = has_access || strcmp(name, ACL_ACCESS) == 0;
        has_default = has_default || strcmp(name, ACL_DEFAULT) == 0;
        if (class == PX_XATTR_CAPABILITY) {
            xattrs->capability = true;
            continue;
        }
        const int one = xattr_copy_one(copier, xattrs, name, fail);
        if (one != PX_OK && one != PX_EATTR) {
            return one;
        }
        status = one != PX_OK ? one : status;
    }
    if (!xattrs->clean && (kept & PX_KEEP_MODE) != 0) {
        if (!has_access) {
            xattr_remove_acl(copier, xattrs, ACL_ACCESS);
        }
        if (xattrs->dir && !has_default) {
            xattr_remove_acl(copier, xattrs, ACL_DEFAULT);
        }
    }
    return status;
}

int px_xattr_copy_capability(struct px_copier *copier, struct px_xattrs *xattrs,
                             struct px_fail *fail)
{
    return xattrs->capability ? xattr_copy_one(copier, xattrs, CAPABILITY, fail) : PX_OK;
}

bool px_xattr_link_has_some(const struct px_copier *copier, struct px_pair *pair, int dirfd,
                            const char *name)
{
    if (copier->copy->uid != 0 || atomic_load_explicit(&pair->no_xattr, memory_order_relaxed)) {
        return false;
    }
    const ssize_t bytes = px_at_listxattr(dirfd, name, NULL, 0);
    if (bytes < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
        atomic_store_explicit(&pair->no_xattr, true, memory_order_relaxed);
    }
    return bytes > 0;
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool xattr_is_compared(const struct px_copier *copier, const char *name)
{
    const struct px_copy_attrs *keep = &copier->copy->opts.keep;
    const enum px_xattr_class class = px_xattr_class_of(name);
    const unsigned asked = class == PX_XATTR_CONTEXT ? keep->demand : ~keep->lose;
    return class != PX_XATTR_OWN && (class_keep(class) & asked) != 0;
}

/* Has `other` all that `fd` has? */
static int xattr_compare_to(const struct px_copier *copier, int fd, int other, struct px_fail *fail)
{
    const char *const list = (const char *)copier->buf;
    unsigned char *value = copier->buf + LIST_BYTES;
    unsigned char *there = value + VALUE_BYTES;
    const ssize_t bytes = copier->io->flistxattr(fd, (char *)copier->buf, LIST_BYTES);
    for (const char *name = list; bytes > 0 && name < list + bytes; name += strlen(name) + 1) {
        if (!xattr_is_compared(copier, name)) {
            continue;
        }
        const ssize_t n = copier->io->fgetxattr(fd, name, value, VALUE_BYTES);
        const ssize_t n_there = copier->io->fgetxattr(other, name, there, VALUE_BYTES);
        if (n != n_there || (n > 0 && memcmp(value, there, (size_t)n) != 0)) {
            char shown[PX_FAIL_ROOM / 2];
            return px_fail_set(fail, PX_EATTR, 0, "check: another attribute %s",
                               px_show_str(shown, sizeof shown, name));
        }
    }
    return PX_OK;
}

int px_xattr_compare(const struct px_copier *copier, int source, int target, struct px_fail *fail)
{
    const int status = xattr_compare_to(copier, source, target, fail);
    return status == PX_OK ? xattr_compare_to(copier, target, source, fail) : status;
}

/* --- inherited ACLs --------------------------------------------------------------------------- */

bool px_xattr_has_default_acl(const struct px_copier *copier, int fd)
{
    return copier->io->fgetxattr(fd, ACL_DEFAULT, NULL, 0) >= 0;
}

void px_xattr_drop_acls(const struct px_copier *copier, int fd)
{
    PX_IGNORE(copier->io->fremovexattr(fd, ACL_DEFAULT)); /* then files are not taken for plain */
    PX_IGNORE(copier->io->fremovexattr(fd, ACL_ACCESS));  /* finishing tries it again */
}
