/* config.h - the hyper-parameters of a Bit-Llama model and their limits.
 * SPDX-License-Identifier: MIT */
#ifndef BT_CONFIG_H
#define BT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bit_ttt/llama.h>

/* The format_version that is written. Version 1, which had no checksum, was never released and is
 * refused. */
#define BT_FORMAT_VERSION 2u

#define BT_MAX_LAYERS BITLLAMA_MAX_LAYERS

/* The memory of a layer. The key k of a token is q of the token before. With r' = S k, S before the
 * update, each token makes the update S <- a S - g k^T and then reads r = S q:
 *   reconstruct: q = L2norm(down x), a = 1, g = rate (r' - k)
 *   predict:     q = L2norm(down x), a = 1, g = rate (r' - q)
 *   induction:   each head: q = L2norm(Wk x), v = Wv x, gates a and b of x, g = b (a r' - v) */
typedef enum bt_mixer {
    BT_RECONSTRUCT = BITLLAMA_RECONSTRUCT,
    BT_PREDICT = BITLLAMA_PREDICT,
    BT_INDUCTION = BITLLAMA_INDUCTION
} bt_mixer;

typedef struct bt_model_config {
    uint32_t vocab, dim, layers, mlp; /* dim, mlp and vocab are multiples of 16 */
    uint32_t inner, head;             /* induction: width of all heads, of one (multiples of 16) */
    float rate;                       /* inner_lr of reconstruct and predict */
    float norm_eps;
    bool unscaled;          /* BitLinear without the scale s: the original's convention */
    bool float_activations; /* BitLinear and head on f32, not int8: the original's convention */
    bool head_bias;         /* as in the first version of the original */
    bool recall_start;      /* recalls begin with numbers of the model's own (session_recall.h) */
    uint8_t mixers[BT_MAX_LAYERS];
    uint32_t version; /* format_version of the file; 0: the original's, which has none */
} bt_model_config;

/* Width of a layer's memory features, and of one head of it. */
static inline size_t bt_mixer_width(const bt_model_config *c, size_t layer)
{
    return c->mixers[layer] == BT_INDUCTION ? c->inner : c->dim / 4;
}
static inline size_t bt_mixer_head(const bt_model_config *c, size_t layer)
{
    return c->mixers[layer] == BT_INDUCTION ? c->head : c->dim / 4;
}
static inline size_t bt_mixer_heads(const bt_model_config *c, size_t layer)
{
    return c->mixers[layer] == BT_INDUCTION ? c->inner / c->head : 1;
}

/* NULL, or a sentence that says what is wrong. */
const char *bt_config_problem(const bt_model_config *c);

/* Convert from and to the public struct, for models of this project's convention. bt_config_import
 * returns the result of bt_config_problem. */
const char *bt_config_import(bt_model_config *c, const bitllama_config *from);
void bt_config_export(const bt_model_config *c, bitllama_config *to);

/* config_json.c */
struct bt_json;
/* Reads the object whose opening token was read last, skipping unknown keys. Offsets of errors
 * count from `base`. Returns a ttt_status. */
int bt_config_read(struct bt_json *json, uint64_t base, bt_model_config *c, ttt_error *error);
/* The same for a whole text. */
int bt_config_parse(const char *text, size_t size, bt_model_config *c, ttt_error *error);
#define BT_CONFIG_TEXT 2048u
/* Writes it as JSON that reads back to equal bits; returns the length. */
size_t bt_config_write(const bt_model_config *c, char text[BT_CONFIG_TEXT]);
/* True if the text is a JSON object, as a tokenizer must be. Advances it past a byte order mark. */
bool bt_take_json_object(const char **text, size_t *size);

#endif
