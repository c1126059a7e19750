/* memory.c - the memories of a session: reading with and without update, surprise.
 * SPDX-License-Identifier: MIT */
#include "memory.h"

#include "../kernels/layout.h"

static size_t head_floats(size_t head)
{
    return bt_tile_count(head) * bt_tile_floats(head);
}

size_t bt_memory_floats(const bt_model_config *c, size_t layer)
{
    return bt_mixer_heads(c, layer) * head_floats(bt_mixer_head(c, layer));
}

/* One row of S times q, in the order of the kernels' memory pass. */
static float read_row(const float *tiles, size_t dim, size_t row, const float *q)
{
    float sum[4] = {0, 0, 0, 0};
    for (size_t col = 0; col < dim; col++)
        sum[col % 4] += tiles[bt_state_index(dim, row, col)] * q[col];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* r = S q without update. */
static void read_frozen(const bt_session *s, size_t layer, size_t tokens)
{
    const bt_model_config *c = &s->model->params.config;
    size_t width = bt_mixer_width(c, layer), head = bt_mixer_head(c, layer);
    for (size_t t = 1; t <= tokens; t++)
        for (size_t h = 0; h < width; h += head) {
            const float *tiles = s->layers[layer].tiles + h / head * head_floats(head);
            for (size_t i = 0; i < head; i++)
                s->r[t * width + h + i] = read_row(tiles, head, i, s->q + t * width + h);
        }
}

void bt_memory_read(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens)
{
    const bt_model_config *c = &s->model->params.config;
    size_t width = bt_mixer_width(c, layer), head = bt_mixer_head(c, layer);
    size_t heads = width / head;
    bt_mixer mixer = (bt_mixer)c->mixers[layer];
    if (s->frozen) {
        read_frozen(s, layer, tokens);
        return;
    }
    for (size_t h = 0; h < heads; h++) {
        float *q = s->q + h * head;
        const float *gate = s->gates + h;
        bt_memory op = {.state = s->layers[layer].tiles + h * head_floats(head),
                        .q = q,
                        .key = q,
                        .target = mixer == BT_INDUCTION ? s->v + h * head
                                                        : q + (mixer == BT_PREDICT) * width,
                        .r = s->r + h * head,
                        .stride = width,
                        .dim = head,
                        .tokens = tokens,
                        .rate = mixer == BT_INDUCTION ? 0.0f : c->rate,
                        .keep = mixer == BT_INDUCTION ? gate : NULL,
                        .write = gate + heads,
                        .target_stride = width,
                        .gate_stride = bt_gate_stride(heads)};
        k->memory(&op, 0, bt_tile_count(head));
    }
}

/* Sets *value to what the memory is to store for token t (from 0), and returns its prediction of it:
 * a reading, which induction multiplies by the keep gate (in the session's scratch). */
static const float *prediction(bt_session *s, size_t layer, size_t t, const float **value)
{
    const bt_model_config *c = &s->model->params.config;
    size_t width = bt_mixer_width(c, layer), head = bt_mixer_head(c, layer);
    size_t stride = bt_gate_stride(width / head);
    const float *before = s->r + t * width;
    *value = s->q + (t + 1) * width;
    if (c->mixers[layer] == BT_RECONSTRUCT) return before + width;
    if (c->mixers[layer] == BT_PREDICT) return before;
    *value = s->v + t * width;
    for (size_t i = 0; i < width; i++) s->scratch[i] = s->gates[t * stride + i / head] * before[i];
    return s->scratch;
}

void bt_memory_surprise(bt_session *s, size_t layer, const bt_kernels *k, size_t tokens,
                        float *sums)
{
    size_t width = bt_mixer_width(&s->model->params.config, layer);
    for (size_t t = 0; t < tokens; t++) {
        const float *value, *predicted = prediction(s, layer, t, &value);
        float size = k->dot(value, value, width), error = k->distance2(predicted, value, width);
        float ratio = size > 0.0f ? error / size : 0.0f;
        sums[t] += ratio < 1e30f ? ratio : 1e30f; /* also if the ratio is infinite or NaN */
    }
}

void bt_memory_settle(bt_session *s)
{
    const bt_model_config *c = &s->model->params.config;
    for (size_t l = 0; l < c->layers; l++) {
        if (c->mixers[l] != BT_RECONSTRUCT) continue;
        bt_session_layer *own = &s->layers[l];
        size_t dim = bt_mixer_width(c, l);
        for (size_t i = 0; i < dim; i++) {
            float gain = c->rate * (own->r[i] - own->q[i]);
            for (size_t j = 0; j < dim; j++)
                own->tiles[bt_state_index(dim, i, j)] -= gain * own->q[j];
            own->r[i] = own->q[i];
        }
    }
}
