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

static int plan_line(struct plan *plan, const char *source, const char *target)
{
    static const char arrow[] = " -> ";
    const size_t source_len = strlen(source), target_len = strlen(target);
    const size_t len = source_len + target_len + sizeof arrow;
    int status = len > PLAN_BYTES - plan->len ? plan_flush(plan) : PX_OK;
    if (status != PX_OK) {
        return status;
    }
    if (len > PLAN_BYTES) {
        return px_outlock_printf(plan->out, "%s%s%s\n", source, arrow, target);
    }
    plan_put(plan, source, source_len);
    plan_put(plan, arrow, sizeof arrow - 1);
    plan_put(plan, target, target_len);
    plan_put(plan, "\n", 1);
    return PX_OK;
}

int plan_add(struct plan *plan, const struct px_item *item, bool source_is_url)
{
    char *source = source_is_url ? px_show_url_dup(item->source) : px_show_dup(item->source);
    char *target = px_show_dup(item->target);
    const int status =
        source != NULL && target != NULL ? plan_line(plan, source, target) : PX_ENOMEM;
    free(source);
    free(target);
    return status;
}
