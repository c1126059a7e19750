/* golden.c - reads golden vectors, packed or as the original engine's collection has them, and
 * checks each against the checksums that came with it.
 * SPDX-License-Identifier: MIT */
#include "golden.h"

#include "check.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the formulas give ----------------------------------------------------------------- */

static int8_t weight(const char *formula, uint32_t in, uint32_t out, uint32_t seed)
{
    if (strcmp(formula, "mod3") == 0) return (int8_t)((int)((in * 31 + out * 17 + seed) % 3) - 1);
    REQUIRE(strcmp(formula, "hash3") == 0);
    uint32_t h = in * 0x9e3779b1u + out * 0x85ebca77u + seed * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    h ^= h >> 15;
    return (int8_t)((int)(h % 3) - 1);
}

static int8_t *weights(const char *formula, size_t ins, size_t outs, double seed, double fnv)
{
    int8_t *w = must_alloc(ins * outs);
    for (size_t i = 0; i < ins; i++)
        for (size_t o = 0; o < outs; o++)
            w[i * outs + o] = weight(formula, (uint32_t)i, (uint32_t)o, (uint32_t)seed);
    CHECK_EQ(fnv1a32(w, ins * outs), fnv);
    return w;
}

/* Tokens of a linear congruential generator; token t equals token t mod period, times scale. */
static void generate(float *x, size_t dim, size_t seq_len, const json *how)
{
    uint32_t s = (uint32_t)json_number(how, "lcg");
    size_t fresh = (size_t)json_number(how, "period") * dim;
    float scale = (float)json_number(how, "scale");
    for (size_t i = 0; i < dim * seq_len; i++) {
        if (i >= fresh) {
            x[i] = x[i - fresh];
            continue;
        }
        s = s * 1664525u + 1013904223u;
        x[i] = ((float)(s >> 8) * 0x1p-23f - 1) * scale;
    }
}

static void check_input_sum(const golden *g, double fnv)
{
    size_t n = g->dim * g->seq_len;
    float *canonical = must_copy(g->input, n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        if (isnan(canonical[i])) canonical[i] = float_of(0x7fc00000u);
    CHECK_EQ(fnv1a32(canonical, n * sizeof(float)), fnv);
    free(canonical);
}

/* ---- packed --------------------------------------------------------------------------------- */

static unsigned base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    REQUIRE(at != NULL);
    return (unsigned)(at - digits);
}

/* Little-endian floats; *count is how many there are. */
static float *base64_floats(const char *text, size_t *count)
{
    size_t length = strlen(text), used = 0;
    REQUIRE(length % 4 == 0);
    uint8_t *bytes = must_alloc(length / 4 * 3);
    while (length > 0 && text[length - 1] == '=') length--;
    uint32_t bits = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 6 | base64_digit(text[i]);
        if (i % 4 != 0) bytes[used++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    REQUIRE(used % 4 == 0);
    float *x = must_alloc(used);
    for (size_t i = 0; i < used / 4; i++) {
        const uint8_t *p = bytes + 4 * i;
        x[i] = float_of((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                        (uint32_t)p[3] << 24);
    }
    free(bytes);
    *count = used / 4;
    return x;
}

static void set_shape(golden *g, const json *from, const char *name)
{
    snprintf(g->name, sizeof g->name, "%s", name);
    g->dim = (size_t)json_number(from, "dim");
    g->small = g->dim / 4;
    g->seq_len = (size_t)json_number(from, "seq_len");
    g->inner_lr = (float)json_number(from, "inner_lr");
    check_context("file=%s", g->name);
}

static size_t *indices(const json *list, size_t count)
{
    REQUIRE(list && list->kind == JSON_ARRAY && list->count == count);
    size_t *at = must_alloc(count * sizeof *at), used = 0;
    for (const json *item = list->child; item; item = item->next) at[used++] = (size_t)item->number;
    return at;
}

golden golden_from_packed(const json *item)
{
    golden g = {0};
    size_t count;
    set_shape(&g, item, json_text(item, "name"));
    const json *made = json_get(item, "weights"), *sums = json_get(item, "weights_fnv");
    REQUIRE(made && made->count == 3 && sums && sums->count == 2);
    const json *down_seed = made->child->next, *up_seed = down_seed->next;
    g.down = weights(made->child->text, g.dim, g.small, down_seed->number, sums->child->number);
    g.up = weights(made->child->text, g.small, g.dim, up_seed->number, sums->child->next->number);

    const json *input = json_get(item, "input");
    if (json_get(input, "base64")) {
        g.input = base64_floats(json_text(input, "base64"), &count);
        REQUIRE(count == g.dim * g.seq_len);
    } else {
        g.input = must_alloc(g.dim * g.seq_len * sizeof(float));
        generate(g.input, g.dim, g.seq_len, input);
    }
    check_input_sum(&g, json_number(item, "input_fnv"));

    const json *tokens = json_get(item, "tokens");
    g.token_count = tokens ? tokens->count : 0;
    g.tokens = indices(tokens, g.token_count);
    g.output = base64_floats(json_text(item, "output"), &count);
    REQUIRE(count == g.token_count * g.dim);
    float *residual = base64_floats(json_text(item, "residual"), &count);
    REQUIRE(count == g.seq_len);
    g.residual = must_alloc(count * sizeof *g.residual);
    for (size_t t = 0; t < count; t++) g.residual[t] = (double)residual[t];
    free(residual);
    g.memory = base64_floats(json_text(item, "memory"), &g.entry_count);
    g.entries = must_alloc(g.entry_count * sizeof *g.entries);
    for (size_t i = 0; i < g.entry_count; i++) g.entries[i] = i * 37 % (g.small * g.small);
    g.frobenius = json_number(item, "memory_frobenius");
    return g;
}

/* ---- the original collection ---------------------------------------------------------------- */

/* Numbers, or "NaN" and the like: strtod knows both. */
static double value_of(const json *item)
{
    return item->kind == JSON_STRING ? strtod(item->text, NULL) : item->number;
}

/* The member as floats, from its bit patterns where the file has them. */
static float *floats(const json *file, const char *key, size_t count)
{
    char bits_key[64];
    snprintf(bits_key, sizeof bits_key, "%s_bits", key);
    const json *bits = json_get(file, bits_key), *list = bits ? bits : json_get(file, key);
    REQUIRE(list && list->count == count);
    float *x = must_alloc(count * sizeof *x);
    size_t used = 0;
    for (const json *item = list->child; item; item = item->next)
        x[used++] = bits ? float_of((uint32_t)item->number) : (float)value_of(item);
    return x;
}

/* Long inputs are left out of the files: they are all of the generator's. */
static float *original_input(const golden *g, const json *file)
{
    size_t count = g->dim * g->seq_len;
    if (json_get(file, "input")) return floats(file, "input", count);
    REQUIRE(strncmp(json_text(file, "input_formula"), "lcg seed 12345", 14) == 0);
    char text[80];
    snprintf(text, sizeof text, "{\"lcg\":12345,\"period\":%zu,\"scale\":1}", g->seq_len);
    json *how = json_parse(text);
    float *x = must_alloc(count * sizeof *x);
    generate(x, g->dim, g->seq_len, how);
    json_free(how);
    return x;
}

golden golden_from_original(const json *file, const char *name)
{
    golden g = {0};
    set_shape(&g, file, name);
    const char *formula = json_text(file, "weights_formula");
    g.down = weights(formula, g.dim, g.small, json_number(file, "weights_seed_down"),
                     json_number(file, "weights_down_fnv1a32"));
    g.up = weights(formula, g.small, g.dim, json_number(file, "weights_seed_up"),
                   json_number(file, "weights_up_fnv1a32"));
    g.input = original_input(&g, file);
    check_input_sum(&g, json_number(file, "input_fnv1a32"));

    const json *tokens = json_get(file, "output_tokens");
    const json *residual = json_get(file, "residual_l2_per_token");
    REQUIRE(tokens && residual && residual->count == g.seq_len);
    g.token_count = tokens->count;
    g.tokens = indices(tokens, g.token_count);
    g.output = floats(file, "output", g.token_count * g.dim);
    g.residual = must_alloc(g.seq_len * sizeof *g.residual);
    size_t used = 0;
    for (const json *item = residual->child; item; item = item->next)
        g.residual[used++] = value_of(item);
    g.entry_count = g.small * g.small;
    g.memory = floats(file, "w_state", g.entry_count);
    g.entries = must_alloc(g.entry_count * sizeof *g.entries);
    for (size_t i = 0; i < g.entry_count; i++) g.entries[i] = i;
    g.frobenius = json_number(file, "w_state_frobenius");
    return g;
}

void golden_free(golden *g)
{
    free(g->down);
    free(g->up);
    free(g->input);
    free(g->tokens);
    free(g->output);
    free(g->residual);
    free(g->entries);
    free(g->memory);
}
