/* test_fpenv.c - whatever the caller's floating-point environment is, every ttt_ function, called well and
 * badly, gives the same bits and leaves it alone.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "fpenv_calls.h"
#include "fpenv_recall.h"
#include "support.h"

#include <bit_ttt/ternary.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 64, SEQ = 9, ROWS = 20, COLS = 30 };

/* ---- layers ---------------------------------------------------------------------------------- */

static void bad_layers(void *layer, float *x, float *y)
{
    ttt_config config;
    void *made;
    CALL(ttt_config_init(&config));
    config.inner_lr = NAN;
    GIVES(TTT_INVALID_CONFIG, ttt_create_from_config(&config, &made));
    config.inner_lr = 0.1f;
    config.hidden_dim = 3;
    GIVES(TTT_DIMENSION_MISMATCH, ttt_create_from_config(&config, &made));
    CALL(made = ttt_create(DIM, INFINITY));
    CHECK(made == NULL);
    float kept = x[70];
    x[70] = NAN;
    GIVES(TTT_NON_FINITE, ttt_forward(layer, x, SEQ, y));
    x[70] = 1e38f;
    GIVES(TTT_INPUT_RANGE, ttt_forward(layer, x, SEQ, y));
    x[70] = kept;
    GIVES(TTT_OVERLAP, ttt_forward(layer, x, SEQ, x + 1));
    GIVES(TTT_DIMENSION_MISMATCH, ttt_forward_ex(layer, x, 3, SEQ, y, 3, NULL));
    GIVES(TTT_NULL_POINTER, ttt_forward_ex(layer, NULL, 3, SEQ, y, 3, NULL));
    config.hidden_dim = DIM;
    config.inner_lr = 50;
    CALL(made = ttt_create(DIM, 50));
    REQUIRE(made != NULL);
    float *many = make_tokens(5, DIM, 500, 7), *results = must_zero(500 * DIM * sizeof *results);
    GIVES(TTT_DIVERGED, ttt_forward(made, many, 500, results));
    ttt_destroy(made);
    free(many);
    free(results);
}

static void questions(const void *layer)
{
    float rate;
    uint64_t number = 0;
    const char *text;
    CALL(number += ttt_hidden_dim(layer));
    CALL(number += ttt_memory_dim(layer));
    CALL(rate = ttt_inner_lr(layer));
    CALL(number += (uint64_t)ttt_get_objective(layer));
    CALL(number += (uint64_t)ttt_get_rule(layer));
    float forgetting, ridge;
    CALL(forgetting = ttt_forgetting(layer));
    CALL(ridge = ttt_ridge(layer));
    keep(&forgetting, sizeof forgetting);
    keep(&ridge, sizeof ridge);
    CALL(number += ttt_threads(layer));
    CALL(number += ttt_footprint(layer) > 0);
    CALL(number += ttt_tokens_seen(layer));
    CALL(number += ttt_weights_fingerprint(layer));
    CALL(number += ttt_state_size(layer));
    keep_number(number);
    keep(&rate, sizeof rate);
    CALL(text = ttt_version());
    keep(text, strlen(text));
    for (int i = 0; i < 100; i++) {
        CALL(text = ttt_status_string(i));
        keep(text, strlen(text));
    }
}

static void one_layer(uint32_t threads, ttt_objective objective, float rate, ttt_rule rule)
{
    ttt_config config;
    void *layer, *twin;
    float *x = make_tokens(2, DIM, SEQ, 5), y[DIM * SEQ], surprise[SEQ], w[DIM * DIM / 16];
    int8_t down[DIM * DIM / 4], up[DIM * DIM / 4];
    for (size_t i = 0; i < DIM; i++) x[i] *= 0x1p-130f; /* denormals count too */
    CALL(ttt_config_init(&config));
    config.hidden_dim = DIM;
    config.objective = (uint32_t)objective;
    config.inner_lr = rate;
    config.threads = threads;
    config.rule = (uint32_t)rule;
    GIVES(TTT_OK, ttt_create_from_config(&config, &layer));
    GIVES(TTT_OK, ttt_forward_ex(layer, x, DIM * SEQ, SEQ, y, DIM * SEQ, surprise));
    keep(y, sizeof y);
    keep(surprise, sizeof surprise);
    CALL(twin = ttt_clone(layer));
    GIVES(TTT_OK, ttt_forward(twin, x, SEQ, y));
    keep(y, sizeof y);
    size_t size = ttt_state_size(layer);
    uint8_t *state = must_zero(size);
    GIVES(TTT_OK, ttt_save_state(twin, state, size));
    keep(state, size);
    GIVES(TTT_BUFFER_SIZE, ttt_save_state(twin, state, size - 1));
    GIVES(TTT_OK, ttt_load_state(layer, state, size));
    GIVES(TTT_OK, ttt_get_memory(layer, w));
    keep(w, sizeof w);
    state[size - 1] ^= 1;
    GIVES(TTT_STATE_DAMAGED, ttt_load_state(layer, state, size));
    questions(layer);
    if (threads == 1) bad_layers(layer, x, y);
    GIVES(TTT_OK, ttt_get_weights(layer, down, up));
    GIVES(TTT_OK, ttt_set_weights(layer, down, up));
    down[3] = 2;
    GIVES(TTT_INVALID_WEIGHTS, ttt_set_weights(layer, down, up));
    GIVES(TTT_OK, ttt_reset(layer));
    CALL(ttt_destroy(layer));
    CALL(ttt_destroy(twin));
    free(state);
    free(x);
}

/* With work for two threads, which begin with the setting of who made them. */
static void large_layer(void)
{
    enum { LARGE = 512, TOKENS_READ = 70 };
    ttt_config config;
    void *layer;
    float *x = make_tokens(4, LARGE, TOKENS_READ, 5),
          *y = must_zero(LARGE * TOKENS_READ * sizeof *y);
    for (size_t i = 0; i < 9 * LARGE; i++) x[i] *= 0x1p-130f;
    ttt_config_init(&config);
    config.hidden_dim = LARGE;
    config.threads = 2;
    GIVES(TTT_OK, ttt_create_from_config(&config, &layer));
    for (int i = 0; i < 20; i++) GIVES(TTT_OK, ttt_forward(layer, x, TOKENS_READ, y));
    keep(y, LARGE * TOKENS_READ * sizeof *y);
    CALL(ttt_destroy(layer));
    free(x);
    free(y);
}

static void run_layers(void)
{
    large_layer();
    one_layer(1, TTT_RECONSTRUCT, 0.1f, TTT_GRADIENT);
    one_layer(2, TTT_PREDICT, 0.7f, TTT_GRADIENT);
    one_layer(1, TTT_PREDICT, 2.5f, TTT_GRADIENT); /* rehearses */
    one_layer(1, TTT_RECONSTRUCT, 0.1f, TTT_RLS);
    one_layer(2, TTT_PREDICT, 0.1f, TTT_RLS);
}

static void run_matrices(void)
{
    int8_t entries[ROWS * COLS];
    ttt_matrix *matrix = NULL, *none;
    ttt_activations *activations = NULL;
    float *x = make_tokens(8, COLS, 3, 0), y[3 * ROWS];
    static const float scales[] = {1.0f, 0.37f, 1e-36f};
    for (size_t i = 0; i < ROWS * COLS; i++) entries[i] = (int8_t)(i * 7 % 3) - 1;
    x[1] = 0x1p-140f;
    for (size_t i = 0; i < COLS; i++) x[COLS + i] *= 0x1p-135f; /* a whole token of denormals */
    GIVES(TTT_INVALID_CONFIG, ttt_matrix_create(entries, ROWS, COLS, NAN, &none));
    GIVES(TTT_OK, ttt_activations_create(COLS, 3, &activations));
    for (size_t i = 0; i < 3; i++) {
        x[2] = 0.5f;
        GIVES(TTT_OK, ttt_matrix_create(entries, ROWS, COLS, scales[i], &matrix));
        GIVES(TTT_OK, ttt_activations_quantize(activations, x, 3));
        GIVES(TTT_OK, ttt_matrix_multiply(matrix, activations, y));
        keep(y, sizeof y);
        x[2] = INFINITY;
        GIVES(TTT_NON_FINITE, ttt_activations_quantize(activations, x, 3));
        GIVES(TTT_OK, ttt_matrix_multiply(matrix, activations, y));
        keep(y, sizeof y);
        CALL(ttt_matrix_destroy(matrix));
    }
    CALL(ttt_activations_destroy(activations));
    free(x);
}

static void run_library(void)
{
    uint64_t hash = 0, rls = 0, number = 0;
    const char *name = NULL, *text;
    CALL(number += ttt_kernel_count());
    for (size_t i = 0; i < ttt_kernel_count(); i++) {
        int usable = 0;
        CALL(usable = ttt_kernel_usable(i));
        CALL(name = ttt_kernel_name(i));
        GIVES(usable ? TTT_OK : TTT_UNSUPPORTED_KERNEL, ttt_set_kernel(name));
        CALL(text = ttt_kernel());
        CHECK(!usable || strcmp(text, name) == 0);
    }
    GIVES(TTT_UNKNOWN_KERNEL, ttt_set_kernel("none"));
    GIVES(TTT_OK, ttt_set_kernel("auto"));
    GIVES(TTT_NULL_POINTER, ttt_conformance_hash(NULL));
    GIVES(TTT_OK, ttt_conformance_hash(&hash));
    GIVES(TTT_NULL_POINTER, ttt_rls_conformance_hash(NULL));
    GIVES(TTT_OK, ttt_rls_conformance_hash(&rls));
    keep_number(number);
    keep_number(rls);
    keep_number(hash);
}

static void layers(void)
{
    compare_settings(run_layers);
}

static void matrices(void)
{
    compare_settings(run_matrices);
}

static void library(void)
{
    compare_settings(run_library);
}

static void recalls(void)
{
    compare_settings(run_recalls);
}

static void every_function(void)
{
    run_recalls();
    run_layers();
    run_matrices();
    run_library();
    check_all_called("ttt_");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"layers", layers},
        {"matrices", matrices},
        {"library", library},
        {"recalls", recalls},
        {"every_function", every_function},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
