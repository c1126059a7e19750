/* train_support.h - small trainings, and what their models are as files.
 * SPDX-License-Identifier: MIT */
#ifndef TRAIN_SUPPORT_H
#define TRAIN_SUPPORT_H

#include "model_support.h"

/* A training of four steps on make_ids; leaves the case on failure. */
bitllama_trainer *trainer_of(const bt_model_config *c, uint32_t threads);
/* The compact file of a model, to be freed. */
uint8_t *packed(const bitllama_model *model, size_t *size);

#endif
