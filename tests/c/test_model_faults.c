/* test_model_faults.c - every allocation and thread start of the language model's operations fails
 * once, and from there on: each says so, leaks nothing and changes nothing; what runs for every
 * token or step does not allocate at all; and what a model file costs is in proportion to it.
 *
 * Built against a library with BT_FAULT_INJECTION (src/base/alloc.h).
 * SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "check.h"
#include "model_image.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What operations work on. */
static struct {
    image plain, described, compact, rest, norm;
    char index[4096];
    const char *config;
    bitllama_model *model;
    bitllama_session *session;
    bitllama_trainer *trainer;
    bitllama_config public;
    bitllama_training options;
    uint32_t tokens[TOKENS];
    uint8_t *buffer;
    size_t capacity;
} all;

static void set_up_shards(const weights *w)
{
    const bt_params *p = &w->params;
    const float *values = w->values + p->tensors[p->norm].offset;
    size_t at = 0;
    bt_tensor one = {.name = "norm_f.weight",
                     .name_length = 13,
                     .data = (const uint8_t *)values,
                     .size = 256,
                     .dtype = BT_DTYPE_F32,
                     .rank = 1,
                     .shape = {64}};
    all.rest = safetensors_of(w, BT_DTYPE_F32, NULL, NULL, NULL, "norm_f.weight");
    REQUIRE(bt_safetensors_write(&one, 1, NULL, 0, NULL, 0, &all.norm.size, NULL) == 0);
    all.norm.bytes = must_alloc(all.norm.size);
    REQUIRE(bt_safetensors_write(&one, 1, NULL, 0, all.norm.bytes, all.norm.size, &all.norm.size,
                                 NULL) == 0);
    for (size_t i = 0; i < p->tensor_count; i++) {
        char name[BT_NAME_SIZE];
        bt_param_name(&p->tensors[i], name);
        REQUIRE(at + 200 < sizeof all.index);
        at += (size_t)sprintf(all.index + at, "%s\"%s\": \"%s\"", i ? ", " : "{\"weight_map\": {",
                              name, i == p->norm ? "a" : "b");
    }
    strcpy(all.index + at, "}}");
}

static void set_up(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    c.mixers[1] = BT_RECONSTRUCT;
    weights w = make_weights(&c);
    all.config = config_text(&c);
    all.plain = safetensors_of(&w, BT_DTYPE_BF16, NULL, NULL, NULL, NULL);
    all.described = safetensors_of(&w, BT_DTYPE_F32, all.config, "{\"a\": 1}", NULL, NULL);
    REQUIRE(bitllama_open(all.described.bytes, all.described.size, NULL, 0, &all.model, NULL) ==
            TTT_OK);
    all.compact = pack_of(all.model);
    set_up_shards(&w);
    all.session = open_session(all.model);
    make_ids(all.tokens);
    CHECK_EQ(bitllama_session_read(all.session, all.tokens, 40, NULL, NULL), TTT_OK);
    bitllama_get_config(all.model, &all.public);
    bitllama_training_init(&all.options);
    all.options.batch = 2;
    all.options.context = 32;
    all.options.threads = 2;
    REQUIRE(bitllama_trainer_create(&all.public, &all.options, all.tokens, TOKENS, &all.trainer,
                                    NULL) == TTT_OK);
    all.capacity = bitllama_trainer_state_size(all.trainer) + all.described.size + 4096;
    all.buffer = must_alloc(all.capacity);
    free_weights(&w);
}

static void tear_down(void)
{
    bitllama_trainer_destroy(all.trainer);
    bitllama_session_destroy(all.session);
    bitllama_release(all.model);
    free(all.plain.bytes);
    free(all.described.bytes);
    free(all.compact.bytes);
    free(all.rest.bytes);
    free(all.norm.bytes);
    free(all.buffer);
}

/* ---- operations: OK, or OUT_OF_MEMORY; what they make is freed again ------------------------- */

static int open_image(const image *im, const char *config)
{
    bitllama_model *model = (bitllama_model *)&all;
    ttt_error error = {0};
    int status =
        bitllama_open(im->bytes, im->size, config, config ? strlen(config) : 0, &model, &error);
    CHECK((status == TTT_OK) == (model != NULL));
    CHECK_EQ(error.status, status);
    bitllama_release(model);
    return status;
}

static int open_plain(void)
{
    return open_image(&all.plain, all.config);
}

static int open_described(void)
{
    return open_image(&all.described, NULL);
}

static int open_compact(void)
{
    return open_image(&all.compact, NULL);
}

/* The model as two shards: all tensors but one, and that one. */
static int open_sharded(void)
{
    const bitllama_shard shards[] = {{"b", all.rest.bytes, all.rest.size},
                                     {"a", all.norm.bytes, all.norm.size}};
    bitllama_model *model = (bitllama_model *)&all;
    ttt_error error = {0};
    int status = bitllama_open_sharded(all.index, strlen(all.index), shards, 2, all.config,
                                       strlen(all.config), &model, &error);
    CHECK((status == TTT_OK) == (model != NULL));
    CHECK_EQ(error.status, status);
    CHECK(!model || bitllama_fingerprint(model) == bitllama_fingerprint(all.model));
    bitllama_release(model);
    return status;
}

static int pack(void)
{
    size_t size = 0;
    int status = bitllama_pack(all.model, NULL, 0, all.buffer, all.capacity, &size);
    CHECK((status == TTT_OK) == (size > 0));
    return status;
}

/* From the compact file to a .bitt of f32, or from two shards to a safetensors file. */
static int rewrite(void)
{
    const bitllama_shard compact = {NULL, all.compact.bytes, all.compact.size};
    bitllama_rewriting r = rewriting_of(&compact, BITLLAMA_BITT);
    ttt_error error = {0};
    size_t size = 0;
    int status = bitllama_rewrite(&r, all.buffer, all.capacity, &size, &error);
    CHECK((status == TTT_OK) == (size > 0));
    CHECK_EQ(error.status, status);
    return status;
}

static int rewrite_sharded(void)
{
    const bitllama_shard shards[] = {{"b", all.rest.bytes, all.rest.size},
                                     {"a", all.norm.bytes, all.norm.size}};
    bitllama_rewriting r = rewriting_of(shards, BITLLAMA_SAFETENSORS);
    r.files =
        (bitllama_files){shards, 2, all.index, strlen(all.index), all.config, strlen(all.config)};
    size_t size = 0;
    int status = bitllama_rewrite(&r, all.buffer, all.capacity, &size, NULL);
    CHECK((status == TTT_OK) == (size > 0));
    return status;
}

static int create_session(void)
{
    bitllama_session *s = (bitllama_session *)&all;
    int status = bitllama_session_create(all.model, &s);
    CHECK((status == TTT_OK) == (s != NULL));
    bitllama_session_destroy(s);
    return status;
}

static int fork_session(void)
{
    bitllama_session *s = (bitllama_session *)&all;
    int status = bitllama_session_fork(all.session, &s);
    CHECK((status == TTT_OK) == (s != NULL));
    bitllama_session_destroy(s);
    return status;
}

static int create_trainer(void)
{
    bitllama_trainer *t = (bitllama_trainer *)&all;
    ttt_error error = {0};
    int status = bitllama_trainer_create(&all.public, &all.options, all.tokens, TOKENS, &t, &error);
    CHECK((status == TTT_OK) == (t != NULL));
    CHECK_EQ(error.status, status);
    bitllama_trainer_destroy(t);
    return status;
}

static int model_of_trainer(void)
{
    bitllama_model *model = (bitllama_model *)&all;
    int status = bitllama_trainer_model(all.trainer, "{}", 2, &model);
    CHECK((status == TTT_OK) == (model != NULL));
    bitllama_release(model);
    return status;
}

static int weights_of_trainer(void)
{
    size_t size = 0;
    return bitllama_trainer_weights(all.trainer, "{}", 2, all.buffer, all.capacity, &size);
}

static int hash(void)
{
    uint64_t value = 1;
    int status = bitllama_conformance_hash(&value);
    CHECK((status == TTT_OK) == (value != 1));
    return status;
}

/* Fails allocation 0, 1, 2, ... until the operation does not reach the failing one any more. */
static size_t walk(int (*run)(void), bool persistent, size_t stride, const char *what)
{
    size_t failed = 0;
    for (size_t site = 0; failed < 10000; site += site < 40 ? 1 : stride, failed++) {
        size_t live = bt_live_allocations();
        bt_fail_allocations(site, persistent);
        int status = run();
        bt_fail_allocations(SIZE_MAX, false);
        check_context("%s: allocation %zu fails%s", what, site,
                      persistent ? " and all after it" : "");
        CHECK_EQ(bt_live_allocations(), live);
        if (status == TTT_OK) break;
        CHECK_EQ(status, TTT_OUT_OF_MEMORY);
    }
    return failed;
}

static void every_allocation(void)
{
    static const struct {
        const char *name;
        int (*run)(void);
        size_t at_least;
    } operations[] = {
        {"open plain", open_plain, 20},
        {"open described", open_described, 20},
        {"open compact", open_compact, 20},
        {"open sharded", open_sharded, 25},
        {"pack", pack, 5},
        {"rewrite", rewrite, 20},
        {"rewrite sharded", rewrite_sharded, 25},
        {"create session", create_session, 12},
        {"fork", fork_session, 12},
        {"create trainer", create_trainer, 40},
        {"trainer's model", model_of_trainer, 20},
        {"trainer's weights", weights_of_trainer, 3},
        {"hash", hash, 41},
    };
    size_t idle = bt_live_allocations();
    set_up();
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        size_t stride = operations[i].run == hash ? check_quick() ? 61 : 7 : 1;
        size_t once = walk(operations[i].run, false, stride, operations[i].name);
        size_t always = walk(operations[i].run, true, stride, operations[i].name);
        check_context("%s: %zu sites", operations[i].name, once);
        CHECK_EQ(once, always);
        CHECK(once >= operations[i].at_least);
        check_note("%s: %zu sites", operations[i].name, once);
    }
    tear_down();
    CHECK_EQ(bt_live_allocations(), idle);
}

static void no_allocations(void)
{
    float logprobs[TOKENS], surprise[TOKENS], logits[VOCAB];
    bitllama_sampling o;
    bitllama_step step;
    uint32_t token;
    set_up();
    bitllama_sampling_init(&o);
    bt_fail_allocations(0, true);
    CHECK_EQ(bitllama_session_read(all.session, all.tokens, TOKENS, logprobs, surprise), TTT_OK);
    CHECK_EQ(bitllama_session_logits(all.session, logits), TTT_OK);
    CHECK_EQ(bitllama_session_draw(all.session, &o, &token), TTT_OK);
    CHECK_EQ(bitllama_session_freeze(all.session, 1), TTT_OK);
    CHECK_EQ(bitllama_session_read(all.session, all.tokens, 3, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_save(all.session, all.buffer, all.capacity), TTT_OK);
    CHECK_EQ(
        bitllama_session_load(all.session, all.buffer, bitllama_session_state_size(all.session)),
        TTT_OK);
    CHECK_EQ(bitllama_session_reset(all.session), TTT_OK);
    CHECK_EQ(bitllama_trainer_step(all.trainer, &step), TTT_OK);
    CHECK_EQ(bitllama_trainer_save(all.trainer, all.buffer, all.capacity), TTT_OK);
    CHECK_EQ(bitllama_trainer_load(all.trainer, all.buffer,
                                   bitllama_trainer_state_size(all.trainer), NULL),
             TTT_OK);
    bt_fail_allocations(SIZE_MAX, false);
    tear_down();
}

#define INDUCTION                                                                                  \
    "{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 2, \"mixer\": \"induction\""

/* A small file cannot ask for much, whatever sizes its configuration claims. */
static void cost(void)
{
    static const char *const claims[] = {
        "{\"vocab_size\": 1048576, \"hidden_dim\": 16384, \"num_layers\": 64}",
        "{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 64, \"mlp_dim\": 65536}",
        INDUCTION ", \"inner_dim\": 16384, \"head_dim\": 256}",
    };
    set_up();
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        ttt_error error = {0};
        bitllama_model *model;
        bt_reset_peak();
        int status = bitllama_open(all.described.bytes, all.described.size, claims[i],
                                   strlen(claims[i]), &model, &error);
        check_context("%s: %zu bytes", error.text, bt_peak_bytes());
        CHECK_EQ(status, TTT_MODEL_TENSOR);
        CHECK(bt_peak_bytes() < 4 * all.described.size + 100000);
    }
    const image *images[] = {&all.described, &all.compact};
    for (size_t i = 0; i < 2; i++) {
        bt_reset_peak();
        CHECK_EQ(open_image(images[i], NULL), TTT_OK);
        check_note("a file of %zu bytes takes %zu", images[i]->size, bt_peak_bytes());
        CHECK(bt_peak_bytes() < 4 * images[i]->size + 100000);
    }
    bt_reset_peak();
    CHECK_EQ(rewrite(), TTT_OK);
    CHECK(bt_peak_bytes() < 4 * all.compact.size + 100000);
    bt_reset_peak();
    CHECK_EQ(open_sharded(), TTT_OK);
    CHECK(bt_peak_bytes() < 4 * (all.rest.size + all.norm.size) + 100000);
    tear_down();
}

/* What an object says that it occupies is what the allocator gave it, but for a trainer's threads. */
static void footprints(void)
{
    enum { THREADS = 2048 };
    set_up();
    size_t before = bt_live_bytes();
    bitllama_session *session = open_session(all.model), *fork = NULL;
    CHECK_EQ(bt_live_bytes() - before, bitllama_session_footprint(session));
    REQUIRE(bitllama_session_fork(session, &fork) == TTT_OK);
    CHECK_EQ(bitllama_session_footprint(fork), bitllama_session_footprint(session));
    CHECK_EQ(bt_live_bytes() - before, 2 * bitllama_session_footprint(session));
    bitllama_session_destroy(fork);
    bitllama_session_destroy(session);
    CHECK_EQ(bt_live_bytes(), before);

    bitllama_model *model = NULL;
    REQUIRE(bitllama_open(all.described.bytes, all.described.size, NULL, 0, &model, NULL) ==
            TTT_OK);
    CHECK_EQ(bt_live_bytes() - before, bitllama_model_footprint(model));
    bitllama_release(model);
    CHECK_EQ(bt_live_bytes(), before);

    bitllama_trainer *trainer = NULL;
    REQUIRE(bitllama_trainer_create(&all.public, &all.options, all.tokens, TOKENS, &trainer,
                                    NULL) == TTT_OK);
    size_t counted = bitllama_trainer_footprint(trainer), live = bt_live_bytes() - before;
    check_context("a trainer of %zu bytes says %zu", live, counted);
    CHECK(counted <= live && live <= counted + THREADS);
    bitllama_trainer_destroy(trainer);
    CHECK_EQ(bt_live_bytes(), before);
    CHECK_EQ(bitllama_session_footprint(NULL) + bitllama_model_footprint(NULL) +
                 bitllama_trainer_footprint(NULL),
             0);
    tear_down();
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"every_allocation", every_allocation},
        {"no_allocations", no_allocations},
        {"cost", cost},
        {"footprints", footprints},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
