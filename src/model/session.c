/* session.c - creates, resets, freezes, forks and destroys sessions.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include "../base/alloc.h"
#include "../base/fpenv.h"
#include "../kernels/layout.h"
#include "memory.h"

#include <string.h>

/* Takes the next `count` floats of base, which begin a cache line; a NULL base only counts. */
static float *next_floats(float *base, size_t *at, size_t count)
{
    float *found = base ? base + *at : NULL;
    *at += bt_round_up(count, 16);
    return found;
}

/* Places the buffers that share memory in `work` (NULL: only counts), and returns the floats that
 * `work` needs. width, gates: the largest of all layers. */
static size_t overlay(bt_session *s, size_t width, size_t gates, float *work)
{
    const bt_model_config *c = &s->model->params.config;
    size_t block = BT_SESSION_BLOCK, mixer = 0, mlp = 0, head = 0;
    s->q = next_floats(work, &mixer, (block + 1) * width);
    s->r = next_floats(work, &mixer, (block + 1) * width);
    s->v = next_floats(work, &mixer, block * width);
    s->gates = next_floats(work, &mixer, block * gates);
    s->gate = next_floats(work, &mlp, block * c->mlp);
    s->up = next_floats(work, &mlp, block * c->mlp);
    s->logits = next_floats(work, &head, BT_LOGIT_SLICE * c->vocab);
    _Static_assert(BT_LOGIT_SLICE > BT_SAMPLER_FLOATS, "the sampler fits behind a row of logits");
    if (work) bt_sampler_init(&s->sampler, c->vocab, s->logits + c->vocab);
    size_t most = mixer > mlp ? mixer : mlp;
    return most > head ? most : head;
}

static bool take_buffers(bt_session *s)
{
    const bt_model_config *c = &s->model->params.config;
    bt_region *r = &s->blocks;
    size_t block = BT_SESSION_BLOCK, width = 0, gates = 0;
    s->layers = bt_region_alloc(r, c->layers, sizeof *s->layers);
    for (size_t i = 0; s->layers && i < c->layers; i++) {
        size_t w = bt_mixer_width(c, i), stride = bt_gate_stride(bt_mixer_heads(c, i));
        bt_session_layer *l = &s->layers[i];
        l->tiles = bt_region_floats(r, bt_memory_floats(c, i));
        l->q = bt_region_floats(r, w);
        l->r = bt_region_floats(r, w);
        width = w > width ? w : width;
        gates = stride > gates ? stride : gates;
    }
    size_t widest = c->mlp > c->dim ? c->mlp : c->dim;
    widest = width > widest ? width : widest;
    s->last = bt_region_floats(r, c->dim);
    s->x = bt_region_floats(r, block * c->dim);
    s->n = bt_region_floats(r, block * c->dim);
    s->scratch = bt_region_floats(r, widest);
    s->activations = bt_region_alloc(r, block * widest, sizeof(int16_t));
    float *work = bt_region_floats(r, overlay(s, width, gates, NULL));
    overlay(s, width, gates, work);
    return !r->failed;
}

int bitllama_session_create_with(bitllama_model *model, const bitllama_session_options *options,
                                 bitllama_session **session)
{
    if (session) *session = NULL;
    if (!model || !options || !session) return TTT_NULL_POINTER;
    if (options->size != sizeof *options || options->generated > 1) return TTT_INVALID_OPTION;
    bt_session *s = bt_alloc(1, sizeof *s);
    if (!s) return TTT_OUT_OF_MEMORY;
    s->model = bitllama_share(model);
    int status = take_buffers(s) ? TTT_OK : TTT_OUT_OF_MEMORY;
    if (status == TTT_OK && options->recall > 0) status = bt_session_recall_init(s, options);
    if (status != TTT_OK) {
        bitllama_session_destroy(s);
        return status == TTT_INVALID_CONFIG ? TTT_INVALID_OPTION : status;
    }
    *session = s;
    return TTT_OK;
}

int bitllama_session_create(bitllama_model *model, bitllama_session **session)
{
    bitllama_session_options options = {.size = sizeof options}; /* no recall */
    return bitllama_session_create_with(model, &options, session);
}

void bitllama_session_destroy(bitllama_session *s)
{
    if (!s) return;
    bt_region_free(&s->blocks);
    ttt_recall_destroy(s->recall.memory);
    bitllama_release(s->model);
    bt_free(s);
}

size_t bitllama_session_footprint(const bitllama_session *s)
{
    return s ? bt_block_bytes(s) + s->blocks.bytes + ttt_recall_footprint(s->recall.memory) : 0;
}

int bitllama_session_reset(bitllama_session *s)
{
    if (!s) return TTT_NULL_POINTER;
    const bt_model_config *c = &s->model->params.config;
    for (size_t i = 0; i < c->layers; i++) {
        size_t row = bt_mixer_width(c, i) * sizeof(float);
        memset(s->layers[i].tiles, 0, bt_memory_floats(c, i) * sizeof(float));
        memset(s->layers[i].q, 0, row);
        memset(s->layers[i].r, 0, row);
    }
    memset(s->recent, 0, sizeof s->recent);
    memset(s->last, 0, c->dim * sizeof *s->last);
    s->tokens = 0;
    bt_session_recall_reset(s);
    return TTT_OK;
}

void bt_session_copy(bt_session *to, const bt_session *from)
{
    const bt_model_config *c = &from->model->params.config;
    for (size_t i = 0; i < c->layers; i++) {
        size_t row = bt_mixer_width(c, i) * sizeof(float);
        memcpy(to->layers[i].tiles, from->layers[i].tiles, bt_memory_floats(c, i) * sizeof(float));
        memcpy(to->layers[i].q, from->layers[i].q, row);
        memcpy(to->layers[i].r, from->layers[i].r, row);
    }
    memcpy(to->last, from->last, c->dim * sizeof(float));
    memcpy(to->recent, from->recent, sizeof to->recent);
    to->tokens = from->tokens;
    to->frozen = from->frozen;
}

int bitllama_session_fork(const bitllama_session *from, bitllama_session **session)
{
    if (session) *session = NULL;
    if (!from || !session) return TTT_NULL_POINTER;
    bitllama_session_options options = {.size = sizeof options,
                                        .recall = bt_session_recall_capacity(from),
                                        .generated = from->recall.generated};
    bt_session *to = NULL;
    int status = bitllama_session_create_with(from->model, &options, &to);
    if (status == TTT_OK) status = bt_session_recall_fork(to, from);
    if (status != TTT_OK) {
        bitllama_session_destroy(to);
        return status;
    }
    bt_session_copy(to, from);
    *session = to;
    return TTT_OK;
}

uint64_t bitllama_session_tokens(const bitllama_session *s)
{
    return s ? s->tokens : 0;
}

int bitllama_session_freeze(bitllama_session *s, int frozen)
{
    if (!s) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    if (frozen && !s->frozen) bt_memory_settle(s);
    s->frozen = frozen != 0;
    bt_fpenv_leave(saved);
    return TTT_OK;
}
