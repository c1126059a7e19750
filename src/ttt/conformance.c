/* conformance.c - one hash over everything a layer does, to compare targets.
 *
 * Layers of many sizes, with both objectives and one to three threads (the largest layer has enough
 * work to use them), read pseudo-random tokens in calls of different lengths; half-way a fresh
 * layer loads the saved state and reads on. Inputs include zeros, denormals, rounding ties and
 * large values. FNV-1a over the bits of all results. The rule rls has a hash of its own.
 * SPDX-License-Identifier: MIT */
#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/fpenv.h"
#include "../base/hash.h"

#include <bit_ttt/ttt.h>

#define TOKENS 150u

static const uint16_t dims[] = {4, 5, 7, 10, 16, 30, 64, 67, 100, 128, 130, 192, 256, 512};

typedef struct {
    void *layer;
    float *input, *output;
    float surprise[TOKENS];
    uint8_t *state;
    uint64_t hash;
} run;

static void hash_u32(run *r, uint32_t v)
{
    r->hash = bt_fnv_u32(r->hash, v);
}

static void hash_floats(run *r, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) hash_u32(r, bt_float_bits(v[i]));
}

/* Token t repeats with period 37, so that the memory has something to learn. */
static void make_input(float *x, size_t dim)
{
    for (size_t t = 0; t < TOKENS; t++) {
        uint32_t s = (uint32_t)(t % 37 * 7919 + dim);
        for (size_t i = 0; i < dim; i++) {
            s = s * 1664525u + 1013904223u;
            float v = (float)(s >> 8) * 0x1p-23f - 1.0f;
            if (t % 41 == 7) v = 0.0f;
            if (t % 41 == 11) v *= 0x1p-130f;
            if (t % 41 == 13) v *= 0x1p90f;
            if (t % 41 == 17) v = (float)((int)(s >> 24) - 128) * 0.5f; /* ties, scale near 2 */
            x[t * dim + i] = v;
        }
    }
}

/* Reads tokens [begin, end) in calls of 1, 2, 5, ... tokens. */
static int read_tokens(run *r, size_t begin, size_t end, size_t dim)
{
    for (size_t t = begin, n = 1; t < end; t += n, n = n * 2 + t % 3) {
        if (n > end - t) n = end - t;
        int status = ttt_forward_ex(r->layer, r->input + t * dim, n * dim, n, r->output + t * dim,
                                    n * dim, r->surprise + t);
        if (status != TTT_OK) return status;
    }
    return TTT_OK;
}

/* Replaces the layer by a fresh one that loads its state. */
static int move_to_fresh_layer(run *r, const ttt_config *config)
{
    size_t size = ttt_state_size(r->layer);
    void *fresh = NULL;
    int status = ttt_save_state(r->layer, r->state, size);
    if (status == TTT_OK) status = ttt_create_from_config(config, &fresh);
    if (status == TTT_OK) status = ttt_load_state(fresh, r->state, size);
    if (status != TTT_OK) {
        ttt_destroy(fresh);
        return status;
    }
    for (size_t i = 0; i < size; i += 4) hash_u32(r, bt_get_u32(r->state + i));
    ttt_destroy(r->layer);
    r->layer = fresh;
    return TTT_OK;
}

static int run_config(run *r, const ttt_config *config)
{
    size_t dim = (size_t)config->hidden_dim;
    int status = ttt_create_from_config(config, &r->layer);
    if (status != TTT_OK) return status;
    size_t half = TOKENS / 2;
    r->input = bt_alloc(TOKENS * dim, sizeof(float));
    r->output = bt_alloc(TOKENS * dim, sizeof(float));
    r->state = bt_alloc(1, ttt_state_size(r->layer));
    if (!r->input || !r->output || !r->state) status = TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) {
        make_input(r->input, dim);
        status = read_tokens(r, 0, half, dim);
    }
    if (status == TTT_OK) status = move_to_fresh_layer(r, config);
    if (status == TTT_OK) status = read_tokens(r, half, TOKENS, dim);
    if (status == TTT_OK) {
        hash_floats(r, r->output, TOKENS * dim);
        hash_floats(r, r->surprise, TOKENS);
        status = move_to_fresh_layer(r, config);
    }
    bt_free(r->input);
    bt_free(r->output);
    bt_free(r->state);
    ttt_destroy(r->layer);
    return status;
}

static ttt_config config_of(size_t i, uint32_t objective, ttt_rule rule)
{
    static const float forgetting[] = {0.9995f, 1.0f, 0.95f}, ridge[] = {0.005f, 1e-6f, 10.0f};
    ttt_config config;
    ttt_config_init(&config);
    config.hidden_dim = dims[i];
    config.objective = objective;
    config.inner_lr = objective == TTT_PREDICT ? 0.5f : 0.1f;
    config.seed = dims[i] + objective;
    config.threads = (uint32_t)(i % 3 + 1);
    if (rule == TTT_GRADIENT) return config;
    config.rule = rule;
    config.forgetting = forgetting[(i + objective) % 3];
    config.ridge = ridge[i / 2 % 3];
    return config;
}

static int hash_layers(uint64_t *hash, ttt_rule rule)
{
    if (!hash) return TTT_NULL_POINTER;
    bt_fpenv saved = bt_fpenv_enter(); /* the input is computed as well */
    run *r = bt_alloc(1, sizeof *r);
    int status = r ? TTT_OK : TTT_OUT_OF_MEMORY;
    if (r) r->hash = BT_FNV_START;
    for (size_t i = 0; status == TTT_OK && i < sizeof dims / sizeof dims[0]; i++)
        for (uint32_t objective = TTT_RECONSTRUCT; objective <= TTT_PREDICT; objective++) {
            ttt_config config = config_of(i, objective, rule);
            status = run_config(r, &config);
            if (status != TTT_OK) break;
        }
    if (status == TTT_OK) *hash = r->hash;
    bt_free(r);
    bt_fpenv_leave(saved);
    return status;
}

int ttt_conformance_hash(uint64_t *hash)
{
    return hash_layers(hash, TTT_GRADIENT);
}

int ttt_rls_conformance_hash(uint64_t *hash)
{
    return hash_layers(hash, TTT_RLS);
}
