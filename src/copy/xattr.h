/* SPDX-License-Identifier: MIT
 *
 * copy/xattr.h - extended attributes, ACLs and capabilities: all of them live in the same name space,
 * so one list of names says what there is to carry over.
 */
#ifndef PX_COPY_XATTR_H
#define PX_COPY_XATTR_H

#include <stdbool.h>

#include <pxfer/attr.h>

#include "copy/copier.h"
#include "copy/fail.h"
#include "copy/pair.h"

/* What an attribute is about, and so which of px_copy_keep asks for it. */
enum px_xattr_class {
    PX_XATTR_PLAIN,      /* user., trusted., other security. */
    PX_XATTR_ACL,        /* POSIX ACL: belongs to the mode */
    PX_XATTR_CAPABILITY, /* set after the owner: chown(2) clears it */
    PX_XATTR_CONTEXT,    /* SELinux, SMACK */
    PX_XATTR_OWN,        /* the file system's own word for something that is copied otherwise (NFSv4
                            ACLs, compression): kept where the target knows it, missed by nobody */
    PX_XATTR_NEVER,      /* only the kernel may write it, or it means this very file */
};

/* Pure. */
enum px_xattr_class px_xattr_class_of(const char *name);

/* One file's attributes on their way. */
struct px_xattrs {
    /* in */
    struct px_pair *pair;
    int in;     /* open for reading, or O_PATH */
    int out;    /* the same */
    bool dir;   /* of a directory: it has a default ACL too */
    bool clean; /* `out` has inherited no ACL: there is nothing to take away */
    mode_t has; /* permission bits of `out` */
    /* out */
    bool capability;   /* there is one, for px_xattr_copy_capability() */
    bool mode_touched; /* the permission bits of `out` may be others now */
};

/* Copies all but the capability, and takes inherited ACLs away. Uses the worker's data buffer.
 *
 * What the target's file system or the kernel refuses is left out: with one warning for each pair of
 * file systems, or, when it was demanded (px_copy_keep), with PX_EATTR at the end. PX_EFULL, PX_EIO:
 * the target failed. */
PX_NODISCARD int px_xattr_copy(struct px_copier *copier, struct px_xattrs *xattrs,
                               struct px_fail *fail);

/* The capability, after the owner was set. The same results. */
PX_NODISCARD int px_xattr_copy_capability(struct px_copier *copier, struct px_xattrs *xattrs,
                                          struct px_fail *fail);

/* For --check: has each of the two descriptors, open for reading or O_PATH, just the attributes of the
 * other, as far as they are kept? PX_EATTR names the first that differs. Those that belong to a file
 * system are not compared, a security context only when it is demanded. Uses the worker's data
 * buffer. */
PX_NODISCARD int px_xattr_compare(const struct px_copier *copier, int source, int target,
                                  struct px_fail *fail);

/* True when the symbolic link `name` has attributes to carry over: nobody but root may set any on a
 * link, so only root is asked to look. */
bool px_xattr_link_has_some(const struct px_copier *copier, struct px_pair *pair, int dirfd,
                            const char *name);

/* True when what is made in directory `fd` inherits an ACL. */
bool px_xattr_has_default_acl(const struct px_copier *copier, int fd);

/* Takes the ACLs that a new directory has inherited away, so that nothing below it inherits them. */
void px_xattr_drop_acls(const struct px_copier *copier, int fd);

#endif
