/* test_fpenv.c - callers that round otherwise, flush denormals to zero or let exceptions trap: every
 * function of the library, called well and badly, gives the same bits and leaves their setting alone.
 *
 * The list of functions is exports.txt: one that is not called here fails the test.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_image.h"
#include "support.h"

#include <bit_ttt/ternary.h>

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { DIM = 64, SEQ = 9, ROWS = 20, COLS = 30 };

/* ---- settings -------------------------------------------------------------------------------- */

#if defined(__x86_64__)
/* Flush to zero and denormals are zero: 0x8040; rounding: 0x6000; what of 0x1f80 is not set traps: in the
 * last two all but what is inexact (src/ttt/matrix.c says why). */
static const unsigned settings[] = {0x1f80, 0x1f80 | 0x8040 | 0x2000, 0x1f80 | 0x4000,
                                    0x1f80 | 0x8040 | 0x6000, 0x1000, 0x1000 | 0x4000 | 0x8040};
static void set(unsigned to)
{
    _mm_setcsr(to);
}
static unsigned get(void)
{
    return _mm_getcsr() & ~0x3fu; /* without what has happened */
}
#elif defined(__aarch64__)
/* Flush to zero: bit 24; rounding: bits 22 and 23; traps, where there are some: bits 8 to 12. */
static const unsigned settings[] = {0, 1u << 24 | 2u << 22, 1u << 22, 1u << 24 | 3u << 22};
static void set(unsigned to)
{
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)to));
}
static unsigned get(void)
{
    uint64_t now;
    __asm__ volatile("mrs %0, fpcr" : "=r"(now));
    return (unsigned)now;
}
#else
static const unsigned settings[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
static void set(unsigned to)
{
    fesetround((int)to);
}
static unsigned get(void)
{
    return (unsigned)fegetround();
}
#endif

static unsigned setting; /* the one that calls are made in */
static char called[1 << 16];

static void before(const char *call)
{
    if (!strstr(called, call) && strlen(called) + strlen(call) + 2 < sizeof called)
        strcat(strcat(called, call), "\n");
    check_context("%.200s in %04x", call, setting);
    set(setting);
}

static void after(void)
{
    unsigned now = get();
    set(settings[0]);
    if (now != setting) CHECK_EQ(now, setting);
}

/* One call under the setting, which must be left. */
#define CALL(call)                                                                                 \
    do {                                                                                           \
        before(#call);                                                                             \
        call;                                                                                      \
        after();                                                                                   \
    } while (0)
#define GIVES(expected, call)                                                                      \
    do {                                                                                           \
        int given = -1;                                                                            \
        CALL(given = (call));                                                                      \
        CHECK_EQ(given, expected);                                                                 \
    } while (0)

/* ---- what came out --------------------------------------------------------------------------- */

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} record;
static record out;

static void keep(const void *bytes, size_t size)
{
    if (out.room < out.size + size) {
        out.room = 2 * (out.size + size);
        out.bytes = realloc(out.bytes, out.room);
        REQUIRE(out.bytes != NULL);
    }
    memcpy(out.bytes + out.size, bytes, size);
    out.size += size;
}

static void keep_number(uint64_t number)
{
    keep(&number, sizeof number);
}

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
    CALL(number += ttt_threads(layer));
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

static void one_layer(uint32_t threads, ttt_objective objective, float rate)
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

static void run_layers(void)
{
    one_layer(1, TTT_RECONSTRUCT, 0.1f);
    one_layer(2, TTT_PREDICT, 0.7f);
    one_layer(1, TTT_PREDICT, 2.5f); /* rehearses */
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
    uint64_t hash = 0, number = 0;
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
    keep_number(hash);
    GIVES(TTT_OK, bitllama_conformance_hash(&hash));
    keep_number(hash);
}

/* ---- models ---------------------------------------------------------------------------------- */

static void bad_draws(bitllama_session *s)
{
    bitllama_sampling o;
    uint32_t token;
    for (int i = 0; i < 5; i++) {
        bitllama_sampling_init(&o);
        if (i == 0) o.temperature = NAN;
        if (i == 1) o.top_p = NAN;
        if (i == 2) o.min_p = 2;
        if (i == 3) o.repetition_penalty = INFINITY;
        if (i == 4) o.size = 3;
        GIVES(TTT_INVALID_OPTION, bitllama_session_draw(s, &o, &token));
    }
    GIVES(TTT_NULL_POINTER, bitllama_session_draw(s, NULL, &token));
    token = VOCAB;
    GIVES(TTT_INVALID_TOKEN, bitllama_session_read(s, &token, 1, NULL, NULL));
    GIVES(TTT_NULL_POINTER, bitllama_session_logits(s, NULL));
}

static void use_session(bitllama_model *model)
{
    bitllama_session *s = NULL, *twin = NULL;
    bitllama_sampling o;
    uint32_t ids[TOKENS], token;
    uint64_t read;
    float logprobs[TOKENS], surprise[TOKENS], logits[VOCAB];
    make_ids(ids);
    GIVES(TTT_OK, bitllama_session_create(model, &s));
    GIVES(TTT_OK, bitllama_session_read(s, ids, 40, logprobs, surprise));
    keep(logprobs, 40 * sizeof *logprobs);
    keep(surprise, 40 * sizeof *surprise);
    GIVES(TTT_OK, bitllama_session_logits(s, logits));
    keep(logits, sizeof logits);
    CALL(bitllama_sampling_init(&o));
    for (o.seed = 1; o.seed < 30; o.seed++) {
        GIVES(TTT_OK, bitllama_session_draw(s, &o, &token));
        keep(&token, sizeof token);
    }
    bad_draws(s);
    GIVES(TTT_OK, bitllama_session_fork(s, &twin));
    GIVES(TTT_OK, bitllama_session_freeze(twin, 1));
    GIVES(TTT_OK, bitllama_session_read(twin, ids, 20, logprobs, NULL));
    keep(logprobs, 20 * sizeof *logprobs);
    GIVES(TTT_OK, bitllama_session_freeze(twin, 0));
    size_t size = 0;
    CALL(size = bitllama_session_state_size(s));
    uint8_t *state = must_zero(size);
    GIVES(TTT_OK, bitllama_session_save(s, state, size));
    keep(state, size);
    GIVES(TTT_OK, bitllama_session_load(twin, state, size));
    state[size / 2] ^= 1;
    GIVES(TTT_STATE_DAMAGED, bitllama_session_load(twin, state, size));
    GIVES(TTT_OK, bitllama_session_reset(s));
    CALL(read = bitllama_session_tokens(twin));
    keep_number(read);
    CALL(bitllama_session_destroy(s));
    CALL(bitllama_session_destroy(twin));
    free(state);
}

static void use_model(bitllama_model *model)
{
    bitllama_config config;
    const char *text;
    size_t length = 0;
    uint64_t number = 0;
    bitllama_model *same, *again = NULL;
    CALL(bitllama_get_config(model, &config));
    keep(&config, offsetof(bitllama_config, mixers) + 2);
    CALL(text = bitllama_config_json(model, &length));
    keep(text, length);
    CALL(text = bitllama_tokenizer_json(model, &length));
    keep_number(length);
    CALL(number = bitllama_parameters(model));
    keep_number(number);
    CALL(number = bitllama_fingerprint(model));
    keep_number(number);
    CALL(same = bitllama_share(model));
    CALL(bitllama_release(same));
    image packed = {0};
    GIVES(TTT_OK, bitllama_pack(model, NULL, 0, NULL, 0, &packed.size));
    packed.bytes = must_alloc(packed.size);
    GIVES(TTT_OK, bitllama_pack(model, NULL, 0, packed.bytes, packed.size, &length));
    keep(packed.bytes, packed.size);
    GIVES(TTT_OK, bitllama_open(packed.bytes, packed.size, NULL, 0, &again, NULL));
    CALL(bitllama_release(again));
    use_session(model);
    free(packed.bytes);
}

/* With errors of each kind, among them numbers that no float holds. */
static void bad_models(const image *plain, const char *config)
{
    static const char *const wrong[] = {"\"norm_eps\":1e-400", "\"norm_eps\":1e400",
                                        "\"inner_lr\":1e-46", "\"inner_lr\":1e29"};
    bitllama_model *model;
    ttt_error error;
    for (size_t i = 0; i < 4; i++) {
        char text[BT_CONFIG_TEXT];
        sprintf(text, "{\"vocab_size\":48,\"hidden_dim\":64,\"num_layers\":2,%s}", wrong[i]);
        GIVES(TTT_MODEL_CONFIG,
              bitllama_open(plain->bytes, plain->size, text, strlen(text), &model, &error));
        keep(error.text, strlen(error.text));
    }
    GIVES(TTT_MODEL_FORMAT, bitllama_open(plain->bytes, 100, config, strlen(config), &model, &error));
    bitllama_shard shard = {"a", plain->bytes, plain->size};
    GIVES(TTT_MODEL_FORMAT, bitllama_open_sharded("{}", 2, &shard, 1, NULL, 0, &model, &error));
}

static void run_models(void)
{
    for (int mixer = 0; mixer < 3; mixer++)
        for (int original = 0; original < 2; original++) {
            bt_model_config c = config_of((bt_mixer)mixer);
            c.unscaled = c.float_activations = original != 0;
            c.norm_eps = 1.2345678e-7f;
            weights w = make_weights(&c);
            w.values[3] = 0x1p-140f;
            image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
            char config[BT_CONFIG_TEXT];
            strcpy(config, config_text(&c));
            bitllama_model *model = NULL;
            GIVES(TTT_OK, bitllama_open(plain.bytes, plain.size, config, strlen(config), &model, NULL));
            REQUIRE(model != NULL);
            use_model(model);
            if (original) bad_models(&plain, config);
            CALL(bitllama_release(model));
            w.values[5] = NAN;
            free(plain.bytes);
            plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
            GIVES(TTT_MODEL_NON_FINITE,
                  bitllama_open(plain.bytes, plain.size, config, strlen(config), &model, NULL));
            free(plain.bytes);
            free_weights(&w);
        }
}

/* ---- training -------------------------------------------------------------------------------- */

static void bad_trainers(const bitllama_config *config, const bitllama_training *good,
                         const uint32_t *ids)
{
    bitllama_trainer *none;
    for (int i = 0; i < 5; i++) {
        bitllama_training o = *good;
        bitllama_config c = *config;
        if (i == 0) o.learning_rate = NAN;
        if (i == 1) o.dropout = NAN;
        if (i == 2) o.clip = INFINITY;
        if (i == 3) o.beta2 = NAN;
        if (i == 4) c.norm_eps = NAN;
        GIVES(i == 4 ? TTT_MODEL_CONFIG : TTT_INVALID_OPTION,
              bitllama_trainer_create(&c, &o, ids, TOKENS, &none, NULL));
    }
    GIVES(TTT_INVALID_DATA, bitllama_trainer_create(config, good, ids, 5, &none, NULL));
}

static void use_trainer(bitllama_trainer *t)
{
    bitllama_step step = {0};
    bitllama_model *model = NULL;
    uint64_t number = 0;
    for (int i = 0; i < 3; i++) {
        GIVES(TTT_OK, bitllama_trainer_step(t, &step));
        keep(&step, sizeof step);
    }
    CALL(number = bitllama_trainer_steps(t));
    keep_number(number);
    GIVES(TTT_OK, bitllama_trainer_model(t, NULL, 0, &model));
    REQUIRE(model != NULL);
    keep_number(bitllama_fingerprint(model));
    bitllama_release(model);
    size_t size = 0;
    GIVES(TTT_OK, bitllama_trainer_weights(t, NULL, 0, NULL, 0, &size));
    uint8_t *file = must_alloc(size);
    GIVES(TTT_OK, bitllama_trainer_weights(t, NULL, 0, file, size, &size));
    keep(file, size);
    free(file);
    CALL(size = bitllama_trainer_state_size(t));
    file = must_alloc(size);
    GIVES(TTT_OK, bitllama_trainer_save(t, file, size));
    keep(file, size);
    GIVES(TTT_OK, bitllama_trainer_load(t, file, size, NULL));
    GIVES(TTT_OK, bitllama_trainer_step(t, &step));
    keep(&step, sizeof step);
    file[size - 1] ^= 1;
    GIVES(TTT_CHECKPOINT, bitllama_trainer_load(t, file, size, NULL));
    free(file);
}

static void run_trainers(void)
{
    uint32_t ids[TOKENS];
    make_ids(ids);
    for (uint32_t i = 0; i < 3; i++) {
        bitllama_config config;
        bitllama_training training;
        bitllama_trainer *t = NULL;
        CALL(bitllama_config_init(&config));
        CALL(bitllama_training_init(&training));
        config.vocab_size = VOCAB;
        config.hidden_dim = 64;
        config.num_layers = 2;
        config.mlp_dim = 80;
        config.norm_eps = 1.2345678e-7f;
        memset(config.mixers, (int)i, sizeof config.mixers);
        training.batch = 2;
        training.context = 32;
        training.warmup = 2;
        training.threads = i + 1;
        training.dropout = 0.1f;
        GIVES(TTT_OK, bitllama_trainer_create(&config, &training, ids, TOKENS, &t, NULL));
        REQUIRE(t != NULL);
        use_trainer(t);
        if (i == 0) bad_trainers(&config, &training, ids);
        CALL(bitllama_trainer_destroy(t));
    }
}

/* ---- cases ----------------------------------------------------------------------------------- */

/* The same in every setting. */
static void compare(void (*run)(void))
{
    record expected = {0};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        setting = settings[i];
        out = (record){0};
        run();
        set(settings[0]);
        check_context("setting %04x", setting);
        if (i == 0) {
            expected = out;
            continue;
        }
        CHECK_EQ(out.size, expected.size);
        if (out.size == expected.size) CHECK_SAME(out.bytes, expected.bytes, out.size);
        free(out.bytes);
    }
    free(expected.bytes);
    out = (record){0};
}

static void layers(void)
{
    compare(run_layers);
}

static void matrices(void)
{
    compare(run_matrices);
}

static void library(void)
{
    compare(run_library);
}

static void models(void)
{
    compare(run_models);
}

static void trainers(void)
{
    compare(run_trainers);
}

/* That nothing was forgotten. */
static void every_function(void)
{
    char *list = read_text(EXPORTS);
    size_t count = 0;
    REQUIRE(list != NULL);
    run_layers();
    run_matrices();
    run_library();
    run_models();
    run_trainers();
    free(out.bytes);
    out = (record){0};
    for (char *line = strtok(list, "\n"); line; line = strtok(NULL, "\n")) {
        char call[100];
        if (line[0] == '#') continue;
        snprintf(call, sizeof call, "%s(", line);
        check_context("%s is never called here", line);
        CHECK(strstr(called, call) != NULL);
        count++;
    }
    CHECK(count > 60);
    free(list);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"layers", layers},     {"matrices", matrices}, {"library", library},
        {"models", models},     {"trainers", trainers}, {"every_function", every_function},
    };
    setting = settings[0];
    set(setting);
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
