/* crc32c.h - CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of saved states and files.
 * SPDX-License-Identifier: MIT */
#ifndef BT_CRC32C_H
#define BT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of one buffer; of "123456789" it is 0xe3069283. */
uint32_t bt_crc32c(const void *data, size_t size);

/* Continues a checksum: crc is that of the bytes so far, 0 for none. */
uint32_t bt_crc32c_more(uint32_t crc, const void *data, size_t size);

#endif
