/* SPDX-License-Identifier: MIT
 *
 * fetch/latename.c - names that servers give.
 *
 * Called by a worker for the first good reply to a task, before any byte of its body is kept. The
 * lock is the one of the targets.
 *
 * Of two URLs with the same name the one whose reply came first has it; the other fails. Which of
 * them that is may differ from run to run (with one worker it is the order of the list), but not
 * what is promised: one file, whole, from one of them, and a message that names the other's line.
 * Waiting for the heads of all earlier lines would decide it by the list, and would let one slow
 * server hold up all others.
 */
#define _GNU_SOURCE
#include "fetch/latename.h"

#include <stdbool.h>
#include <sys/stat.h>

#include <curl/curl.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>

#include "base/fdio.h"
#include "fetch/disposition.h"
#include "fetch/engine.h"
#include "fetch/head.h"
#include "fetch/name.h"
#include "fetch/settle.h"
#include "fetch/targets.h"
#include "fetch/task.h"

/* --on-exist=newer: no condition could be asked for before the name was known, so the date of the
 * reply decides, as with wget -N. True: the file that is there is no older. */
static bool is_no_newer(struct fetch_task *task, const char *date)
{
    struct stat st;
    time_t server = date != NULL ? curl_getdate(date, NULL) : -1;

    if (server == -1 || task_open_dir(task) != PX_OK ||
        task->fetch->io->fstatat(task->dir->fd, task->name, &st, 0) != 0 || !S_ISREG(st.st_mode) ||
        st.st_mtim.tv_sec < server) {
        return false;
    }
    task_set_skipped(task, PX_EEXIST, "not modified");
    return true;
}

int latename_decide(struct fetch_task *task, const struct head *head)
{
    const char *disposition = head->value[HEAD_CONTENT_DISPOSITION];
    char raw[DISPOSITION_ROOM], name[NAME_ROOM];
    size_t len = disposition != NULL ? disposition_filename(disposition, raw) : 0;
    int rc = PX_OK;

    if (len > 0) {
        name_make_safe(raw, len, name);
        rc = task_rename(task, name);
    }
    if (rc != PX_OK) {
        return rc;
    }
    task->named = true;
    if (task->fetch->opts.on_exist != PX_ON_EXIST_RENAME) {
        rc = targets_claim(task->fetch->targets, task);
    }
    if (rc != PX_OK) {
        return rc;
    }
    bool settled = task->fetch->opts.on_exist == PX_ON_EXIST_NEWER
                       ? is_no_newer(task, head->value[HEAD_LAST_MODIFIED])
                       : settle_existing(task);
    return settled ? PX_EEXIST : PX_OK;
}
