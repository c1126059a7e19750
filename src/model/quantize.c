/* quantize.c - ternary and int8 weights from f32.
 * SPDX-License-Identifier: MIT */
#include "quantize.h"

#include "../kernels/layout.h"

#include <math.h>
#include <string.h>

float bt_ternary_scale(const float *w, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)fabsf(w[i]);
    float scale = (float)(sum / (double)n);
    return scale > 1e-12f ? scale : 1e-12f;
}

void bt_ternarize_row(const float *w, size_t cols, float scale, uint8_t *panels, size_t row,
                      float *out)
{
    for (size_t j = 0; j < cols; j += 16) {
        int32_t codes[16] = {0};
        size_t n = cols - j < 16 ? cols - j : 16;
        if (n == 16) /* a constant count, which compilers vectorise */
            for (size_t i = 0; i < 16; i++) codes[i] = bt_ternary_code(w[j + i], scale);
        else
            for (size_t i = 0; i < n; i++) codes[i] = bt_ternary_code(w[j + i], scale);
        for (size_t i = 0; i < n; i++) out[j + i] = (float)codes[i] * scale;
        bt_ternary_set16(panels, cols, row, j, codes);
    }
}

float bt_row_int8(const float *x, size_t n, int8_t *q)
{
    float largest = 0.0f;
    for (size_t i = 0; i < n; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    float scale = largest > 1e-9f ? 127.0f / largest : 1.0f;
    for (size_t i = 0; i < n; i++) q[i] = (int8_t)roundf(x[i] * scale);
    return largest > 1e-9f ? largest / 127.0f : 1.0f;
}

size_t bt_rows8_bytes(size_t rows, size_t cols)
{
    return bt_round_up(rows, BT_ROWS) * bt_round_up(cols, 16);
}

bt_rows8 bt_rows8_clear(uint8_t *panels, const float *scales, size_t rows, size_t cols)
{
    memset(panels, 128, bt_rows8_bytes(rows, cols));
    return (bt_rows8){.panels = panels,
                      .scales = scales,
                      .rows = rows,
                      .cols = cols,
                      .row_blocks = bt_round_up(rows, BT_ROWS) / BT_ROWS,
                      .quads = bt_round_up(cols, 16) / 4};
}
