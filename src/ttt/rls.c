/* rls.c - the rule recursive least squares: its matrix P, what bounds it, and how it is saved.
 *
 * What is kept is Q = ridge P = U D U^T, which begins as the unit matrix (kernels.h, bt_rls). With the
 * columns u_j of U, forgetting may multiply Q by 1 / forgetting again and again where no token comes,
 * and a bound on D alone does not bound Q, since D says nothing about U. So each d_j |u_j|^2 is
 * bounded by 1, which a Q below the unit matrix keeps by itself. Then, with noise = forgetting *
 * ridge, s = f^T Q f and b = Q f, for a feature of length 1:
 *
 *     s <= d, |b| <= sqrt(d s), so that |gain| = |b| / (noise + s) <= sqrt(d / noise) / 2 < 2^17
 *
 * Errors of W are at most 64, so an update changes an entry of W by less than 2^23, and none is above
 * 2^48: there, adding 2^23 changes nothing. Readings are below sqrt(d) 2^48 = BT_READING_LIMIT / 2, and
 * no call can fail once its input is checked. Columns of U with |u_j| > 2^32 are given up before they
 * are used, so an entry of U is at most 2^32 (1 + 2^17).
 * SPDX-License-Identifier: MIT */
#include "layer.h"

#include "../base/bytes.h"
#include "../kernels/layout.h"

#include <string.h>

#define LARGEST_COLUMN 0x1p50f /* of an entry of U */

void bt_rls_reset(const bt_layer *layer, bt_memory_state *memory)
{
    memset(memory->columns, 0, bt_columns_floats(layer->small) * sizeof(float));
    memset(memory->gain, 0, layer->stride * sizeof(float));
    for (size_t j = 0; j < layer->stride; j++) {
        memory->columns[bt_column_index(j) + j] = 1.0f;
        memory->diagonal[j] = 1.0f;
    }
}

void bt_rls_learn(bt_layer *layer, const bt_kernels *kernels, size_t tokens)
{
    size_t stride = layer->stride;
    bt_rls op = {
        .u = layer->memory.columns,
        .d = layer->memory.diagonal,
        .k = layer->features + stride,
        .b = layer->gains + stride,
        .r = layer->objective == TTT_RECONSTRUCT ? layer->readings + stride : NULL,
        .leverage = layer->leverages,
        .stride = stride,
        .dim = layer->small,
        .tokens = tokens,
        .noise = layer->forgetting * layer->ridge,
        .growth = 1.0f / layer->forgetting,
    };
    kernels->rls(&op);
}

/* w <- w - d_j u_j u_j^T, the lower triangle, with the d_j that the next token finds. */
static void subtract_column(const bt_layer *layer, size_t j, float *w)
{
    const float *u = layer->memory.columns + bt_column_index(j);
    float norm = bt_kernels_active()->dot(u, u, bt_column_floats(j));
    float most = 1.0f / norm, d = layer->memory.diagonal[j];
    if (d > most) d = most;
    for (size_t row = 0; row <= j; row++) {
        float *to = w + row * layer->small, factor = u[row] * d;
        for (size_t col = 0; col <= row; col++) to[col] -= factor * u[col];
    }
}

void bt_rls_memory(const bt_layer *layer, float *w)
{
    size_t d = layer->small;
    memset(w, 0, d * d * sizeof *w);
    for (size_t i = 0; i < d; i++) w[i * d + i] = 1.0f;
    for (size_t j = 0; j < d; j++) subtract_column(layer, j, w);
    for (size_t row = 0; row < d; row++)
        for (size_t col = 0; col < row; col++) w[col * d + row] = w[row * d + col];
}

uint8_t *bt_rls_put(const bt_layer *layer, uint8_t *p)
{
    const bt_memory_state *m = &layer->memory;
    for (size_t j = 0; j < layer->small; j++)
        p = bt_put_floats(p, m->columns + bt_column_index(j), j);
    return bt_put_floats(p, m->diagonal, layer->small);
}

const uint8_t *bt_rls_get(bt_layer *layer, const uint8_t *p)
{
    bt_memory_state *m = &layer->memory;
    for (size_t j = 0; j < layer->small; j++)
        p = bt_get_floats(p, m->columns + bt_column_index(j), j);
    return bt_get_floats(p, m->diagonal, layer->small);
}

bool bt_rls_valid(const bt_layer *layer, const uint8_t *p)
{
    size_t entries = layer->small * (layer->small - 1) / 2;
    uint32_t largest = bt_float_bits(LARGEST_COLUMN);
    for (size_t i = 0; i < entries; i++)
        if ((bt_get_u32(p + 4 * i) & 0x7fffffffu) > largest) return false;
    for (size_t j = 0; j < layer->small; j++) {
        float d = bt_get_float(p, entries + j);
        if (!(d >= 1.0f / BT_RLS_LARGEST && d <= 1.0f)) return false;
    }
    return true;
}
