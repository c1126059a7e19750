/* session_head.c - the head of a session: logits of the next token, and what is drawn from them.
 * SPDX-License-Identifier: MIT */
#include "session_block.h"

#include "../base/fpenv.h"
#include "linear.h"

#include <string.h>

/* Row blocks of the head in a slice, which takes about as long as a step along a chain. */
enum { HEAD_SLICE = 4 };

static void add_bias(const bt_session *s, float *logits, size_t rows)
{
    const float *bias = bt_model_dense(s->model, s->model->params.head_bias);
    size_t vocab = s->model->params.config.vocab;
    for (size_t i = 0; i < rows * vocab; i++) logits[i] += bias[i % vocab];
}

/* matmul8 in slices, as long as the recall can look ahead between them. */
static void multiply_and_look(const bt_block *b, const bt_matmul8 *whole)
{
    size_t end = whole->block_end;
    for (size_t at = 0, next; at < end; at = next) {
        bool more = bt_block_look_ahead(b);
        next = more && end - at > HEAD_SLICE ? at + HEAD_SLICE : end;
        bt_matmul8 op = *whole;
        op.block_begin = at;
        op.block_end = next;
        b->k->matmul8(&op);
    }
}

/* Without a bias. */
static void multiply_head(const bt_block *b, const float *n, float *logits, size_t rows)
{
    bt_session *s = b->s;
    const bt_model_config *c = &s->model->params.config;
    if (c->float_activations) {
        bt_rows8_product(b->k, &s->model->head, n, logits, rows, s->scratch);
        return;
    }
    bt_block_quantize(b, n, c->dim, rows);
    bt_matmul8 op = {.w = &s->model->head,
                     .activations = s->activations,
                     .sums = s->sums,
                     .multipliers = s->multipliers,
                     .out = logits,
                     .out_stride = c->vocab,
                     .tokens = rows,
                     .block_begin = 0,
                     .block_end = s->model->head.row_blocks};
    multiply_and_look(b, &op);
}

void bt_block_head(const bt_block *b, const float *n, float *logits, size_t rows)
{
    multiply_head(b, n, logits, rows);
    if (b->s->model->params.config.head_bias) add_bias(b->s, logits, rows);
}

float *bt_block_next(const bt_block *b, float *logits)
{
    bt_session *s = b->s;
    if (s->tokens == 0) memset(logits, 0, s->model->params.config.vocab * sizeof *logits);
    else bt_block_head(b, s->last, logits, 1);
    return logits;
}

float *bt_block_predict(const bt_block *b)
{
    bt_session_recall *a = &b->s->recall;
    if (!a->predicted) {
        bt_session_recall_predict(b->s, bt_block_next(b, a->logits));
        a->predicted = true;
    }
    return a->logits;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* What may come next: by the mixture with recall, else by the model. */
static bt_choices next_choices(const bt_block *b)
{
    float *values = b->s->logits;
    if (!b->s->recall.memory) return (bt_choices){.values = bt_block_next(b, values)};
    bt_block_predict(b);
    return bt_session_recall_choices(b->s, values);
}

int bitllama_session_logits(bitllama_session *s, float *logits)
{
    if (!s || !logits) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    bt_block b = {.s = s, .k = bt_kernels_active(), .tokens = 1};
    bt_choices choices = next_choices(&b);
    bt_choices_logits(&choices, choices.values, logits, s->model->params.config.vocab);
    bt_fpenv_leave(saved);
    return TTT_OK;
}

int bitllama_session_draw(bitllama_session *s, const bitllama_sampling *sampling, uint32_t *token)
{
    if (!s || !sampling || !token) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter(); /* a comparison with a NaN can trap */
    bool good = !bt_sampling_problem(sampling);
    if (good) {
        bt_block b = {.s = s, .k = bt_kernels_active(), .tokens = 1};
        bt_choices choices = next_choices(&b);
        *token = bt_sampler_draw(&s->sampler, sampling, &choices, s->recent, bt_recent_count(s),
                                 s->tokens);
    }
    bt_fpenv_leave(saved);
    return good ? TTT_OK : TTT_INVALID_OPTION;
}
