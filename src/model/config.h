/* config.h - the hyper-parameters of a Bit-Llama model, with their limits.
 * SPDX-License-Identifier: MIT */
#ifndef BT_CONFIG_H
#define BT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bit_ttt/llama.h>

/* Of the configurations that are written. A .bitt file of this project has a checksum; version 1, which
 * had none, was never released and is refused. */
#define BT_FORMAT_VERSION 2u

#define BT_MAX_LAYERS BITLLAMA_MAX_LAYERS

/* The memory of a layer: one recurrence S <- a S - g k^T, r = S q with k = the last q, and
 *   reconstruct: q = L2norm(down x), g = rate (r' - k)
 *   predict:     q = L2norm(down x), g = rate (r' - q)
 *   induction:   per head q = L2norm(Wk x), v = Wv x, a and b gates of x, g = b (a r' - v) */
typedef enum bt_mixer {
    BT_RECONSTRUCT = BITLLAMA_RECONSTRUCT,
    BT_PREDICT = BITLLAMA_PREDICT,
    BT_INDUCTION = BITLLAMA_INDUCTION
} bt_mixer;

typedef struct bt_model_config {
    uint32_t vocab, dim, layers, mlp; /* dim, mlp and vocab are multiples of 16 */
    uint32_t inner, head;             /* induction: width of all heads, of one (multiple of 16) */
    float rate;                       /* inner_lr of reconstruct and predict */
    float norm_eps;
    bool unscaled;          /* BitLinear leaves out the scale s, as the original's does */
    bool float_activations; /* BitLinear and head take x as it is, not in int8: the original's */
    bool head_bias;         /* the logits have one, as in the original's first version */
    uint8_t mixers[BT_MAX_LAYERS];
    uint32_t version; /* format_version of the file that it was read from; 0: the original's */
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
    return bt_mixer_width(c, layer) / bt_mixer_head(c, layer);
}

/* NULL if the configuration can be used, otherwise a sentence that says what is wrong. */
const char *bt_config_problem(const bt_model_config *c);

/* To and from the public structure, whose BitLinear convention is this project's. Importing returns
 * what bt_config_problem finds. */
const char *bt_config_import(bt_model_config *c, const bitllama_config *from);
void bt_config_export(const bt_model_config *c, bitllama_config *to);

/* config_json.c */
struct bt_json;
/* Reads the object whose opening token was read last; keys it does not know are skipped, and what a
 * config.json of the original leaves out is as there. Offsets of errors count from `base`. */
int bt_config_read(struct bt_json *json, uint64_t base, bt_model_config *c, ttt_error *error);
/* The same for a whole text. */
int bt_config_parse(const char *text, size_t size, bt_model_config *c, ttt_error *error);
#define BT_CONFIG_TEXT 2048u
/* Writes it so that reading gives equal bits; the length. */
size_t bt_config_write(const bt_model_config *c, char text[BT_CONFIG_TEXT]);
/* True if the text is one JSON object, as a tokenizer must be; a byte order mark before it is taken off. */
bool bt_take_json_object(const char **text, size_t *size);

#endif
