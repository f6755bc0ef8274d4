/* SPDX-License-Identifier: MIT
 *
 * app/plan.c - the lines of a dry run. Main's thread only; no lock but the outlock's own.
 */
#include "app/plan.h"

#include <stdlib.h>
#include <string.h>

#include <pxfer/outlock.h>
#include <pxfer/status.h>

#include "base/show.h"

int plan_flush(struct plan *plan)
{
    const size_t len = plan->len;

    plan->len = 0;
    return plan->out != NULL && len > 0 ? px_outlock_write(plan->out, plan->text, len) : PX_OK;
}

static void plan_put(struct plan *plan, const char *text, size_t len)
{
    memcpy(plan->text + plan->len, text, len);
    plan->len += len;
}

/* "WORDS", "SOURCE", " -> ", "TARGET"; the second and third may be empty. */
static int plan_line(struct plan *plan, const char *const parts[4])
{
    size_t len = 1;
    for (int i = 0; i < 4; i++) {
        len += strlen(parts[i]);
    }
    const int status = len > PLAN_BYTES - plan->len ? plan_flush(plan) : PX_OK;
    if (status != PX_OK) {
        return status;
    }
    if (len > PLAN_BYTES) {
        return px_outlock_printf(plan->out, "%s%s%s%s\n", parts[0], parts[1], parts[2], parts[3]);
    }
    for (int i = 0; i < 4; i++) {
        plan_put(plan, parts[i], strlen(parts[i]));
    }
    plan_put(plan, "\n", 1);
    return PX_OK;
}

int plan_add(struct plan *plan, const struct px_item *item, bool source_is_url)
{
    char words[PLAN_WORDS_ROOM] = "";
    const bool target_only = item->target_only;
    if (plan->words != NULL) {
        plan->words(item, words, sizeof words);
    }
    char *source = source_is_url ? px_show_url_dup(item->source) : px_show_dup(item->source);
    char *target = px_show_dup(item->target);
    int status = PX_ENOMEM;
    if (source != NULL && target != NULL) {
        const char *const parts[4] = {words, target_only ? "" : source, target_only ? "" : " -> ",
                                      target};
        status = plan_line(plan, parts);
    }
    free(source);
    free(target);
    return status;
}
