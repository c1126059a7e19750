/* trainer.h - a net with its optimiser, its options and its training data.
 * SPDX-License-Identifier: MIT */
#ifndef BT_TRAINER_H
#define BT_TRAINER_H

#include "net.h"

#include <bit_ttt/llama.h>

typedef struct bitllama_trainer {
    bitllama_training options;
    bt_net net;
    float *first, *second; /* Adam's moments, [net.params.floats]; first: also Muon's */
    double *squares;       /* scratch of bt_squares */
    float *muon;           /* scratch of bt_muon_step, or NULL */
    uint64_t step, rng;    /* steps done; state of the generator */
    bool recall_start;     /* the model that it started from has such; they are not trained: */
    float *recall;         /* [BT_RECALL_START] (model/session_recall.h) */
    uint16_t *tokens;      /* [token_count] the training data */
    size_t token_count;
    uint32_t *ids, *targets; /* [batch * context] */
    uint32_t *window;        /* [context + 1] */
    bt_region blocks;        /* all arrays but those of net */
} bt_trainer;

/* NULL, or what is wrong with the options for a vocabulary of this size. */
const char *bt_training_problem(const bitllama_training *o, uint32_t vocab);

#endif
