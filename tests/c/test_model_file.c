/* test_model_file.c - reading and writing model files: the original's formats in all dtypes and
 * conventions, the compact format there and back, and every kind of file that must be refused.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_image.h"
#include "model_reference.h"
#include "support.h"

#include "model/read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES (offsetof(bt_model_config, mixers) + BT_MAX_LAYERS) /* without padding */
#define TOKENIZER "{\"model\": {\"vocab\": {\"\\u00e9\\\"\": 0}}}"
#define FINGERPRINT_V2 0xf1a005cd4874c721u
#define STATE_V1 0xf4957038u
#define ORIGINAL "\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 2, \"inner_lr\": 0.1"

static image read_hex(const char *path)
{
    char *text = read_text(path);
    REQUIRE(text != NULL);
    image im = {must_zero(strlen(text)), 0};
    for (const char *p = text; sscanf(p, "%2hhx", &im.bytes[im.size]) == 1; im.size++)
        p += strcspn(p, "0123456789abcdef") + 2;
    free(text);
    return im;
}

static bitllama_model *open_file(const image *im, const char *config)
{
    bitllama_model *model = NULL;
    ttt_error error = {0};
    int status =
        bitllama_open(im->bytes, im->size, config, config ? strlen(config) : 0, &model, &error);
    if (status != TTT_OK) check_note("%s", error.text);
    REQUIRE(status == TTT_OK);
    return model;
}

static void logits_after(bitllama_model *model, const uint32_t *ids, size_t n, float *logits)
{
    bitllama_session *s = open_session(model);
    CHECK_EQ(bitllama_session_read(s, ids, n, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
    bitllama_session_destroy(s);
}

/* The same fingerprint and the same logits. */
static void check_same_model(bitllama_model *a, bitllama_model *b)
{
    uint32_t ids[TOKENS];
    float left[VOCAB], right[VOCAB];
    make_ids(ids);
    CHECK(bitllama_fingerprint(a) == bitllama_fingerprint(b));
    CHECK(bitllama_parameters(a) == bitllama_parameters(b));
    logits_after(a, ids, 60, left);
    logits_after(b, ids, 60, right);
    CHECK_SAME(left, right, sizeof left);
}

/* The configuration of the original's config.json. */
static bt_model_config original_config(void)
{
    bt_model_config c = config_of(BT_RECONSTRUCT);
    c.inner = c.head = 0;
    c.mlp = 256;
    c.unscaled = c.float_activations = true;
    return c;
}

static void check_reference(const weights *w, bitllama_model *model)
{
    uint32_t ids[TOKENS];
    double logits[VOCAB], worst = 0, largest = 0;
    float own[VOCAB];
    make_ids(ids);
    reference_logits(&w->params.config, find_weights, (void *)(uintptr_t)w, ids, 60, logits);
    logits_after(model, ids, 60, own);
    for (size_t i = 0; i < VOCAB; i++) {
        double error = fabs(logits[i] - (double)own[i]), size = fabs(logits[i]);
        if (error > worst) worst = error;
        if (size > largest) largest = size;
    }
    CHECK_AT_MOST(worst / largest, 5e-3); /* coarse embeddings have ties of their int8 rounding */
}

/* A directory of the original's, its .bitt, and our metadata: always the same model. */
static void original_formats(void)
{
    static const bt_dtype dtypes[] = {BT_DTYPE_F32, BT_DTYPE_F16, BT_DTYPE_BF16};
    bt_model_config c = original_config();
    weights w = make_weights(&c);
    make_coarse(&w);
    bt_model *built = build_model(&w);
    for (size_t i = 0; i < 3; i++) {
        check_context("dtype=%s", bt_dtype_name(dtypes[i]));
        image plain = safetensors_of(&w, dtypes[i], NULL, NULL, NULL, NULL);
        image described = safetensors_of(&w, dtypes[i], "{" ORIGINAL "}", TOKENIZER, NULL, NULL);
        image bitt = bitt_of("{\"config\": {" ORIGINAL "}, \"other\": [1], "
                             "\"tokenizer\": " TOKENIZER "}",
                             &plain);
        image text = bitt_of("{\"tokenizer\":\"{\\\"a\\\":1}\",\"config\":{" ORIGINAL "}}", &plain);
        bitllama_model *all[] = {open_file(&plain, "{" ORIGINAL ", \"x\": {}}"),
                                 open_file(&described, NULL), open_file(&bitt, NULL),
                                 open_file(&text, NULL)};
        const char *tokenizers[] = {"", TOKENIZER, TOKENIZER, "{\"a\":1}"};
        for (size_t k = 0; k < 4; k++) {
            size_t length = 99;
            check_same_model(all[k], built);
            const char *tokenizer = bitllama_tokenizer_json(all[k], &length);
            CHECK_EQ(length, strlen(tokenizers[k]));
            CHECK_SAME(tokenizer, tokenizers[k], strlen(tokenizers[k]));
        }
        check_reference(&w, all[0]);
        bitllama_config public;
        bitllama_get_config(all[0], &public);
        CHECK_EQ(public.size, sizeof public);
        CHECK(public.vocab_size == VOCAB && public.hidden_dim == 64 && public.mlp_dim == 256);
        CHECK(public.num_layers == 2 && public.inner_lr == 0.1f && public.norm_eps == 1e-5f);
        CHECK(public.mixers[0] == BITLLAMA_RECONSTRUCT);
        for (size_t k = 0; k < 4; k++) bitllama_release(all[k]);
        image images[] = {plain, described, bitt, text};
        for (size_t k = 0; k < 4; k++) free(images[k].bytes);
    }
    bitllama_release(built);
    free_weights(&w);
}

/* Each mixer in each convention, through f32 and through the compact file. */
static void conventions(void)
{
    for (int i = 0; i < 12; i++) {
        bt_model_config c = config_of((bt_mixer)(i % 3));
        c.unscaled = i / 3 % 2 != 0;
        c.float_activations = i >= 6;
        c.norm_eps = i % 2 ? 1.2345678e-7f : 3e-13f;
        check_context("mixer=%d unscaled=%d float=%d", i % 3, c.unscaled, c.float_activations);
        weights w = make_weights(&c);
        bt_model *built = build_model(&w);
        image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
        bitllama_model *read = open_file(&plain, config_text(&c));
        check_same_model(read, built);
        CHECK_SAME(&read->params.config, &built->params.config, CONFIG_BYTES);
        image compact = pack_of(read);
        CHECK(compact.size < plain.size / 3);
        bitllama_model *packed = open_file(&compact, NULL);
        check_same_model(packed, built);
        image again = pack_of(packed);
        CHECK_EQ(again.size, compact.size);
        CHECK_SAME(again.bytes, compact.bytes, compact.size);
        bitllama_release(read);
        bitllama_release(packed);
        bitllama_release(built);
        free(plain.bytes);
        free(compact.bytes);
        free(again.bytes);
        free_weights(&w);
    }
}

/* The original's first version: the bias counts, and survives packing. */
static void head_bias(void)
{
    bt_model_config c = original_config();
    c.head_bias = true;
    weights w = make_weights(&c);
    float *bias = w.values + w.params.tensors[w.params.head_bias].offset;
    for (size_t i = 0; i < VOCAB; i++) bias[i] = (float)i * 0.5f;
    bt_model *built = build_model(&w);
    image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    bitllama_model *read = open_file(&plain, "{" ORIGINAL "}");
    check_same_model(read, built);
    check_reference(&w, read);
    image compact = pack_of(read);
    bitllama_model *packed = open_file(&compact, NULL);
    check_same_model(packed, built);
    image without = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, "lm_head.bias");
    bitllama_model *other = open_file(&without, "{" ORIGINAL "}");
    CHECK(bitllama_fingerprint(other) != bitllama_fingerprint(built));
    bitllama_model *all[] = {built, read, packed, other};
    for (size_t i = 0; i < 4; i++) bitllama_release(all[i]);
    free(plain.bytes);
    free(compact.bytes);
    free(without.bytes);
    free_weights(&w);
}

static void packing(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    size_t size = 0, with = 0, length;
    CHECK_EQ(bitllama_pack(model, NULL, 0, NULL, 0, &size), TTT_OK);
    CHECK_EQ(bitllama_pack(model, TOKENIZER, strlen(TOKENIZER), NULL, 0, &with), TTT_OK);
    CHECK(with > size && with % 8 == size % 8); /* the body is aligned in both */
    image im = {must_zero(with), with};
    CHECK_EQ(bitllama_pack(model, TOKENIZER, strlen(TOKENIZER), im.bytes, with - 1, &size),
             TTT_BUFFER_SIZE);
    CHECK_EQ(size, with);
    for (size_t i = 0; i < with; i++)
        if (im.bytes[i]) CHECK_EQ(im.bytes[i], 0); /* nothing was written */
    CHECK_EQ(bitllama_pack(model, "[1]", 3, im.bytes, with, &size), TTT_INVALID_DATA);
    CHECK_EQ(bitllama_pack(model, "{", 1, im.bytes, with, &size), TTT_INVALID_DATA);
    CHECK_EQ(bitllama_pack(NULL, NULL, 0, im.bytes, with, &size), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_pack(model, NULL, 0, im.bytes, with, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_pack(model, TOKENIZER, strlen(TOKENIZER), im.bytes, with, &size), TTT_OK);
    bitllama_model *read = open_file(&im, NULL);
    check_same_model(read, model);
    static const char marked[] = "\xef\xbb\xbf" TOKENIZER; /* the mark is left out */
    uint8_t *other = must_zero(with);
    CHECK_EQ(bitllama_pack(model, marked, sizeof marked - 1, other, with, &size), TTT_OK);
    CHECK_EQ(size, with);
    CHECK_SAME(other, im.bytes, with);
    free(other);
    const char *tokenizer = bitllama_tokenizer_json(read, &length);
    CHECK_EQ(length, strlen(TOKENIZER));
    CHECK_SAME(tokenizer, TOKENIZER, strlen(TOKENIZER));
    CHECK_EQ(bitllama_pack(read, "", 0, im.bytes, with, &size), TTT_OK); /* takes it out */
    im.size = size;
    bitllama_model *without = open_file(&im, NULL);
    bitllama_tokenizer_json(without, &length);
    CHECK_EQ(length, 0);
    const char *text = bitllama_config_json(without, &length);
    CHECK_EQ(length, strlen(config_text(&c)));
    CHECK_SAME(text, config_text(&c), length);
    bitllama_release(model);
    bitllama_release(read);
    bitllama_release(without);
    free(im.bytes);
    free_weights(&w);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void check_refused(const image *im, const char *config, int expected, const char *says)
{
    ttt_error error = {0};
    bitllama_model *model = (bitllama_model *)&error;
    int status =
        bitllama_open(im->bytes, im->size, config, config ? strlen(config) : 0, &model, &error);
    check_context("\"%s\" should say \"%s\"; offset %d", error.text, says, (int)error.offset);
    CHECK_EQ(status, expected);
    CHECK_EQ(error.status, expected);
    CHECK(model == NULL);
    CHECK(strstr(error.text, says) != NULL);
}

static void config_problems(void)
{
    static const struct {
        const char *config, *says;
        int status;
    } bad[] = {
        {"", "no configuration", TTT_MODEL_CONFIG},
        {" ", "ends too early", TTT_MODEL_CONFIG},
        {"[]", "must be an object", TTT_MODEL_CONFIG},
        {"{}", "vocab_size: this key is missing", TTT_MODEL_CONFIG},
        {"{\"vocab_size\": 48}", "hidden_dim: this key is missing", TTT_MODEL_CONFIG},
        {"{\"vocab_size\": 48, \"hidden_dim\": 64}", "num_layers: this key", TTT_MODEL_CONFIG},
        {"{" ORIGINAL, "ends too early", TTT_MODEL_CONFIG},
        {"{" ORIGINAL "} x", "follows the end", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"vocab_size\": 48}", "vocab_size: this key is given twice",
         TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mixer\": \"predict\", \"mixers\": \"predict\"}", "twice",
         TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mlp_dim\": \"64\"}", "mlp_dim: this must be a non-negative integer",
         TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mlp_dim\": -64}", "mlp_dim: this must be a non-neg", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mlp_dim\": 64.0}", "mlp_dim: this must be a non-neg", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mlp_dim\": 4294967296}", "mlp_dim: a number is too", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mlp_dim\": 24}", "mlp_dim must be a multiple", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"norm_eps\": 0}", "norm_eps must be", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"norm_eps\": null}", "norm_eps: this must be a number", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"norm_eps\": 1e99}", "norm_eps: this must be a number", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mixer\": \"attention\"}", "mixer: a mixer must be", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mixers\": [\"predict\"]}", "mixers: there must be num_layers",
         TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mixers\": [\"predict\", 3]}", "mixers: a mixer must", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mixers\": 3}", "mixers: this must be a list", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"mixer\": \"induction\"}", "head_dim must be", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"bitlinear\": true}", "bitlinear: this must be an obj", TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"bitlinear\": {\"rescale\": 1}}", "must be true or false",
         TTT_MODEL_CONFIG},
        {"{" ORIGINAL ", \"format_version\": 3}", "newer version", TTT_MODEL_VERSION},
        {"{\"vocab_size\": 50, \"hidden_dim\": 64, \"num_layers\": 2}", "vocab_size must be a mul",
         TTT_MODEL_CONFIG},
        {"{\"vocab_size\": 48, \"hidden_dim\": 48, \"num_layers\": 2}", "multiple of 64 for",
         TTT_MODEL_CONFIG},
        {"{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 65}", "num_layers must be 1 to",
         TTT_MODEL_CONFIG},
        {"{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 2, \"inner_lr\": 2}",
         "inner_lr must be", TTT_MODEL_CONFIG},
        {"{\"vocab_size\": 1048576, \"hidden_dim\": 64, \"num_layers\": 2}",
         "embed.weight: the shape does not fit", TTT_MODEL_TENSOR},
        {"{\"vocab_size\": 48, \"hidden_dim\": 16384, \"num_layers\": 64, \"mlp_dim\": 65536}",
         "embed.weight: the shape does not fit", TTT_MODEL_TENSOR},
        {"{" ORIGINAL ", \"mlp_dim\": 65536}", "layers.0.mlp.gate_proj.weight: the shape",
         TTT_MODEL_TENSOR},
        {"{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 64}",
         "layers.2.norm1.weight: this tensor is missing", TTT_MODEL_TENSOR},
    };
    bt_model_config c = original_config();
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_refused(&plain, bad[i].config, bad[i].status, bad[i].says);
    free(plain.bytes);
    free_weights(&w);
}

static void header_problems(void)
{
    static const struct {
        const char *header, *says;
        int status;
    } bad[] = {
        {"", "ends too early", TTT_MODEL_FORMAT},
        {"[]", "header must be an object", TTT_MODEL_FORMAT},
        {"{}", "no configuration", TTT_MODEL_CONFIG},
        {"{\"config\": 1}", "must be an object", TTT_MODEL_CONFIG},
        {"{\"config\": {}}", "vocab_size: this key", TTT_MODEL_CONFIG},
        {"{\"config\": {" ORIGINAL "}} 1", "follows the end", TTT_MODEL_FORMAT},
        {"{\"config\": {" ORIGINAL "}, \"config\": {}}", "twice", TTT_MODEL_FORMAT},
        {"{\"config\": {" ORIGINAL "}, \"tokenizer\": 3}", "tokenizer must be", TTT_MODEL_FORMAT},
        {"{\"config\": {" ORIGINAL "}, \"tokenizer\": \"x\"}", "tokenizer is not",
         TTT_MODEL_FORMAT},
        {"{\"config\": {" ORIGINAL "}, \"tokenizer\": {", "ends too early", TTT_MODEL_FORMAT},
        {"{\"config\": {" ORIGINAL ", \"format_version\": 9}}", "newer", TTT_MODEL_VERSION},
    };
    bt_model_config c = original_config();
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        image im = bitt_of(bad[i].header, &plain);
        check_refused(&im, NULL, bad[i].status, bad[i].says);
        free(im.bytes);
    }
    image im = bitt_of("{\"config\": {" ORIGINAL "}}", &plain);
    check_refused(&im, "{" ORIGINAL "}", TTT_MODEL_CONFIG, "carries its configuration");
    im.bytes[11] = 1; /* a header of 2^56 bytes */
    check_refused(&im, NULL, TTT_MODEL_FORMAT, "header ends after the file");
    image nothing = {im.bytes, 0};
    check_refused(&nothing, "{" ORIGINAL "}", TTT_MODEL_FORMAT, "too short");
    ttt_error error = {0};
    bitllama_model *model;
    CHECK_EQ(bitllama_open(NULL, 0, NULL, 0, &model, &error), TTT_NULL_POINTER);
    CHECK_EQ(error.status, TTT_NULL_POINTER);
    CHECK(error.text[0] != 0);
    CHECK_EQ(bitllama_open(im.bytes, im.size, NULL, 1, &model, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_open(im.bytes, im.size, NULL, 0, NULL, NULL), TTT_NULL_POINTER);
    free(im.bytes);
    free(plain.bytes);
    free_weights(&w);
}

static void tensor_problems(void)
{
    bt_model_config c = original_config();
    weights w = make_weights(&c);
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < w.params.tensor_count; i++) {
        char name[BT_NAME_SIZE];
        bt_param_name(&w.params.tensors[i], name);
        image im = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, name);
        check_refused(&im, "{" ORIGINAL "}", TTT_MODEL_TENSOR, name);
        free(im.bytes);
        float *value = w.values + w.params.tensors[i].offset + 5, kept = *value;
        for (size_t k = 0; k < 3; k++) {
            *value = wrong[k];
            im = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
            check_refused(&im, "{" ORIGINAL "}", TTT_MODEL_NON_FINITE, name);
            free(im.bytes);
        }
        *value = kept;
    }
    float bias[VOCAB] = {0};
    bt_tensor extra = {.name = "lm_head.bias",
                       .name_length = 12,
                       .data = (uint8_t *)bias,
                       .size = 64,
                       .dtype = BT_DTYPE_F32,
                       .rank = 1,
                       .shape = {16}};
    image im = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, &extra, NULL);
    check_refused(&im, "{" ORIGINAL "}", TTT_MODEL_TENSOR, "lm_head.bias: the shape");
    free(im.bytes);
    extra.name = "something else"; /* is nobody's business */
    extra.name_length = 14;
    im = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, &extra, NULL);
    bitllama_release(open_file(&im, "{" ORIGINAL "}"));
    free(im.bytes);
    extra = (bt_tensor){.name = "norm_f.weight",
                        .name_length = 13,
                        .data = (uint8_t *)bias,
                        .size = 64,
                        .dtype = BT_DTYPE_I8,
                        .rank = 1,
                        .shape = {64}};
    im = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, &extra, "norm_f.weight");
    check_refused(&im, "{" ORIGINAL "}", TTT_MODEL_TENSOR, "cannot be converted");
    free(im.bytes);
    free_weights(&w);
}

/* Values of a compact file that no model has. */
static void compact_problems(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    image im = pack_of(model);
    uint8_t *codes = tensor_data(&im, "layers.1.mlp.up_proj.weight", NULL), kept = codes[9];
    codes[9] |= 0x30;
    seal_compact(&im);
    check_refused(&im, NULL, TTT_MODEL_TENSOR, "layers.1.mlp.up_proj.weight: a ternary code is 3");
    codes[9] = kept;
    uint8_t *rows = tensor_data(&im, "lm_head.weight", NULL);
    kept = rows[3];
    rows[3] = 0x80;
    seal_compact(&im);
    check_refused(&im, NULL, TTT_MODEL_TENSOR, "lm_head.weight: an int8 weight is -128");
    rows[3] = kept;
    static const float scales[] = {0, -1, NAN, INFINITY, 3000};
    const char *names[] = {"embed.weight_scale", "layers.0.induction.key.weight_scale"};
    for (size_t i = 0; i < 10; i++) {
        uint8_t *scale = tensor_data(&im, names[i / 5], NULL), saved[4];
        memcpy(saved, scale, 4);
        memcpy(scale, &scales[i % 5], 4);
        seal_compact(&im);
        check_refused(&im, NULL, TTT_MODEL_NON_FINITE, i < 5 ? "embed.weight" : "induction.key");
        memcpy(scale, saved, 4);
    }
    seal_compact(&im);
    bitllama_release(open_file(&im, NULL));
    bitllama_release(model);
    free(im.bytes);
    free_weights(&w);
}

/* What still loads must be a model: reading gives finite logits. */
static void try_file(const uint8_t *bytes, size_t size, size_t *loaded)
{
    static const uint32_t ids[] = {0, 3, 15, 3};
    bitllama_model *model;
    bitllama_session *s;
    ttt_error error = {0};
    float logits[64];
    int status = bitllama_open(bytes, size, NULL, 0, &model, &error);
    if (status != TTT_OK) {
        if (status < TTT_MODEL_FORMAT || status > TTT_MODEL_NON_FINITE) CHECK_EQ(status, -1);
        if (error.status != status || !error.text[0]) CHECK_EQ(error.status, status);
        return;
    }
    ++*loaded;
    bitllama_config c;
    bitllama_get_config(model, &c);
    REQUIRE(c.vocab_size <= 64);
    REQUIRE(bitllama_session_create(model, &s) == TTT_OK);
    REQUIRE(bitllama_session_read(s, ids, 4, NULL, NULL) == TTT_OK);
    REQUIRE(bitllama_session_logits(s, logits) == TTT_OK);
    if (!all_finite(logits, c.vocab_size)) CHECK(all_finite(logits, c.vocab_size));
    bitllama_session_destroy(s);
    bitllama_release(model);
}

/* Every truncation and every changed byte of a small compact file, with a checksum that fits (see
 * test_model_damage.c for one that does not). */
static void damage(void)
{
    bt_model_config c = {.vocab = 16,
                         .dim = 16,
                         .layers = 1,
                         .mlp = 16,
                         .inner = 16,
                         .head = 16,
                         .rate = 0.1f,
                         .norm_eps = 1e-5f,
                         .mixers = {BT_INDUCTION}};
    weights w = make_weights(&c);
    bt_model *model = build_model(&w);
    image im = pack_of(model);
    size_t loaded = 0, step = check_quick() ? 23 : 1;
    for (size_t cut = 0; cut < im.size; cut += step) {
        uint8_t *copy = must_copy(im.bytes, cut ? cut : 1); /* of exactly that size */
        try_file(copy, cut, &loaded);
        free(copy);
    }
    CHECK_EQ(loaded, 0);
    static const uint8_t changes[] = {0x01, 0x80, 0x10};
    for (size_t at = 0; at < im.size; at += step)
        for (size_t k = 0; k < 3; k++) {
            im.bytes[at] ^= changes[k];
            seal_compact(&im);
            check_context("byte %zu of %zu, change %d", at, im.size, changes[k]);
            try_file(im.bytes, im.size, &loaded);
            im.bytes[at] ^= changes[k];
        }
    check_note("%zu bytes; %zu of the changed files still are models", im.size, loaded);
    CHECK(loaded > 0);
    bitllama_release(model);
    free(im.bytes);
    free_weights(&w);
}

/* A file of version 2 (damage's model) from a release: it goes on loading, to the same model; and what it
 * remembers after a few tokens is saved in the same bytes, so that states of that time load too. */
static void released_version(void)
{
    static const uint32_t ids[] = {1, 2, 3, 4};
    uint8_t state[1700];
    image im = read_hex(GOLDEN_FOLDER "/llama_v2.hex");
    bitllama_model *model = open_file(&im, NULL);
    CHECK(bitllama_fingerprint(model) == FINGERPRINT_V2);
    bitllama_session *s = open_session(model);
    CHECK_EQ(bitllama_session_read(s, ids, 4, NULL, NULL), TTT_OK);
    size_t size = bitllama_session_state_size(s);
    REQUIRE(size <= sizeof state);
    CHECK_EQ(bitllama_session_save(s, state, size), TTT_OK);
    check_context("fnv %08x, fingerprint %016llx", (unsigned)fnv1a32(state, size),
                  (unsigned long long)bitllama_fingerprint(model));
    CHECK(fnv1a32(state, size) == STATE_V1);
    bitllama_session_destroy(s);
    bitllama_release(model);
    free(im.bytes);
}

/* Version 1, which had no checksum, was never released: no file of it loads, with a checksum or
 * without, nor does a config.json of it. Nor does one of this project that has no version any more: the
 * checksum, which is of the whole file, says so. */
static void unreleased_version(void)
{
    static const char key[] = "\"format_version\":2";
    image im = read_hex(GOLDEN_FOLDER "/llama_v2.hex");
    uint8_t *version = im.bytes;
    while (memcmp(version, key, sizeof key - 1) != 0) version++;
    version[sizeof key - 2] = '1';
    check_refused(&im, NULL, TTT_MODEL_VERSION, "format_version: this version was never released");
    seal_compact(&im);
    check_refused(&im, NULL, TTT_MODEL_VERSION, "format_version: this version was never released");
    uint8_t *sum = version;
    while (memcmp(sum, BT_KEY_SUM, sizeof BT_KEY_SUM - 1) != 0) sum++;
    sum[0] = 'x';
    check_refused(&im, NULL, TTT_MODEL_VERSION, "format_version: this version was never released");
    version[sizeof key - 2] = '2';
    check_refused(&im, NULL, TTT_MODEL_FORMAT, "its checksum is missing");
    sum[0] = 'c';
    version[1] = 'g';
    check_refused(&im, NULL, TTT_MODEL_FORMAT, "its checksum does not match");
    free(im.bytes);
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    char config[BT_CONFIG_TEXT];
    strcpy(config, config_text(&c));
    strstr(config, key)[sizeof key - 2] = '1';
    im = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    check_refused(&im, config, TTT_MODEL_VERSION,
                  "format_version: this version was never released");
    strstr(config, "\"format_version\":1")[sizeof key - 2] = '0';
    check_refused(&im, config, TTT_MODEL_CONFIG, "format_version: this must be 2");
    free(im.bytes);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"original_formats", original_formats},
        {"conventions", conventions},
        {"head_bias", head_bias},
        {"packing", packing},
        {"config_problems", config_problems},
        {"header_problems", header_problems},
        {"tensor_problems", tensor_problems},
        {"compact_problems", compact_problems},
        {"damage", damage},
        {"released_version", released_version},
        {"unreleased_version", unreleased_version},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
