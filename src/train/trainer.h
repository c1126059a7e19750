/* trainer.h - batches, schedule, optimiser and clipping around a net.
 * SPDX-License-Identifier: MIT */
#ifndef BT_TRAINER_H
#define BT_TRAINER_H

#include "net.h"

typedef struct bt_train_options {
    uint32_t seqs, length; /* batch: seqs windows of length tokens */
    uint32_t accumulate;   /* batches a step */
    uint32_t steps, warmup;
    float rate, final_rate; /* peak and last learning rate; cosine in between */
    float decay, beta1, beta2, clip;
    float repeat;     /* share of windows in which a passage is repeated */
    float from_start; /* share of windows that begin where a document does, if one does nearby */
    uint32_t separator; /* the token before each document */
    uint64_t seed;
    uint32_t threads;
} bt_train_options;

typedef struct bt_trainer {
    bt_train_options options;
    bt_net net;
    float *first, *second; /* Adam's moments, [floats] */
    uint32_t step;
    uint64_t rng;
    const uint16_t *tokens; /* borrowed */
    size_t token_count;
    uint32_t *ids, *targets; /* [seqs * length] */
} bt_trainer;

typedef struct bt_step_report {
    double loss;  /* mean nats of the step's targets */
    float rate, gradient_norm;
    size_t tokens;
} bt_step_report;

void bt_train_options_init(bt_train_options *o);

/* False when out of memory. The configuration and options have been checked. */
bool bt_trainer_init(bt_trainer *t, const bt_model_config *config, const bt_train_options *options,
                     const uint16_t *tokens, size_t token_count);
void bt_trainer_free(bt_trainer *t);

/* One optimiser step. False if the loss is not finite: the weights are then as before. */
bool bt_trainer_step(bt_trainer *t, bt_step_report *report);

/* Mean nats over [BT_NO_TARGET-padded] windows of the caller's; ids, targets as in bt_net_run. */
double bt_trainer_evaluate(bt_trainer *t, const uint32_t *ids, const uint32_t *targets,
                           size_t *count);

#endif
