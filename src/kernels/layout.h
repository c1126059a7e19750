/* layout.h - how matrices lie in memory for the kernels: packed ternary panels and state tiles.
 * Canonical layouts (files, API) are plain row-major; these never leave the process.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LAYOUT_H
#define BT_LAYOUT_H

#include "kernels.h"

static inline size_t bt_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* Ternary panels. Lane r (4 bytes) of a 64-byte chunk holds row 16 * block + r; bits 2f, 2f+1 of
 * its byte b hold w + 1 for input 16 * chunk + 4 * f + b. Rows and inputs past the end hold 0. */
size_t bt_ternary_bytes(size_t rows, size_t cols);
void bt_ternary_view(bt_ternary *w, const uint8_t *panels, size_t rows, size_t cols);
void bt_ternary_clear(uint8_t *panels, size_t rows, size_t cols);
void bt_ternary_set(uint8_t *panels, size_t cols, size_t row, size_t col, int value);
/* The 16 inputs of a row from col on, a multiple of 16; values past the row's end are 0. */
void bt_ternary_set16(uint8_t *panels, size_t cols, size_t row, size_t col, const int32_t *values);
int bt_ternary_get(const bt_ternary *w, size_t row, size_t col);

/* State tiles: 16 rows each, [column block of 4][group x of 4][lane l of 4][column c of 4], holding
 * row 16 * tile + 4 * l + x, column 4 * block + c. One register of 4, 8 or 16 floats then is 1, 2
 * or 4 rows of one group, and four groups reduce to consecutive rows without crossing lanes. */
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

#endif
