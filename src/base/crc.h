/* SPDX-License-Identifier: MIT
 *
 * base/crc.h - the cyclic redundancy checks that servers state: they find damage, not intent.
 *
 * Any reflected CRC of up to 64 bits is one table code apart from its polynomial. The tables belong
 * to the check in hand (16 KiB, made in about 2 us), so nothing is shared between threads.
 */
#ifndef PX_BASE_CRC_H
#define PX_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

#include <pxfer/attr.h>

/* The polynomials, reflected; a check begins with all its bits set and is inverted at the end. */
#define PX_CRC32_POLYNOMIAL UINT64_C(0xedb88320)             /* ISO-HDLC: zip, PNG, zlib */
#define PX_CRC32C_POLYNOMIAL UINT64_C(0x82f63b78)            /* Castagnoli, RFC 9260 appendix A */
#define PX_CRC64NVME_POLYNOMIAL UINT64_C(0x9a6c9329ac4bc9b5) /* NVM Express */

struct px_crc {
    unsigned bits;  /* 32 or 64 */
    uint64_t value; /* not inverted yet */
    uint64_t table[8][256];
};

void px_crc_init(struct px_crc *crc, unsigned bits, uint64_t polynomial);
void px_crc_update(struct px_crc *crc, const void *bytes, size_t n);
/* bits / 8 bytes, the most significant one first, as servers write it. */
void px_crc_final(const struct px_crc *crc, unsigned char *out);
void px_crc_reset(struct px_crc *crc);

#endif
