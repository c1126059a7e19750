/* layout.c - writes and reads packed ternary panels.
 * SPDX-License-Identifier: MIT */
#include "layout.h"

#include <string.h>

size_t bt_ternary_bytes(size_t rows, size_t cols)
{
    return bt_round_up(rows, BT_ROWS) / BT_ROWS * (bt_round_up(cols, BT_CHUNK) / BT_CHUNK) *
           BT_CHUNK_BYTES;
}

void bt_ternary_view(bt_ternary *w, const uint8_t *panels, size_t rows, size_t cols)
{
    w->panels = panels;
    w->rows = rows;
    w->cols = cols;
    w->row_blocks = bt_round_up(rows, BT_ROWS) / BT_ROWS;
    w->chunks = bt_round_up(cols, BT_CHUNK) / BT_CHUNK;
}

void bt_ternary_clear(uint8_t *panels, size_t rows, size_t cols)
{
    memset(panels, 0x55, bt_ternary_bytes(rows, cols)); /* code 1 is weight 0 */
}

static size_t byte_offset(size_t cols, size_t row, size_t col)
{
    size_t chunks = bt_round_up(cols, BT_CHUNK) / BT_CHUNK;
    return (row / BT_ROWS * chunks + col / BT_CHUNK) * BT_CHUNK_BYTES + row % BT_ROWS * 4 + col % 4;
}

static unsigned field_shift(size_t col)
{
    return (unsigned)(col % BT_CHUNK / 4 * 2);
}

void bt_ternary_set(uint8_t *panels, size_t cols, size_t row, size_t col, int value)
{
    uint8_t *byte = panels + byte_offset(cols, row, col);
    unsigned shift = field_shift(col);
    *byte = (uint8_t)((*byte & ~(3u << shift)) | ((unsigned)(value + 1) << shift));
}

void bt_ternary_set16(uint8_t *panels, size_t cols, size_t row, size_t col, const int32_t *values)
{
    uint8_t *bytes = panels + byte_offset(cols, row, col);
    uint32_t codes[4] = {0}; /* uint32_t, so that compilers vectorise the loops */
    for (size_t f = 0; f < 4; f++)
        for (size_t b = 0; b < 4; b++) codes[b] |= (uint32_t)(values[4 * f + b] + 1) << 2 * f;
    for (size_t b = 0; b < 4; b++) bytes[b] = (uint8_t)codes[b];
}

int bt_ternary_get(const bt_ternary *w, size_t row, size_t col)
{
    unsigned byte = w->panels[byte_offset(w->cols, row, col)];
    return (int)(byte >> field_shift(col) & 3u) - 1;
}
