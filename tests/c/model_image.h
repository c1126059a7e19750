/* model_image.h - model files made in memory, for the tests that read them.
 * SPDX-License-Identifier: MIT */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include "model_support.h"

#include "io/safetensors.h"

typedef struct image {
    uint8_t *bytes;
    size_t size;
} image;

/* Rounds all weights to what f16 and bf16 hold exactly. */
void make_coarse(weights *w);

/* A safetensors file of the weights as BT_DTYPE_F32, F16 or BF16. config and tokenizer go into the
 * metadata unless NULL; extra, one more tensor, is written too unless NULL; the tensor named
 * `without` is left out. */
image safetensors_of(const weights *w, bt_dtype dtype, const char *config, const char *tokenizer,
                     const bt_tensor *extra, const char *without);

/* A .bitt file of a JSON header and a body. */
image bitt_of(const char *header, const image *body);

/* The compact file of a model, with its own tokenizer. */
image pack_of(const bitllama_model *model);

/* What rewrites a single file, with the metadata {"writer": "te\"st"}; and what that gives. */
bitllama_rewriting rewriting_of(const bitllama_shard *file, bitllama_format format);
image rewritten(const bitllama_rewriting *r);

/* The table of the safetensors part of a file of either kind; leaves the case if there is none. */
bt_safetensors *table_of(const image *im);

/* Makes the checksum of a compact file right, if it still has one. */
void seal_compact(image *compact);

/* Where the data of a tensor of a compact file begins, and its size; leaves the case if not. */
uint8_t *tensor_data(const image *compact, const char *name, size_t *size);

/* The configuration as JSON with a terminating zero. */
const char *config_text(const bt_model_config *c);

#endif
