/* model_reference.h - Bit-Llama written out in double precision, one token at a time, by hand.
 * SPDX-License-Identifier: MIT */
#ifndef MODEL_REFERENCE_H
#define MODEL_REFERENCE_H

#include "model/config.h"

/* weights: tensor by name, f32 row-major. Writes logits [vocab] after the last of n tokens. */
typedef const float *(*reference_source)(void *context, const char *name);
void reference_logits(const bt_model_config *c, reference_source source, void *context,
                      const uint32_t *ids, size_t n, double *logits);

#endif
