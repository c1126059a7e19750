/* bytes.h - little-endian access to byte buffers, without alignment or host-order assumptions.
 * SPDX-License-Identifier: MIT */
#ifndef BT_BYTES_H
#define BT_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void bt_put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}
static inline uint32_t bt_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline void bt_put_u64(uint8_t *p, uint64_t v)
{
    bt_put_u32(p, (uint32_t)v);
    bt_put_u32(p + 4, (uint32_t)(v >> 32));
}
static inline uint64_t bt_get_u64(const uint8_t *p)
{
    return (uint64_t)bt_get_u32(p) | (uint64_t)bt_get_u32(p + 4) << 32;
}
static inline uint32_t bt_float_bits(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}
static inline float bt_float_from_bits(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline float bt_get_float(const uint8_t *p, size_t i)
{
    return bt_float_from_bits(bt_get_u32(p + 4 * i));
}
/* n floats as IEEE 754 bits; both return where the bytes end. */
static inline uint8_t *bt_put_floats(uint8_t *p, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) bt_put_u32(p + 4 * i, bt_float_bits(v[i]));
    return p + 4 * n;
}
static inline const uint8_t *bt_get_floats(const uint8_t *p, float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = bt_get_float(p, i);
    return p + 4 * n;
}

#endif
