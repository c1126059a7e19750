/* tensor.h - a tensor of a file: name, dtype, shape, and a view of its bytes.
 * SPDX-License-Identifier: MIT */
#ifndef BT_TENSOR_H
#define BT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/io_error.h"

#define BT_TENSOR_RANK 8u
#define BT_TENSOR_NAME 4096u /* bytes */
#define BT_TENSOR_DIMENSION ((uint64_t)INT64_MAX)

/* The dtypes of the safetensors format, and the bits of an element. */
/* clang-format off */
#define BT_DTYPES(X) \
    X(BOOL, 8) X(F4, 4) X(F6_E2M3, 6) X(F6_E3M2, 6) X(U8, 8) X(I8, 8) X(F8_E5M2, 8) X(F8_E4M3, 8) \
    X(F8_E8M0, 8) X(I16, 16) X(U16, 16) X(F16, 16) X(BF16, 16) X(I32, 32) X(U32, 32) X(F32, 32) \
    X(C64, 64) X(F64, 64) X(I64, 64) X(U64, 64)
/* clang-format on */

#define BT_DTYPE_NAME(name, bits) BT_DTYPE_##name,
typedef enum bt_dtype { BT_DTYPES(BT_DTYPE_NAME) BT_DTYPE_COUNT } bt_dtype;
#undef BT_DTYPE_NAME

/* Name and data are borrowed, and not aligned. */
typedef struct bt_tensor {
    const char *name; /* UTF-8 without NULs, not terminated */
    size_t name_length;
    const uint8_t *data; /* size bytes, little-endian, row-major */
    size_t size;
    uint64_t begin, end; /* range of its data, in bytes from the start of all data */
    uint64_t elements;   /* the product of the shape; 1 for rank 0 */
    uint64_t shape[BT_TENSOR_RANK];
    uint32_t header_at; /* offset of its description in the header */
    uint8_t dtype;      /* bt_dtype */
    uint8_t rank;
} bt_tensor;

/* "F32" and so on; NULL for numbers that are no dtype. */
const char *bt_dtype_name(uint32_t dtype);
/* Bits of one element; 0 for numbers that are no dtype. */
uint32_t bt_dtype_bits(uint32_t dtype);

/* Elements and bytes of a shape, for a known dtype: BT_IO_OK, BT_ST_RANK, BT_ST_DIMENSION,
 * BT_ST_SHAPE_OVERFLOW or BT_ST_SHAPE_BITS. */
int bt_tensor_extent(uint32_t dtype, const uint64_t *shape, size_t rank, uint64_t *elements,
                     uint64_t *bytes);

/* True if the tensor has this rank and shape [rank]. */
bool bt_tensor_has_shape(const bt_tensor *tensor, size_t rank, const uint64_t *shape);

/* Converts a tensor of F32, F16 or BF16 to out [count], exactly: with subnormals, infinities and
 * payloads of NaNs. Errors, after which nothing is written: BT_ST_DTYPE_UNSUPPORTED, and BT_ST_COUNT
 * unless it has `count` elements. `error` may be NULL. */
int bt_tensor_to_f32(const bt_tensor *tensor, float *out, size_t count, bt_io_error *error);

#endif
