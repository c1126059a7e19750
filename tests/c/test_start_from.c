/* test_start_from.c - a training that begins from a model: the same model to the bit, other shapes and
 * conventions refused with both values, and what it leaves as it was.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "support.h"
#include "train_support.h"

#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

/* All mixers in one model. */
static bt_model_config mixed(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    c.layers = 3;
    c.mixers[1] = BT_PREDICT;
    c.mixers[2] = BT_RECONSTRUCT;
    return c;
}

static void check_starts_from(const bitllama_model *model, const bt_model_config *c)
{
    bitllama_trainer *t = trainer_of(c, 3);
    bitllama_model *again = NULL;
    size_t size, other;
    REQUIRE(bitllama_trainer_start_from(t, model, NULL) == TTT_OK);
    REQUIRE(bitllama_trainer_model(t, NULL, 0, &again) == TTT_OK);
    CHECK(bitllama_fingerprint(again) == bitllama_fingerprint(model));
    uint8_t *a = packed(model, &size), *b = packed(again, &other);
    CHECK_EQ(other, size);
    CHECK_SAME(b, a, size);
    bitllama_release(again);
    bitllama_trainer_destroy(t);
    free(a);
    free(b);
}

/* Of each mixer, and of all; built of f32, and read from a compact file. */
static void same_model(void)
{
    for (int i = 0; i < 4; i++) {
        bt_model_config c = i < 3 ? config_of((bt_mixer)i) : mixed();
        weights w = make_weights(&c);
        bitllama_model *model = build_model(&w), *read = NULL;
        size_t size;
        check_context("configuration %d", i);
        check_starts_from(model, &c);
        uint8_t *file = packed(model, &size);
        REQUIRE(bitllama_open(file, size, NULL, 0, &read, NULL) == TTT_OK);
        check_starts_from(read, &c);
        bitllama_release(model);
        bitllama_release(read);
        free(file);
        free_weights(&w);
    }
}

/* Rows of zeros, a tensor with one weight, and one without any: the same log-probabilities. */
static void sparse_weights(void)
{
    bt_model_config c = mixed();
    weights w = make_weights(&c);
    const bt_param *tensors = w.params.tensors;
    const bt_layer_tensors *l = &w.params.layers[0];
    const bt_param *key = &tensors[l->key], *up = &tensors[l->up];
    memset(w.values + key->offset, 0, key->rows * key->cols * sizeof(float));
    memset(w.values + up->offset, 0, up->rows * up->cols * sizeof(float));
    w.values[up->offset + 5] = -0.25f;
    memset(w.values + tensors[w.params.head].offset, 0, 2 * c.dim * sizeof(float));
    memset(w.values + tensors[w.params.embed].offset + c.dim, 0, c.dim * sizeof(float));
    bitllama_model *model = build_model(&w), *again = NULL;
    bitllama_trainer *t = trainer_of(&c, 1);
    REQUIRE(bitllama_trainer_start_from(t, model, NULL) == TTT_OK);
    REQUIRE(bitllama_trainer_model(t, NULL, 0, &again) == TTT_OK);
    uint32_t ids[TOKENS];
    float expected[TOKENS], found[TOKENS];
    make_ids(ids);
    bitllama_session *first = open_session(model), *second = open_session(again);
    CHECK_EQ(bitllama_session_read(first, ids, TOKENS, expected, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_read(second, ids, TOKENS, found, NULL), TTT_OK);
    CHECK_SAME(found, expected, sizeof found);
    bitllama_session_destroy(first);
    bitllama_session_destroy(second);
    bitllama_trainer_destroy(t);
    bitllama_release(model);
    bitllama_release(again);
    free_weights(&w);
}

/* The training's own forward pass begins from the model's loss, and learns. */
static void first_loss(void)
{
    bt_model_config c = mixed();
    weights w = make_weights(&c);
    bitllama_model *model = build_model(&w);
    bitllama_trainer *t = trainer_of(&c, 1), *plain = trainer_of(&c, 1);
    const bt_net *net = &t->net;
    bt_net *exact = &plain->net;
    REQUIRE(bitllama_trainer_start_from(t, model, NULL) == TTT_OK);
    memcpy(exact->weights, w.values, w.params.floats * sizeof(float));
    bt_net_refresh(exact);
    for (size_t i = 0; i < w.params.tensor_count; i++) {
        const bt_param *p = &w.params.tensors[i];
        CHECK_SAME(net->effective + p->offset, exact->effective + p->offset,
                   p->rows * p->cols * sizeof(float));
    }
    bitllama_step one, two;
    CHECK_EQ(bitllama_trainer_step(t, &one), TTT_OK);
    CHECK_EQ(bitllama_trainer_step(plain, &two), TTT_OK);
    CHECK(one.loss == two.loss && one.step == 1);
    for (int i = 0; i < 20; i++) CHECK_EQ(bitllama_trainer_step(t, &two), TTT_OK);
    CHECK(two.loss < one.loss);
    ttt_error error = {0};
    CHECK_EQ(bitllama_trainer_start_from(t, model, &error), TTT_INVALID_OPTION);
    CHECK(strstr(error.text, "made a step") != NULL);
    bitllama_trainer_destroy(t);
    bitllama_trainer_destroy(plain);
    bitllama_release(model);
    free_weights(&w);
}

static void check_refused(const bt_model_config *of_model, const char *says)
{
    bt_model_config c = mixed();
    weights w = make_weights(of_model);
    bitllama_model *model = build_model(&w);
    bitllama_trainer *t = trainer_of(&c, 1);
    size_t size = bitllama_trainer_state_size(t);
    uint8_t *before = must_zero(size), *after = must_zero(size);
    ttt_error error = {0};
    CHECK_EQ(bitllama_trainer_save(t, before, size), TTT_OK);
    int status = bitllama_trainer_start_from(t, model, &error);
    check_context("\"%s\" should say \"%s\"", error.text, says);
    CHECK_EQ(status, TTT_MODEL_CONFIG);
    CHECK(error.status == TTT_MODEL_CONFIG && strstr(error.text, says) != NULL);
    CHECK_EQ(bitllama_trainer_start_from(t, model, NULL), TTT_MODEL_CONFIG);
    CHECK_EQ(bitllama_trainer_save(t, after, size), TTT_OK);
    CHECK_SAME(after, before, size);
    bitllama_trainer_destroy(t);
    bitllama_release(model);
    free_weights(&w);
    free(before);
    free(after);
}

static void other_shapes(void)
{
    bt_model_config c = mixed();
    c.vocab = 64;
    check_refused(&c, "vocab_size of the model is 64, that of the training 48");
    c = mixed();
    c.dim = 128;
    check_refused(&c, "hidden_dim of the model is 128, that of the training 64");
    c = mixed();
    c.layers = 2;
    check_refused(&c, "num_layers of the model is 2, that of the training 3");
    c = mixed();
    c.mlp = 96;
    check_refused(&c, "mlp_dim of the model is 96, that of the training 80");
    c = mixed();
    c.inner = 96;
    check_refused(&c, "inner_dim of the model is 96, that of the training 64");
    c = mixed();
    c.head = 16;
    check_refused(&c, "head_dim of the model is 16, that of the training 32");
    c = mixed();
    c.mixers[1] = BT_RECONSTRUCT;
    check_refused(&c, "layer 2 of the model is reconstruct, that of the training predict");
    c = mixed();
    c.rate = 0.2f;
    check_refused(&c, "inner_lr");
    c = mixed();
    c.norm_eps = 1e-6f;
    check_refused(&c, "norm_eps");
    c = mixed();
    c.unscaled = true;
    check_refused(&c, "original's convention");
    c = mixed();
    c.float_activations = true;
    check_refused(&c, "original's convention");
    c = mixed();
    c.head_bias = true;
    check_refused(&c, "original's convention");
}

static void null_pointers(void)
{
    bt_model_config c = mixed();
    weights w = make_weights(&c);
    bitllama_model *model = build_model(&w);
    bitllama_trainer *t = trainer_of(&c, 1);
    ttt_error error = {0};
    CHECK_EQ(bitllama_trainer_start_from(NULL, model, &error), TTT_NULL_POINTER);
    CHECK_EQ(error.status, TTT_NULL_POINTER);
    CHECK_EQ(bitllama_trainer_start_from(t, NULL, NULL), TTT_NULL_POINTER);
    bitllama_trainer_destroy(t);
    bitllama_release(model);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"same_model", same_model},       {"sparse_weights", sparse_weights},
        {"first_loss", first_loss},       {"other_shapes", other_shapes},
        {"null_pointers", null_pointers},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
