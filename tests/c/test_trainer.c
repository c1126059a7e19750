/* test_trainer.c - the public trainer: what it refuses, resuming to the same bits, damaged and
 * foreign checkpoints, divergence, and the models and files that come out of it.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "support.h"

#include "base/crc32c.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 3000 };

typedef struct {
    uint32_t tokens[STREAM];
    bitllama_config config;
    bitllama_training options;
} setup;

static setup make_setup(void)
{
    setup s;
    rng r = {11};
    for (size_t i = 0; i < STREAM; i++) /* tokens with a pattern, in documents of up to 97 */
        s.tokens[i] = i % 97 == 0 ? 0 : (uint32_t)(1 + (i * 7 + rng_below(&r, 3)) % 31);
    bitllama_config_init(&s.config);
    s.config.vocab_size = VOCAB;
    s.config.hidden_dim = 64;
    s.config.num_layers = 3;
    s.config.mlp_dim = 48;
    s.config.inner_dim = 32;
    s.config.head_dim = 16;
    s.config.mixers[1] = BITLLAMA_PREDICT;
    s.config.mixers[2] = BITLLAMA_RECONSTRUCT;
    bitllama_training_init(&s.options);
    s.options.batch = 3;
    s.options.context = 48;
    s.options.accumulate = 2;
    s.options.steps = 12;
    s.options.warmup = 2;
    s.options.repeat = 0.4f;
    s.options.from_start = 0.5f;
    s.options.dropout = 0.1f;
    s.options.separator = 0;
    return s;
}

static bitllama_trainer *make_trainer(const setup *s)
{
    bitllama_trainer *t = NULL;
    ttt_error error = {0};
    int status = bitllama_trainer_create(&s->config, &s->options, s->tokens, STREAM, &t, &error);
    check_context("%s", error.text);
    REQUIRE(status == TTT_OK);
    return t;
}

static double step(bitllama_trainer *t)
{
    bitllama_step report = {0};
    CHECK_EQ(bitllama_trainer_step(t, &report), TTT_OK);
    return report.loss;
}

static uint8_t *save(const bitllama_trainer *t, size_t *size)
{
    *size = bitllama_trainer_state_size(t);
    uint8_t *state = must_zero(*size);
    CHECK_EQ(bitllama_trainer_save(t, state, *size), TTT_OK);
    return state;
}

/* Eight steps against three, a checkpoint into another trainer, and five; with other threads and a
 * longer schedule only where that may be. */
static void resume(void)
{
    setup s = make_setup();
    bitllama_trainer *whole = make_trainer(&s), *first = make_trainer(&s);
    double losses[8];
    size_t size;
    for (int i = 0; i < 8; i++) losses[i] = step(whole);
    for (int i = 0; i < 3; i++) CHECK(step(first) == losses[i]);
    uint8_t *state = save(first, &size);
    bitllama_trainer_destroy(first);
    s.options.threads = 3;
    bitllama_trainer *second = make_trainer(&s);
    step(second);
    CHECK_EQ(bitllama_trainer_load(second, state, size, NULL), TTT_OK);
    for (int i = 3; i < 8; i++) CHECK(step(second) == losses[i]);
    size_t again, other;
    uint8_t *a = save(whole, &again), *b = save(second, &other);
    CHECK_EQ(again, other);
    CHECK_SAME(a, b, again);
    s.options.steps = 20;
    s.options.warmup = 3;
    bitllama_trainer *longer = make_trainer(&s);
    CHECK_EQ(bitllama_trainer_load(longer, state, size, NULL), TTT_OK);
    bitllama_step report;
    CHECK_EQ(bitllama_trainer_step(longer, &report), TTT_OK);
    CHECK_EQ(report.step, 4);
    CHECK_EQ(report.tokens, 4 * 2 * 3 * 48);
    CHECK(report.learning_rate > s.options.final_learning_rate && report.gradient_norm > 0);
    bitllama_trainer *all[] = {whole, second, longer};
    for (size_t i = 0; i < 3; i++) bitllama_trainer_destroy(all[i]);
    free(a);
    free(b);
    free(state);
}

static void check_refused(bitllama_trainer *t, const uint8_t *state, size_t size, const char *says)
{
    ttt_error error = {0};
    CHECK_EQ(bitllama_trainer_load(t, state, size, &error), TTT_CHECKPOINT);
    check_context("\"%s\" should say \"%s\"", error.text, says);
    CHECK(error.status == TTT_CHECKPOINT && strstr(error.text, says) != NULL);
}

/* Checkpoints of a training that differs in one thing. */
static void foreign_checkpoints(void)
{
    setup s = make_setup();
    bitllama_trainer *t = make_trainer(&s);
    size_t size;
    uint8_t *state = save(t, &size);
    bitllama_trainer_destroy(t);
    for (int i = 0; i < 22; i++) {
        setup other = s;
        bitllama_training *o = &other.options;
        const char *says = "other options";
        if (i == 0) o->batch++;
        else if (i == 1) o->context++;
        else if (i == 2) o->accumulate++;
        else if (i == 3) o->from_start = 0.2f;
        else if (i == 4) o->separator = 1;
        else if (i == 5) o->learning_rate *= 2;
        else if (i == 6) o->final_learning_rate *= 2;
        else if (i == 7) o->weight_decay *= 2;
        else if (i == 8) o->beta1 = 0.8f;
        else if (i == 9) o->beta2 = 0.9f;
        else if (i == 10) o->clip *= 2;
        else if (i == 11) o->repeat = 0.1f;
        else if (i == 12) o->from_start = 0.1f;
        else if (i == 13) o->seed++;
        else if (i == 20) o->seed += (uint64_t)1 << 32;
        else if (i == 14) o->dropout = 0.2f;
        else if (i == 15) o->bf16 = 1;
        else if (i == 21) o->optimizer = BITLLAMA_MUON;
        else if (i == 16) other.config.mixers[1] = BITLLAMA_RECONSTRUCT;
        else if (i == 17) other.config.inner_lr *= 2;
        else if (i == 18) other.tokens[2999] ^= 1;
        else other.tokens[0] ^= 1;
        if (i >= 16 && i < 20) says = i < 18 ? "another configuration" : "other tokens";
        t = make_trainer(&other);
        check_refused(t, state, size, says);
        bitllama_trainer_destroy(t);
    }
    free(state);
}

static void seal(uint8_t *state, size_t size)
{
    uint32_t crc = bt_crc32c(state + 96, size - 96);
    memcpy(state + 88, &crc, 4);
    crc = bt_crc32c(state, 92);
    memcpy(state + 92, &crc, 4);
}

/* Each bit of the header, a sample of the body, every kind of length; then forgeries. */
static void damaged_checkpoints(void)
{
    setup s = make_setup();
    bitllama_trainer *t = make_trainer(&s);
    step(t);
    size_t size, after;
    uint8_t *state = save(t, &size), *kept = must_copy(state, size);
    for (size_t bit = 0; bit < 8 * size; bit += bit < 8 * 100 ? 1 : 8 * size / 500 + 3) {
        state[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(bitllama_trainer_load(t, state, size, NULL), TTT_CHECKPOINT);
        state[bit / 8] = kept[bit / 8];
    }
    for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : size / 50)
        CHECK_EQ(bitllama_trainer_load(t, state, cut, NULL), TTT_CHECKPOINT);
    state[8] = 2;
    seal(state, size);
    check_refused(t, state, size, "newer version");
    state[8] = 0;
    seal(state, size);
    check_refused(t, state, size, "never existed");
    memcpy(state, kept, size);
    const float wrong = NAN, negative = -1;
    memcpy(state + 96, &wrong, 4);
    seal(state, size);
    check_refused(t, state, size, "cannot be right");
    memcpy(state, kept, size);
    memcpy(state + size - 4, &negative, 4); /* a second moment */
    seal(state, size);
    check_refused(t, state, size, "cannot be right");
    CHECK_EQ(bitllama_trainer_save(t, state, size - 1), TTT_BUFFER_SIZE);
    CHECK_EQ(bitllama_trainer_save(t, NULL, size), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_trainer_load(t, NULL, size, NULL), TTT_NULL_POINTER);
    free(state);
    state = save(t, &after); /* nothing was changed by all that */
    CHECK_SAME(state, kept, size);
    CHECK_EQ(bitllama_trainer_load(t, kept, size, NULL), TTT_OK);
    bitllama_trainer_destroy(t);
    free(state);
    free(kept);
}

/* A loss that is not finite leaves everything as it was, the generator too. */
static void divergence(void)
{
    setup s = make_setup();
    bitllama_trainer *t = make_trainer(&s), *calm = make_trainer(&s);
    step(t);
    step(calm);
    size_t size, after, at = t->net.params.tensors[t->net.params.norm].offset;
    uint8_t *state, *now;
    float kept = t->net.weights[at];
    bitllama_step report = {.loss = 5};
    t->net.weights[at] = INFINITY;
    bt_net_refresh(&t->net);
    state = save(t, &size);
    CHECK_EQ(bitllama_trainer_step(t, &report), TTT_DIVERGED);
    CHECK(report.loss == 5);
    now = save(t, &after);
    CHECK_SAME(now, state, size);
    bitllama_model *model = NULL;
    CHECK_EQ(bitllama_trainer_model(t, NULL, 0, &model), TTT_MODEL_NON_FINITE);
    CHECK(model == NULL);
    t->net.weights[at] = kept;
    bt_net_refresh(&t->net);
    CHECK(step(t) == step(calm));
    bitllama_trainer_destroy(t);
    bitllama_trainer_destroy(calm);
    free(state);
    free(now);
}

static void logits_of(bitllama_model *model, float *logits)
{
    static const uint32_t ids[] = {0, 3, 10, 17, 24, 31, 3, 10, 17};
    bitllama_session *s = open_session(model);
    CHECK_EQ(bitllama_session_read(s, ids, 9, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
    bitllama_session_destroy(s);
}

/* The model at hand, the exported weights and the compact file are one model. */
static void results(void)
{
    static const char tokenizer[] = "{\"a\": \"\xc3\xa9\"}";
    size_t length = sizeof tokenizer - 1, size = 0, packed = 0;
    setup s = make_setup();
    bitllama_trainer *t = make_trainer(&s);
    bitllama_model *own = NULL, *read = NULL, *compact = NULL;
    float logits[3][VOCAB];
    for (int i = 0; i < 3; i++) step(t);
    CHECK_EQ(bitllama_trainer_model(t, tokenizer, length, &own), TTT_OK);
    CHECK_EQ(bitllama_trainer_weights(t, tokenizer, length, NULL, 0, &size), TTT_OK);
    uint8_t *file = must_alloc(size);
    CHECK_EQ(bitllama_trainer_weights(t, tokenizer, length, file, size - 1, &size),
             TTT_BUFFER_SIZE);
    CHECK_EQ(bitllama_trainer_weights(t, tokenizer, length, file, size, &size), TTT_OK);
    REQUIRE(bitllama_open(file, size, NULL, 0, &read, NULL) == TTT_OK);
    CHECK_EQ(bitllama_pack(read, NULL, 0, NULL, 0, &packed), TTT_OK);
    uint8_t *small = must_alloc(packed);
    CHECK_EQ(bitllama_pack(read, NULL, 0, small, packed, &packed), TTT_OK);
    REQUIRE(bitllama_open(small, packed, NULL, 0, &compact, NULL) == TTT_OK);
    bitllama_model *all[] = {own, read, compact};
    for (size_t i = 0; i < 3; i++) {
        size_t n;
        CHECK(bitllama_fingerprint(all[i]) == bitllama_fingerprint(own));
        CHECK_SAME(bitllama_tokenizer_json(all[i], &n), tokenizer, length);
        CHECK_EQ(n, length);
        logits_of(all[i], logits[i]);
        CHECK_SAME(logits[i], logits[0], sizeof logits[0]);
    }
    CHECK_EQ(bitllama_trainer_weights(t, "x", 1, file, size, &size), TTT_INVALID_DATA);
    CHECK_EQ(bitllama_trainer_model(t, "x", 1, &own), TTT_INVALID_DATA);
    for (size_t i = 0; i < 3; i++) bitllama_release(all[i]);
    CHECK_EQ(bitllama_trainer_weights(t, NULL, 0, NULL, 0, &size), TTT_OK);
    bitllama_trainer_destroy(t);
    free(file);
    free(small);
}

static void check_create(const setup *s, size_t n, int expected, const char *says)
{
    bitllama_trainer *t = (bitllama_trainer *)(uintptr_t)s;
    ttt_error error = {0};
    int status = bitllama_trainer_create(&s->config, &s->options, s->tokens, n, &t, &error);
    check_context("\"%s\" should say \"%s\"", error.text, says);
    CHECK_EQ(status, expected);
    CHECK(t == NULL && error.status == expected && strstr(error.text, says) != NULL);
    if (status == TTT_OK) bitllama_trainer_destroy(t);
}

static void bad_options(void)
{
    static const float bad[] = {-1, NAN, INFINITY};
    const setup s = make_setup();
    for (int i = 0; i < 10 * 3; i++) {
        setup other = s;
        bitllama_training *o = &other.options;
        float *fields[] = {&o->learning_rate, &o->final_learning_rate,
                           &o->weight_decay,  &o->beta1,
                           &o->beta2,         &o->clip,
                           &o->repeat,        &o->from_start,
                           &o->dropout,       &o->momentum};
        static const char *const names[] = {
            "learning_rate", "final_learning_rate", "weight_decay", "beta1",   "beta2", "clip",
            "repeat",        "from_start",          "dropout",      "momentum"};
        *fields[i / 3] = bad[i % 3];
        check_create(&other, STREAM, TTT_INVALID_OPTION, names[i / 3]);
    }
    for (int i = 0; i < 11; i++) {
        setup other = s;
        bitllama_training *o = &other.options;
        static const char *const names[] = {"batch",      "batch", "context",  "context",
                                            "accumulate", "steps", "warmup",   "threads",
                                            "separator",  "bf16",  "optimizer"};
        uint32_t *fields[] = {&o->batch,      &o->batch, &o->context,  &o->context,
                              &o->accumulate, &o->steps, &o->warmup,   &o->threads,
                              &o->separator,  &o->bf16,  &o->optimizer};
        static const uint32_t values[] = {0, 5000, 15, 65537, 0, 0, 99, 65, VOCAB, 2, 2};
        *fields[i] = values[i];
        check_create(&other, STREAM, TTT_INVALID_OPTION, names[i]);
    }
    setup other = s;
    other.options.size = 0;
    check_create(&other, STREAM, TTT_INVALID_OPTION, "size");
    other = s;
    other.config.size = 0;
    check_create(&other, STREAM, TTT_MODEL_CONFIG, "size");
    other.config = s.config;
    other.config.hidden_dim = 72;
    check_create(&other, STREAM, TTT_MODEL_CONFIG, "hidden_dim");
    other.config = s.config;
    other.config.vocab_size = 65552;
    check_create(&other, STREAM, TTT_MODEL_CONFIG, "vocab_size");
    other.config = s.config;
    other.config.mixers[2] = 3;
    check_create(&other, STREAM, TTT_MODEL_CONFIG, "mixer");
    other = s;
    other.tokens[77] = VOCAB;
    check_create(&other, STREAM, TTT_INVALID_TOKEN, "vocabulary");
    check_create(&s, 48, TTT_INVALID_DATA, "more tokens");
    bitllama_trainer *t;
    CHECK_EQ(bitllama_trainer_create(NULL, &s.options, s.tokens, STREAM, &t, NULL),
             TTT_NULL_POINTER);
    CHECK_EQ(bitllama_trainer_create(&s.config, &s.options, NULL, STREAM, &t, NULL),
             TTT_NULL_POINTER);
    CHECK_EQ(bitllama_trainer_step(NULL, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_trainer_state_size(NULL), 0);
    bitllama_trainer_destroy(NULL);
}

/* The shortest text there can be, one window long, in the shortest and an odd window. */
static void smallest(void)
{
    for (uint32_t context = 16; context <= 37; context += 21) {
        setup s = make_setup();
        bitllama_trainer *t = NULL;
        s.options.context = context;
        s.options.batch = 1;
        REQUIRE(bitllama_trainer_create(&s.config, &s.options, s.tokens, context + 1, &t, NULL) ==
                TTT_OK);
        for (int i = 0; i < 3; i++) CHECK(isfinite(step(t)));
        bitllama_trainer_destroy(t);
    }
}

/* The loss of one window of a trainer, and the mean nats of a session of the same weights that
 * reads its tokens one after the other. */
static void compare_with_session(size_t length, int steps)
{
    setup s = make_setup();
    uint32_t *tokens = must_alloc((length + 1) * sizeof *tokens);
    for (size_t i = 0; i <= length; i++) tokens[i] = s.tokens[(i * i / 13 + i) % STREAM];
    s.options.batch = s.options.accumulate = 1;
    s.options.context = (uint32_t)length;
    s.options.repeat = s.options.from_start = s.options.dropout = 0.0f;
    s.options.learning_rate = s.options.final_learning_rate = 0.01f;
    bitllama_trainer *t = NULL;
    REQUIRE(bitllama_trainer_create(&s.config, &s.options, tokens, length + 1, &t, NULL) == TTT_OK);
    for (int i = 0; i < steps; i++) {
        bitllama_model *model = NULL;
        bitllama_session *session = NULL;
        float *logprobs = must_alloc((length + 1) * sizeof *logprobs);
        REQUIRE(bitllama_trainer_model(t, NULL, 0, &model) == TTT_OK);
        REQUIRE(bitllama_session_create(model, &session) == TTT_OK);
        REQUIRE(bitllama_session_read(session, tokens, length + 1, logprobs, NULL) == TTT_OK);
        double nats = 0;
        for (size_t k = 1; k <= length; k++) nats -= (double)logprobs[k];
        double loss = step(t);
        check_context("step %d: %.6f in training, %.6f read", i, loss, nats / (double)length);
        CHECK(fabs(loss - nats / (double)length) < 0.01);
        bitllama_session_destroy(session);
        bitllama_release(model);
        free(logprobs);
    }
    bitllama_trainer_destroy(t);
    free(tokens);
}

/* A window is one text however long it is: the memory is carried on from its first token to its
 * last. (Weights in training are f32 where the model's are int8, so losses differ a little.) */
static void long_windows(void)
{
    compare_with_session(100, 3);
    compare_with_session(6001, 1);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"resume", resume},
        {"foreign_checkpoints", foreign_checkpoints},
        {"damaged_checkpoints", damaged_checkpoints},
        {"divergence", divergence},
        {"results", results},
        {"bad_options", bad_options},
        {"smallest", smallest},
        {"long_windows", long_windows},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
