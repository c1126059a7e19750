/* test_recall_start.c - a model that brings along what its recalls begin with: sessions begin with it, files and
 * trainings keep it, and it is no part of the network.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "recall_support.h"
#include "session_support.h"
#include "support.h"
#include "train_support.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "model/session.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKPOINT_HEADER = 96, AT_NUMBERS = 64, AT_BODY_CRC = 88, AT_HEADER_CRC = 92 };

static bt_model_config with_start(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    c.recall_start = true;
    return c;
}

static float *start_of(const weights *w)
{
    return w->values + w->params.tensors[w->params.recall].offset;
}

/* Weights that differ from the fitted ones, some unknown, and other rates. */
static weights make_with_start(void)
{
    bt_model_config c = with_start();
    weights w = make_weights(&c);
    float *start = start_of(&w);
    for (size_t i = 0; i < BT_GATES; i++) start[i] = i % 3 == 0 ? 0.0f : (float)(i % 90) * 0.01f;
    start[BT_GATES] = 0.1f;
    start[BT_GATES + 1] = 0.01f;
    return w;
}

static void read_all(bitllama_model *model, uint32_t recall, float log_probabilities[TOKENS])
{
    uint32_t ids[TOKENS];
    make_ids(ids);
    bitllama_session *s = recall ? open_with(model, recall, 0) : open_session(model);
    CHECK_EQ(bitllama_session_read(s, ids, TOKENS, log_probabilities, NULL), TTT_OK);
    bitllama_session_destroy(s);
}

/* The same network with and without: the same outputs without recall, others with it. */
static void sessions_begin_with_it(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_with_start(), plain = make_weights(&c);
    bitllama_model *model = build_model(&w), *other = build_model(&plain);
    float a[TOKENS], b[TOKENS];
    CHECK_EQ(bitllama_parameters(model), bitllama_parameters(other));
    CHECK(bitllama_fingerprint(model) != bitllama_fingerprint(other));
    read_all(model, 0, a);
    read_all(other, 0, b);
    CHECK_SAME(a, b, sizeof a);
    read_all(model, 256, a);
    read_all(other, 256, b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    bitllama_session *s = open_with(model, 256, 0);
    const bt_gate *gates = s->recall.memory->gates;
    CHECK(gates[0].uses == 0 && gates[1].weight == 0.01f && gates[89].weight == 0.89f);
    CHECK(s->recall.bias_rate == 0.1f && s->recall.sharpness_rate == 0.01f);
    bitllama_session_destroy(s);
    bitllama_release(model);
    bitllama_release(other);
    free_weights(&w);
    free_weights(&plain);
}

/* Numbers beyond what learning can give count as the nearest that it can. */
static void bounds(void)
{
    weights w = make_with_start();
    float *start = start_of(&w);
    start[0] = -3.0f, start[1] = 1e-9f, start[2] = 900.0f;
    start[BT_GATES] = 5.0f, start[BT_GATES + 1] = -1.0f;
    bitllama_model *model = build_model(&w);
    bitllama_session *s = open_with(model, 256, 0);
    const bt_gate *gates = s->recall.memory->gates;
    for (size_t i = 0; i < BT_GATES; i++) CHECK(bt_gate_valid(gates[i]));
    CHECK(gates[0].uses == 0 && gates[1].weight == BT_LEAST_GATE &&
          gates[2].weight == BT_MOST_GATE);
    CHECK(s->recall.bias_rate == 1.0f && s->recall.sharpness_rate == 0.0f);
    bitllama_session_destroy(s);
    bitllama_release(model);
    free_weights(&w);
}

/* Saved sessions, forks and sessions that are emptied go on to the same bits. */
static void states(void)
{
    weights w = make_with_start();
    bitllama_model *model = build_model(&w);
    uint32_t ids[TOKENS];
    float a[TOKENS], b[TOKENS];
    make_ids(ids);
    bitllama_session *s = open_with(model, 256, 0), *t = open_with(model, 256, 0), *fork = NULL;
    CHECK_EQ(bitllama_session_read(t, ids, TOKENS / 2, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_reset(t), TTT_OK);
    for (int round = 0; round < 2; round++) { /* an empty one, and one that has learned */
        size_t size = bitllama_session_state_size(s);
        uint8_t *state = must_alloc(size);
        CHECK_EQ(bitllama_session_save(s, state, size), TTT_OK);
        CHECK_EQ(bitllama_session_load(t, state, size), TTT_OK);
        CHECK_EQ(bitllama_session_fork(s, &fork), TTT_OK);
        CHECK_EQ(bitllama_session_read(s, ids, TOKENS, a, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_read(t, ids, TOKENS, b, NULL), TTT_OK);
        CHECK_SAME(b, a, sizeof a);
        CHECK_EQ(bitllama_session_read(fork, ids, TOKENS, b, NULL), TTT_OK);
        CHECK_SAME(b, a, sizeof a);
        bitllama_session_destroy(fork);
        free(state);
    }
    bitllama_session_destroy(s);
    bitllama_session_destroy(t);
    bitllama_release(model);
    free_weights(&w);
}

static bitllama_model *opened(const uint8_t *file, size_t size)
{
    bitllama_model *model = NULL;
    REQUIRE(bitllama_open(file, size, NULL, 0, &model, NULL) == TTT_OK);
    return model;
}

/* A compact file, and the f32 ones made of it, give the same model. */
static void files(void)
{
    weights w = make_with_start();
    bitllama_model *model = build_model(&w);
    size_t size, length;
    uint8_t *file = packed(model, &size);
    bitllama_model *again = opened(file, size);
    CHECK(bitllama_fingerprint(again) == bitllama_fingerprint(model));
    bitllama_release(again);
    const bitllama_shard only = {.bytes = file, .size = size};
    for (uint32_t format = BITLLAMA_BITT; format <= BITLLAMA_SAFETENSORS; format++) {
        const bitllama_rewriting options = {
            .size = sizeof options, .files = {.list = &only, .count = 1}, .format = format};
        CHECK_EQ(bitllama_rewrite(&options, NULL, 0, &length, NULL), TTT_OK);
        uint8_t *plain = must_alloc(length);
        CHECK_EQ(bitllama_rewrite(&options, plain, length, &length, NULL), TTT_OK);
        const char *config = bitllama_config_json(model, &size);
        bool alone = format == BITLLAMA_SAFETENSORS;
        REQUIRE(bitllama_open(plain, length, alone ? config : NULL, alone ? size : 0, &again,
                              NULL) == TTT_OK);
        CHECK(bitllama_fingerprint(again) == bitllama_fingerprint(model));
        bitllama_release(again);
        free(plain);
    }
    bitllama_release(model);
    free(file);
    free_weights(&w);
}

static uint64_t fingerprint_of(const bitllama_trainer *t)
{
    bitllama_model *model = NULL;
    REQUIRE(bitllama_trainer_model(t, NULL, 0, &model) == TTT_OK);
    uint64_t fingerprint = bitllama_fingerprint(model);
    bitllama_release(model);
    return fingerprint;
}

static void seal(uint8_t *state, size_t size)
{
    uint8_t *body = state + CHECKPOINT_HEADER;
    bt_put_u32(state + AT_BODY_CRC, bt_crc32c(body, size - CHECKPOINT_HEADER));
    bt_put_u32(state + AT_HEADER_CRC, bt_crc32c(state, AT_HEADER_CRC));
}

/* A training that starts from the model keeps it, in checkpoints, models and weights too. */
static void trainings(void)
{
    weights w = make_with_start();
    bitllama_model *model = build_model(&w), *again = NULL;
    bt_model_config c = config_of(BT_INDUCTION);
    bitllama_trainer *t = trainer_of(&c, 1), *resumed = trainer_of(&c, 1);
    REQUIRE(bitllama_trainer_start_from(t, model, NULL) == TTT_OK);
    CHECK(fingerprint_of(t) == bitllama_fingerprint(model));
    bitllama_step step;
    CHECK_EQ(bitllama_trainer_step(t, &step), TTT_OK);
    size_t size = bitllama_trainer_state_size(t), plain = bitllama_trainer_state_size(resumed);
    CHECK_EQ(size, plain + BT_RECALL_START * sizeof(float));
    uint8_t *state = must_alloc(size);
    CHECK_EQ(bitllama_trainer_save(t, state, size), TTT_OK);
    bt_put_u32(state + AT_NUMBERS, 7);
    seal(state, size);
    CHECK_EQ(bitllama_trainer_load(resumed, state, size, NULL), TTT_CHECKPOINT);
    bt_put_u32(state + AT_NUMBERS, BT_RECALL_START);
    float infinite = INFINITY, last = start_of(&w)[BT_GATES + 1];
    bt_put_floats(state + size - sizeof(float), &infinite, 1);
    seal(state, size);
    CHECK_EQ(bitllama_trainer_load(resumed, state, size, NULL), TTT_CHECKPOINT);
    bt_put_floats(state + size - sizeof(float), &last, 1);
    seal(state, size);
    CHECK_EQ(bitllama_trainer_load(resumed, state, size, NULL), TTT_OK);
    CHECK(fingerprint_of(resumed) == fingerprint_of(t));
    CHECK_EQ(bitllama_trainer_state_size(resumed), size);
    size_t length;
    CHECK_EQ(bitllama_trainer_weights(t, NULL, 0, NULL, 0, &length), TTT_OK);
    uint8_t *file = must_alloc(length);
    CHECK_EQ(bitllama_trainer_weights(t, NULL, 0, file, length, &length), TTT_OK);
    again = opened(file, length);
    CHECK(bitllama_fingerprint(again) == fingerprint_of(t));
    bitllama_release(again);
    bitllama_trainer_destroy(t);
    bitllama_trainer_destroy(resumed);
    bitllama_release(model);
    free(state);
    free(file);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"sessions begin with it", sessions_begin_with_it},
        {"numbers out of bounds", bounds},
        {"states, forks and resets", states},
        {"files keep it", files},
        {"trainings keep it", trainings},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
