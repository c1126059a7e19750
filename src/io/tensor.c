/* tensor.c - dtypes, sizes of shapes, and the exact conversion to f32.
 * SPDX-License-Identifier: MIT */
#include "tensor.h"

#include "../base/bytes.h"
#include "../base/checked.h"

#include <string.h>

#define ROW(name, bits) {#name, bits},
static const struct {
    const char *name;
    uint32_t bits;
} dtypes[BT_DTYPE_COUNT] = {BT_DTYPES(ROW)};
#undef ROW

const char *bt_dtype_name(uint32_t dtype)
{
    return dtype < BT_DTYPE_COUNT ? dtypes[dtype].name : NULL;
}

uint32_t bt_dtype_bits(uint32_t dtype)
{
    return dtype < BT_DTYPE_COUNT ? dtypes[dtype].bits : 0;
}

int bt_tensor_extent(uint32_t dtype, const uint64_t *shape, size_t rank, uint64_t *elements,
                     uint64_t *bytes)
{
    uint64_t product = 1, bits;
    if (rank > BT_TENSOR_RANK) return BT_ST_RANK;
    for (size_t i = 0; i < rank; i++) {
        if (shape[i] > BT_TENSOR_DIMENSION) return BT_ST_DIMENSION;
        /* From left to right as the reference does: an overflow before a 0 is an error too. */
        if (!bt_mul_u64(product, shape[i], &product)) return BT_ST_SHAPE_OVERFLOW;
    }
    if (!bt_mul_u64(product, dtypes[dtype].bits, &bits)) return BT_ST_SHAPE_OVERFLOW;
    if (bits % 8 != 0) return BT_ST_SHAPE_BITS;
    *elements = product;
    *bytes = bits / 8;
    return BT_IO_OK;
}

bool bt_tensor_has_shape(const bt_tensor *tensor, size_t rank, const uint64_t *shape)
{
    if (tensor->rank != rank) return false;
    return rank == 0 || memcmp(tensor->shape, shape, rank * sizeof *shape) == 0;
}

/* The bits of the f32 that equals an IEEE 754 half. */
static uint32_t widen_half(uint32_t half)
{
    uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, fraction = half & 0x3ffu;
    if (exponent == 31) return sign | 0x7f800000u | fraction << 13;
    if (exponent > 0) return sign | (exponent + 112) << 23 | fraction << 13;
    if (fraction == 0) return sign;
    /* Subnormal: fraction * 2^-24; its highest bit becomes the implicit one. */
    uint32_t highest = 31u - (uint32_t)__builtin_clz(fraction);
    return sign | (highest + 103) << 23 | (fraction << (23 - highest) & 0x7fffffu);
}

static uint32_t get_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* Copies bits, not a float: loading a signalling NaN makes it quiet on some CPUs. */
static void put(float *out, uint32_t bits)
{
    memcpy(out, &bits, sizeof bits);
}

int bt_tensor_to_f32(const bt_tensor *tensor, float *out, size_t count, bt_io_error *error)
{
    const uint8_t *p = tensor->data;
    int code = BT_IO_OK;
    if (error) *error = (bt_io_error){0};
    if (tensor->elements != count) code = BT_ST_COUNT;
    else if (tensor->dtype == BT_DTYPE_F32)
        for (size_t i = 0; i < count; i++) put(out + i, bt_get_u32(p + 4 * i));
    else if (tensor->dtype == BT_DTYPE_F16)
        for (size_t i = 0; i < count; i++) put(out + i, widen_half(get_u16(p + 2 * i)));
    else if (tensor->dtype == BT_DTYPE_BF16)
        for (size_t i = 0; i < count; i++) put(out + i, get_u16(p + 2 * i) << 16);
    else code = BT_ST_DTYPE_UNSUPPORTED;
    if (code == BT_IO_OK) return code;
    return bt_io_fail_at(error, code, 8 + (uint64_t)tensor->header_at, "tensor", tensor->name,
                         tensor->name_length);
}
