/* crc32c.h - CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of saved states and files.
 * SPDX-License-Identifier: MIT */
#ifndef BT_CRC32C_H
#define BT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of one buffer; "123456789" gives 0xe3069283. */
uint32_t bt_crc32c(const void *data, size_t size);

/* Of what has the checksum crc (0: nothing), and after it this. */
uint32_t bt_crc32c_more(uint32_t crc, const void *data, size_t size);

#endif
