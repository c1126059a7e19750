/* test_seeds.c - every bit of a seed counts: those that differ above the 32nd alone give other weights,
 * other draws, other batches and other dropout.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "support.h"

#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

/* A small seed, and it with each of the higher bits. */
enum { SEEDS = 33 };
static uint64_t seed_at(size_t i)
{
    return i == 0 ? 5 : 5 | (uint64_t)1 << (31 + i);
}

static void layers(void)
{
    uint64_t prints[SEEDS];
    for (size_t i = 0; i < SEEDS; i++) {
        ttt_config config;
        void *layer = NULL, *same = NULL;
        ttt_config_init(&config);
        config.seed = seed_at(i);
        REQUIRE(ttt_create_from_config(&config, &layer) == TTT_OK);
        REQUIRE(ttt_create_from_config(&config, &same) == TTT_OK);
        prints[i] = ttt_weights_fingerprint(layer);
        CHECK(ttt_weights_fingerprint(same) == prints[i]);
        for (size_t k = 0; k < i; k++) CHECK(prints[k] != prints[i]);
        ttt_destroy(layer);
        ttt_destroy(same);
    }
}

static void draws(void)
{
    enum { DRAWS = 40 };
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    uint32_t drawn[SEEDS][DRAWS], again;
    bitllama_session *s = open_session(model);
    for (size_t n = 0; n < DRAWS; n++)
        for (size_t i = 0; i < SEEDS; i++) {
            bitllama_sampling o;
            bitllama_sampling_init(&o);
            o.temperature = 5.0f;
            o.seed = seed_at(i);
            CHECK_EQ(bitllama_session_draw(s, &o, &drawn[i][n]), TTT_OK);
            CHECK_EQ(bitllama_session_draw(s, &o, &again), TTT_OK);
            CHECK_EQ(again, drawn[i][n]);
            if (i == SEEDS - 1)
                CHECK_EQ(bitllama_session_read(s, drawn[0] + n, 1, NULL, NULL), TTT_OK);
        }
    for (size_t i = 0; i < SEEDS; i++)
        for (size_t k = 0; k < i; k++) {
            check_context("seeds %zu and %zu", i, k);
            CHECK(memcmp(drawn[i], drawn[k], sizeof drawn[i]) != 0);
        }
    bitllama_session_destroy(s);
    bitllama_release(model);
    free_weights(&w);
}

/* What a trainer has of its seed: the weights it begins with, and the windows of a batch. */
typedef struct {
    float *weights;
    uint32_t ids[64];
} training;

static training train(uint64_t seed)
{
    bitllama_config config;
    bitllama_training o;
    bitllama_trainer *t = NULL;
    bitllama_step step;
    uint32_t tokens[TOKENS];
    training made = {0};
    make_ids(tokens);
    bitllama_config_init(&config);
    bitllama_training_init(&o);
    config.vocab_size = VOCAB;
    config.hidden_dim = 64;
    config.num_layers = 1;
    config.mlp_dim = 80;
    o.batch = 4;
    o.context = 16;
    o.seed = seed;
    REQUIRE(bitllama_trainer_create(&config, &o, tokens, TOKENS, &t, NULL) == TTT_OK);
    made.weights = must_copy(t->net.weights, t->net.params.floats * sizeof(float));
    CHECK_EQ(bitllama_trainer_step(t, &step), TTT_OK);
    memcpy(made.ids, t->ids, sizeof made.ids);
    bitllama_trainer_destroy(t);
    return made;
}

static void trainers(void)
{
    training all[SEEDS];
    for (size_t i = 0; i < SEEDS; i++) {
        all[i] = train(seed_at(i));
        training same = train(seed_at(i));
        CHECK_SAME(same.ids, all[i].ids, sizeof same.ids);
        free(same.weights);
        for (size_t k = 0; k < i; k++) {
            check_context("seeds %zu and %zu", i, k);
            CHECK(memcmp(all[i].weights, all[k].weights, 64 * sizeof(float)) != 0);
            CHECK(memcmp(all[i].ids, all[k].ids, sizeof all[i].ids) != 0);
        }
    }
    for (size_t i = 0; i < SEEDS; i++) free(all[i].weights);
}

static void dropout(void)
{
    enum { WIDTH = 64 };
    float x[WIDTH], y[SEEDS][WIDTH];
    bt_net net = {.tokens = 1, .dropout = 0.5f};
    for (size_t j = 0; j < WIDTH; j++) x[j] = 1.0f;
    for (size_t i = 0; i < SEEDS; i++) {
        net.dropout_seed = seed_at(i);
        bt_dropout(&net, 4, x, y[i], WIDTH);
        for (size_t k = 0; k < i; k++) {
            check_context("seeds %zu and %zu", i, k);
            CHECK(memcmp(y[i], y[k], sizeof y[i]) != 0);
        }
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"layers", layers},
        {"draws", draws},
        {"trainers", trainers},
        {"dropout", dropout},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
