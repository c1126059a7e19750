/* test_train.c - training: matrix product, gradients by central differences, equal bits for any
 * number of threads, a ten-step loss curve, and that it learns.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include "kernels/tables.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- matrix product -------------------------------------------------------------------------- */

/* x as a product takes it. */
static double operand(const bt_exec *exec, float x)
{
    if (exec->tiles == &exec->kernels->gemm) return (double)x;
    float panel[16];
    exec->kernels->gemm_bf16.pack_a(panel, &x, 1, 1, 1, 1);
    return (double)panel[0];
}

/* Against sums in double precision; and three threads give the same bits. */
static void check_product(const bt_exec *exec, size_t m, size_t n, size_t k, int transposed, rng *r)
{
    float *a = must_alloc(m * k * sizeof *a), *b = must_alloc(k * n * sizeof *b);
    float *c = must_alloc(m * n * sizeof *c), *before = must_alloc(m * n * sizeof *c);
    float *again = must_alloc(m * n * sizeof *c);
    bt_exec alone = *exec;
    alone.pool = NULL;
    rng_fill(r, a, m * k);
    rng_fill(r, b, k * n);
    rng_fill(r, before, m * n);
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        memcpy(c, before, m * n * sizeof *c);
        bt_gemm g = {m,
                     n,
                     k,
                     a,
                     transposed & 1 ? 1 : k,
                     transposed & 1 ? m : 1,
                     b,
                     transposed & 2 ? 1 : n,
                     transposed & 2 ? k : 1,
                     c,
                     n,
                     accumulate != 0};
        bt_gemm_run(&alone, &g);
        g.c = memcpy(again, before, m * n * sizeof *c);
        bt_gemm_run(exec, &g);
        CHECK_SAME(again, c, m * n * sizeof *c);
        double worst = 0;
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                double sum = accumulate ? (double)before[i * n + j] : 0;
                for (size_t x = 0; x < k; x++)
                    sum += operand(exec, a[i * g.a_row + x * g.a_col]) *
                           operand(exec, b[x * g.b_row + j * g.b_col]);
                worst = fmax(worst, fabs(sum - (double)c[i * n + j]));
            }
        CHECK_AT_MOST(worst, 1e-6 * sqrt((double)k) * 8);
    }
    free(a);
    free(b);
    free(c);
    free(again);
    free(before);
}

/* To nearest, ties to even, and what is no number stays so. */
static void rounding(void)
{
    static const uint32_t bits[][2] = {{0x3f800000, 0x3f800000}, {0x3f808000, 0x3f800000},
                                       {0x3f818000, 0x3f820000}, {0x3f808001, 0x3f810000},
                                       {0xbf80ffff, 0xbf810000}, {0x7f7fffff, 0x7f800000},
                                       {0x7f800000, 0x7f800000}, {0x80000000, 0x80000000}};
    const char *names[8];
    size_t count = usable_kernels(names);
    for (size_t i = 0; i < count; i++) {
        use_kernel(names[i]);
        const bt_tiles *tiles = &bt_kernels_active()->gemm_bf16;
        float x[40], out[40 * 16]; /* whole vectors and a rest */
        for (size_t k = 0; k < 40; k++) memcpy(&x[k], &bits[k % 8][0], sizeof *x);
        x[39] = NAN;
        tiles->pack_a(out, x, 1, 40, 40, 1); /* [40][rows], of which the others are zeros */
        for (size_t k = 0; k < 39; k++)
            CHECK_SAME(&out[k * tiles->rows], &bits[k % 8][1], sizeof *x);
        CHECK(isnan(out[39 * tiles->rows]));
    }
    use_best_kernel();
}

enum { WAYS = 4 }; /* f32, and the kinds of bfloat16 */

static void matrix_product(void)
{
    static const size_t sizes[][3] = {{1, 1, 1},    {13, 33, 5},    {97, 65, 300}, {12, 32, 256},
                                      {5, 530, 17}, {200, 16, 513}, {24, 64, 1},   {40, 24, 1100}};
    const char *names[8];
    size_t count = usable_kernels(names);
    rng r = {3};
    for (size_t i = 0; i < count; i++) {
        use_kernel(names[i]);
        float *pack = must_alloc(3 * BT_PACK_FLOATS * sizeof *pack);
        float *partial = must_alloc(BT_PARTIAL_FLOATS * sizeof *partial);
        bt_exec exec = {.kernels = bt_kernels_active(),
                        .pool = bt_pool_create(3),
                        .pack = pack,
                        .partial = partial};
        REQUIRE(exec.pool != NULL);
        const bt_tiles *tiles[WAYS] = {&exec.kernels->gemm, &exec.kernels->gemm_bf16,
                                       bt_bf16_best(exec.kernels)};
#if defined(__x86_64__)
        /* Where the CPU has a matrix unit, also what others take. */
        tiles[3] = tiles[2] == &bt_tiles_amx ? &bt_tiles_avx512bf16 : tiles[2];
#else
        tiles[3] = tiles[2];
#endif
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (int way = 0; way < 4 * WAYS; way++) {
                exec.tiles = tiles[way / 4];
                check_context("kernel=%s size=%zu way=%d", names[i], s, way);
                check_product(&exec, sizes[s][0], sizes[s][1], sizes[s][2], way % 4, &r);
            }
        free(pack);
        free(partial);
        bt_pool_destroy(exec.pool);
    }
    use_best_kernel();
}

/* ---- gradients ------------------------------------------------------------------------------- */

static const bt_model_config every_mixer = {.vocab = 32,
                                            .dim = 64,
                                            .layers = 3,
                                            .mlp = 48,
                                            .inner = 32,
                                            .head = 16,
                                            .rate = 0.1f,
                                            .norm_eps = 1e-5f,
                                            .mixers = {BT_INDUCTION, BT_PREDICT, BT_RECONSTRUCT}};

static void make_batch(rng *r, uint32_t *ids, uint32_t *targets, size_t n, size_t vocab)
{
    for (size_t i = 0; i < n; i++) {
        ids[i] = (uint32_t)rng_below(r, vocab);
        targets[i] = i % 7 == 6 ? BT_NO_TARGET : (uint32_t)rng_below(r, vocab);
    }
}

static double loss_sum(bt_net *net, const uint32_t *ids, const uint32_t *targets)
{
    size_t count;
    bt_net_refresh(net);
    double mean = bt_net_run(net, ids, targets, false, 1.0f, &count);
    return mean * (double)count;
}

typedef struct {
    bt_net *net;
    const uint32_t *ids, *targets;
} problem;

/* Slope of the loss as one tensor moves along a unit vector, by central differences. */
static double slope(const problem *p, const bt_param *t, const double *unit, double step)
{
    size_t n = t->rows * t->cols;
    float *w = p->net->weights + t->offset, *kept = must_copy(w, n * sizeof *w);
    double loss[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++) w[i] = kept[i] + (float)((side ? -step : step) * unit[i]);
        loss[side] = loss_sum(p->net, p->ids, p->targets);
    }
    memcpy(w, kept, n * sizeof *w);
    free(kept);
    return (loss[0] - loss[1]) / (2 * step);
}

static double normalise(double *x, size_t n)
{
    double length = 0;
    for (size_t i = 0; i < n; i++) length += x[i] * x[i];
    length = sqrt(length);
    for (size_t i = 0; i < n; i++) x[i] /= length;
    return length;
}

/* Along its own gradient the loss must change by the gradient's length; along others, which see what
 * the gradient lacks, by its share of them. */
static void check_tensor(const problem *p, const bt_param *t, rng *r)
{
    enum { OTHERS = 4 };
    size_t n = t->rows * t->cols;
    double *unit = must_alloc(n * sizeof *unit);
    const float *g = p->net->gradients + t->offset;
    for (size_t i = 0; i < n; i++) unit[i] = (double)g[i];
    double length = normalise(unit, n), usual = length / sqrt((double)n);
    char name[BT_NAME_SIZE];
    bt_param_name(t, name);
    check_context("tensor=%s |gradient|=%g", name, length);
    CHECK(length > 0);
    CHECK_AT_MOST(fabs(slope(p, t, unit, 0.02 / (length + 1)) - length) / length, 1e-2);
    for (int other = 0; other < OTHERS; other++) {
        double share = 0;
        for (size_t i = 0; i < n; i++) unit[i] = (double)rng_float(r, -1.0f, 1.0f);
        normalise(unit, n);
        for (size_t i = 0; i < n; i++) share += unit[i] * (double)g[i];
        CHECK_AT_MOST(fabs(slope(p, t, unit, 0.05) - share) / usual, 0.05);
    }
    free(unit);
}

static void check_gradients(float dropout)
{
    enum { SEQS = 2, LENGTH = 21, TOKENS = SEQS * LENGTH };
    uint32_t ids[TOKENS], targets[TOKENS];
    bt_net net;
    rng r = {7};
    size_t count;
    REQUIRE(bt_net_init(&net, &every_mixer, SEQS, LENGTH, 1));
    net.quantize = false; /* rounding has no derivative */
    net.dropout = dropout;
    net.dropout_seed = 5;
    bt_params_randomize(&net.params, net.weights, 7);
    for (size_t i = 0; i < net.params.floats; i++) net.weights[i] += rng_float(&r, -0.1f, 0.1f);
    make_batch(&r, ids, targets, TOKENS, 32);
    bt_net_refresh(&net);
    bt_net_run(&net, ids, targets, true, 1.0f, &count);
    CHECK_EQ(count, 36);
    problem p = {&net, ids, targets};
    for (size_t i = 0; i < net.params.tensor_count; i++)
        check_tensor(&p, &net.params.tensors[i], &r);
    bt_net_free(&net);
}

static void gradients(void)
{
    check_gradients(0.0f);
    check_gradients(0.3f);
}

/* The share that is dropped, the scale of the rest, and other draws for other places and seeds. */
static void dropout(void)
{
    enum { WIDTH = 1000, TOKENS = 20, N = WIDTH * TOKENS };
    bt_net net = {.tokens = TOKENS, .dropout = 0.2f, .dropout_seed = 9};
    float *x = must_alloc(N * sizeof *x), *y = must_alloc(N * sizeof *y);
    float *z = must_alloc(N * sizeof *z);
    REQUIRE((net.exec.pool = bt_pool_create(2)) != NULL);
    for (int i = 0; i < N; i++) x[i] = 1.0f;
    bt_dropout(&net, 4, x, y, WIDTH);
    int zeros = 0, other[2] = {0, 0};
    for (int i = 0; i < N; i++) {
        CHECK(y[i] == 0.0f || y[i] == 1.25f);
        zeros += y[i] == 0.0f;
    }
    CHECK_AT_MOST(fabs(zeros - 0.2 * N), 4 * sqrt(0.16 * N));
    for (int which = 0; which < 2; which++) {
        net.dropout_seed = which ? 9 : 10;
        bt_dropout(&net, which ? 5 : 4, x, z, WIDTH);
        for (int i = 0; i < N; i++) other[which] += (z[i] == 0.0f) != (y[i] == 0.0f);
        CHECK_AT_MOST(fabs(other[which] - 0.32 * N), 4 * sqrt(0.32 * 0.68 * N));
    }
    net.dropout_seed = 9;
    bt_dropout(&net, 4, x, x, WIDTH);
    CHECK_SAME(x, y, N * sizeof *x);
    bt_pool_destroy(net.exec.pool);
    free(x);
    free(y);
    free(z);
}

/* ---- whole steps ----------------------------------------------------------------------------- */

enum { STREAM = 5000 };

/* Words of a tiny language, so that there is something to learn. */
static void make_stream(uint32_t *tokens)
{
    rng r = {11};
    for (size_t i = 0; i < STREAM;) {
        size_t word = rng_below(&r, 6), length = 2 + word % 3;
        for (size_t j = 0; j < length && i < STREAM; j++)
            tokens[i++] = (uint32_t)((word * 5 + j * 7) % 32);
    }
}

static bitllama_trainer *make_trainer(const uint32_t *tokens, uint32_t threads, uint32_t steps,
                                      float drop)
{
    bitllama_config c;
    bitllama_training o;
    bt_config_export(&every_mixer, &c);
    bitllama_training_init(&o);
    o.batch = 4;
    o.context = 64;
    o.steps = steps;
    o.warmup = steps / 10;
    o.learning_rate = 1e-2f;
    o.threads = threads;
    o.accumulate = 2;
    o.dropout = drop;
    bitllama_trainer *t;
    REQUIRE(bitllama_trainer_create(&c, &o, tokens, STREAM, &t, NULL) == TTT_OK);
    return t;
}

static void threads_do_not_show(void)
{
    uint32_t tokens[STREAM];
    make_stream(tokens);
    bitllama_trainer *one = make_trainer(tokens, 1, 10, 0.1f);
    bitllama_step report, other;
    for (int i = 0; i < 3; i++) REQUIRE(bitllama_trainer_step(one, &report) == TTT_OK);
    for (uint32_t threads = 2; threads <= 5; threads += 3) {
        bitllama_trainer *many = make_trainer(tokens, threads, 10, 0.1f);
        check_context("threads=%u", (unsigned)threads);
        for (int i = 0; i < 3; i++) REQUIRE(bitllama_trainer_step(many, &other) == TTT_OK);
        CHECK_SAME(one->net.weights, many->net.weights, one->net.params.floats * sizeof(float));
        CHECK_SAME(&report.loss, &other.loss, sizeof report.loss);
        bitllama_trainer_destroy(many);
    }
    bitllama_trainer_destroy(one);
}

/* Recorded from this trainer; kernels with and without fused multiply-add differ by up to 1.5e-3. */
static void loss_curve(void)
{
    static const double curve[10] = {3.495612, 2.921571, 2.431530, 1.979852, 1.651718,
                                     1.417074, 1.251410, 1.127048, 1.050222, 1.042430};
    const char *names[8];
    size_t count = usable_kernels(names);
    uint32_t tokens[STREAM];
    make_stream(tokens);
    for (size_t k = 0; k < count; k++) {
        use_kernel(names[k]);
        for (uint32_t bf16 = 0; bf16 < 2; bf16++) {
            bitllama_trainer *t = make_trainer(tokens, 1, 10, 0.0f);
            if (bf16) t->net.exec.tiles = bt_bf16_best(t->net.exec.kernels);
            for (int i = 0; i < (check_quick() ? 4 : 10); i++) {
                bitllama_step report;
                REQUIRE(bitllama_trainer_step(t, &report) == TTT_OK);
                check_context("kernel=%s bf16=%u step=%d loss=%.6f", names[k], (unsigned)bf16, i,
                              report.loss);
                CHECK_AT_MOST(fabs(report.loss - curve[i]), bf16 ? 3e-2 : 5e-3);
            }
            bitllama_trainer_destroy(t);
        }
    }
    use_best_kernel();
}

static void learns(void)
{
    uint32_t tokens[STREAM];
    make_stream(tokens);
    uint32_t steps = check_quick() ? 30 : 120;
    bitllama_trainer *t = make_trainer(tokens, 1, steps, 0.0f);
    bitllama_step report = {0};
    for (uint32_t i = 0; i < steps; i++) REQUIRE(bitllama_trainer_step(t, &report) == TTT_OK);
    /* a word of six is ln 6 / 3 nats a token; chance is ln 32 = 3.47 */
    check_note("loss after %u steps: %.3f nats", (unsigned)steps, report.loss);
    CHECK_AT_MOST(report.loss, check_quick() ? 2.0 : 0.9);
    bitllama_trainer_destroy(t);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"rounding", rounding},
        {"matrix_product", matrix_product},
        {"gradients", gradients},
        {"dropout", dropout},
        {"threads_do_not_show", threads_do_not_show},
        {"loss_curve", loss_curve},
        {"learns", learns},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
