/* step.c - one step of training: batches, their gradients, AdamW.
 * SPDX-License-Identifier: MIT */
#include "trainer.h"

#include "../base/fpenv.h"
#include "../base/hash.h"
#include "muon.h"
#include "vectors.h"

#include <math.h>
#include <string.h>

static uint32_t random_below(bt_trainer *t, uint32_t limit)
{
    return (uint32_t)((bt_random_next(&t->rng) >> 32) * limit >> 32);
}

/* Uniform in [0, 1). */
static float uniform(bt_trainer *t)
{
    return (float)random_below(t, 1u << 24) * 0x1p-24f;
}

/* Index of the separator before `start`, if it is at most a window away; otherwise `start`. */
static size_t document_start(const bt_trainer *t, size_t start)
{
    for (size_t i = start; i + t->options.context > start; i--) {
        if (t->tokens[i] == t->options.separator) return i;
        if (i == 0) break;
    }
    return start;
}

/* Draws a window of context + 1 tokens, from a random position or the start of the document there. In
 * a fraction `repeat` of the windows a passage of 16 tokens to nearly half of the window is copied to
 * a later position, since predicting the copy needs the memory. */
static void sample(bt_trainer *t, uint32_t *window)
{
    const bitllama_training *o = &t->options;
    uint32_t n = o->context + 1;
    size_t start = random_below(t, (uint32_t)(t->token_count - n + 1));
    if (o->from_start > 0.0f && uniform(t) < o->from_start) start = document_start(t, start);
    for (uint32_t i = 0; i < n; i++) window[i] = t->tokens[start + i];
    if (uniform(t) >= o->repeat || n < 48) return;
    uint32_t length = 16 + random_below(t, n / 2 - 23);
    uint32_t from = random_below(t, n - 2 * length + 1);
    uint32_t to = from + length + random_below(t, n - 2 * length - from + 1);
    memmove(window + to, window + from, length * sizeof *window);
}

static void next_batch(bt_trainer *t)
{
    uint32_t length = t->options.context, *window = t->window;
    for (size_t s = 0; s < t->options.batch; s++) {
        sample(t, window);
        memcpy(t->ids + s * length, window, length * sizeof *window);
        memcpy(t->targets + s * length, window + 1, length * sizeof *window);
    }
}

/* Linear warm-up, then a cosine to the final rate (Loshchilov and Hutter 2017, arXiv
 * 1608.03983). */
static float rate_at(const bitllama_training *o, uint64_t step)
{
    if (step < o->warmup) return o->learning_rate * (float)(step + 1) / (float)o->warmup;
    if (step >= o->steps) return o->final_learning_rate;
    double done = (double)(step - o->warmup) / (double)(o->steps - o->warmup);
    float factor = (float)(0.5 + 0.5 * cos(3.14159265358979 * done));
    return o->final_learning_rate + (o->learning_rate - o->final_learning_rate) * factor;
}

static double gradient_norm(const bt_trainer *t)
{
    const bt_net *net = &t->net;
    return sqrt(bt_squares(&net->exec, net->gradients, net->params.floats, t->squares));
}

typedef struct {
    bt_trainer *trainer;
    bt_adamw adam;
} update_op;

/* Items: floats of the flat array of parameters. */
static void update_task(void *context, size_t begin, size_t end, size_t worker)
{
    const update_op *o = context;
    bt_trainer *t = o->trainer;
    bt_net *net = &t->net;
    (void)worker;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        const bt_param *x = &net->params.tensors[i];
        size_t last = x->offset + (x->rows * x->cols + 15) / 16 * 16;
        size_t at = begin > x->offset ? begin : x->offset, stop = end < last ? end : last;
        if (at >= stop || (t->muon && bt_muon_takes(x))) continue;
        bt_adamw adam = o->adam;
        if (!x->decayed) adam.decay = 0.0f;
        net->exec.kernels->adamw(&adam, net->weights + at, net->gradients + at, t->first + at,
                                 t->second + at, stop - at);
    }
}

/* Sums the gradients of all batches of a step; returns their mean loss. */
static double accumulate(bt_trainer *t)
{
    const bitllama_training *o = &t->options;
    bt_net *net = &t->net;
    double loss = 0, tokens = (double)o->batch * o->context * o->accumulate;
    bt_clear(&net->exec, net->gradients, net->params.floats);
    for (uint32_t i = 0; i < o->accumulate; i++) {
        size_t count;
        next_batch(t);
        if (net->dropout > 0.0f) net->dropout_seed = t->rng += BT_GOLDEN;
        loss +=
            bt_net_run(net, t->ids, t->targets, true, (float)(1 / tokens), &count) / o->accumulate;
    }
    return loss;
}

static void update(bt_trainer *t, float rate, double norm)
{
    const bitllama_training *o = &t->options;
    double step = (double)++t->step;
    float scale = norm > (double)o->clip ? o->clip / (float)norm : 1.0f;
    update_op op = {.trainer = t,
                    .adam = {.rate = rate,
                             .beta1 = o->beta1,
                             .beta2 = o->beta2,
                             .eps = 1e-8f,
                             .decay = o->weight_decay,
                             .scale = scale,
                             .correction1 = (float)(1 / (1 - pow((double)o->beta1, step))),
                             .correction2 = (float)(1 / (1 - pow((double)o->beta2, step)))}};
    bt_pool_run(t->net.exec.pool, t->net.params.floats, 4096, update_task, &op);
    if (t->muon)
        bt_muon_step(&(bt_muon){.rate = rate,
                                .momentum = o->momentum,
                                .decay = o->weight_decay,
                                .scale = scale,
                                .work = t->muon,
                                .squares = t->squares},
                     &t->net, t->first);
    bt_net_refresh(&t->net);
}

uint64_t bitllama_trainer_steps(const bitllama_trainer *t)
{
    return t ? t->step : 0;
}

int bitllama_trainer_step(bitllama_trainer *t, bitllama_step *step)
{
    if (!t || !step) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    const bitllama_training *o = &t->options;
    uint64_t rng = t->rng;
    float rate = rate_at(o, t->step);
    double loss = accumulate(t), norm = gradient_norm(t);
    bool finite = isfinite(loss) && isfinite(norm);
    if (finite) {
        update(t, rate, norm);
        *step = (bitllama_step){.loss = loss,
                                .learning_rate = rate,
                                .gradient_norm = (float)norm,
                                .step = t->step,
                                .tokens = t->step * o->batch * o->context * o->accumulate};
    } else {
        t->rng = rng;
    }
    bt_fpenv_leave(saved);
    return finite ? TTT_OK : TTT_DIVERGED;
}
