/* conformance.c - one hash over everything a session does, to compare targets.
 *
 * For each mixer, and for the original's convention, a session of a random model reads
 * pseudo-random tokens in calls of different lengths, draws tokens with all kinds of sampling, is
 * saved half-way and loaded into another session, which reads on, frozen for a while. FNV-1a over
 * the bits of all results.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "../base/hash.h"

enum { VOCAB = 96, TOKENS = 100, DRAWS = 24 };

typedef struct {
    uint64_t hash;
    float logits[VOCAB], logprobs[TOKENS], surprise[TOKENS];
    uint32_t ids[TOKENS];
} run;

static void hash_u32(run *r, uint32_t v)
{
    r->hash = bt_fnv_u32(r->hash, v);
}

static void hash_floats(run *r, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) hash_u32(r, bt_float_bits(v[i]));
}

/* Thirty of the tokens come twice, so that the memories have something to recall. */
static void make_ids(run *r)
{
    uint32_t state = 7;
    for (size_t i = 0; i < TOKENS; i++) {
        state = state * 1664525u + 1013904223u;
        r->ids[i] = (state >> 8) % VOCAB;
        if (i >= 60 && i < 90) r->ids[i] = r->ids[i - 50];
    }
}

static int read_tokens(run *r, bitllama_session *s, size_t begin, size_t end)
{
    int status = TTT_OK;
    for (size_t t = begin, n = 1; t < end && status == TTT_OK; t += n, n = n * 2 + t % 3) {
        if (n > end - t) n = end - t;
        status = bitllama_session_read(s, r->ids + t, n, r->logprobs, r->surprise);
        hash_floats(r, r->logprobs, n);
        hash_floats(r, r->surprise, n);
    }
    if (status == TTT_OK) status = bitllama_session_logits(s, r->logits);
    hash_floats(r, r->logits, VOCAB);
    return status;
}

static int draw_tokens(run *r, bitllama_session *s)
{
    int status = TTT_OK;
    for (uint32_t i = 0; i < DRAWS && status == TTT_OK; i++) {
        bitllama_sampling o;
        uint32_t token = 0;
        bitllama_sampling_init(&o);
        o.temperature = (float)(i % 4) * 0.5f;
        o.top_k = i % 3 ? 0 : 20;
        o.top_p = i % 2 ? 0.875f : 1.0f;
        o.min_p = i % 5 ? 0.0f : 0.03125f;
        o.repetition_penalty = i % 7 ? 1.0f : 1.25f;
        o.seed = i / 8;
        status = bitllama_session_draw(s, &o, &token);
        hash_u32(r, token);
        if (status == TTT_OK) status = bitllama_session_read(s, &token, 1, NULL, NULL);
    }
    return status;
}

/* Hashes the saved state of a session and loads it into another. */
static int move(run *r, const bitllama_session *from, bitllama_session *to)
{
    size_t size = bitllama_session_state_size(from);
    uint8_t *state = bt_alloc(size, 1);
    int status = state ? bitllama_session_save(from, state, size) : TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) status = bitllama_session_load(to, state, size);
    for (size_t i = 0; status == TTT_OK && i < size; i += 4) hash_u32(r, bt_get_u32(state + i));
    bt_free(state);
    return status;
}

static int run_sessions(run *r, bt_model *model)
{
    bitllama_session *a = NULL, *b = NULL;
    int status = bitllama_session_create(model, &a);
    if (status == TTT_OK) status = bitllama_session_create(model, &b);
    if (status == TTT_OK) status = read_tokens(r, a, 0, TOKENS / 2);
    if (status == TTT_OK) status = draw_tokens(r, a);
    if (status == TTT_OK) status = move(r, a, b);
    if (status == TTT_OK) status = read_tokens(r, b, TOKENS / 2, TOKENS);
    if (status == TTT_OK) status = bitllama_session_freeze(b, 1);
    if (status == TTT_OK) status = read_tokens(r, b, 0, TOKENS / 4);
    if (status == TTT_OK) status = bitllama_session_freeze(b, 0);
    if (status == TTT_OK) status = read_tokens(r, b, TOKENS / 4, TOKENS / 2);
    if (status == TTT_OK) status = move(r, b, a);
    bitllama_session_destroy(a);
    bitllama_session_destroy(b);
    return status;
}

static int run_config(run *r, const bt_model_config *c, uint64_t seed)
{
    bt_params params;
    bt_region region = {0};
    bt_model *model = NULL;
    float *weights = NULL;
    int status = TTT_OUT_OF_MEMORY;
    if (bt_params_init(&params, c, &region)) weights = bt_region_floats(&region, params.floats);
    if (weights) {
        bt_params_randomize(&params, weights, seed);
        for (size_t i = 0; i < params.floats; i++) weights[i] *= 2.0f; /* for larger logits */
        status = bt_model_build(c, NULL, 0, bt_flat_source, weights, &model, NULL);
    }
    bt_region_free(&region);
    if (status == TTT_OK) status = run_sessions(r, model);
    bitllama_release(model);
    return status;
}

int bitllama_conformance_hash(uint64_t *hash)
{
    if (!hash) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter();
    run *r = bt_alloc(1, sizeof *r);
    int status = r ? TTT_OK : TTT_OUT_OF_MEMORY;
    if (r) {
        r->hash = BT_FNV_START;
        make_ids(r);
    }
    for (uint8_t i = 0; status == TTT_OK && i < 5; i++) {
        uint8_t mixer = i < 3 ? i : i == 3 ? BT_RECONSTRUCT : BT_INDUCTION;
        bt_model_config c = {.vocab = VOCAB,
                             .dim = 64,
                             .layers = 2,
                             .mlp = 112,
                             .inner = 48,
                             .head = i == 4 ? 16 : 48,
                             .rate = 0.5f,
                             .norm_eps = 1e-5f,
                             .unscaled = i == 3,
                             .float_activations = i >= 3,
                             .mixers = {mixer, mixer}};
        status = run_config(r, &c, 40u + i);
    }
    if (status == TTT_OK) *hash = r->hash;
    bt_free(r);
    bt_fpenv_leave(saved);
    return status;
}
