/* test_muon.c - the optimiser Muon: its steps against double precision, equal bits for any number of
 * threads, checkpoints, and that it learns.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "support.h"

#include "train/muon.h"
#include "train/trainer.h"
#include "train/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 64, MLP = 96, VOCAB = 32, STREAM = 4000 };

static const bt_model_config shape = {.vocab = VOCAB,
                                      .dim = DIM,
                                      .layers = 2,
                                      .mlp = MLP,
                                      .inner = 32,
                                      .head = 16,
                                      .rate = 0.1f,
                                      .norm_eps = 1e-5f,
                                      .mixers = {BT_INDUCTION, BT_PREDICT}};

/* y = x with five steps of the polynomial, in double precision, rows by rows. */
static void orthogonalize(double *x, size_t rows, size_t cols)
{
    double norm = 0, *square = must_alloc(rows * rows * sizeof *square);
    double *product = must_alloc(rows * rows * sizeof *product);
    double *y = must_alloc(rows * cols * sizeof *y);
    for (size_t i = 0; i < rows * cols; i++) norm += x[i] * x[i];
    for (size_t i = 0; i < rows * cols; i++) x[i] /= sqrt(norm) + 1e-7;
    for (int n = 0; n < 5; n++) {
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < rows; j++) {
                double sum = 0;
                for (size_t k = 0; k < cols; k++) sum += x[i * cols + k] * x[j * cols + k];
                square[i * rows + j] = sum;
            }
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < rows; j++) {
                double sum = 0;
                for (size_t k = 0; k < rows; k++)
                    sum += square[i * rows + k] * square[k * rows + j];
                product[i * rows + j] =
                    2.0315 * sum - 4.775 * square[i * rows + j] + (i == j ? 3.4445 : 0);
            }
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < cols; j++) {
                double sum = 0;
                for (size_t k = 0; k < rows; k++) sum += product[i * rows + k] * x[k * cols + j];
                y[i * cols + j] = sum;
            }
        memcpy(x, y, rows * cols * sizeof *x);
    }
    free(square);
    free(product);
    free(y);
}

/* The step of a tensor that is taller than wide is that of its transpose. */
static void reference(double *x, size_t rows, size_t cols)
{
    if (rows <= cols) {
        orthogonalize(x, rows, cols);
        return;
    }
    double *t = must_alloc(rows * cols * sizeof *t);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) t[j * rows + i] = x[i * cols + j];
    orthogonalize(t, cols, rows);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) x[i * cols + j] = t[j * rows + i];
    free(t);
}

/* Two steps on random gradients: moments, decay and the size of the steps, for all shapes of tensors;
 * what is not a matrix stays as it is. */
static void steps(void)
{
    static const float rate = 0.01f, momentum = 0.9f, decay = 0.1f, scale = 0.5f;
    const char *names[8];
    size_t count = usable_kernels(names);
    for (size_t k = 0; k < count; k++) {
        use_kernel(names[k]);
        bt_net net;
        REQUIRE(bt_net_init(&net, &shape, 1, 16, 1));
        size_t floats = net.params.floats;
        float *moments = must_alloc(floats * sizeof *moments);
        float *before = must_alloc(floats * sizeof *before);
        double *first = must_alloc(floats * sizeof *first),
               *wanted = must_alloc(floats * sizeof *first);
        double *x = must_alloc((size_t)DIM * MLP * sizeof *x);
        bt_muon muon = {rate,
                        momentum,
                        decay,
                        scale,
                        must_alloc(bt_muon_work(&net.params) * 4),
                        must_alloc(bt_square_blocks((size_t)DIM * MLP) * sizeof(double))};
        rng r = {7 + k};
        rng_fill(&r, net.weights, floats);
        memcpy(before, net.weights, floats * sizeof *before);
        memset(moments, 0, floats * sizeof *moments);
        for (size_t i = 0; i < floats; i++) first[i] = 0, wanted[i] = (double)net.weights[i];
        for (int step = 0; step < 2; step++) {
            rng_fill(&r, net.gradients, floats);
            bt_muon_step(&muon, &net, moments);
            for (size_t i = 0; i < net.params.tensor_count; i++) {
                const bt_param *p = &net.params.tensors[i];
                size_t n = p->rows * p->cols, longer = p->rows > p->cols ? p->rows : p->cols;
                if (p->kind != BT_TERNARY) {
                    CHECK_SAME(net.weights + p->offset, before + p->offset, n * sizeof *before);
                    continue;
                }
                check_context("kernel=%s tensor=%s step=%d", names[k], p->name, step);
                double worst = 0;
                for (size_t j = 0; j < n; j++) {
                    double g = (double)net.gradients[p->offset + j] * (double)scale;
                    double *m = &first[p->offset + j];
                    *m = (double)momentum * *m + g;
                    x[j] = g + (double)momentum * *m;
                }
                reference(x, p->rows, p->cols);
                for (size_t j = 0; j < n; j++) {
                    double *w = &wanted[p->offset + j];
                    *w = *w * (1 - (double)rate * (double)decay) -
                         (double)rate * 0.1 * sqrt((double)longer) * x[j];
                    double error = fabs(*w - (double)net.weights[p->offset + j]);
                    if (!(error <= worst))
                        worst = error; /* not fmax: gcc 12 fails on it for AArch64 */
                }
                CHECK_AT_MOST(worst, 2e-5);
            }
        }
        free(moments);
        free(before);
        free(first);
        free(wanted);
        free(x);
        free(muon.work);
        free(muon.squares);
        bt_net_free(&net);
    }
    use_best_kernel();
}

static bitllama_trainer *make_trainer(uint32_t threads, uint32_t bf16)
{
    static uint32_t tokens[STREAM];
    rng r = {5};
    bitllama_config c;
    bitllama_training o;
    for (size_t i = 0; i < STREAM;) {
        size_t word = rng_below(&r, 6);
        for (size_t j = 0; j < 2 + word % 3 && i < STREAM; j++)
            tokens[i++] = (uint32_t)((word * 5 + j * 7) % VOCAB);
    }
    bt_config_export(&shape, &c);
    bitllama_training_init(&o);
    o.batch = 4;
    o.context = 64;
    o.steps = 40;
    o.warmup = 4;
    o.learning_rate = 1e-2f;
    o.threads = threads;
    o.bf16 = bf16;
    o.optimizer = BITLLAMA_MUON;
    bitllama_trainer *t;
    REQUIRE(bitllama_trainer_create(&c, &o, tokens, STREAM, &t, NULL) == TTT_OK);
    return t;
}

static double train(bitllama_trainer *t, int count)
{
    bitllama_step report = {0};
    for (int i = 0; i < count; i++) REQUIRE(bitllama_trainer_step(t, &report) == TTT_OK);
    return report.loss;
}

static void threads_do_not_show(void)
{
    for (uint32_t bf16 = 0; bf16 < 2; bf16++) {
        bitllama_trainer *one = make_trainer(1, bf16), *many = make_trainer(3, bf16);
        train(one, 3);
        train(many, 3);
        CHECK_SAME(one->net.weights, many->net.weights, one->net.params.floats * sizeof(float));
        bitllama_trainer_destroy(one);
        bitllama_trainer_destroy(many);
    }
}

static void goes_on_from_a_checkpoint(void)
{
    bitllama_trainer *t = make_trainer(1, 0), *other = make_trainer(2, 0);
    size_t size = bitllama_trainer_state_size(t);
    uint8_t *state = must_alloc(size);
    train(t, 3);
    REQUIRE(bitllama_trainer_save(t, state, size) == TTT_OK);
    train(t, 3);
    REQUIRE(bitllama_trainer_load(other, state, size, NULL) == TTT_OK);
    train(other, 3);
    CHECK_SAME(t->net.weights, other->net.weights, t->net.params.floats * sizeof(float));
    free(state);
    bitllama_trainer_destroy(t);
    bitllama_trainer_destroy(other);
}

static void learns(void)
{
    for (uint32_t bf16 = 0; bf16 < 2; bf16++) {
        bitllama_trainer *t = make_trainer(1, bf16);
        double first = train(t, 1), last = train(t, 39);
        check_context("bf16=%u first=%.3f last=%.3f", (unsigned)bf16, first, last);
        CHECK(last < 0.5 * first);
        bitllama_trainer_destroy(t);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"steps", steps},
        {"threads_do_not_show", threads_do_not_show},
        {"goes_on_from_a_checkpoint", goes_on_from_a_checkpoint},
        {"learns", learns},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
