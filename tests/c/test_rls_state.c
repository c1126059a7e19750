/* test_rls_state.c - saved states and clones of layers with rule rls: they go on where they stopped, and
 * whatever is wrong with a state is refused with the memory untouched. The format: src/ttt/state.c.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include "base/crc32c.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION = 8,
    OBJECTIVE = 40,
    RULE = 44,
    FORGETTING = 48,
    BODY_CRC = 56,
    HEADER_CRC = 60,
    HEADER = 64
};

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Makes a changed state's checksums right again. */
static void seal(uint8_t *state, size_t size)
{
    put_u32(state + BODY_CRC, bt_crc32c(state + HEADER, size - HEADER));
    put_u32(state + HEADER_CRC, bt_crc32c(state, HEADER_CRC));
}

/* A layer that has read some tokens, and its state. */
typedef struct subject {
    void *layer;
    uint8_t *state;
    size_t size;
} subject;

static subject make_subject(size_t dim, ttt_objective objective, float forgetting, float ridge)
{
    enum { TOKENS = 12 };
    subject s = {.layer = make_rls(dim, objective, forgetting, ridge, 1)};
    float *x = make_tokens(31, dim, TOKENS, 0);
    REQUIRE(ttt_forward(s.layer, x, TOKENS, x) == TTT_OK);
    s.size = ttt_state_size(s.layer);
    s.state = must_alloc(s.size);
    REQUIRE(ttt_save_state(s.layer, s.state, s.size) == TTT_OK);
    free(x);
    return s;
}

static void free_subject(subject *s)
{
    ttt_destroy(s->layer);
    free(s->state);
}

static void check_load_refused(void *layer, const void *state, size_t size, int status)
{
    snapshot before = snapshot_take(layer);
    CHECK_EQ(ttt_load_state(layer, state, size), status);
    snapshot_check(&before, layer);
}

/* ---- going on ------------------------------------------------------------------------------- */

/* Reads on with both and compares everything. */
static void check_same(void *a, void *b, size_t dim, size_t tokens)
{
    size_t len = dim * tokens, d = dim / 4;
    float *x = make_tokens(32, dim, tokens, 11), *y = must_zero(2 * (len + tokens) * sizeof *y);
    float *other = y + len + tokens, *w = must_zero(2 * d * d * sizeof *w);
    CHECK_EQ(ttt_get_memory(a, w), TTT_OK);
    CHECK_EQ(ttt_get_memory(b, w + d * d), TTT_OK);
    CHECK_SAME(w, w + d * d, d * d * sizeof *w);
    CHECK_EQ(ttt_forward_ex(a, x, len, tokens, y, len, y + len), TTT_OK);
    CHECK_EQ(ttt_forward_ex(b, x, len, tokens, other, len, other + len), TTT_OK);
    CHECK_SAME(y, other, (len + tokens) * sizeof *y);
    snapshot end = snapshot_take(a);
    snapshot_check(&end, b);
    free(x);
    free(y);
    free(w);
}

static void resume(void)
{
    static const size_t dims[] = {4, 5, 17, 64, 67, 130};
    const char *names[8];
    size_t count = usable_kernels(names);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 2 * count; k++) {
            ttt_objective objective = (ttt_objective)(k % 2);
            check_context("dim=%zu objective=%d from %s", dims[i], (int)objective, names[k / 2]);
            use_kernel(names[k / 2]);
            subject s = make_subject(dims[i], objective, 0.999f, 0.01f);
            void *fresh = make_rls(dims[i], objective, 0.999f, 0.01f, 2);
            use_best_kernel();
            CHECK_EQ(ttt_load_state(fresh, s.state, s.size), TTT_OK);
            check_same(s.layer, fresh, dims[i], 70);
            ttt_destroy(fresh);
            free_subject(&s);
        }
}

/* The file of a released version loads for ever, and the same tokens still give the same bytes. */
static void released_version(void)
{
    char *text = read_text(GOLDEN_FOLDER "/state_v2.hex");
    subject s = make_subject(12, TTT_PREDICT, 0.9995f, 0.005f);
    uint8_t *stored = must_zero(s.size);
    size_t used = 0;
    if (text)
        for (const char *p = text; used < s.size && sscanf(p, "%2hhx", &stored[used]) == 1;) {
            p += strcspn(p, "0123456789abcdef") + 2;
            used++;
        }
    CHECK_EQ(used, s.size);
    if (!CHECK_SAME(s.state, stored, s.size)) {
        printf("  computed:");
        for (size_t i = 0; i < s.size; i++) printf("%s%02x", i % 32 ? " " : "\n", s.state[i]);
        printf("\n");
    }
    void *fresh = make_rls(12, TTT_PREDICT, 0.9995f, 0.005f, 1);
    CHECK_EQ(ttt_load_state(fresh, stored, s.size), TTT_OK);
    check_same(s.layer, fresh, 12, 30);
    ttt_destroy(fresh);
    free(stored);
    free(text);
    free_subject(&s);
}

static void sizes(void)
{
    for (size_t d = 1; d <= 40; d++)
        for (int predict = 0; predict < 2; predict++) {
            subject s = make_subject(4 * d, (ttt_objective)predict, 1, 1);
            size_t floats = d * (d + 1) / 2 + (predict ? d * d + 2 * d : 0);
            CHECK_EQ(s.size, HEADER + 4 * floats);
            CHECK_EQ(ttt_save_state(s.layer, s.state, s.size - 1), TTT_BUFFER_SIZE);
            free_subject(&s);
        }
}

/* Clones go on alike and then apart; an emptied memory is a new one. */
static void clones(void)
{
    for (int objective = 0; objective < 2; objective++)
        for (uint32_t threads = 1; threads <= 2; threads++) {
            void *a = make_rls(64, (ttt_objective)objective, 0.99f, 0.1f, threads);
            float *x = make_tokens(33, 64, 90, 0), *y = must_zero(90 * 64 * sizeof *y);
            CHECK_EQ(ttt_forward(a, x, 90, y), TTT_OK);
            void *b = ttt_clone(a), *empty = make_rls(64, (ttt_objective)objective, 0.99f, 0.1f, 1);
            REQUIRE(b != NULL);
            CHECK_EQ(ttt_get_rule(b), TTT_RLS);
            CHECK(ttt_forgetting(b) == 0.99f && ttt_ridge(b) == 0.1f);
            CHECK_EQ(ttt_threads(b), threads);
            CHECK_EQ(ttt_footprint(b), ttt_footprint(a));
            CHECK(ttt_footprint(b) > ttt_state_size(b));
            check_same(a, b, 64, 100);
            snapshot kept = snapshot_take(b);
            CHECK_EQ(ttt_reset(a), TTT_OK);
            snapshot_check(&kept, b);
            check_same(a, empty, 64, 40);
            ttt_destroy(a);
            ttt_destroy(b);
            ttt_destroy(empty);
            free(x);
            free(y);
        }
}

/* ---- damage --------------------------------------------------------------------------------- */

static const size_t small_dims[] = {4, 8, 17};

static void every_bit(void)
{
    for (size_t i = 0; i < 6; i++) {
        subject s = make_subject(small_dims[i / 2], (ttt_objective)(i % 2), 0.9995f, 0.005f);
        for (size_t bit = 0; bit < s.size * 8; bit++) {
            s.state[bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_context("dim=%zu bit %zu of byte %zu", small_dims[i / 2], bit % 8, bit / 8);
            check_load_refused(s.layer, s.state, s.size, TTT_STATE_DAMAGED);
            s.state[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        CHECK_EQ(ttt_load_state(s.layer, s.state, s.size), TTT_OK);
        free_subject(&s);
    }
}

static void every_length(void)
{
    for (size_t i = 0; i < 6; i++) {
        subject s = make_subject(small_dims[i / 2], (ttt_objective)(i % 2), 0.9995f, 0.005f);
        for (size_t size = 0; size < s.size + 70; size++) {
            if (size == s.size) continue;
            guarded g = guard_alloc(size, true); /* not a byte past the end is read */
            memset(g.bytes, 0, size);
            memcpy(g.bytes, s.state, size < s.size ? size : s.size);
            check_load_refused(s.layer, g.bytes, size, TTT_STATE_DAMAGED);
            guard_free(&g);
        }
        free_subject(&s);
    }
}

/* ---- other layers' states, and forged ones ---------------------------------------------------- */

static void mismatches(void)
{
    static const struct {
        size_t dim;
        ttt_objective objective;
        float forgetting, ridge;
        int status;
    } others[] = {
        {17, TTT_PREDICT, 0.9995f, 0.005f, TTT_STATE_DIMENSIONS},
        {16, TTT_RECONSTRUCT, 0.9995f, 0.005f, TTT_STATE_OBJECTIVE},
        {16, TTT_PREDICT, 0.9994f, 0.005f, TTT_STATE_RULE},
        {16, TTT_PREDICT, 0.9995f, 0.006f, TTT_STATE_RULE},
    };
    subject s = make_subject(16, TTT_PREDICT, 0.9995f, 0.005f);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        subject other =
            make_subject(others[i].dim, others[i].objective, others[i].forgetting, others[i].ridge);
        check_context("other layer %zu", i);
        check_load_refused(other.layer, s.state, s.size, others[i].status);
        check_load_refused(s.layer, other.state, other.size, others[i].status);
        free_subject(&other);
    }
    for (int objective = 0; objective < 2; objective++) {
        void *gradient = make_layer(16, 0.1f, (ttt_objective)objective, 1);
        snapshot of = snapshot_take(gradient);
        check_load_refused(gradient, s.state, s.size, TTT_STATE_RULE);
        check_load_refused(s.layer, of.state, of.size, TTT_STATE_RULE);
        free(of.state);
        ttt_destroy(gradient);
    }
    int8_t down[64], up[64];
    subject other = make_subject(16, TTT_PREDICT, 0.9995f, 0.005f);
    CHECK_EQ(ttt_get_weights(other.layer, down, up), TTT_OK);
    down[17] = down[17] == 0;
    CHECK_EQ(ttt_set_weights(other.layer, down, up), TTT_OK);
    check_load_refused(other.layer, s.state, s.size, TTT_STATE_WEIGHTS);
    free_subject(&other);
    free_subject(&s);
}

/* A state with one word changed, with right checksums. */
static int load_with(const subject *s, size_t at, uint32_t word)
{
    uint8_t *state = must_copy(s->state, s->size);
    put_u32(state + at, word);
    seal(state, s->size);
    snapshot before = snapshot_take(s->layer);
    int status = ttt_load_state(s->layer, state, s->size);
    if (status == TTT_OK) CHECK_EQ(ttt_load_state(s->layer, s->state, s->size), TTT_OK);
    snapshot_check(&before, s->layer);
    free(state);
    return status;
}

static void forged_words(void)
{
    enum { D = 4, U = HEADER, DIAGONAL = U + D * (D - 1) / 2 * 4, W = DIAGONAL + D * 4 };
    enum { READING = W + D * D * 4, GAIN = READING + D * 4 };
    static const float no_number[] = {NAN, INFINITY, -INFINITY};
    subject s = make_subject(4 * D, TTT_PREDICT, 0.9995f, 0.005f);
    for (size_t at = HEADER; at < s.size; at += 4)
        for (size_t i = 0; i < 3; i++)
            CHECK_EQ(load_with(&s, at, bits_of(no_number[i])), TTT_STATE_DAMAGED);
    static const float no_diagonal[] = {0, -0.0f, -1, 1.0000001f, FLT_MIN, 0x1.fp-65f, 0x1p-140f};
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < D; j++)
            CHECK_EQ(load_with(&s, DIAGONAL + 4 * j, bits_of(no_diagonal[i])), TTT_STATE_DAMAGED);
    CHECK_EQ(load_with(&s, DIAGONAL, bits_of(0x1p-64f)), TTT_OK);
    CHECK_EQ(load_with(&s, DIAGONAL, bits_of(1)), TTT_OK);
    static const struct {
        size_t at;
        float most;
    } limits[] = {{U, 0x1p50f}, {W, 0x1p48f}, {READING, 0x1p56f}, {GAIN, 0x1p17f}};
    for (size_t i = 0; i < 4; i++) {
        CHECK_EQ(load_with(&s, limits[i].at, bits_of(-limits[i].most)), TTT_OK);
        CHECK_EQ(load_with(&s, limits[i].at, bits_of(-limits[i].most) + 1), TTT_STATE_DAMAGED);
        CHECK_EQ(load_with(&s, limits[i].at, bits_of(FLT_MAX)), TTT_STATE_DAMAGED);
    }
    for (uint32_t rule = 2; rule != 1; rule = rule ? rule << 1 : 1)
        CHECK_EQ(load_with(&s, RULE, rule), TTT_STATE_DAMAGED);
    CHECK_EQ(load_with(&s, OBJECTIVE, 2), TTT_STATE_DAMAGED); /* as short as that of reconstruct */
    CHECK_EQ(load_with(&s, FORGETTING, bits_of(NAN)), TTT_STATE_RULE);
    CHECK_EQ(load_with(&s, VERSION, 3), TTT_STATE_VERSION);
    CHECK_EQ(load_with(&s, VERSION, 1), TTT_STATE_DAMAGED);
    CHECK_EQ(load_with(&s, VERSION, 0), TTT_STATE_DAMAGED);
    free_subject(&s);
}

/* As large as a state may be: columns of U are given up, and all stays finite. */
static void forged_whole(void)
{
    enum { DIM = 64, D = 16, SEQ = 70 };
    static const float fills[] = {0x1p50f, 0x1p33f, 0x1p31f, -0x1p17f, 1};
    for (size_t i = 0; i < 5; i++)
        for (int objective = 0; objective < 2; objective++) {
            subject s = make_subject(DIM, (ttt_objective)objective, 0.91f, 1e-6f);
            float *x = make_tokens(34, DIM, SEQ, 0), y[DIM * SEQ], surprise[SEQ];
            for (size_t k = 0; k < D * (D - 1) / 2; k++)
                put_u32(s.state + HEADER + 4 * k, bits_of(fills[i]));
            for (size_t k = 0; objective && k < D * D; k++)
                put_u32(s.state + HEADER + D * (D + 1) / 2 * 4 + 4 * k, bits_of(0x1p48f));
            seal(s.state, s.size);
            check_context("fill %g, objective %d", (double)fills[i], objective);
            CHECK_EQ(ttt_load_state(s.layer, s.state, s.size), TTT_OK);
            for (int turn = 0; turn < 40; turn++) {
                CHECK_EQ(ttt_forward_ex(s.layer, x, DIM * SEQ, SEQ, y, DIM * SEQ, surprise),
                         TTT_OK);
                CHECK(all_finite(y, DIM * SEQ));
                for (size_t t = 0; t < SEQ; t++) CHECK(surprise[t] >= 0 && surprise[t] <= 1);
            }
            snapshot end = snapshot_take(s.layer);
            CHECK_EQ(ttt_load_state(s.layer, end.state, end.size), TTT_OK);
            snapshot_check(&end, s.layer);
            free_subject(&s);
            free(x);
        }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"resume", resume},
        {"released_version", released_version},
        {"sizes", sizes},
        {"clones", clones},
        {"every_bit", every_bit},
        {"every_length", every_length},
        {"mismatches", mismatches},
        {"forged_words", forged_words},
        {"forged_whole", forged_whole},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
