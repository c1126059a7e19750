/* session_read.c - a session reads tokens, scores them, and says what may come next.
 * SPDX-License-Identifier: MIT */
#include "block.h"

#include "../base/fpenv.h"

#include <string.h>

/* logits [vocab] of the next token; zeros if nothing has been read. */
static float *next_logits(const bt_block *b, float *logits)
{
    bt_session *s = b->s;
    if (s->tokens == 0) memset(logits, 0, s->model->params.config.vocab * sizeof *logits);
    else bt_block_head(b, s->last, logits, 1);
    return logits;
}

/* With recall: the model's logits of the next token, from which it has predicted. Both are kept until
 * a token is read. */
static float *predict_next(const bt_block *b)
{
    bt_session_recall *a = &b->s->recall;
    if (!a->predicted) {
        bt_session_recall_predict(b->s, next_logits(b, a->logits));
        a->predicted = true;
    }
    return a->logits;
}

/* ---- scores ---------------------------------------------------------------------------------- */

/* What happens to each token of a call, beside going through the layers. */
typedef struct {
    float *logprobs; /* [n] or NULL */
    bool learned;    /* by the recall */
} scoring;

/* The token came, and these are the logits from which it was predicted. */
static void score(const bt_block *b, const scoring *how, float *logits, uint32_t id, size_t at)
{
    bt_session *s = b->s;
    if (!s->recall.memory) { /* then they are asked for */
        if (!how->logprobs) return;
        size_t vocab = s->model->params.config.vocab;
        how->logprobs[at] = -b->k->cross_entropy(logits, vocab, id, 0.0f, false);
        return;
    }
    if (logits != s->recall.logits) bt_session_recall_predict(s, logits);
    if (how->logprobs) how->logprobs[at] = bt_session_recall_log_probability(s, id);
    if (how->learned) bt_session_recall_learn(s, logits, id);
    else bt_session_recall_pass(s, id);
}

/* The first token of a block, before the block is read. */
static void score_first(const bt_block *b, const scoring *how, uint32_t id, size_t at)
{
    bool recall = b->s->recall.memory != NULL;
    score(b, how, recall ? predict_next(b) : next_logits(b, b->s->logits), id, at);
}

/* The other tokens of a block, which has been read. */
static void score_rest(const bt_block *b, const scoring *how, const uint32_t *ids, size_t at)
{
    size_t dim = b->s->model->params.config.dim, vocab = b->s->model->params.config.vocab;
    for (size_t t = 1, rows; t < b->tokens; t += rows) {
        rows = b->tokens - t < BT_LOGIT_SLICE ? b->tokens - t : BT_LOGIT_SLICE;
        bt_block_head(b, b->s->n + (t - 1) * dim, b->s->logits, rows);
        for (size_t i = 0; i < rows; i++)
            score(b, how, b->s->logits + i * vocab, ids[t + i], at + t + i);
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Reads a block; `at` is the number of the call's first token in it. */
static void read_and_score(const bt_block *b, const scoring *how, const uint32_t *ids, size_t at)
{
    bt_session_recall *a = &b->s->recall;
    bool scored = how->logprobs || how->learned, passed = a->memory && !scored;
    if (scored) score_first(b, how, ids[0], at);
    if (passed) bt_session_recall_pass(b->s, ids[0]);
    bt_block_read(b, ids);
    a->predicted = false;
    if (scored) score_rest(b, how, ids, at);
    for (size_t t = 1; passed && t < b->tokens; t++) bt_session_recall_pass(b->s, ids[t]);
}

/* remember: with a recall that is not frozen, it learns the tokens. */
static int read_tokens(bt_session *s, const uint32_t *tokens, size_t n, float *logprobs,
                       float *surprise, bool remember)
{
    if (!s || (!tokens && n > 0)) return TTT_NULL_POINTER;
    const bt_model_config *c = &s->model->params.config;
    for (size_t i = 0; i < n; i++)
        if (tokens[i] >= c->vocab) return TTT_INVALID_TOKEN;
    scoring how = {logprobs, remember && s->recall.memory && !s->frozen};
    if (how.learned && !bt_recall_reserve(s->recall.memory, n)) return TTT_OUT_OF_MEMORY;
    bt_fpenv saved = bt_fpenv_enter();
    float sums[BT_SESSION_BLOCK];
    bt_block b = {.s = s, .k = bt_kernels_active(), .surprise = surprise ? sums : NULL};
    for (size_t at = 0; at < n; at += b.tokens) {
        b.tokens = n - at < BT_SESSION_BLOCK ? n - at : BT_SESSION_BLOCK;
        memset(sums, 0, sizeof sums);
        read_and_score(&b, &how, tokens + at, at);
        for (size_t t = 0; surprise && t < b.tokens; t++)
            surprise[at + t] = sums[t] / (float)c->layers;
    }
    bt_fpenv_leave(saved);
    return TTT_OK;
}

int bitllama_session_read(bitllama_session *s, const uint32_t *tokens, size_t n, float *logprobs,
                          float *surprise)
{
    return read_tokens(s, tokens, n, logprobs, surprise, true);
}

int bitllama_session_write(bitllama_session *s, const uint32_t *tokens, size_t n)
{
    return read_tokens(s, tokens, n, NULL, NULL, s && s->recall.generated);
}

/* What may come next: by the mixture with recall, else by the model. */
static bt_choices next_choices(const bt_block *b)
{
    float *values = b->s->logits;
    if (!b->s->recall.memory) return (bt_choices){.values = next_logits(b, values)};
    predict_next(b);
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
