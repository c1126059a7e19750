/* test_model_rewrite.c - model files written once more in f32: every value to the bit against a
 * reference of its own, the container byte by byte, and which tensors are kept in which order.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_image.h"
#include "support.h"

#include "model/write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENIZER "{\"a\": [1]}"
#define ORIGINAL "{\"vocab_size\": 48, \"hidden_dim\": 64, \"num_layers\": 2, \"mlp_dim\": 80}"

static image rewrite_image(const image *im, const char *config, bitllama_format format)
{
    const bitllama_shard shard = {NULL, im->bytes, im->size};
    bitllama_rewriting r = rewriting_of(&shard, format);
    r.files.config = config;
    r.files.config_size = config ? strlen(config) : 0;
    return rewritten(&r);
}

static uint64_t fingerprint_of(const image *im, const char *config)
{
    bitllama_model *model = NULL;
    REQUIRE(bitllama_open(im->bytes, im->size, config, config ? strlen(config) : 0, &model, NULL) ==
            TTT_OK);
    uint64_t fingerprint = bitllama_fingerprint(model);
    bitllama_release(model);
    return fingerprint;
}

static float value_at(const bt_tensor *t, size_t i)
{
    const uint8_t *p = t->data + 4 * i;
    return float_of((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                    (uint32_t)p[3] << 24);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* f32, f16 and bf16: each value is the weight's. */
static void widened(void)
{
    static const bt_dtype dtypes[] = {BT_DTYPE_F32, BT_DTYPE_F16, BT_DTYPE_BF16};
    for (size_t i = 0; i < 9; i++) {
        bt_model_config c = config_of((bt_mixer)(i % 3));
        c.float_activations = i % 2 != 0;
        weights w = make_weights(&c);
        if (i / 3 > 0) make_coarse(&w);
        image plain = safetensors_of(&w, dtypes[i / 3], NULL, NULL, NULL, NULL);
        for (int format = 0; format < 2; format++) {
            image out = rewrite_image(&plain, config_text(&c), (bitllama_format)format);
            CHECK(fingerprint_of(&out, format ? config_text(&c) : NULL) ==
                  fingerprint_of(&plain, config_text(&c)));
            bt_safetensors *table = table_of(&out);
            CHECK_EQ(bt_safetensors_count(table), w.params.tensor_count);
            for (size_t k = 0; k < bt_safetensors_count(table); k++) {
                const bt_tensor *t = bt_safetensors_at(table, k);
                char name[BT_NAME_SIZE] = {0};
                memcpy(name, t->name, t->name_length);
                const float *values = find_weights(&w, name);
                check_context("%s from %s", name, bt_dtype_name(dtypes[i / 3]));
                REQUIRE(values && t->dtype == BT_DTYPE_F32);
                CHECK_SAME(t->data, values, t->size);
            }
            bt_safetensors_close(table);
            free(out.bytes);
        }
        free(plain.bytes);
        free_weights(&w);
    }
}

/* Of n ternary codes with this scale: all as large, but the first that is not 0. */
static void check_ternary(const bt_tensor *t, const uint8_t *codes, float scale)
{
    size_t n = (size_t)t->elements, zeros = 0;
    bool first = true;
    for (size_t i = 0; i < n; i++) zeros += ((codes[i >> 2] >> (i & 3) * 2) & 3) == 1;
    REQUIRE(zeros < n);
    double sum = (double)scale * (double)n, used = (double)(n - zeros);
    float each = (float)(sum / used), rest = (float)(sum - (double)each * (used - 1));
    double magnitude = 0;
    for (size_t i = 0; i < n; i++) {
        int code = ((codes[i >> 2] >> (i & 3) * 2) & 3) - 1;
        float size = code == 0 ? 0.0f : first ? rest : each, value = value_at(t, i);
        if (code) first = false;
        CHECK(bits_of(value) == bits_of(code < 0 ? -size : size));
        magnitude += fabs((double)value);
    }
    CHECK((float)(magnitude / (double)n) == scale);
}

static void check_row(const bt_tensor *t, size_t row, const int8_t *codes, float step)
{
    size_t columns = (size_t)t->shape[1];
    float near = (float)(127.0 * (double)step), largest = near;
    if (nextafterf(near, 0) / 127.0f == step) largest = nextafterf(near, 0);
    if (nextafterf(near, INFINITY) / 127.0f == step) largest = nextafterf(near, INFINITY);
    if (near / 127.0f == step) largest = near;
    CHECK(largest / 127.0f == step);
    for (size_t i = 0; i < columns; i++) {
        float value = value_at(t, row * columns + i);
        float expected = codes[i] == 127    ? largest
                         : codes[i] == -127 ? -largest
                                            : (float)((double)codes[i] * (double)step);
        CHECK(bits_of(value) == bits_of(expected));
    }
}

/* Every tensor of a compact file against what a file of f32 made of it has. */
static void check_from_compact(const bt_safetensors *compact, const bt_safetensors *out)
{
    size_t written = 0;
    for (size_t i = 0; i < bt_safetensors_count(compact); i++) {
        const bt_tensor *t = bt_safetensors_listed(compact, i);
        char name[BT_NAME_SIZE + 8] = {0};
        memcpy(name, t->name, t->name_length);
        check_context("%s", name);
        if (strstr(name, "_scale")) continue;
        const bt_tensor *o = bt_safetensors_listed(out, written++);
        REQUIRE(o && o->dtype == BT_DTYPE_F32 && o->name_length == t->name_length);
        CHECK_SAME(o->name, t->name, t->name_length);
        const bt_tensor *s = bt_safetensors_find(compact, bt_text_of(strcat(name, "_scale")));
        CHECK_EQ(o->rank, t->rank);
        CHECK_EQ(o->elements, t->dtype == BT_DTYPE_U8 ? 4 * t->elements : t->elements);
        CHECK_EQ(o->shape[0], t->shape[0]);
        if (t->dtype == BT_DTYPE_F32) CHECK_SAME(o->data, t->data, t->size);
        else if (t->dtype == BT_DTYPE_U8) check_ternary(o, t->data, value_at(s, 0));
        else
            for (size_t row = 0; row < o->shape[0]; row++)
                check_row(o, row, (const int8_t *)t->data + row * t->shape[1], value_at(s, row));
    }
    CHECK_EQ(bt_safetensors_count(out), written);
}

static void from_compact(void)
{
    for (int i = 0; i < 12; i++) {
        bt_model_config c = config_of((bt_mixer)(i % 3));
        c.unscaled = i / 3 % 2 != 0;
        c.float_activations = i >= 6;
        c.head_bias = i == 4;
        weights w = make_weights(&c);
        bt_model *built = build_model(&w);
        image packed = pack_of(built);
        bt_safetensors *compact = table_of(&packed);
        for (int format = 0; format < 2; format++) {
            image out = rewrite_image(&packed, NULL, (bitllama_format)format);
            CHECK(fingerprint_of(&out, format ? config_text(&c) : NULL) ==
                  bitllama_fingerprint(built));
            bt_safetensors *table = table_of(&out);
            check_from_compact(compact, table);
            bt_safetensors_close(table);
            if (format == 0) { /* once more: f32 to the bit, so the same file */
                image again = rewrite_image(&out, NULL, BITLLAMA_BITT);
                CHECK_EQ(again.size, out.size);
                CHECK_SAME(again.bytes, out.bytes, out.size);
                free(again.bytes);
            }
            free(out.bytes);
        }
        bt_safetensors_close(compact);
        free(packed.bytes);
        bitllama_release(built);
        free_weights(&w);
    }
}

/* ---- the container --------------------------------------------------------------------------- */

/* RFC 3720, appendix B.4, bit by bit. */
static uint32_t crc32c(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < 8 * size; i++) {
        uint32_t bit = (uint32_t)bytes[i / 8] >> i % 8 & 1u;
        crc = crc >> 1 ^ ((crc ^ bit) & 1u ? 0x82f63b78u : 0);
    }
    return ~crc;
}

/* A .bitt file begins with this header, whose text ends with `end`. */
static void check_header(const image *im, const char *config, const char *tokenizer, bool summed)
{
    char text[2 * BT_CONFIG_TEXT], digits[9] = "";
    const char *between = *tokenizer ? ",\"tokenizer\":" : "";
    image zeros = {must_copy(im->bytes, im->size), im->size};
    size_t length = (size_t)sprintf(text, "{\"config\":%s%s%s", config, between, tokenizer);
    if (summed) {
        memset(zeros.bytes + 12 + length + 11, '0', 8);
        sprintf(digits, "%08x", (unsigned)crc32c(zeros.bytes, zeros.size));
        length += (size_t)sprintf(text + length, ",\"crc32c\":\"%s\"", digits);
    }
    length += (size_t)sprintf(text + length, "}");
    while ((12 + length) % 8 != 0) text[length++] = ' ';
    CHECK_SAME(im->bytes, "BITT", 4);
    CHECK_EQ(im->bytes[4] + 256 * im->bytes[5], length);
    CHECK_SAME(im->bytes + 12, text, length);
    static const char inner[] = "{\"__metadata__\":{\"writer\":\"te\\\"st\"},\"embed.weight\":{";
    CHECK_SAME(im->bytes + 12 + length + 8, inner, sizeof inner - 1);
    free(zeros.bytes);
}

/* The input's texts, or another tokenizer; a checksum only if the configuration has a version. */
static void headers(void)
{
    bt_model_config c = config_of(BT_RECONSTRUCT);
    c.unscaled = c.float_activations = true;
    weights w = make_weights(&c);
    char own[BT_CONFIG_TEXT];
    strcpy(own, config_text(&c));
    const char *configs[] = {ORIGINAL, own};
    for (int i = 0; i < 2; i++) {
        image described = safetensors_of(&w, BT_DTYPE_F32, configs[i], TOKENIZER, NULL, NULL);
        image out = rewrite_image(&described, NULL, BITLLAMA_BITT);
        check_header(&out, configs[i], TOKENIZER, i == 1);
        image again = rewrite_image(&out, NULL, BITLLAMA_BITT);
        CHECK_SAME(again.bytes, out.bytes, out.size);
        const bitllama_shard shard = {"", out.bytes, out.size};
        bitllama_rewriting r = rewriting_of(&shard, BITLLAMA_BITT);
        r.tokenizer = "\xef\xbb\xbf{}";
        r.tokenizer_size = 5;
        image other = rewritten(&r);
        check_header(&other, configs[i], "{}", i == 1);
        r.tokenizer_size = 0;
        image none = rewritten(&r);
        check_header(&none, configs[i], "", i == 1);
        image marked = safetensors_of(&w, BT_DTYPE_F32, NULL, NULL, NULL, NULL);
        char config[BT_CONFIG_TEXT + 4];
        sprintf(config, "\xef\xbb\xbf%s", configs[i]); /* the mark is left out */
        image unmarked = rewrite_image(&marked, config, BITLLAMA_BITT);
        check_header(&unmarked, configs[i], "", i == 1);
        image all[] = {described, out, again, other, none, marked, unmarked};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k].bytes);
    }
    free_weights(&w);
}

/* ---- what is kept, and in which order -------------------------------------------------------- */

static bt_tensor extra(const char *name, bt_dtype dtype, uint64_t rows, uint64_t cols)
{
    static const uint8_t bytes[64] = {1, 2, 3};
    return (bt_tensor){.name = name,
                       .name_length = strlen(name),
                       .data = bytes,
                       .size = (size_t)(rows * cols) * bt_dtype_bits(dtype) / 8,
                       .dtype = (uint8_t)dtype,
                       .rank = 2,
                       .shape = {rows, cols}};
}

/* A model's file whose header has n other tensors first, and then the model's in reverse order. */
static image disordered(const weights *w, const bt_tensor *others, size_t n)
{
    image plain = safetensors_of(w, BT_DTYPE_F32, NULL, NULL, NULL, NULL), im = {0};
    bt_safetensors *table = table_of(&plain);
    size_t count = bt_safetensors_count(table);
    bt_tensor *list = must_zero((count + n) * sizeof *list);
    for (size_t i = 0; i < n; i++) list[i] = others[i];
    for (size_t i = 0; i < count; i++) list[n + i] = *bt_safetensors_listed(table, count - 1 - i);
    REQUIRE(bt_safetensors_write_listed(list, n + count, NULL, 0, NULL, 0, &im.size) == 0);
    im.bytes = must_alloc(im.size);
    REQUIRE(bt_safetensors_write_listed(list, n + count, NULL, 0, im.bytes, im.size, &im.size) ==
            0);
    free(list);
    bt_safetensors_close(table);
    free(plain.bytes);
    return im;
}

static void order(void)
{
    static const char *const kept[] = {"z", "y_scale", "half", "q"};
    bt_tensor others[] = {
        extra("z", BT_DTYPE_F32, 2, 2),       extra("y_scale", BT_DTYPE_F32, 1, 3),
        extra("long", BT_DTYPE_I64, 1, 1),    extra("half", BT_DTYPE_BF16, 2, 3),
        extra("bare", BT_DTYPE_U8, 2, 2),     extra("q", BT_DTYPE_I8, 2, 4),
        extra("q_scale", BT_DTYPE_F32, 1, 2), extra("p", BT_DTYPE_I8, 2, 4),
        extra("p_scale", BT_DTYPE_F32, 2, 1)};
    others[6].rank = 1;
    others[6].shape[0] = 2;
    bt_model_config c = config_of(BT_PREDICT);
    weights w = make_weights(&c);
    image im = disordered(&w, others, sizeof others / sizeof *others);
    image out = rewrite_image(&im, config_text(&c), BITLLAMA_SAFETENSORS);
    bt_safetensors *from = table_of(&im), *to = table_of(&out);
    size_t n = w.params.tensor_count;
    CHECK_EQ(bt_safetensors_count(to), n + 4);
    for (size_t i = 0; i < n + 4; i++) {
        const bt_tensor *t = bt_safetensors_listed(to, i);
        bt_text name = {t->name, t->name_length};
        check_context("%.*s", (int)name.length, name.bytes);
        const bt_tensor *source = bt_safetensors_find(from, name);
        REQUIRE(source != NULL);
        CHECK(t == bt_safetensors_at(to, i)); /* the data in the same order */
        if (i >= 4) CHECK_EQ(bt_safetensors_number(from, source), i + 5);
        else CHECK_SAME(t->name, kept[i], strlen(kept[i]));
        if (source->dtype == BT_DTYPE_F32) CHECK_SAME(t->data, source->data, t->size);
        CHECK(t->rank == source->rank && t->elements == source->elements);
    }
    CHECK(bits_of(value_at(bt_safetensors_listed(to, 2), 0)) == 0x02010000u);
    CHECK(bits_of(value_at(bt_safetensors_listed(to, 3), 2)) ==
          bits_of(3 * value_at(bt_safetensors_find(from, bt_text_of("q_scale")), 0)));
    bt_safetensors_close(from);
    bt_safetensors_close(to);
    free(im.bytes);
    free(out.bytes);
    free_weights(&w);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"widened", widened},
        {"from_compact", from_compact},
        {"headers", headers},
        {"order", order},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
