/* SPDX-License-Identifier: MIT
 *
 * pxfer/pxfer.h - all of libpxfer's public headers.
 */
#ifndef PXFER_PXFER_H
#define PXFER_PXFER_H

#include <pxfer/activity.h>
#include <pxfer/attr.h>
#include <pxfer/copy.h>
#include <pxfer/fetch.h>
#include <pxfer/future.h>
#include <pxfer/item.h>
#include <pxfer/log.h>
#include <pxfer/outlock.h>
#include <pxfer/parallel.h>
#include <pxfer/pool.h>
#include <pxfer/queue.h>
#include <pxfer/source.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>
#include <pxfer/version.h>
#include <pxfer/worker.h>

#endif
