/* SPDX-License-Identifier: MIT
 *
 * app/copy_rules.h - the options of pcopy whose order counts (--exclude, --include,
 * --exclude-from), and what its options may not be together. Main's thread only.
 */
#ifndef PX_APP_COPY_RULES_H
#define PX_APP_COPY_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <pxfer/attr.h>
#include <pxfer/copy.h>

/* Grows with each use; free(items) at the end, the texts belong to argv. */
struct copy_rules {
    struct px_copy_rule *items;
    size_t n;
    size_t room;
};

/* `kind` is a PX_RULE_ value; text is borrowed. PX_EINVAL with `*reason`: empty; PX_ENOMEM. */
PX_NODISCARD int copy_rules_add(struct copy_rules *rules, int kind, const char *text,
                                const char **reason);

/* --check SRC DST of two directories compares these two, not SRC with DST/SRC: as with -T. */
bool copy_check_is_of_two_trees(const struct px_copy_opts *opts);

/* --parents: all operands but the target become names below "." or "/", which is the one source then.
 * Why that cannot be, static text; NULL: it is done. */
const char *copy_rules_parents(struct px_copy_opts *opts);

/* Why these options make no sense together, static text; NULL: they do. */
const char *copy_rules_clash(const struct px_copy_opts *opts);

#endif
