/* checkpoint.c - saves and loads the state of a training.
 *
 * Format, version 1, little-endian; 96 bytes of header, then arrays of f32:
 *
 *      0  magic "BitTrn\r\n"      8  u32 version       12  u32 zero
 *     16  u64 size of the whole checkpoint in bytes    24  u64 hash of the configuration
 *     32  u64 hash of the options without the schedule   40  u64 hash of the tokens
 *     48  u64 steps done          56  u64 generator
 *     64  u32 BT_RECALL_START, or 0: there are no such numbers                 68  20 zero bytes
 *     88  u32 CRC-32C of the arrays                    92  u32 CRC-32C of bytes 0 to 91
 *     96  weights, first and second moments, each as long as all parameters; what recalls begin with
 * SPDX-License-Identifier: MIT */
#include "trainer.h"

#include "../base/bytes.h"
#include "../base/crc32c.h"
#include "../base/fpenv.h"
#include "../base/hash.h"
#include "../model/error.h"
#include "../model/model.h"

#include <math.h>
#include <string.h>

enum {
    AT_VERSION = 8,
    AT_ZERO = 12,
    AT_SIZE = 16,
    AT_CONFIG = 24,
    AT_OPTIONS = 32,
    AT_DATA = 40,
    AT_STEP = 48,
    AT_RNG = 56,
    AT_RECALL = 64,
    AT_ZEROS = 68,
    AT_BODY_CRC = 88,
    AT_HEADER_CRC = 92,
    HEADER = 96
};
#define VERSION 1u
#define MOST_STEPS ((uint64_t)1 << 40)

static const uint8_t magic[8] = {'B', 'i', 't', 'T', 'r', 'n', '\r', '\n'};

static uint64_t hash_words(uint64_t hash, const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = bt_hash_word(hash, words[i]);
    return hash;
}

static uint64_t hash_floats(uint64_t hash, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = bt_hash_word(hash, bt_float_bits(v[i]));
    return hash;
}

static uint64_t hash_config(const bt_trainer *t)
{
    const bt_model_config *c = &t->net.params.config;
    const uint32_t sizes[] = {c->vocab, c->dim, c->layers, c->mlp, c->inner, c->head};
    uint64_t hash = hash_words(1, sizes, sizeof sizes / sizeof *sizes);
    hash = hash_floats(hash, (float[]){c->rate, c->norm_eps}, 2);
    for (size_t i = 0; i < c->layers; i++) hash = bt_hash_word(hash, c->mixers[i]);
    return hash;
}

static uint64_t hash_options(const bitllama_training *o)
{
    uint32_t sizes[] = {o->batch, o->context, o->accumulate, o->separator};
    float rates[] = {o->learning_rate, o->final_learning_rate, o->weight_decay, o->beta1};
    float others[] = {o->beta2, o->clip, o->repeat, o->from_start, o->dropout};
    uint64_t hash = hash_floats(hash_floats(hash_words(2, sizes, 4), rates, 4), others, 5);
    hash = hash_words(hash, (uint32_t[]){(uint32_t)o->seed, (uint32_t)(o->seed >> 32)}, 2);
    /* Later options count only where they are used: older checkpoints go on. */
    if (o->bf16) hash = bt_hash_word(hash, o->bf16);
    if (o->optimizer == BITLLAMA_MUON)
        hash = bt_hash_word(hash_floats(hash, &o->momentum, 1), o->optimizer);
    return hash;
}

static uint64_t hash_tokens(const bt_trainer *t)
{
    uint64_t hash = 3;
    for (size_t i = 0; i < t->token_count; i++) hash = bt_hash_word(hash, t->tokens[i]);
    return bt_hash_word(hash, (uint32_t)t->token_count);
}

static size_t state_size(const bt_trainer *t, size_t recall)
{
    return HEADER + (3 * t->net.params.floats + recall) * sizeof(float);
}

static uint32_t recall_numbers(const bt_trainer *t)
{
    return t->recall_start ? BT_RECALL_START : 0;
}

size_t bitllama_trainer_state_size(const bitllama_trainer *t)
{
    return t ? state_size(t, recall_numbers(t)) : 0;
}

int bitllama_trainer_save(const bitllama_trainer *t, void *buffer, size_t size)
{
    if (!t || !buffer) return TTT_NULL_POINTER;
    uint8_t *head = buffer, *p = head + HEADER;
    size_t needed = bitllama_trainer_state_size(t), n = t->net.params.floats;
    if (size < needed) return TTT_BUFFER_SIZE;
    const float *arrays[] = {t->net.weights, t->first, t->second};
    for (size_t a = 0; a < 3; a++) p = bt_put_floats(p, arrays[a], n);
    bt_put_floats(p, t->recall, recall_numbers(t));
    memset(head, 0, HEADER);
    memcpy(head, magic, sizeof magic);
    bt_put_u32(head + AT_VERSION, VERSION);
    bt_put_u64(head + AT_SIZE, needed);
    bt_put_u64(head + AT_CONFIG, hash_config(t));
    bt_put_u64(head + AT_OPTIONS, hash_options(&t->options));
    bt_put_u64(head + AT_DATA, hash_tokens(t));
    bt_put_u64(head + AT_STEP, t->step);
    bt_put_u64(head + AT_RNG, t->rng);
    bt_put_u32(head + AT_RECALL, recall_numbers(t));
    bt_put_u32(head + AT_BODY_CRC, bt_crc32c(head + HEADER, needed - HEADER));
    bt_put_u32(head + AT_HEADER_CRC, bt_crc32c(head, AT_HEADER_CRC));
    return TTT_OK;
}

/* Even with valid checksums: no NaN, no infinity, no second moment below zero, and for recalls what a model may have. */
static bool values_valid(const uint8_t *body, size_t n, size_t recall)
{
    for (size_t i = 0; i < 3 * n + recall; i++) {
        float v = bt_float_from_bits(bt_get_u32(body + 4 * i));
        if (!isfinite(v) || (i >= 2 * n && i < 3 * n && v < 0.0f)) return false;
        if (i >= 3 * n && fabsf(v) > BT_WEIGHT_LIMIT) return false;
    }
    return true;
}

/* NULL, or what is wrong with the checkpoint. */
static const char *problem(const bt_trainer *t, const uint8_t *head, size_t size)
{
    static const uint8_t zeros[AT_BODY_CRC - AT_ZEROS];
    if (size < HEADER || memcmp(head, magic, sizeof magic) != 0)
        return "this is not a training checkpoint";
    if (bt_crc32c(head, AT_HEADER_CRC) != bt_get_u32(head + AT_HEADER_CRC))
        return "the checkpoint's header is damaged";
    if (bt_get_u32(head + AT_VERSION) > VERSION)
        return "the checkpoint was written by a newer version";
    if (bt_get_u32(head + AT_VERSION) < VERSION) return "the checkpoint's version never existed";
    if (bt_get_u64(head + AT_SIZE) != size || bt_get_u32(head + AT_ZERO) != 0 ||
        memcmp(head + AT_ZEROS, zeros, sizeof zeros) != 0)
        return "the checkpoint is truncated, or has bytes too many";
    if (bt_crc32c(head + HEADER, size - HEADER) != bt_get_u32(head + AT_BODY_CRC))
        return "the checkpoint's weights are damaged";
    if (bt_get_u64(head + AT_CONFIG) != hash_config(t))
        return "the checkpoint is of a model with another configuration";
    if (bt_get_u64(head + AT_OPTIONS) != hash_options(&t->options))
        return "the checkpoint is of a training with other options";
    if (bt_get_u64(head + AT_DATA) != hash_tokens(t))
        return "the checkpoint is of a training on other tokens";
    uint32_t recall = bt_get_u32(head + AT_RECALL);
    if ((recall != 0 && recall != BT_RECALL_START) || size != state_size(t, recall) ||
        bt_get_u64(head + AT_STEP) > MOST_STEPS ||
        !values_valid(head + HEADER, t->net.params.floats, recall))
        return "the checkpoint's weights cannot be right";
    return NULL;
}

int bitllama_trainer_load(bitllama_trainer *t, const void *buffer, size_t size, ttt_error *error)
{
    if (!t || !buffer) return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    const uint8_t *head = buffer, *p = head + HEADER;
    bt_fpenv saved = bt_fpenv_enter();
    const char *wrong = problem(t, head, size);
    bt_fpenv_leave(saved);
    if (wrong) return bt_error(error, TTT_CHECKPOINT, 0, NULL, 0, wrong);
    float *arrays[] = {t->net.weights, t->first, t->second};
    for (size_t a = 0; a < 3; a++) p = bt_get_floats(p, arrays[a], t->net.params.floats);
    uint32_t recall = bt_get_u32(head + AT_RECALL);
    t->recall_start = recall > 0;
    bt_get_floats(p, t->recall, recall);
    t->step = bt_get_u64(head + AT_STEP);
    t->rng = bt_get_u64(head + AT_RNG);
    saved = bt_fpenv_enter();
    bt_net_refresh(&t->net);
    bt_fpenv_leave(saved);
    return TTT_OK;
}
