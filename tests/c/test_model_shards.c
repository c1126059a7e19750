/* test_model_shards.c - models in several safetensors files with an index: the same model as from one
 * file however it is cut, and every index and every shard that must be refused.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_image.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 };
#define TOKENIZER "{\"model\": {\"vocab\": {\"a\": 0}}}"

/* A model's files. */
typedef struct {
    image files[MOST];
    char names[MOST][40];
    bitllama_shard given[MOST];
    size_t count;
    char *index;
    char config[BT_CONFIG_TEXT];
} parts;

/* One file cut into n, tensor i into file i mod n, with an index as other programs write it. */
static parts cut(const image *whole, size_t n, const bt_metadata *metadata, size_t entries)
{
    parts p = {.count = n};
    bt_safetensors *table = NULL;
    REQUIRE(bt_safetensors_open(whole->bytes, whole->size, &table, NULL) == 0);
    size_t count = bt_safetensors_count(table), at;
    p.index = must_zero(200 * count + 200);
    at = (size_t)sprintf(p.index, "{\"metadata\": {\"total_size\": 1.5e3, \"x\": [{}]}, "
                                  "\"weight_map\": {");
    for (size_t k = 0; k < n; k++) {
        bt_tensor tensors[200];
        size_t own = 0;
        sprintf(p.names[k], "model-%05zu-of-%05zu.safetensors", k + 1, n);
        for (size_t i = k; i < count; i += n) {
            REQUIRE(own < 200);
            tensors[own++] = *bt_safetensors_at(table, i);
            at += (size_t)sprintf(p.index + at, "%s\"%.*s\": \"%s\"", k || own > 1 ? ", " : "",
                                  (int)tensors[own - 1].name_length, tensors[own - 1].name,
                                  p.names[k]);
        }
        image *im = &p.files[k];
        size_t m = k == n - 1 ? entries : 0;
        REQUIRE(bt_safetensors_write(tensors, own, metadata, m, NULL, 0, &im->size, NULL) == 0);
        im->bytes = must_alloc(im->size);
        REQUIRE(bt_safetensors_write(tensors, own, metadata, m, im->bytes, im->size, &im->size,
                                     NULL) == 0);
    }
    sprintf(p.index + at, "}}");
    bt_safetensors_close(table);
    return p;
}

static parts cut_model(const weights *w, size_t n)
{
    image whole = safetensors_of(w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    parts p = cut(&whole, n, NULL, 0);
    strcpy(p.config, config_text(&w->params.config));
    free(whole.bytes);
    return p;
}

static void free_parts(parts *p)
{
    for (size_t i = 0; i < p->count; i++) free(p->files[i].bytes);
    free(p->index);
}

/* Opens them with the last file first; the status. */
static int open_parts(parts *p, bitllama_model **model, ttt_error *error)
{
    size_t length = strlen(p->config);
    for (size_t i = 0; i < p->count; i++)
        p->given[p->count - 1 - i] =
            (bitllama_shard){p->names[i], p->files[i].bytes, p->files[i].size};
    *error = (ttt_error){0};
    *model = (bitllama_model *)p;
    int status = bitllama_open_sharded(p->index, strlen(p->index), p->given, p->count,
                                       length ? p->config : NULL, length, model, error);
    CHECK((status == TTT_OK) == (*model != NULL));
    CHECK_EQ(error->status, status);
    return status;
}

static void check_refused(parts *p, int expected, const char *says)
{
    bitllama_model *model;
    ttt_error error;
    int status = open_parts(p, &model, &error);
    check_context("\"%s\" should say \"%s\"", error.text, says);
    CHECK_EQ(status, expected);
    CHECK(strstr(error.text, says) != NULL);
    bitllama_release(model);
}

static void check_same(bitllama_model *model, const bt_model *built)
{
    size_t length, other;
    REQUIRE(model != NULL);
    CHECK(bitllama_fingerprint(model) == bitllama_fingerprint(built));
    CHECK(bitllama_parameters(model) == bitllama_parameters(built));
    image a = pack_of(model), b = pack_of(built);
    CHECK_EQ(a.size, b.size);
    CHECK_SAME(a.bytes, b.bytes, a.size);
    const char *config = bitllama_config_json(model, &length), *its;
    its = bitllama_config_json(built, &other);
    CHECK_EQ(length, other);
    CHECK_SAME(config, its, length);
    free(a.bytes);
    free(b.bytes);
}

/* Each mixer, in one file to one for every tensor; in compact form too. */
static void any_cut(void)
{
    static const size_t cuts[] = {1, 2, 3, 7, 17};
    for (int mixer = 0; mixer < 3; mixer++)
        for (size_t i = 0; i < 5; i++) {
            bt_model_config c = config_of((bt_mixer)mixer);
            weights w = make_weights(&c);
            bt_model *built = build_model(&w);
            bitllama_model *model;
            ttt_error error;
            check_context("mixer %d in %zu", mixer, cuts[i]);
            parts p = cut_model(&w, cuts[i]);
            CHECK_EQ(open_parts(&p, &model, &error), TTT_OK);
            check_same(model, built);
            bitllama_release(model);
            free_parts(&p);
            image packed = pack_of(built), body = packed;
            size_t skipped = 12;
            for (size_t k = 0; k < 4; k++) skipped += (size_t)packed.bytes[4 + k] << 8 * k;
            body.bytes += skipped;
            body.size -= skipped;
            p = cut(&body, cuts[i], NULL, 0);
            strcpy(p.config, config_text(&c));
            CHECK_EQ(open_parts(&p, &model, &error), TTT_OK);
            check_same(model, built);
            bitllama_release(model);
            free_parts(&p);
            free(packed.bytes);
            bitllama_release(built);
            free_weights(&w);
        }
}

/* The configuration from outside, also with a byte order mark, as the index may have one; or from the
 * metadata of a shard. Names with escapes in the index. */
static void configurations(void)
{
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    bt_model *built = build_model(&w);
    image whole = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
    bt_metadata metadata[] = {{bt_text_of("config"), bt_text_of(config_text(&c))},
                              {bt_text_of("tokenizer"), bt_text_of(TOKENIZER)}};
    parts p = cut(&whole, 3, metadata, 2);
    bitllama_model *model;
    ttt_error error;
    size_t length;
    CHECK_EQ(open_parts(&p, &model, &error), TTT_OK);
    CHECK(model && bitllama_fingerprint(model) == bitllama_fingerprint(built));
    const char *tokenizer = bitllama_tokenizer_json(model, &length);
    CHECK_EQ(length, strlen(TOKENIZER));
    CHECK_SAME(tokenizer, TOKENIZER, strlen(TOKENIZER));
    bitllama_release(model);
    free_parts(&p);

    p = cut(&whole, 3, NULL, 0);
    check_refused(&p, TTT_MODEL_CONFIG, "there is no configuration");
    sprintf(p.config, "\xef\xbb\xbf%s", config_text(&c));
    char *marked = must_zero(strlen(p.index) + 100), *o = strstr(p.index, "norm_f.weight");
    REQUIRE(o != NULL);
    sprintf(marked, "\xef\xbb\xbf \n%.*s\\u006eorm_f.weight%s", (int)(o - p.index), p.index,
            o + 13);
    free(p.index);
    p.index = marked;
    CHECK_EQ(open_parts(&p, &model, &error), TTT_OK);
    check_same(model, built);
    bitllama_release(model);
    memmove(p.config, p.config + 1, strlen(p.config)); /* what is left is no mark */
    check_refused(&p, TTT_MODEL_CONFIG, "may not stand here");
    CHECK_EQ(bitllama_open(whole.bytes, whole.size, "\xef\xbb\xbf", 3, &model, &error),
             TTT_MODEL_CONFIG);
    strcpy(p.config, "\xef\xbb\xbf{\"vocab_size\": x}");
    open_parts(&p, &model, &error);
    CHECK_EQ(error.offset, 18); /* of all bytes */
    free_parts(&p);
    free(whole.bytes);
    bitllama_release(built);
    free_weights(&w);
}

/* Replaces the first `from` of the index, which must be there. */
static void replace(parts *p, const char *from, const char *to)
{
    char *found = strstr(p->index, from);
    REQUIRE(found != NULL);
    char *made = must_zero(strlen(p->index) + strlen(to) + 1);
    sprintf(made, "%.*s%s%s", (int)(found - p->index), p->index, to, found + strlen(from));
    free(p->index);
    p->index = made;
}

#define NORM "\"norm_f.weight\": "
#define ONE "model-00001-of-00003.safetensors"
#define TWO "model-00002-of-00003.safetensors"
#define THREE "model-00003-of-00003.safetensors"

static void index_problems(void)
{
    static const struct {
        const char *from, *to, *says;
        int status;
    } bad[] = {
        {"{", "[", "the index: ", TTT_MODEL_FORMAT},
        {"\"weight_map\"", "\"map\"", "the index: there is no weight_map", TTT_MODEL_FORMAT},
        {"\"weight_map\": {", "\"weight_map\": {}, \"weight_map\": {", "weight_map is given twice",
         TTT_MODEL_FORMAT},
        {"\"weight_map\": {", "\"weight_map\": [], \"x\": {", "weight_map must be an object",
         TTT_MODEL_FORMAT},
        {"\"weight_map\": {", "\"weight_map\": {}, \"x\": {",
         ONE ": the index does not name this shard", TTT_MODEL_FORMAT},
        {"}}", "}} x", "the index: something follows", TTT_MODEL_FORMAT},
        {"}}", "}", "the index: the JSON text ends too early", TTT_MODEL_FORMAT},
        {"1.5e3", "1.5e", "the index: a number is not", TTT_MODEL_FORMAT},
        {NORM, NORM "3, \"x\": ", "the index: norm_f.weight: this must be the name of a shard",
         TTT_MODEL_FORMAT},
        {NORM, "\"norm_f.bias\": ",
         "norm_f.bias: the index names this shard, which has no such tensor", TTT_MODEL_TENSOR},
        {NORM, NORM "\"model-9\", \"x\": ",
         "model-9: norm_f.weight: the index names this shard, which is not given",
         TTT_MODEL_TENSOR},
        {"{\"embed",
         "{\"norm_f.weight\": \"" ONE "\", \"norm_f.weight\": \"" TWO "\", "
         "\"norm_f.weight\": \"" THREE "\", \"embed",
         "norm_f.weight: the index names this shard, which "
         "has no such",
         TTT_MODEL_TENSOR},
    };
    bt_model_config c = config_of(BT_INDUCTION);
    weights w = make_weights(&c);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        parts p = cut_model(&w, 3);
        replace(&p, bad[i].from, bad[i].to);
        check_refused(&p, bad[i].status, bad[i].says);
        free_parts(&p);
    }
    parts p = cut_model(&w, 3);
    replace(&p, "{\"metadata\"", "null");
    check_refused(&p, TTT_MODEL_FORMAT, "the index: the index must be an object");
    free_parts(&p);
    p = cut_model(&w, 3); /* the first entry twice, and then not at all */
    char *first = strstr(p.index, "{\"embed") + 1, *end = strchr(first, ',') + 2;
    char entry[200] = "";
    strncat(entry, first, (size_t)(end - first));
    char twice[400];
    sprintf(twice, "%s%s", entry, entry);
    replace(&p, entry, twice);
    check_refused(&p, TTT_MODEL_FORMAT, "the index has this tensor twice");
    replace(&p, twice, "");
    check_refused(&p, TTT_MODEL_TENSOR, ".safetensors: embed.weight: the index does not have this");
    free_parts(&p);
    free_weights(&w);
}

static void shard_problems(void)
{
    bt_model_config c = config_of(BT_RECONSTRUCT);
    weights w = make_weights(&c);
    parts p = cut_model(&w, 3);
    bitllama_model *model;
    ttt_error error;
    p.count = 2; /* one is not given */
    check_refused(&p, TTT_MODEL_TENSOR, "the index names this shard, which is not given");
    check_refused(&p, TTT_MODEL_TENSOR, THREE ": ");
    p.count = 3;
    strcpy(p.names[2], TWO);
    check_refused(&p, TTT_MODEL_FORMAT, TWO ": this shard is given twice");
    strcpy(p.names[2], ONE ".bak");
    check_refused(&p, TTT_MODEL_TENSOR, THREE ": ");
    strcpy(p.names[2], THREE);
    memcpy(&p.files[3], &p.files[1], sizeof p.files[1]); /* one more, of the same tensors */
    strcpy(p.names[3], "more");
    p.count = 4;
    check_refused(&p, TTT_MODEL_TENSOR, "another shard has this tensor too");
    static uint8_t empty[] = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    p.files[3] = (image){empty, sizeof empty};
    check_refused(&p, TTT_MODEL_FORMAT, "more: the index does not name this shard");
    p.count = 3;
    image kept = p.files[0];
    p.files[0] = p.files[2]; /* exchanged */
    p.files[2] = kept;
    check_refused(&p, TTT_MODEL_TENSOR, "the index names this shard, which has no such tensor");
    p.files[2] = p.files[0];
    p.files[0] = kept;
    CHECK_EQ(open_parts(&p, &model, &error), TTT_OK);
    bitllama_release(model);
    free_parts(&p);

    float *value = w.values + w.params.tensors[w.params.norm].offset;
    *value = 5000; /* an error of the model's, with the shard that the tensor is in */
    p = cut_model(&w, 3);
    check_refused(&p, TTT_MODEL_NON_FINITE, "-of-00003.safetensors: norm_f.weight: a value is not");
    strcpy(p.config, "{\"vocab_size\": 48, \"hidden_dim\": 128, \"num_layers\": 2}");
    check_refused(&p, TTT_MODEL_TENSOR, ".safetensors: embed.weight: the shape does not fit");
    strcpy(p.config,
           "{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 3, \"mlp_dim\": 80}");
    *value = 1;
    free_parts(&p);
    p = cut_model(&w, 3);
    strcpy(p.config,
           "{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 3, \"mlp_dim\": 80}");
    open_parts(&p, &model, &error);
    CHECK(strncmp(error.text, "layers.2.norm1.weight: this tensor is missing", 45) == 0);
    free_parts(&p);
    free_weights(&w);
}

static void arguments(void)
{
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    parts p = cut_model(&w, 2);
    bitllama_model *model;
    ttt_error error;
    REQUIRE(open_parts(&p, &model, &error) == TTT_OK);
    bitllama_release(model);
    size_t n = strlen(p.index);
    const bitllama_shard good = p.given[0];
    CHECK_EQ(bitllama_open_sharded(NULL, 0, p.given, 2, NULL, 0, &model, &error), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_open_sharded(p.index, n, NULL, 2, NULL, 0, &model, &error), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_open_sharded(p.index, n, p.given, 2, NULL, 1, &model, NULL),
             TTT_NULL_POINTER);
    CHECK_EQ(bitllama_open_sharded(p.index, n, p.given, 2, NULL, 0, NULL, NULL), TTT_NULL_POINTER);
    p.given[0].name = NULL;
    CHECK_EQ(bitllama_open_sharded(p.index, n, p.given, 2, NULL, 0, &model, &error),
             TTT_NULL_POINTER);
    p.given[0] = good;
    p.given[0].bytes = NULL;
    CHECK_EQ(bitllama_open_sharded(p.index, n, p.given, 2, NULL, 0, &model, &error),
             TTT_NULL_POINTER);
    CHECK_EQ(bitllama_open_sharded(p.index, n, NULL, 0, NULL, 0, &model, &error), TTT_MODEL_FORMAT);
    bitllama_shard *many = must_zero((BITLLAMA_MAX_SHARDS + 1) * sizeof *many);
    for (size_t i = 0; i <= BITLLAMA_MAX_SHARDS; i++) many[i] = good;
    CHECK_EQ(
        bitllama_open_sharded(p.index, n, many, BITLLAMA_MAX_SHARDS + 1, NULL, 0, &model, &error),
        TTT_MODEL_FORMAT);
    CHECK(model == NULL && strstr(error.text, "1 to 1024") != NULL);
    CHECK_EQ(bitllama_open_sharded(p.index, n, many, BITLLAMA_MAX_SHARDS, NULL, 0, &model, &error),
             TTT_MODEL_FORMAT);
    CHECK(strstr(error.text, "given twice") != NULL);
    free(many);
    free_parts(&p);
    free_weights(&w);
}

/* Every truncation of the index and of each shard is refused, and a changed byte of the index or of a
 * header is refused or leaves the model as it was. */
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
    bt_model *built = build_model(&w);
    parts p = cut_model(&w, 2);
    size_t step = check_quick() ? 23 : 1, good = 0;
    bitllama_model *model;
    ttt_error error;
    char *index = p.index;
    for (size_t n = 0; n < strlen(index); n += step) {
        p.index = must_copy(index, n + 1);
        p.index[n] = 0;
        if (open_parts(&p, &model, &error) == TTT_OK) CHECK(model == NULL);
        free(p.index);
    }
    p.index = index;
    for (size_t k = 0; k < 2; k++) {
        image kept = p.files[k];
        for (size_t n = 0; n < kept.size; n += step) {
            p.files[k].bytes = must_copy(kept.bytes, n ? n : 1);
            p.files[k].size = n;
            if (open_parts(&p, &model, &error) == TTT_OK) CHECK(model == NULL);
            if (strncmp(error.text, p.names[k], strlen(p.names[k])) != 0)
                CHECK_SAME(error.text, p.names[k], strlen(p.names[k]));
            free(p.files[k].bytes);
        }
        p.files[k] = kept;
        size_t header = 8 + kept.bytes[0] + 256u * kept.bytes[1];
        for (size_t i = 0; i < header; i += step)
            for (unsigned bit = 0; bit < 8; bit += 3) {
                kept.bytes[i] ^= (uint8_t)(1u << bit);
                if (open_parts(&p, &model, &error) == TTT_OK) {
                    good++; /* a swap of two lengths that fit, or white space */
                    bitllama_release(model);
                }
                kept.bytes[i] ^= (uint8_t)(1u << bit);
            }
    }
    for (size_t i = 0; i < strlen(index); i += step)
        for (unsigned bit = 0; bit < 7; bit += 2) {
            index[i] ^= (char)(1 << bit);
            if (index[i] && open_parts(&p, &model, &error) == TTT_OK) {
                good++;
                CHECK(bitllama_fingerprint(model) == bitllama_fingerprint(built));
                bitllama_release(model);
            }
            index[i] ^= (char)(1 << bit);
        }
    check_note("%zu changed files still are the model's", good);
    CHECK_EQ(open_parts(&p, &model, &error), TTT_OK);
    check_same(model, built);
    bitllama_release(model);
    free_parts(&p);
    bitllama_release(built);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"any_cut", any_cut},
        {"configurations", configurations},
        {"index_problems", index_problems},
        {"shard_problems", shard_problems},
        {"arguments", arguments},
        {"damage", damage},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
