/* SPDX-License-Identifier: MIT
 *
 * fetch/quirk.h - faults of certain versions of libcurl that the engine must work around, known by
 * curl_version_info(3) at run time, because the shared library may be another than was built with.
 * Pure.
 */
#ifndef FETCH_QUIRK_H
#define FETCH_QUIRK_H

#include <stdbool.h>

struct quirks {
    /* A request with HTTP/2 by prior knowledge on a connection that was used before fails ("Error in
     * the HTTP2 framing layer"): one connection for each request (7.87 - 7.88, curl pull 10643). */
    bool h2c_no_reuse;
    /* An HTTP/2 stream that the server resets may be reported as complete: a body whose length is
     * not told cannot be trusted, and is asked for again by HTTP/1.1 (7.87 - 7.88, pull 10693). */
    bool h2_end_uncertain;
};

/* `version` as in curl_version_info_data.version_num: 0xMMmmpp. */
struct quirks quirks_of(unsigned version);

#endif
