/* trainer.c - one optimiser step after the other.
 * SPDX-License-Identifier: MIT */
#include "trainer.h"

#include "../base/fpenv.h"
#include "vectors.h"

#include <math.h>
#include <string.h>

static uint32_t below(uint64_t *state, uint32_t limit)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(((z ^ z >> 31) >> 32) * limit >> 32);
}

static float chance(bt_trainer *t)
{
    return (float)below(&t->rng, 1u << 24) * 0x1p-24f;
}

/* The start of the document that `start` lies in, if its separator is at most a window away. */
static size_t document_start(const bt_trainer *t, size_t start)
{
    for (size_t i = start; i + t->options.context > start; i--) {
        if (t->tokens[i] == t->options.separator) return i;
        if (i == 0) break;
    }
    return start;
}

/* A window of length + 1 tokens at a random place, or at the start of the document there. In some a
 * passage of 16 tokens up to nearly half of it stands again further on, so that the model learns to
 * use its memory. */
static void sample(bt_trainer *t, uint32_t *window)
{
    const bitllama_training *o = &t->options;
    uint32_t n = o->context + 1;
    size_t start = below(&t->rng, (uint32_t)(t->token_count - n + 1));
    if (o->from_start > 0.0f && chance(t) < o->from_start) start = document_start(t, start);
    for (uint32_t i = 0; i < n; i++) window[i] = t->tokens[start + i];
    if (chance(t) >= o->repeat || n < 48) return;
    uint32_t len = 16 + below(&t->rng, n / 2 - 23), from = below(&t->rng, n - 2 * len + 1);
    uint32_t to = from + len + below(&t->rng, n - 2 * len - from + 1);
    memmove(window + to, window + from, len * sizeof *window);
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

static float rate_at(const bitllama_training *o, uint64_t step)
{
    if (step < o->warmup) return o->learning_rate * (float)(step + 1) / (float)o->warmup;
    if (step >= o->steps) return o->final_learning_rate;
    double part = (double)(step - o->warmup) / (double)(o->steps - o->warmup);
    float falling = (float)(0.5 + 0.5 * cos(3.14159265358979 * part));
    return o->final_learning_rate + (o->learning_rate - o->final_learning_rate) * falling;
}

static double gradient_norm(const bt_trainer *t)
{
    const bt_net *net = &t->net;
    return sqrt(bt_squares(&net->exec, net->gradients, net->params.floats, t->squares));
}

/* Floats [begin, end) of all parameters; norms and gates are not decayed. */
static void update_task(void *context, size_t begin, size_t end, size_t worker)
{
    const void *const *both = context;
    bt_trainer *t = (bt_trainer *)(uintptr_t)both[0];
    bt_net *net = &t->net;
    (void)worker;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        const bt_param *x = &net->params.tensors[i];
        size_t last = x->offset + (x->rows * x->cols + 15) / 16 * 16;
        size_t at = begin > x->offset ? begin : x->offset, stop = end < last ? end : last;
        if (at >= stop) continue;
        bt_adamw own = *(const bt_adamw *)both[1];
        if (!x->decayed) own.decay = 0.0f;
        net->exec.kernels->adamw(&own, net->weights + at, net->gradients + at, t->first + at,
                                 t->second + at, stop - at);
    }
}

/* Gradients of all batches of a step; the mean loss. */
static double accumulate(bt_trainer *t)
{
    const bitllama_training *o = &t->options;
    bt_net *net = &t->net;
    double loss = 0, tokens = (double)o->batch * o->context * o->accumulate;
    bt_clear(&net->exec, net->gradients, net->params.floats);
    for (uint32_t i = 0; i < o->accumulate; i++) {
        size_t count;
        next_batch(t);
        if (net->dropout > 0.0f) net->dropout_seed = t->rng += 0x9e3779b97f4a7c15u;
        loss +=
            bt_net_run(net, t->ids, t->targets, true, (float)(1 / tokens), &count) / o->accumulate;
    }
    return loss;
}

static void update(bt_trainer *t, float rate, double norm)
{
    const bitllama_training *o = &t->options;
    double step = (double)++t->step;
    bt_adamw adam = {.rate = rate,
                     .beta1 = o->beta1,
                     .beta2 = o->beta2,
                     .eps = 1e-8f,
                     .decay = o->weight_decay,
                     .scale = norm > (double)o->clip ? o->clip / (float)norm : 1.0f,
                     .correction1 = (float)(1 / (1 - pow((double)o->beta1, step))),
                     .correction2 = (float)(1 / (1 - pow((double)o->beta2, step)))};
    const void *both[] = {t, &adam};
    bt_pool_run(t->net.exec.pool, t->net.params.floats, 4096, update_task, both);
    bt_net_refresh(&t->net);
}

static uint64_t tokens_a_step(const bitllama_training *o)
{
    return (uint64_t)o->batch * o->context * o->accumulate;
}

uint64_t bitllama_trainer_steps(const bitllama_trainer *t)
{
    return t ? t->step : 0;
}

int bitllama_trainer_step(bitllama_trainer *t, bitllama_step *step)
{
    if (!t || !step) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    uint64_t rng = t->rng;
    float rate = rate_at(&t->options, t->step);
    double loss = accumulate(t), norm = gradient_norm(t);
    bool finite = isfinite(loss) && isfinite(norm);
    if (finite) {
        update(t, rate, norm);
        *step = (bitllama_step){.loss = loss,
                                .learning_rate = rate,
                                .gradient_norm = (float)norm,
                                .step = t->step,
                                .tokens = t->step * tokens_a_step(&t->options)};
    } else {
        t->rng = rng;
    }
    bt_fpenv_leave(saved);
    return finite ? TTT_OK : TTT_DIVERGED;
}
