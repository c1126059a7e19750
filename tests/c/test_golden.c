/* test_golden.c - the original engine's golden vectors, on every usable kernel.
 *
 * Compared is output - input of each token, with a relative L2 error of 1e-5: the original sums in
 * another order. Where it let a NaN in, this engine refuses the call; fed with a zero in the NaN's
 * place it must compute the rest alike, since the original quantised a NaN to zero.
 *
 * The packed vectors stand beside the tests. The original files are read too where they are: in
 * the folder that the environment variable BIT_TTT_GOLDEN names, or in GOLDEN_ORIGINALS.
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* opendir */
#include "check.h"
#include "golden.h"
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-5

static double largest_error; /* over a whole case, for its note */
static size_t files_checked;

/* |a - b| <= TOLERANCE * |b| in L2, the golden side being b; notes the largest ratio. */
static void check_error(double squared_error, double squared_norm)
{
    if (squared_norm > 0) largest_error = fmax(largest_error, sqrt(squared_error / squared_norm));
    CHECK_AT_MOST(sqrt(squared_error), TOLERANCE * sqrt(squared_norm));
}

/* Output - input of one stored token; elements where the golden output is NaN do not count. */
static void check_token(const golden *g, size_t stored, const float *output)
{
    size_t t = g->tokens[stored];
    double error = 0, norm = 0;
    for (size_t i = 0; i < g->dim; i++) {
        double x = (double)g->input[t * g->dim + i];
        double expected = (double)g->output[stored * g->dim + i] - x;
        double got = (double)output[t * g->dim + i] - x;
        if (isnan(expected)) continue;
        error += (got - expected) * (got - expected);
        norm += expected * expected;
    }
    check_error(error, norm);
}

static void check_outputs(const golden *g, const float *output)
{
    for (size_t k = 0; k < g->token_count; k++) {
        check_context("file=%s kernel=%s token=%zu", g->name, ttt_kernel(), g->tokens[k]);
        check_token(g, k, output);
    }
    /* the length of output - input for every token, also of those whose rows are not stored */
    for (size_t t = 0; t < g->seq_len; t++) {
        double norm = 0;
        for (size_t i = 0; i < g->dim; i++) {
            double d = (double)output[t * g->dim + i] - (double)g->input[t * g->dim + i];
            norm += d * d;
        }
        check_context("file=%s kernel=%s length of token %zu", g->name, ttt_kernel(), t);
        if (!isnan(g->residual[t]))
            CHECK_AT_MOST(fabs(sqrt(norm) - g->residual[t]), TOLERANCE * g->residual[t]);
    }
}

/* The final W, row-major: a transposed one fails wherever it is not symmetric. */
static void check_memory(const golden *g, const void *layer)
{
    size_t size = g->small * g->small;
    float *w = must_alloc(size * sizeof *w);
    check_context("file=%s kernel=%s memory", g->name, ttt_kernel());
    CHECK_EQ(ttt_get_memory(layer, w), TTT_OK);
    double error = 0, norm = 0, whole = 0;
    for (size_t k = 0; k < g->entry_count; k++) {
        double expected = (double)g->memory[k], d = (double)w[g->entries[k]] - expected;
        error += d * d;
        norm += expected * expected;
    }
    check_error(error, norm);
    for (size_t i = 0; i < size; i++) whole += (double)w[i] * (double)w[i];
    CHECK_AT_MOST(fabs(sqrt(whole) - g->frobenius), TOLERANCE * g->frobenius);
    free(w);
}

/* Refused whole: the output keeps its bytes and the layer its empty memory. */
static void check_refusal(const golden *g, void *layer)
{
    size_t bytes = g->dim * g->seq_len * sizeof(float), size = ttt_state_size(layer);
    void *before = must_alloc(size), *after = must_alloc(size);
    uint8_t *output = must_alloc(bytes), *untouched = must_alloc(bytes);
    memset(output, 0x5a, bytes);
    memset(untouched, 0x5a, bytes);
    CHECK_EQ(ttt_save_state(layer, before, size), TTT_OK);
    CHECK_EQ(ttt_forward(layer, g->input, g->seq_len, (float *)(void *)output), TTT_NON_FINITE);
    CHECK_SAME(output, untouched, bytes);
    CHECK_EQ(ttt_tokens_seen(layer), 0);
    CHECK_EQ(ttt_save_state(layer, after, size), TTT_OK);
    CHECK_SAME(after, before, size);
    free(before);
    free(after);
    free(output);
    free(untouched);
}

/* One file on the active kernel: in one call, and again token by token. */
static void check_on_kernel(golden *g)
{
    size_t n = g->dim * g->seq_len;
    float *whole = must_alloc(n * sizeof *whole), *single = must_alloc(n * sizeof *single);
    void *layer = make_layer(g->dim, g->inner_lr, TTT_RECONSTRUCT, 1);
    check_context("file=%s kernel=%s", g->name, ttt_kernel());
    CHECK_EQ(ttt_set_weights(layer, g->down, g->up), TTT_OK);
    bool refused = false;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(g->input[i])) refused = true;
    if (refused) check_refusal(g, layer);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(g->input[i])) g->input[i] = 0;
    REQUIRE(ttt_forward(layer, g->input, g->seq_len, whole) == TTT_OK);
    check_outputs(g, whole);
    check_memory(g, layer);
    CHECK_EQ(ttt_reset(layer), TTT_OK);
    for (size_t t = 0; t < g->seq_len; t++)
        REQUIRE(ttt_forward(layer, g->input + t * g->dim, 1, single + t * g->dim) == TTT_OK);
    CHECK_SAME(single, whole, n * sizeof *whole);
    check_memory(g, layer);
    ttt_destroy(layer);
    free(whole);
    free(single);
}

static void check_golden(const golden *g)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    float *kept = must_copy(g->input, g->dim * g->seq_len * sizeof(float));
    for (size_t i = 0; i < count; i++) {
        use_kernel(names[i]);
        golden copy = *g;
        memcpy(copy.input, kept, g->dim * g->seq_len * sizeof(float));
        check_on_kernel(&copy);
    }
    use_best_kernel();
    free(kept);
    files_checked++;
}

static void packed(void)
{
    char *text = read_text(GOLDEN_FOLDER "/vectors.json");
    REQUIRE(text != NULL);
    json *file = json_parse(text);
    REQUIRE(file != NULL);
    const json *cases = json_get(file, "cases");
    REQUIRE(cases && cases->kind == JSON_ARRAY);
    files_checked = 0;
    largest_error = 0;
    for (const json *item = cases->child; item; item = item->next) {
        golden g = golden_from_packed(item);
        check_golden(&g);
        golden_free(&g);
    }
    CHECK_EQ(files_checked, 47);
    check_note("%zu vectors, largest relative error %.2g", files_checked, largest_error);
    json_free(file);
    free(text);
}

static void check_original_file(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = read_text(path);
    REQUIRE(text != NULL);
    json *file = json_parse(text);
    check_context("file=%s", name);
    REQUIRE(file != NULL);
    golden g = golden_from_original(file, name);
    check_golden(&g);
    golden_free(&g);
    json_free(file);
    free(text);
}

static void originals(void)
{
    const char *named = getenv("BIT_TTT_GOLDEN");
    const char *path = named ? named : GOLDEN_ORIGINALS;
    DIR *folder = opendir(path);
    if (!folder) {
        check_skip("no folder %s; the packed vectors were checked", path);
        CHECK(!named);
        return;
    }
    files_checked = 0;
    largest_error = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        const char *suffix = strrchr(entry->d_name, '.');
        if (suffix && strcmp(suffix, ".json") == 0) check_original_file(path, entry->d_name);
    }
    closedir(folder);
    CHECK_EQ(files_checked, 47);
    check_note("%zu files, largest relative error %.2g", files_checked, largest_error);
}

/* The reader itself: what is not JSON is refused, what is comes out as it was written. */
static void reader(void)
{
    static const char *const bad[] = {
        "",
        "{",
        "[1,]",
        "[1 2]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{\"a\":1,\"a\":2}",
        "01",
        "1.",
        ".5",
        "+1",
        "NaN",
        "\"",
        "\"\\u0041\"",
        "[1] 2",
        "tru",
        "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json *value = json_parse(bad[i]);
        check_context("text=%s", bad[i]);
        CHECK(value == NULL);
        json_free(value);
    }
    json *value = json_parse(" {\"a\" : [1, -2.5e-3, true ], \"b\":\"x\\n\\\"\"}");
    check_context("good text");
    REQUIRE(value != NULL && json_get(value, "a"));
    CHECK_EQ(json_get(value, "a")->count, 3);
    CHECK(json_get(value, "a")->child->next->number == -2.5e-3);
    CHECK(strcmp(json_text(value, "b"), "x\n\"") == 0);
    json_free(value);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"reader", reader},
        {"packed", packed},
        {"originals", originals},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
