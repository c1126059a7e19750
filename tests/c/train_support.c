/* train_support.c - small trainings, and what their models are as files (train_support.h).
 * SPDX-License-Identifier: MIT */
#include "train_support.h"

#include "check.h"
#include "support.h"

bitllama_trainer *trainer_of(const bt_model_config *c, uint32_t threads)
{
    uint32_t ids[TOKENS];
    bitllama_config config;
    bitllama_training options;
    bitllama_trainer *t = NULL;
    make_ids(ids);
    bitllama_config_init(&config);
    bt_config_export(c, &config);
    bitllama_training_init(&options);
    options.batch = 2;
    options.context = 32;
    options.steps = 4;
    options.warmup = 1;
    options.threads = threads;
    REQUIRE(bitllama_trainer_create(&config, &options, ids, TOKENS, &t, NULL) == TTT_OK);
    return t;
}

uint8_t *packed(const bitllama_model *model, size_t *size)
{
    CHECK_EQ(bitllama_pack(model, NULL, 0, NULL, 0, size), TTT_OK);
    uint8_t *bytes = must_alloc(*size);
    CHECK_EQ(bitllama_pack(model, NULL, 0, bytes, *size, size), TTT_OK);
    return bytes;
}
