/* model_support.h - small random models, for the tests of sessions, files and training.
 * SPDX-License-Identifier: MIT */
#ifndef MODEL_SUPPORT_H
#define MODEL_SUPPORT_H

#include "model/model.h"

enum { TOKENS = 150, VOCAB = 48 };

/* A model's tensors in f32. */
typedef struct weights {
    bt_params params;
    float *values;    /* [params.floats] */
    bt_region blocks; /* of params */
} weights;

bt_model_config config_of(bt_mixer mixer);
weights make_weights(const bt_model_config *c); /* leaves the case on failure */
void free_weights(weights *w);
const float *find_weights(void *context, const char *name); /* context: weights; NULL: none such */
bt_model *build_model(const weights *w);                    /* leaves the case on failure */

/* Random ids below VOCAB, in which a passage of thirty comes twice. */
void make_ids(uint32_t ids[TOKENS]);

/* A session; leaves the case on failure. */
bitllama_session *open_session(bitllama_model *model);

#endif
