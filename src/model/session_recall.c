/* session_recall.c - what a session predicts with its recall, and how both learn (session_recall.h).
 * SPDX-License-Identifier: MIT */
#include "session_recall.h"

#include "session.h"

#include "../base/bytes.h"

#include <string.h>

/* Learning rates of bias and sharpness where the model has none, and the largest. */
#define BIAS_RATE 0.4f
#define SHARPNESS_RATE 0.003f
#define MOST_BIAS_RATE 1.0f
#define MOST_SHARPNESS_RATE 0.1f

void bitllama_session_options_init(bitllama_session_options *options)
{
    if (options) *options = (bitllama_session_options){.size = sizeof *options, .recall = 32768};
}

static float within(float x, float least, float most)
{
    return x < least ? least : x > most ? most : x;
}

/* With the model's numbers, which are finite, or those of all. */
static void begin(bt_session *s)
{
    const bt_params *p = &s->model->params;
    bt_session_recall *a = &s->recall;
    a->bias_rate = BIAS_RATE;
    a->sharpness_rate = SHARPNESS_RATE;
    if (!p->config.recall_start) return;
    const float *start = bt_model_dense(s->model, p->recall), *rates = start + BT_GATES;
    a->bias_rate = within(rates[0], 0.0f, MOST_BIAS_RATE);
    a->sharpness_rate = within(rates[1], 0.0f, MOST_SHARPNESS_RATE);
    bt_recall_begin_with(a->memory, start);
}

int bt_session_recall_init(bt_session *s, const bitllama_session_options *options)
{
    bt_session_recall *a = &s->recall;
    size_t vocab = s->model->params.config.vocab;
    ttt_recall_options o;
    ttt_recall_options_init(&o);
    o.vocab = (uint32_t)vocab;
    o.capacity = options->recall;
    int status = ttt_recall_create(&o, &a->memory);
    if (status != TTT_OK) return status;
    begin(s);
    a->generated = options->generated != 0;
    a->sharpness = 1.0f;
    a->bias = bt_region_floats(&s->blocks, vocab);
    a->logits = bt_region_floats(&s->blocks, vocab);
    a->weights = bt_region_floats(&s->blocks, vocab);
    return s->blocks.failed ? TTT_OUT_OF_MEMORY : TTT_OK;
}

uint32_t bt_session_recall_capacity(const bt_session *s)
{
    return s->recall.memory ? s->recall.memory->ring.capacity : 0;
}

int bt_session_recall_fork(bt_session *to, const bt_session *from)
{
    if (!from->recall.memory) return TTT_OK;
    ttt_recall *memory = NULL;
    int status = ttt_recall_clone(from->recall.memory, &memory);
    if (status != TTT_OK) return status;
    ttt_recall_destroy(to->recall.memory);
    to->recall.memory = memory;
    to->recall.sharpness = from->recall.sharpness;
    memcpy(to->recall.bias, from->recall.bias, from->model->params.config.vocab * sizeof(float));
    return TTT_OK;
}

void bt_session_recall_reset(bt_session *s)
{
    bt_session_recall *a = &s->recall;
    if (!a->memory) return;
    ttt_recall_reset(a->memory);
    a->sharpness = 1.0f;
    a->predicted = false;
    memset(a->bias, 0, s->model->params.config.vocab * sizeof *a->bias);
}

int bitllama_session_reserve(bitllama_session *s, size_t n)
{
    if (!s) return TTT_NULL_POINTER;
    bool taken = !s->recall.memory || s->frozen || bt_recall_reserve(s->recall.memory, n);
    return taken ? TTT_OK : TTT_OUT_OF_MEMORY;
}

/* ---- predicting ------------------------------------------------------------------------------ */

static float base_of(const bt_session_recall *a, uint32_t token)
{
    float base = a->weights[token] * a->inverse;
    return base < 1.0f ? base : 1.0f;
}

void bt_session_recall_predict(bt_session *s, const float *logits)
{
    bt_session_recall *a = &s->recall;
    float largest, total;
    total = bt_kernels_active()->adapted_softmax(logits, a->bias, a->sharpness, a->weights,
                                                 s->model->params.config.vocab, &largest);
    a->inverse = 1.0f / total;
    a->log_sum = largest + bt_logarithm(bt_kernels_active(), total);
}

float bt_session_recall_log_probability(bt_session *s, uint32_t token)
{
    const bt_session_recall *a = &s->recall;
    const bt_view *view = bt_recall_view(a->memory);
    float p = bt_recall_probability(a->memory, view, token, base_of(a, token));
    return bt_logarithm(bt_kernels_active(), p);
}

bt_choices bt_session_recall_choices(bt_session *s, float *values)
{
    const bt_session_recall *a = &s->recall;
    size_t vocab = s->model->params.config.vocab;
    if (ttt_recall_symbols(a->memory) == 0) {
        memcpy(values, a->logits, vocab * sizeof *values);
        return (bt_choices){.values = values};
    }
    const bt_view *view = bt_recall_view(a->memory);
    bt_recall_distribution(a->memory, view, a->inverse, a->weights, values);
    return (bt_choices){.values = values, .probabilities = true, .add = a->log_sum};
}

/* ---- learning -------------------------------------------------------------------------------- */

/* One step down the gradient of the base's cross-entropy at the token: base - onehot(token). */
static void learn_head(bt_session *s, const float *logits, uint32_t token, float part)
{
    const bt_kernels *k = bt_kernels_active();
    bt_session_recall *a = &s->recall;
    size_t vocab = s->model->params.config.vocab;
    float rate = a->bias_rate * part, expected = k->dot(a->weights, logits, vocab) * a->inverse;
    k->adapt_bias(a->bias, a->weights, a->inverse, rate, BT_BIAS_LIMIT, vocab);
    a->bias[token] = within(a->bias[token] + rate, -BT_BIAS_LIMIT, BT_BIAS_LIMIT);
    float slope = a->sharpness_rate * part * (logits[token] - expected);
    a->sharpness = within(a->sharpness + slope, BT_LEAST_SHARPNESS, BT_MOST_SHARPNESS);
}

void bt_session_recall_learn(bt_session *s, const float *logits, uint32_t token)
{
    bool predicted = s->tokens > 0; /* the first token of a text was not */
    float part = bt_recall_learn(s->recall.memory, token, base_of(&s->recall, token));
    if (predicted) learn_head(s, logits, token, part);
}

void bt_session_recall_pass(bt_session *s, uint32_t token)
{
    bt_recall_pass(s->recall.memory, token);
}

/* ---- saved ----------------------------------------------------------------------------------- */

enum { AT_SHARPNESS = 0, AT_COUNT = 4, AT_BIAS = 8 };

/* A bias is saved once something has been learned. */
static size_t biases(const bt_session *s)
{
    return ttt_recall_symbols(s->recall.memory) > 0 ? s->model->params.config.vocab : 0;
}

size_t bt_session_recall_state_size(const bt_session *s)
{
    if (!s->recall.memory) return 0;
    return AT_BIAS + biases(s) * sizeof(float) + ttt_recall_state_size(s->recall.memory);
}

void bt_session_recall_save(const bt_session *s, uint8_t *p)
{
    const bt_session_recall *a = &s->recall;
    size_t count = biases(s);
    bt_put_floats(p + AT_SHARPNESS, &a->sharpness, 1);
    bt_put_u32(p + AT_COUNT, (uint32_t)count);
    p = bt_put_floats(p + AT_BIAS, a->bias, count);
    ttt_recall_save(a->memory, p, ttt_recall_state_size(a->memory));
}

/* What learning can give: at first the sharpness is 1, and biases are not saved. */
static bool valid(const uint8_t *p, size_t count)
{
    float sharpness = bt_get_float(p + AT_SHARPNESS, 0);
    if (count == 0 && sharpness != 1.0f) return false;
    if (!(sharpness >= BT_LEAST_SHARPNESS && sharpness <= BT_MOST_SHARPNESS)) return false;
    for (size_t i = 0; i < count; i++) {
        float bias = bt_get_float(p + AT_BIAS, i);
        if (!(bias >= -BT_BIAS_LIMIT && bias <= BT_BIAS_LIMIT)) return false;
    }
    return true;
}

int bt_session_recall_load(bt_session *s, const uint8_t *p, size_t size)
{
    bt_session_recall *a = &s->recall;
    size_t vocab = s->model->params.config.vocab;
    a->predicted = false;
    if (size == 0) {
        bt_session_recall_reset(s);
        return TTT_OK;
    }
    if (!a->memory) return TTT_STATE_RECALL;
    size_t count = size >= AT_BIAS ? bt_get_u32(p + AT_COUNT) : 1;
    size_t head = AT_BIAS + count * sizeof(float);
    if ((count != 0 && count != vocab) || size < head || !valid(p, count)) return TTT_STATE_DAMAGED;
    if ((count > 0) != (bt_recall_saved_symbols(p + head, size - head) > 0))
        return TTT_STATE_DAMAGED;
    int status = ttt_recall_load(a->memory, p + head, size - head);
    if (status != TTT_OK) return status;
    memset(a->bias, 0, vocab * sizeof *a->bias);
    bt_get_floats(p + AT_BIAS, a->bias, count);
    a->sharpness = bt_get_float(p + AT_SHARPNESS, 0);
    return TTT_OK;
}
