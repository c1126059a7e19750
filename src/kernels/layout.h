/* layout.h - the memory layouts of the kernels: packed ternary panels and state tiles. They are
 * private to the process; files and the API use row-major order.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LAYOUT_H
#define BT_LAYOUT_H

#include "kernels.h"

static inline size_t bt_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* Ternary panels. Bytes 4 r .. 4 r + 3 of a 64-byte chunk belong to row 16 * block + r. Bits 2 f
 * and 2 f + 1 of byte b of these hold w + 1 for input 16 * chunk + 4 * f + b; f is the "field".
 * Rows and inputs past the end hold the weight 0. */
size_t bt_ternary_bytes(size_t rows, size_t cols);
/* Makes w describe panels, which stay the caller's. */
void bt_ternary_view(bt_ternary *w, const uint8_t *panels, size_t rows, size_t cols);
/* Sets every weight to 0. */
void bt_ternary_clear(uint8_t *panels, size_t rows, size_t cols);
void bt_ternary_set(uint8_t *panels, size_t cols, size_t row, size_t col, int value);
/* Sets a row's 16 inputs from col on, a multiple of 16; values past the row's end must be 0. */
void bt_ternary_set16(uint8_t *panels, size_t cols, size_t row, size_t col, const int32_t *values);
int bt_ternary_get(const bt_ternary *w, size_t row, size_t col);

/* State tiles of 16 rows: [column block of 4][group x of 4][lane l of 4][column c of 4] holds
 * row 16 * tile + 4 * l + x, column 4 * block + c. A register of 4, 8 or 16 floats then holds 1,
 * 2 or 4 rows of one group, and fold_rows (lanes.h) reduces four groups to consecutive rows
 * within 128-bit lanes. */
static inline size_t bt_tile_count(size_t dim)
{
    return bt_round_up(dim, BT_ROWS) / BT_ROWS;
}
static inline size_t bt_tile_floats(size_t dim)
{
    return bt_round_up(dim, 4) * BT_ROWS;
}
static inline size_t bt_state_index(size_t dim, size_t row, size_t col)
{
    size_t in_tile = row % BT_ROWS;
    return row / BT_ROWS * bt_tile_floats(dim) + col / 4 * 64 + in_tile % 4 * 16 + in_tile / 4 * 4 +
           col % 4;
}

/* The columns of an upper triangular matrix, each down to its diagonal and filled up to a multiple of
 * 16 floats, so that the 16 columns of a group are equally long. */
static inline size_t bt_column_floats(size_t col)
{
    return bt_round_up(col + 1, BT_ROWS);
}
static inline size_t bt_column_index(size_t col)
{
    size_t group = col / BT_ROWS;
    return BT_ROWS * BT_ROWS / 2 * group * (group + 1) + col % BT_ROWS * bt_column_floats(col);
}
static inline size_t bt_columns_floats(size_t dim)
{
    return bt_column_index(bt_round_up(dim, BT_ROWS));
}

#endif
