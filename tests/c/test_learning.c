/* test_learning.c - what the memory computes: against a reference in double precision, and the same
 * bits for every kernel, thread count, split into calls and floating-point mode of the caller.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "layer_reference.h"
#include "support.h"

#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* ---- the reference -------------------------------------------------------------------------- */

typedef struct worst {
    double output, surprise, memory;
    size_t flips;
} worst;

/* A reading that lies on the edge between two int8 steps may go the other way in double; such a
 * token is off by about one step in 127 and is counted, not compared. */
static void compare_token(const double *expected, const float *y, const float *x, size_t dim,
                          worst *w)
{
    double error = 0, norm = 0;
    for (size_t i = 0; i < dim; i++) {
        double d = (double)y[i] - (double)x[i] - expected[i];
        error += d * d;
        norm += expected[i] * expected[i];
    }
    /* y is rounded to float after x was added to it: that much error is none of the memory's */
    double rounding = 1.2e-7 * sqrt((double)dim) * 4, relative = 0;
    if (sqrt(error) > rounding) relative = (sqrt(error) - rounding) / sqrt(norm);
    if (relative > 1e-4 && relative < 0.02) {
        w->flips++;
        return;
    }
    CHECK_AT_MOST(relative, 1e-4);
    w->output = fmax(w->output, relative);
}

static void compare_memory(const reference_layer *r, const void *layer, worst *w)
{
    size_t size = r->small * r->small;
    float *memory = must_alloc(size * sizeof *memory);
    double error = 0, norm = 1e-30;
    CHECK_EQ(ttt_get_memory(layer, memory), TTT_OK);
    for (size_t i = 0; i < size; i++) {
        double d = (double)memory[i] - r->w[i];
        error += d * d;
        norm += r->w[i] * r->w[i];
    }
    CHECK_AT_MOST(sqrt(error / norm), 1e-5);
    w->memory = fmax(w->memory, sqrt(error / norm));
    free(memory);
}

static void check_reference(size_t dim, ttt_objective objective, float rate, size_t seq,
                            size_t period, worst *w)
{
    size_t len = dim * seq;
    float *x = make_tokens(dim + period, dim, seq, period), *y = must_alloc(len * sizeof *y);
    float *surprise = must_alloc(seq * sizeof *surprise);
    double *residual = must_alloc(dim * sizeof *residual);
    void *layer = make_layer(dim, rate, objective, 1);
    reference_layer r = reference_create(layer);
    size_t flips = w->flips;
    REQUIRE(ttt_forward_ex(layer, x, len, seq, y, len, surprise) == TTT_OK);
    for (size_t t = 0; t < seq; t++) {
        double expected = reference_step(&r, x + t * dim, residual);
        double error = fabs((double)surprise[t] - expected);
        check_context("dim=%zu objective=%d rate=%g period=%zu token=%zu", dim, (int)objective,
                      (double)rate, period, t);
        compare_token(residual, y + t * dim, x + t * dim, dim, w);
        CHECK_AT_MOST(error, 1e-5 * (1 + expected));
        w->surprise = fmax(w->surprise, error);
    }
    CHECK_AT_MOST((double)(w->flips - flips), 0.02 * (double)seq + 1);
    compare_memory(&r, layer, w);
    reference_free(&r);
    ttt_destroy(layer);
    free(x);
    free(y);
    free(surprise);
    free(residual);
}

static void reference(void)
{
    static const size_t dims[] = {4, 5, 7, 16, 30, 64, 67, 100, 128, 250};
    static const float rates[] = {0.1f, 0.5f, 1, 1.7f};
    worst w = {0};
    size_t tokens = 0;
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++)
        for (int objective = 0; objective < 2; objective++)
            for (size_t k = 0; k < 4; k++) {
                size_t seq = 20 + 30 * k;
                tokens += seq;
                check_reference(dims[i], (ttt_objective)objective, rates[k], seq, k * 5, &w);
            }
    check_note("largest error: output %.2g, surprise %.2g, memory %.2g; %zu of %zu tokens flipped",
               w.output, w.surprise, w.memory, w.flips, tokens);
}

/* ---- it learns ------------------------------------------------------------------------------ */

/* Reconstruct: a feature never seen has surprise 1 (W is zero), a repeated one falls to 0. */
static void reconstruct_learns(void)
{
    enum { DIM = 64, SEQ = 400, PERIOD = 3, LEN = DIM * SEQ };
    float *x = make_tokens(41, DIM, SEQ, PERIOD), *y = must_alloc(LEN * sizeof *y), surprise[SEQ];
    void *layer = make_layer(DIM, 0.1f, TTT_RECONSTRUCT, 1);
    CHECK_EQ(ttt_forward_ex(layer, x, LEN, SEQ, y, LEN, surprise), TTT_OK);
    CHECK_AT_MOST(fabs((double)surprise[0] - 1), 1e-6);
    for (size_t t = PERIOD; t < SEQ; t++) {
        check_context("token=%zu", t);
        CHECK_AT_MOST((double)surprise[t], (double)surprise[t - PERIOD] + 1e-9);
    }
    CHECK_AT_MOST((double)surprise[SEQ - 1], 1e-5);
    ttt_destroy(layer);
    free(x);
    free(y);
}

/* Predict: a periodic sequence is foreseen after some rounds, noise never is. */
static void predict_learns(void)
{
    enum { DIM = 64, SEQ = 600, PERIOD = 5, LEN = DIM * SEQ };
    float *y = must_alloc(LEN * sizeof *y), surprise[SEQ];
    for (int noise = 0; noise < 2; noise++) {
        float *x = make_tokens(42, DIM, SEQ, noise ? 0 : PERIOD);
        void *layer = make_layer(DIM, 0.5f, TTT_PREDICT, 1);
        CHECK_EQ(ttt_forward_ex(layer, x, LEN, SEQ, y, LEN, surprise), TTT_OK);
        double late = 0;
        for (size_t t = SEQ - 100; t < SEQ; t++) late += (double)surprise[t] / 100;
        check_context("noise=%d", noise);
        CHECK_AT_MOST(fabs((double)surprise[0] - 1), 1e-6);
        if (noise) CHECK(late > 0.9);
        else CHECK_AT_MOST(late, 1e-3);
        ttt_destroy(layer);
        free(x);
    }
    free(y);
}

/* A memory that has read other things in between still knows the first; a reset one does not. */
static void remembers(void)
{
    enum { DIM = 128 };
    float *x = make_tokens(43, DIM, 1, 0), y[DIM], surprise;
    void *layer = make_layer(DIM, 0.5f, TTT_RECONSTRUCT, 1);
    for (int i = 0; i < 20; i++)
        CHECK_EQ(ttt_forward_ex(layer, x, DIM, 1, y, DIM, &surprise), TTT_OK);
    float *others = make_tokens(44, DIM, 4, 0), room[4 * DIM];
    CHECK_EQ(ttt_forward(layer, others, 4, room), TTT_OK);
    CHECK_EQ(ttt_forward_ex(layer, x, DIM, 1, y, DIM, &surprise), TTT_OK);
    CHECK_AT_MOST((double)surprise, 0.5);
    ttt_reset(layer);
    CHECK_EQ(ttt_forward_ex(layer, x, DIM, 1, y, DIM, &surprise), TTT_OK);
    CHECK_AT_MOST(fabs((double)surprise - 1), 1e-6);
    ttt_destroy(layer);
    free(x);
    free(others);
}

/* ---- the same bits -------------------------------------------------------------------------- */

typedef struct record {
    size_t dim, seq;
    float *x, *y, *surprise;
    snapshot end;
} record;

static record make_record(size_t dim, size_t seq)
{
    record r = {.dim = dim, .seq = seq, .x = make_tokens(dim, dim, seq, 29)};
    for (size_t i = 0; i < dim; i++) { /* a zero, a denormal and a large token among them */
        if (seq > 5) r.x[5 * dim + i] = 0;
        if (seq > 6) r.x[6 * dim + i] *= 1e-40f;
        if (seq > 7) r.x[7 * dim + i] *= 1e30f;
    }
    r.y = must_alloc(dim * seq * sizeof *r.y);
    r.surprise = must_alloc(seq * sizeof *r.surprise);
    return r;
}

static void free_record(record *r)
{
    free(r->x);
    free(r->y);
    free(r->surprise);
    free(r->end.state);
}

static void run_record(record *r, void *layer)
{
    size_t len = r->dim * r->seq;
    REQUIRE(ttt_forward_ex(layer, r->x, len, r->seq, r->y, len, r->surprise) == TTT_OK);
    r->end = snapshot_take(layer);
}

static void compare_record(const record *expected, const float *y, const float *surprise,
                           const void *layer)
{
    snapshot end = {.state = must_copy(expected->end.state, expected->end.size),
                    .size = expected->end.size,
                    .tokens = expected->end.tokens,
                    .fingerprint = expected->end.fingerprint};
    CHECK_SAME(y, expected->y, expected->dim * expected->seq * sizeof *y);
    CHECK_SAME(surprise, expected->surprise, expected->seq * sizeof *surprise);
    snapshot_check(&end, layer);
}

static const size_t same_dims[] = {4, 5, 17, 64, 67, 132, 256, 514};

/* Every kernel, with one to eight threads. 300 tokens of 256 are work enough for all of them. */
static void kernels_and_threads(void)
{
    static const uint32_t threads[] = {1, 2, 3, 8};
    const char *names[8];
    size_t count = usable_kernels(names), dims = check_quick() ? 7 : 8;
    for (size_t i = 0; i < dims; i++)
        for (int objective = 0; objective < 2; objective++) {
            record expected = make_record(same_dims[i], 300), r = make_record(same_dims[i], 300);
            use_kernel(names[count - 1]);
            void *first = make_layer(same_dims[i], 0.7f, (ttt_objective)objective, 1);
            run_record(&expected, first);
            ttt_destroy(first);
            for (size_t k = 0; k < count; k++)
                for (size_t t = 0; t < 4; t++) {
                    use_kernel(names[k]);
                    check_context("dim=%zu objective=%d kernel=%s threads=%u", same_dims[i],
                                  objective, names[k], threads[t]);
                    void *layer =
                        make_layer(same_dims[i], 0.7f, (ttt_objective)objective, threads[t]);
                    run_record(&r, layer);
                    compare_record(&expected, r.y, r.surprise, layer);
                    free(r.end.state);
                    r.end.state = NULL;
                    ttt_destroy(layer);
                }
            free_record(&expected);
            free_record(&r);
        }
    use_best_kernel();
}

/* A layer far larger than any cache, whose sums are as long. */
static void large_layer(void)
{
    enum { DIM = 4100, FEW = 70 };
    const char *names[8];
    size_t count = usable_kernels(names);
    record expected = make_record(DIM, FEW), r = make_record(DIM, FEW);
    void *layer = make_layer(DIM, 0.7f, TTT_PREDICT, 2);
    for (size_t k = 0; k < (check_quick() ? 1 : count); k++) {
        use_kernel(names[k]);
        check_context("dim=%d kernel=%s", DIM, names[k]);
        CHECK_EQ(ttt_reset(layer), TTT_OK);
        run_record(k ? &r : &expected, layer);
        CHECK(all_finite(expected.y, DIM * FEW) && all_finite(expected.surprise, FEW));
        if (k) compare_record(&expected, r.y, r.surprise, layer);
        if (k) free(r.end.state);
        r.end.state = NULL;
    }
    ttt_destroy(layer);
    free_record(&expected);
    free_record(&r);
    use_best_kernel();
}

/* Cuts the sequence at random, kernels and clones changing on the way. */
static void check_split(const record *expected, ttt_objective objective, rng *r)
{
    const char *names[8];
    size_t count = usable_kernels(names), at = 0, calls = 0, dim = expected->dim;
    float *y = must_alloc(dim * expected->seq * sizeof *y);
    float *surprise = must_alloc(expected->seq * sizeof *surprise);
    void *layer = make_layer(dim, 0.7f, objective, (uint32_t)rng_below(r, 3) + 1);
    while (at < expected->seq) {
        static const size_t sizes[] = {1, 2, 9, 63, 64, 65, 128, 200};
        size_t n = sizes[rng_below(r, 8)];
        if (n > expected->seq - at) n = expected->seq - at;
        use_kernel(names[rng_below(r, count)]);
        REQUIRE(ttt_forward_ex(layer, expected->x + at * dim, n * dim, n, y + at * dim, n * dim,
                               surprise + at) == TTT_OK);
        if (rng_below(r, 4) == 0) {
            void *clone = ttt_clone(layer);
            ttt_destroy(layer);
            REQUIRE(clone != NULL);
            layer = clone;
        }
        at += n;
        calls++;
    }
    check_context("dim=%zu objective=%d %zu calls", dim, (int)objective, calls);
    compare_record(expected, y, surprise, layer);
    ttt_destroy(layer);
    free(y);
    free(surprise);
}

static void splits(void)
{
    rng r = {45};
    for (size_t i = 0; i < 7; i++)
        for (int objective = 0; objective < 2; objective++) {
            record expected = make_record(same_dims[i], 333);
            void *layer = make_layer(same_dims[i], 0.7f, (ttt_objective)objective, 1);
            run_record(&expected, layer);
            ttt_destroy(layer);
            for (int turn = 0; turn < 8; turn++)
                check_split(&expected, (ttt_objective)objective, &r);
            free_record(&expected);
        }
    use_best_kernel();
}

/* ---- the caller's floating-point mode ------------------------------------------------------- */

static void check_mode(const record *expected, const char *what, uint32_t threads)
{
    record r = make_record(expected->dim, expected->seq);
    memcpy(r.x, expected->x, r.dim * r.seq * sizeof *r.x);
    void *layer = make_layer(r.dim, 0.7f, TTT_RECONSTRUCT, threads);
    check_context("%s threads=%u", what, threads);
    run_record(&r, layer);
    int direction = fegetround();
    fesetround(FE_TONEAREST);
    compare_record(expected, r.y, r.surprise, layer);
    float *before = must_zero(sizeof(float) * 64 * 64), *after = must_zero(sizeof(float) * 64 * 64);
    CHECK_EQ(ttt_get_memory(layer, before), TTT_OK);
    fesetround(direction);
    CHECK_EQ(ttt_get_memory(layer, after), TTT_OK);
    CHECK_SAME(before, after, sizeof(float) * 64 * 64);
    free(before);
    free(after);
    ttt_destroy(layer);
    free_record(&r);
}

/* Rounding direction and, on x86, flush-to-zero: neither changes a bit, and both are left on. */
static void caller_modes(void)
{
    record expected = make_record(256, 130);
    void *layer = make_layer(256, 0.7f, TTT_RECONSTRUCT, 1);
    run_record(&expected, layer);
    ttt_destroy(layer);
    static const int directions[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < 3; i++) {
        fesetround(directions[i]);
        check_mode(&expected,
                   i == 0   ? "upward"
                   : i == 1 ? "downward"
                            : "towards zero",
                   (uint32_t)i + 1);
        CHECK_EQ(fegetround(), directions[i]);
        fesetround(FE_TONEAREST);
    }
#if defined(__x86_64__)
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8040); /* flush to zero, denormals are zero */
    check_mode(&expected, "flush to zero", 2);
    CHECK_EQ(_mm_getcsr() & 0x8040, 0x8040);
    _mm_setcsr(saved);
#elif defined(__aarch64__)
    uint64_t flush = 1u << 24, mode = 0;
    __asm__ volatile("msr fpcr, %0" : : "r"(flush));
    check_mode(&expected, "flush to zero", 2);
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    CHECK_EQ(mode & flush, flush);
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
#endif
    free_record(&expected);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"reference", reference},
        {"reconstruct_learns", reconstruct_learns},
        {"predict_learns", predict_learns},
        {"remembers", remembers},
        {"kernels_and_threads", kernels_and_threads},
        {"large_layer", large_layer},
        {"splits", splits},
        {"caller_modes", caller_modes},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
