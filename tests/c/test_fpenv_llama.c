/* test_fpenv_llama.c - whatever the caller's floating-point environment is, every bitllama_ function, called
 * well and badly, gives the same bits and leaves it alone.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "fpenv_calls.h"
#include "fpenv_recall.h"
#include "model_image.h"
#include "support.h"

#include "base/bytes.h"
#include "base/crc32c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- models ---------------------------------------------------------------------------------- */

static void forge(uint8_t *at, float value)
{
    bt_put_u32(at, bits_of(value));
}

/* A state whose header has the body's checksum and its own at its end. */
static void seal(uint8_t *state, size_t size, size_t header)
{
    bt_put_u32(state + header - 8, bt_crc32c(state + header, size - header));
    bt_put_u32(state + header - 4, bt_crc32c(state, header - 4));
}

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
    forge(state + size - 4, NAN); /* with checksums that are right */
    seal(state, size, 64);
    GIVES(TTT_STATE_DAMAGED, bitllama_session_load(twin, state, size));
    GIVES(TTT_OK, bitllama_session_reset(s));
    CALL(read = bitllama_session_tokens(twin));
    CALL(CHECK(bitllama_session_footprint(twin) > 0));
    keep_number(read);
    CALL(bitllama_session_destroy(s));
    CALL(bitllama_session_destroy(twin));
    free(state);
    use_session_with_recall(model, ids, TOKENS);
}

/* From a compact file: scales become weights by arithmetic. */
static void use_rewriting(const image *packed)
{
    bitllama_shard shard = {NULL, packed->bytes, packed->size};
    bitllama_rewriting r = rewriting_of(&shard, BITLLAMA_BITT);
    size_t size = 0;
    GIVES(TTT_OK, bitllama_rewrite(&r, NULL, 0, &size, NULL));
    uint8_t *file = must_alloc(size);
    GIVES(TTT_OK, bitllama_rewrite(&r, file, size, &size, NULL));
    keep(file, size);
    GIVES(TTT_BUFFER_SIZE, bitllama_rewrite(&r, file, size - 1, &size, NULL));
    shard.size = 100;
    GIVES(TTT_MODEL_FORMAT, bitllama_rewrite(&r, file, size, &size, NULL));
    free(file);
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
    CALL(CHECK(bitllama_model_footprint(model) > 0));
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
    use_rewriting(&packed);
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
    GIVES(TTT_MODEL_FORMAT,
          bitllama_open(plain->bytes, 100, config, strlen(config), &model, &error));
    bitllama_shard shard = {"a", plain->bytes, plain->size};
    GIVES(TTT_MODEL_FORMAT, bitllama_open_sharded("{}", 2, &shard, 1, NULL, 0, &model, &error));
}

/* All tensors but one, and that one. */
static void open_in_shards(const weights *w, const char *config, uint64_t fingerprint)
{
    char index[8192] = "{\"weight_map\":{", name[BT_NAME_SIZE];
    const float *norm = w->values + w->params.tensors[w->params.norm].offset;
    bt_tensor one = {.name = "norm_f.weight",
                     .name_length = 13,
                     .data = (const uint8_t *)norm,
                     .size = 256,
                     .dtype = BT_DTYPE_F32,
                     .rank = 1,
                     .shape = {64}};
    uint8_t alone[1024];
    size_t size = 0;
    for (size_t i = 0; i < w->params.tensor_count; i++) {
        bt_param_name(&w->params.tensors[i], name);
        sprintf(index + strlen(index), "%s\"%s\":\"%s\"", i ? "," : "", name,
                i == w->params.norm ? "one" : "all");
    }
    strcat(index, "}}");
    image rest = safetensors_of(w, BT_DTYPE_F32, NULL, NULL, NULL, "norm_f.weight");
    REQUIRE(bt_safetensors_write(&one, 1, NULL, 0, alone, sizeof alone, &size, NULL) == 0);
    const bitllama_shard shards[] = {{"all", rest.bytes, rest.size}, {"one", alone, size}};
    bitllama_model *model = NULL;
    GIVES(TTT_OK, bitllama_open_sharded(index, strlen(index), shards, 2, config, strlen(config),
                                        &model, NULL));
    CHECK(model && bitllama_fingerprint(model) == fingerprint);
    bitllama_release(model);
    free(rest.bytes);
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
            GIVES(TTT_OK,
                  bitllama_open(plain.bytes, plain.size, config, strlen(config), &model, NULL));
            REQUIRE(model != NULL);
            use_model(model);
            open_in_shards(&w, config, bitllama_fingerprint(model));
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
    for (int i = 0; i < 6; i++) {
        bitllama_training o = *good;
        bitllama_config c = *config;
        if (i == 0) o.learning_rate = NAN;
        if (i == 1) o.dropout = NAN;
        if (i == 2) o.clip = INFINITY;
        if (i == 3) o.beta2 = NAN;
        if (i == 5) o.momentum = NAN;
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
    GIVES(TTT_OK, bitllama_trainer_model(t, NULL, 0, &model));
    GIVES(TTT_OK, bitllama_trainer_start_from(t, model, NULL));
    bitllama_release(model);
    for (int i = 0; i < 3; i++) {
        GIVES(TTT_OK, bitllama_trainer_step(t, &step));
        keep(&step, sizeof step);
    }
    CALL(number = bitllama_trainer_steps(t));
    CALL(CHECK(bitllama_trainer_footprint(t) > 0));
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
    static const float wrong[] = {-0x1p-140f, NAN, -INFINITY}; /* no second moment */
    for (int i = 0; i < 3; i++) {
        forge(file + size - 4, wrong[i]);
        seal(file, size, 96);
        GIVES(TTT_CHECKPOINT, bitllama_trainer_load(t, file, size, NULL));
    }
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

static void run_hash(void)
{
    uint64_t hash = 0;
    GIVES(TTT_NULL_POINTER, bitllama_conformance_hash(NULL));
    GIVES(TTT_OK, bitllama_conformance_hash(&hash));
    keep_number(hash);
}

static void models(void)
{
    compare_settings(run_models);
}

static void trainers(void)
{
    compare_settings(run_trainers);
}

static void hash(void)
{
    compare_settings(run_hash);
}

static void every_function(void)
{
    run_models();
    run_trainers();
    run_hash();
    check_all_called("bitllama_");
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"models", models},
        {"trainers", trainers},
        {"hash", hash},
        {"every_function", every_function},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
