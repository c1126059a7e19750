/* test_model_rewrite_input.c - rewriting models in several files, and all inputs, options and
 * buffers that must be refused; inputs with the same words as when they are opened.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_image.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- several files --------------------------------------------------------------------------- */

/* A model's tensors in two files: "b" has the first half, "a" the others. */
typedef struct {
    image whole, files[2];
    bitllama_shard shards[2];
    char *index;
    char config[BT_CONFIG_TEXT];
} halves;

static image write_some(const bt_tensor *tensors, size_t n, const bt_metadata *metadata)
{
    image im = {0};
    size_t entries = metadata ? 1 : 0;
    REQUIRE(bt_safetensors_write(tensors, n, metadata, entries, NULL, 0, &im.size, NULL) == 0);
    im.bytes = must_alloc(im.size);
    REQUIRE(bt_safetensors_write(tensors, n, metadata, entries, im.bytes, im.size, &im.size,
                                 NULL) == 0);
    return im;
}

/* Of a file of all tensors, which it takes over. */
static halves cut(image whole, const char *config)
{
    static const char *const names[] = {"b", "a"};
    halves h = {.whole = whole};
    bt_safetensors *table = table_of(&whole);
    size_t count = bt_safetensors_count(table), half = count / 2, at = 0;
    bt_tensor *tensors = must_alloc(count * sizeof *tensors);
    const bt_metadata described = {bt_text_of("config"), bt_text_of(config)};
    h.index = must_zero(100 * count + 100);
    for (size_t i = 0; i < count; i++) {
        tensors[i] = *bt_safetensors_at(table, i);
        at += (size_t)sprintf(h.index + at, "%s\"%.*s\":\"%s\"", i ? "," : "{\"weight_map\":{",
                              (int)tensors[i].name_length, tensors[i].name, names[i >= half]);
    }
    strcpy(h.index + at, "}}");
    strcpy(h.config, config);
    h.files[0] = write_some(tensors, half, NULL);
    h.files[1] = write_some(tensors + half, count - half, &described);
    for (int i = 0; i < 2; i++)
        h.shards[i] = (bitllama_shard){names[i], h.files[i].bytes, h.files[i].size};
    bt_safetensors_close(table);
    free(tensors);
    return h;
}

static void free_halves(halves *h)
{
    free(h->whole.bytes);
    free(h->files[0].bytes);
    free(h->files[1].bytes);
    free(h->index);
}

static bitllama_rewriting of_halves(const halves *h, bitllama_format format)
{
    bitllama_rewriting r = rewriting_of(h->shards, format);
    r.files.count = 2;
    r.files.index = h->index;
    r.files.index_size = strlen(h->index);
    return r;
}

/* The same tensors as from one file, "a" before "b"; scales may be in the other file. */
static void shards(void)
{
    for (int compact = 0; compact < 2; compact++) {
        bt_model_config c = config_of(BT_INDUCTION);
        weights w = make_weights(&c);
        bt_model *built = build_model(&w);
        image whole = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
        if (compact) {
            image packed = pack_of(built);
            bt_safetensors *table = table_of(&packed);
            free(whole.bytes);
            whole = write_some(bt_safetensors_listed(table, 0), bt_safetensors_count(table), NULL);
            bt_safetensors_close(table);
            free(packed.bytes);
        }
        halves h = cut(whole, config_text(&c));
        const bitllama_shard one = {NULL, whole.bytes, whole.size};
        bitllama_rewriting single = rewriting_of(&one, BITLLAMA_SAFETENSORS),
                           several = of_halves(&h, BITLLAMA_SAFETENSORS),
                           bitt = of_halves(&h, BITLLAMA_BITT);
        single.files.config = h.config;
        single.files.config_size = strlen(h.config);
        image a = rewritten(&single), b = rewritten(&several), d = rewritten(&bitt);
        bt_safetensors *left = table_of(&a), *right = table_of(&b);
        size_t n = bt_safetensors_count(left), first = 0;
        CHECK_EQ(n, w.params.tensor_count);
        CHECK_EQ(bt_safetensors_count(right), n);
        for (size_t i = 0; i < n; i++) {
            const bt_tensor *t = bt_safetensors_listed(left, i);
            bt_text name = {t->name, t->name_length};
            const bt_tensor *other = bt_safetensors_find(right, name);
            REQUIRE(other && other->size == t->size);
            CHECK_SAME(other->data, t->data, t->size);
            first = i == 0 ? bt_safetensors_number(right, other) : first;
            CHECK_EQ(bt_safetensors_number(right, other), (first + i) % n);
        }
        CHECK(first > 0);
        bt_safetensors_close(left);
        bt_safetensors_close(right);
        bitllama_model *model = NULL; /* its configuration is from the metadata of "a" */
        REQUIRE(bitllama_open(d.bytes, d.size, NULL, 0, &model, NULL) == TTT_OK);
        CHECK(bitllama_fingerprint(model) == bitllama_fingerprint(built));
        bitllama_release(model);
        free(a.bytes);
        free(b.bytes);
        free(d.bytes);
        free_halves(&h);
        bitllama_release(built);
        free_weights(&w);
    }
}

/* ---- refusals -------------------------------------------------------------------------------- */

/* What cannot be opened cannot be rewritten, for the same reason. */
static int check_as_opened(const bitllama_rewriting *r)
{
    const bitllama_files *f = &r->files;
    bitllama_model *model = NULL;
    ttt_error opening = {0}, rewriting = {0};
    size_t size = 7;
    int expected = f->index ? bitllama_open_sharded(f->index, f->index_size, f->list, f->count,
                                                    f->config, f->config_size, &model, &opening)
                            : bitllama_open(f->list->bytes, f->list->size, f->config,
                                            f->config_size, &model, &opening);
    bitllama_release(model);
    CHECK_EQ(bitllama_rewrite(r, NULL, 0, &size, &rewriting), expected);
    CHECK_EQ(rewriting.status, opening.status);
    CHECK_EQ(rewriting.offset, opening.offset);
    CHECK(strcmp(rewriting.text, opening.text) == 0);
    CHECK((size == 7) == (expected != TTT_OK));
    return expected;
}

/* Every truncation, and a changed byte in each place. */
static void damaged_files(void)
{
    bt_model_config c = {16, 16, 1, 16, 16, 16, 0.1f, 1e-5f, .mixers = {BT_INDUCTION}};
    weights w = make_weights(&c);
    bt_model *built = build_model(&w);
    image compact = pack_of(built),
          plain = safetensors_of(&w, BT_DTYPE_F16, config_text(&c), "{}", NULL, NULL);
    const image *images[] = {&compact, &plain};
    size_t step = check_quick() ? 41 : 5, refused[2] = {0};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < images[k]->size; i += step) {
            uint8_t *copy = must_copy(images[k]->bytes, images[k]->size);
            bitllama_shard shard = {NULL, copy, i};
            bitllama_rewriting r = rewriting_of(&shard, BITLLAMA_SAFETENSORS);
            check_context("file %d, byte %zu", k, i);
            CHECK(check_as_opened(&r) != TTT_OK);
            shard.size = images[k]->size;
            copy[i] ^= 0x55;
            refused[k] += check_as_opened(&r) != TTT_OK;
            free(copy);
        }
    CHECK_EQ(refused[0], (compact.size + step - 1) / step); /* there is a checksum */
    CHECK(refused[1] > 0);
    free(compact.bytes);
    free(plain.bytes);
    bitllama_release(built);
    free_weights(&w);
}

static void damaged_shards(void)
{
    bt_model_config c = config_of(BT_RECONSTRUCT);
    weights w = make_weights(&c);
    halves h = cut(safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL), config_text(&c));
    bitllama_rewriting r = of_halves(&h, BITLLAMA_BITT);
    CHECK_EQ(check_as_opened(&r), TTT_OK);
    r.files.index_size--;
    CHECK_EQ(check_as_opened(&r), TTT_MODEL_FORMAT);
    r.files.index_size++;
    h.shards[0].name = "c";
    CHECK_EQ(check_as_opened(&r), TTT_MODEL_TENSOR);
    h.shards[0].name = "a";
    CHECK_EQ(check_as_opened(&r), TTT_MODEL_FORMAT);
    h.shards[0].name = "b";
    r.files.count = 0;
    CHECK_EQ(check_as_opened(&r), TTT_MODEL_FORMAT);
    r.files.count = BITLLAMA_MAX_SHARDS + 1;
    bitllama_shard *many = must_zero(r.files.count * sizeof *many);
    for (size_t i = 0; i < r.files.count; i++) many[i] = h.shards[0];
    r.files.list = many;
    CHECK_EQ(check_as_opened(&r), TTT_MODEL_FORMAT);
    free(many);
    r.files.list = h.shards;
    r.files.count = 2;
    static const char *const configs[] = {
        "{", "{}", "{\"vocab_size\": 64, \"hidden_dim\": 64, \"num_layers\": 2}",
        "{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 2, \"format_version\": 3}"};
    static const int expected[] = {TTT_MODEL_CONFIG, TTT_MODEL_CONFIG, TTT_MODEL_TENSOR,
                                   TTT_MODEL_VERSION};
    for (size_t i = 0; i < 4; i++) {
        r.files.config = configs[i];
        r.files.config_size = strlen(configs[i]);
        CHECK_EQ(check_as_opened(&r), expected[i]);
    }
    free_halves(&h);
    w.values[0] = 5000;
    h = cut(safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL), config_text(&c));
    r = of_halves(&h, BITLLAMA_BITT);
    CHECK_EQ(check_as_opened(&r), TTT_MODEL_NON_FINITE);
    free_halves(&h);
    free_weights(&w);
}

/* The status, with an error that says so; nothing is written. */
static void check_refused(const bitllama_rewriting *r, int expected, const char *says)
{
    uint8_t buffer[64] = {0};
    ttt_error error = {0};
    size_t size = 7;
    int status = bitllama_rewrite(r, buffer, sizeof buffer, &size, &error);
    check_context("\"%s\" should say \"%s\"", error.text, says);
    CHECK_EQ(status, expected);
    CHECK_EQ(error.status, expected);
    CHECK(strstr(error.text, says) != NULL);
    CHECK((size == 7) == (expected != TTT_BUFFER_SIZE));
    for (size_t i = 0; i < sizeof buffer; i++) CHECK_EQ(buffer[i], 0);
    CHECK_EQ(bitllama_rewrite(r, buffer, sizeof buffer, &size, NULL), expected);
}

static void options(void)
{
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, config_text(&c), NULL, NULL, NULL);
    const bitllama_shard shard = {NULL, plain.bytes, plain.size};
    const bitllama_rewriting good = rewriting_of(&shard, BITLLAMA_BITT);
    bitllama_rewriting r = good;
    check_refused(&r, TTT_BUFFER_SIZE, "");
    r.size--;
    check_refused(&r, TTT_INVALID_OPTION, "");
    r = good, r.format = 2;
    check_refused(&r, TTT_INVALID_OPTION, "");
    r = good, r.files.count = 0;
    check_refused(&r, TTT_MODEL_FORMAT, "without an index");
    r = good, r.tokenizer = "[1]", r.tokenizer_size = 3;
    check_refused(&r, TTT_INVALID_DATA, "the tokenizer is not a JSON object");
    const bitllama_metadata wrong[][2] = {
        {{"a", "1"}, {"a", "2"}}, {{"a", "1"}, {"b", "\xff"}}, {{"\xc3", "1"}, {"b", ""}}};
    for (size_t i = 0; i < 3; i++) {
        r = good, r.metadata = wrong[i], r.entries = 2;
        check_refused(&r, TTT_INVALID_DATA, i ? "the metadata cannot be written" : "a key twice");
    }
    bitllama_metadata many[BITLLAMA_MAX_METADATA + 1];
    char keys[BITLLAMA_MAX_METADATA + 1][4];
    for (int i = 0; i <= (int)BITLLAMA_MAX_METADATA; i++) {
        sprintf(keys[i], "%d", i);
        many[i] = (bitllama_metadata){keys[i], ""};
    }
    r = good, r.metadata = many, r.entries = BITLLAMA_MAX_METADATA + 1;
    check_refused(&r, TTT_INVALID_DATA, "more than 64");
    r.entries--;
    check_refused(&r, TTT_BUFFER_SIZE, "");
    many[3].value = NULL;
    check_refused(&r, TTT_NULL_POINTER, "");
    r.metadata = NULL;
    check_refused(&r, TTT_NULL_POINTER, "");
    r.entries = 0; /* no metadata is none */
    image bare = rewritten(&r);
    bt_safetensors *table = table_of(&bare);
    CHECK_EQ(bt_safetensors_metadata_count(table), 0);
    bt_safetensors_close(table);
    free(bare.bytes);
    free(plain.bytes);
    free_weights(&w);
}

static void arguments(void)
{
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    image plain = safetensors_of(&w, BT_DTYPE_F32, config_text(&c), NULL, NULL, NULL);
    bitllama_shard shard = {NULL, plain.bytes, plain.size};
    bitllama_rewriting good = rewriting_of(&shard, BITLLAMA_SAFETENSORS), r = good;
    size_t size = 0, written = 0;
    CHECK_EQ(bitllama_rewrite(NULL, NULL, 0, &size, NULL), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_rewrite(&r, NULL, 0, NULL, NULL), TTT_NULL_POINTER);
    r.files.list = NULL;
    check_refused(&r, TTT_NULL_POINTER, "");
    r = good, r.files.config_size = 1;
    check_refused(&r, TTT_NULL_POINTER, "");
    r = good, r.files.index = "{}", r.files.index_size = 2; /* its shard has no name */
    check_refused(&r, TTT_NULL_POINTER, "");
    shard.bytes = NULL;
    check_refused(&good, TTT_NULL_POINTER, "");
    shard.bytes = plain.bytes;
    CHECK_EQ(bitllama_rewrite(&good, NULL, 0, &size, NULL), TTT_OK);
    for (size_t shift = 0; shift < 4; shift++) { /* no alignment, and not a byte more */
        guarded g = guard_alloc(size + shift, true);
        uint8_t *buffer = (uint8_t *)g.bytes + shift;
        CHECK_EQ(bitllama_rewrite(&good, buffer, size - 1, &written, NULL), TTT_BUFFER_SIZE);
        CHECK_EQ(written, size);
        CHECK_EQ(bitllama_rewrite(&good, buffer, size, &written, NULL), TTT_OK);
        image out = {buffer, size};
        bt_safetensors *table = table_of(&out);
        const bt_tensor *t = bt_safetensors_find(table, bt_text_of("embed.weight"));
        CHECK_SAME(t->data, find_weights(&w, "embed.weight"), t->size);
        bt_safetensors_close(table);
        guard_free(&g);
    }
    free(plain.bytes);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"shards", shards},   {"damaged_files", damaged_files}, {"damaged_shards", damaged_shards},
        {"options", options}, {"arguments", arguments},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
