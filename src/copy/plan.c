/* SPDX-License-Identifier: MIT
 *
 * copy/plan.c - operands to roots, before anything is written. Runs on the owner's thread while the
 * engine is made; no locks, raw calls (there is nothing here to undo).
 *
 * The directory that takes the targets is opened once and held for the run; every check is made
 * against it, and every root is copied relative to it. The sources are looked at (device, inode,
 * type) and compared again when a worker opens them.
 */
#define _GNU_SOURCE /* O_PATH */

#include "copy/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/grow.h"
#include "base/path.h"
#include "base/show.h"
#include "copy/policy.h"

/* While a plan is made. */
struct planner {
    const struct px_copy_opts *opts;
    char *error;
    size_t error_room;
    struct px_plan *plan;
    bool thing; /* DST is the thing itself, not a directory to put things into */
    char *thing_name;
    struct px_expect *above; /* the target directory and all directories above it */
    size_t n_above;
};

/* Builds "TEXT" or "NAME: TEXT" once. */
static int plan_refuse(struct planner *p, int status, const char *name, const char *text)
{
    char *shown = name != NULL ? px_show_name_dup(name) : NULL;
    (void)snprintf(p->error, p->error_room, "%s%s%s", shown != NULL ? shown : "",
                   shown != NULL ? ": " : "", text);
    free(shown);
    return status;
}

static int plan_no_memory(struct planner *p)
{
    return plan_refuse(p, PX_ENOMEM, NULL, "out of memory");
}

static bool stat_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A name alone, which is shown as written and not as "./NAME". */
static bool plan_is_bare(const char *path)
{
    size_t len;
    return px_path_base(path, &len) == path && path[0] != '/';
}

static char *plan_base(const char *path)
{
    size_t len;
    const char *base = px_path_base(path, &len);
    return strndup(base, len);
}

/* --- the target directory --------------------------------------------------------------------- */

/* For names that are no name of their own ("." ".." "/"): the thing is the directory itself. */
static bool base_is_no_name(const char *base)
{
    return base[0] == '\0' || strcmp(base, "/") == 0 || px_path_is_dots(base);
}

static int plan_open_target(struct planner *p, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) {
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* may be searched, not listed */
    }
    if (fd < 0) {
        const int err = errno;
        return plan_refuse(p, err == ENOENT || err == ENOTDIR ? PX_EUSAGE : PX_EIO, path,
                           px_errno_text(err));
    }
    p->plan->target_fd = fd;
    return PX_OK;
}

/* DST is the thing itself: its parent takes it. */
static int plan_target_thing(struct planner *p, const char *target)
{
    p->thing_name = plan_base(target);
    if (p->thing_name == NULL) {
        return plan_no_memory(p);
    }
    char *dir = NULL;
    if (base_is_no_name(p->thing_name)) {
        dir = px_path_strip(target);
        free(p->thing_name);
        p->thing_name = strdup(".");
    } else {
        dir = px_path_dir(target);
    }
    if (dir == NULL || p->thing_name == NULL) {
        free(dir);
        return plan_no_memory(p);
    }
    const int status = plan_open_target(p, dir);
    const bool bare = plan_is_bare(target) && strcmp(p->thing_name, ".") != 0;
    p->plan->target_base = strdup(bare ? "" : dir);
    free(dir);
    return status == PX_OK && p->plan->target_base == NULL ? plan_no_memory(p) : status;
}

static int plan_target(struct planner *p)
{
    const struct px_copy_opts *opts = p->opts;
    const char *target = opts->target;
    if (target == NULL || target[0] == '\0') {
        return plan_refuse(p, PX_EUSAGE, NULL, "no destination");
    }
    struct stat st;
    const int err = stat(target, &st) == 0 ? 0 : errno;
    const bool is_dir = err == 0 && S_ISDIR(st.st_mode);
    if (opts->target_is_dir && !is_dir) {
        return plan_refuse(p, PX_EUSAGE, target, px_errno_text(err != 0 ? err : ENOTDIR));
    }
    p->thing = opts->target_is_thing || !is_dir;
    if (p->thing && opts->n_sources > 1) {
        return plan_refuse(p, PX_EUSAGE, target, "is not a directory (several sources need one)");
    }
    if (p->thing) {
        return plan_target_thing(p, target);
    }
    p->plan->target_base = px_path_strip(target);
    return p->plan->target_base != NULL ? plan_open_target(p, target) : plan_no_memory(p);
}

/* Device and inode of the target directory and of every one above it, up to the root: a source
 * directory among them would be copied into itself. */
static int plan_find_above(struct planner *p)
{
    int fd = fcntl(p->plan->target_fd, F_DUPFD_CLOEXEC, 3);
    size_t room = 0;
    int status = PX_OK;
    while (fd >= 0) {
        struct stat st;
        if (fstat(fd, &st) != 0) {
            break;
        }
        const struct px_expect *last = p->n_above > 0 ? &p->above[p->n_above - 1] : NULL;
        if (last != NULL && last->dev == st.st_dev && last->ino == st.st_ino) {
            break; /* ".." of the root is the root */
        }
        struct px_expect *above = px_grow(p->above, &room, p->n_above + 1, sizeof *above);
        if (above == NULL) {
            status = plan_no_memory(p);
            break;
        }
        p->above = above;
        p->above[p->n_above++] = (struct px_expect){st.st_dev, st.st_ino, S_IFDIR};
        const int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        PX_IGNORE(close(fd)); /* only looked at */
        fd = up;
    }
    if (fd >= 0) {
        PX_IGNORE(close(fd)); /* only looked at */
    }
    return status;
}

/* --- one source ------------------------------------------------------------------------------- */

/* "link/": a link with a slash after it is the directory that it leads to, for the kernel and so
 * for cp and rsync. It is read through "link", as "link/." is, and keeps the name "link". */
static bool plan_is_through_link(const char *operand)
{
    const size_t len = strlen(operand);
    char *stripped = len > 1 && operand[len - 1] == '/' ? px_path_strip(operand) : NULL;
    struct stat st;
    const bool through = stripped != NULL && lstat(stripped, &st) == 0 && S_ISLNK(st.st_mode);
    free(stripped);
    return through;
}

/* Are the names in the source given, by a list or as operands? */
static bool plan_is_listed(const struct planner *p)
{
    return p->opts->names_from != NULL || p->opts->n_names > 0;
}

/* Splits the operand into the directory that is opened and the name in it. */
static int plan_name_source(struct planner *p, struct px_root *root)
{
    char *base = plan_base(root->operand);
    if (base == NULL) {
        return plan_no_memory(p);
    }
    const bool listed = plan_is_listed(p); /* names in it, so its contents */
    const bool contents = base_is_no_name(base) || listed;
    const bool through = !contents && plan_is_through_link(root->operand);
    if (contents) { /* "src/." ".." "/": what is in it goes into the target directory itself */
        root->source_dir = !listed && strcmp(base, ".") == 0 && strlen(root->operand) > 1
                               ? px_path_dir(root->operand)
                               : px_path_strip(root->operand);
        root->source_name = strdup(".");
        root->target_name = strdup(p->thing ? p->thing_name : ".");
        free(base);
    } else if (through) {
        root->source_dir = px_path_strip(root->operand);
        root->source_name = strdup(".");
        root->target_name = p->thing ? strdup(p->thing_name) : base;
        if (p->thing) {
            free(base);
        }
    } else {
        root->source_dir = px_path_dir(root->operand);
        root->source_name = base;
        root->target_name = strdup(p->thing ? p->thing_name : base);
    }
    const bool bare = (!contents && !through && plan_is_bare(root->operand)) ||
                      (p->opts->n_names > 0 && strcmp(root->operand, ".") == 0);
    root->source_base = root->source_dir != NULL ? strdup(bare ? "" : root->source_dir) : NULL;
    if (root->source_base == NULL || root->source_name == NULL || root->target_name == NULL) {
        return plan_no_memory(p);
    }
    return PX_OK;
}

/* cp's rule for what is one and the same: link against link compares the links; as soon as one of
 * the two is none, following the other must not lead to it. */
static bool plan_is_same(const struct px_root *root, const struct stat *source, int target_fd,
                         const struct stat *target)
{
    struct stat followed;
    if (stat_same(source, target)) {
        return true;
    }
    if (S_ISLNK(source->st_mode) && !S_ISLNK(target->st_mode)) {
        return stat(root->operand, &followed) == 0 && stat_same(&followed, target);
    }
    if (!S_ISLNK(source->st_mode) && S_ISLNK(target->st_mode)) {
        return fstatat(target_fd, root->target_name, &followed, 0) == 0 &&
               stat_same(source, &followed);
    }
    return false;
}

/* What must not be replaced though a link may be: one that leads to a device or a FIFO, and one
 * into /proc, such as /dev/stdout is. Who names it wants to write there, as cp does; a file in its
 * place is what nobody wants. Static text; NULL: none. */
static const char *plan_link_obstacle(int dirfd, const char *name)
{
    static const char proc[] = "/proc/";
    char text[sizeof proc - 1];
    struct stat followed;
    if (readlinkat(dirfd, name, text, sizeof text) == (ssize_t)sizeof text &&
        memcmp(text, proc, sizeof text) == 0) {
        return "a file of /proc";
    }
    if (fstatat(dirfd, name, &followed, 0) != 0 || S_ISDIR(followed.st_mode)) {
        return NULL;
    }
    return px_policy_obstacle(followed.st_mode);
}

static int plan_check_obstacle(struct planner *p, const struct px_root *root,
                               const struct stat *source, const struct stat *target)
{
    if (S_ISDIR(target->st_mode) || px_policy_keeps(p->opts)) {
        return PX_OK;
    }
    const bool link = S_ISLNK(target->st_mode) && !S_ISLNK(source->st_mode);
    const char *obstacle = link ? plan_link_obstacle(p->plan->target_fd, root->target_name)
                                : px_policy_obstacle(target->st_mode);
    if (obstacle == NULL) {
        return PX_OK;
    }
    char text[96];
    (void)snprintf(text, sizeof text, "the target is %s%s: not replaced",
                   link ? "a symbolic link to " : "", obstacle);
    return plan_refuse(p, PX_EREFUSED, root->operand, text);
}

static int plan_check_target(struct planner *p, const struct px_root *root,
                             const struct stat *source)
{
    struct stat target;
    if (fstatat(p->plan->target_fd, root->target_name, &target, AT_SYMLINK_NOFOLLOW) != 0) {
        return PX_OK; /* nothing is there; any other trouble shows when it is written */
    }
    const bool twins = p->opts->files == PX_FILES_LINK && !S_ISDIR(source->st_mode);
    if (!twins && plan_is_same(root, source, p->plan->target_fd, &target)) {
        return plan_refuse(p, PX_EREFUSED, root->operand, "source and target are the same file");
    }
    if (S_ISDIR(source->st_mode) && !S_ISDIR(target.st_mode)) {
        return plan_refuse(p, PX_EREFUSED, root->operand,
                           "is a directory and cannot replace what is none");
    }
    if (!S_ISDIR(source->st_mode) && S_ISDIR(target.st_mode)) {
        return plan_refuse(p, PX_EREFUSED, root->operand,
                           "is not a directory and cannot replace one");
    }
    return plan_check_obstacle(p, root, source, &target);
}

/* With -x the walk never comes to a target on another file system (cp -ax / /mnt). */
static bool plan_is_out_of_reach(const struct planner *p, const struct px_root *root,
                                 const struct stat *source)
{
    struct stat target;
    const int fd = p->plan->target_fd;
    return p->opts->one_file_system && p->n_above > 0 && p->above[0].dev != source->st_dev &&
           (fstatat(fd, root->target_name, &target, AT_SYMLINK_NOFOLLOW) != 0 ||
            target.st_dev != source->st_dev);
}

/* Directories tell their file system; files of an overlay each one of their own. */
static int plan_check_links(struct planner *p, const struct px_root *root,
                            const struct stat *source)
{
    struct stat target;
    if (p->opts->files != PX_FILES_LINK || !S_ISDIR(source->st_mode) || p->opts->n_names > 0 ||
        fstat(p->plan->target_fd, &target) != 0 || target.st_dev == source->st_dev) {
        return PX_OK;
    }
    return plan_refuse(p, PX_EREFUSED, root->operand,
                       "hard links (--link) do not reach into the target's other file system");
}

static int plan_check_into_itself(struct planner *p, const struct px_root *root,
                                  const struct stat *source)
{
    if (!S_ISDIR(source->st_mode) || p->opts->n_names > 0 || /* only the names' turn it matters */
        plan_is_out_of_reach(p, root, source)) {
        return PX_OK;
    }
    for (size_t i = 0; i < p->n_above; i++) {
        if (p->above[i].dev == source->st_dev && p->above[i].ino == source->st_ino) {
            return plan_refuse(p, PX_EREFUSED, root->operand,
                               "a directory cannot be copied into itself");
        }
    }
    return PX_OK;
}

/* A slash after a name that is new says "a directory". */
static int plan_check_slash(struct planner *p, const struct stat *source)
{
    const char *target = p->opts->target;
    const size_t len = strlen(target);
    if (p->thing && !S_ISDIR(source->st_mode) && len > 1 && target[len - 1] == '/') {
        return plan_refuse(p, PX_EUSAGE, target, "is not a directory");
    }
    return PX_OK;
}

static int plan_source(struct planner *p, struct px_root *root)
{
    struct stat st;
    const bool follow = p->opts->follow != PX_FOLLOW_NEVER;
    if ((follow ? stat(root->operand, &st) : lstat(root->operand, &st)) != 0) {
        root->status = PX_ESRC; /* an item that failed; the others go on */
        root->os_errno = errno;
        return PX_OK;
    }
    root->expect = (struct px_expect){st.st_dev, st.st_ino, st.st_mode & S_IFMT};
    if (p->opts->names_from != NULL && !S_ISDIR(st.st_mode)) {
        return plan_refuse(p, PX_EUSAGE, root->operand, "is not a directory (--files-from)");
    }
    int status = plan_name_source(p, root);
    if (status == PX_OK) {
        status = plan_check_slash(p, &st);
    }
    if (status == PX_OK) {
        status = plan_check_target(p, root, &st);
    }
    if (status == PX_OK) {
        status = plan_check_links(p, root, &st);
    }
    return status == PX_OK ? plan_check_into_itself(p, root, &st) : status;
}

/* --- all of them ------------------------------------------------------------------------------ */

static int root_compare(const void *left, const void *right)
{
    const struct px_root *const *a = left;
    const struct px_root *const *b = right;
    return strcmp((*a)->target_name, (*b)->target_name);
}

static int plan_check_twins(struct planner *p)
{
    struct px_plan *plan = p->plan;
    const struct px_root **sorted = malloc(plan->n_roots * sizeof *sorted);
    if (sorted == NULL) {
        return plan_no_memory(p);
    }
    size_t n = 0;
    for (size_t i = 0; i < plan->n_roots; i++) {
        if (plan->roots[i].status == PX_OK) {
            sorted[n++] = &plan->roots[i];
        }
    }
    int status = PX_OK;
    qsort(sorted, n, sizeof(const struct px_root *), root_compare);
    for (size_t i = 1; i < n && status == PX_OK; i++) {
        if (strcmp(sorted[i - 1]->target_name, sorted[i]->target_name) == 0) {
            status = plan_refuse(p, PX_EREFUSED, sorted[i]->operand,
                                 "has the same target as another source");
        }
    }
    free(sorted);
    return status;
}

static int plan_sources(struct planner *p)
{
    struct px_plan *plan = p->plan;
    plan->roots = calloc(p->opts->n_sources, sizeof *plan->roots);
    if (plan->roots == NULL) {
        return plan_no_memory(p);
    }
    for (; plan->n_roots < p->opts->n_sources;) {
        struct px_root *root = &plan->roots[plan->n_roots++];
        root->operand = p->opts->sources[plan->n_roots - 1];
        const int status = plan_source(p, root);
        if (status != PX_OK) {
            return status;
        }
    }
    return plan_check_twins(p);
}

int px_plan_make(const struct px_copy_opts *opts, char *error, size_t n, struct px_plan *out)
{
    *out = (struct px_plan){.target_fd = -1};
    struct planner p = {.opts = opts, .error = error, .error_room = n, .plan = out};
    if (opts->n_sources == 0) {
        return plan_refuse(&p, PX_EUSAGE, NULL, "no source");
    }
    int status = plan_target(&p);
    if (status == PX_OK) {
        status = plan_find_above(&p);
    }
    if (status == PX_OK) {
        status = plan_sources(&p);
    }
    free(p.above);
    free(p.thing_name);
    if (status != PX_OK) {
        px_plan_fini(out);
    }
    return status;
}

void px_plan_fini(struct px_plan *plan)
{
    for (size_t i = 0; i < plan->n_roots; i++) {
        free(plan->roots[i].source_dir);
        free(plan->roots[i].source_base);
        free(plan->roots[i].source_name);
        free(plan->roots[i].target_name);
    }
    free(plan->roots);
    free(plan->target_base);
    if (plan->target_fd >= 0) {
        PX_IGNORE(close(plan->target_fd)); /* a directory: nothing was written through it */
    }
    *plan = (struct px_plan){.target_fd = -1};
}
