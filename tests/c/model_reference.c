/* model_reference.c - the model's definition as plain loops: projections of all conventions,
 * RMSNorm, SwiGLU, and the three memories as "update, then read". No code of src/.
 * SPDX-License-Identifier: MIT */
#include "model_reference.h"

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float *tensor(reference_source source, void *context, size_t layer, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "layers.%zu.%s", layer, name);
    return source(context, full);
}

static double round_half_away(double v)
{
    return v < 0 ? -floor(-v + 0.5) : floor(v + 0.5);
}

static void quantized(const double *x, size_t n, double *out)
{
    double m = 0;
    for (size_t i = 0; i < n; i++) m = fmax(m, fabs(x[i]));
    double scale = m > 1e-9 ? 127 / m : 1;
    for (size_t i = 0; i < n; i++) out[i] = round_half_away(x[i] * scale) / scale;
}

/* What a projection takes of x. */
static void activations(const bt_model_config *c, const double *x, size_t n, double *out)
{
    if (c->float_activations) memcpy(out, x, n * sizeof *x);
    else quantized(x, n, out);
}

/* y = ternary(w) int8(x), or as the configuration's convention has it */
static void bit_linear(const bt_model_config *c, const float *w, const double *x, size_t rows,
                       size_t cols, double *y)
{
    double s = 0, *q = must_alloc(cols * sizeof *q);
    for (size_t i = 0; i < rows * cols; i++) s += fabs((double)w[i]);
    s /= (double)(rows * cols);
    activations(c, x, cols, q);
    for (size_t i = 0; i < rows; i++) {
        y[i] = 0;
        for (size_t j = 0; j < cols; j++) {
            double code = round_half_away((double)w[i * cols + j] / s);
            y[i] += (c->unscaled ? 1 : s) * fmax(-1, fmin(1, code)) * q[j];
        }
    }
    free(q);
}

static void rms_norm(const double *x, const float *w, size_t n, double eps, double *y)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
    for (size_t i = 0; i < n; i++) y[i] = x[i] / sqrt(sum / (double)n + eps) * (double)w[i];
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The memory of one head: S [h][h], k the q of the token before. */
typedef struct {
    double *s, *k;
} head_memory;

/* The textbook form: S k is computed here, not carried over as in the engine. */
static void memory(head_memory *m, size_t h, const double *q, const double *v, double a, double b,
                   double *r)
{
    for (size_t i = 0; i < h; i++) {
        double read = 0;
        for (size_t j = 0; j < h; j++) read += m->s[i * h + j] * m->k[j];
        double error = b * (a * read - v[i]);
        r[i] = 0;
        for (size_t j = 0; j < h; j++) {
            m->s[i * h + j] = a * m->s[i * h + j] - error * m->k[j];
            r[i] += m->s[i * h + j] * q[j];
        }
    }
    memcpy(m->k, q, h * sizeof *q);
}

static void mixer(const bt_model_config *c, size_t l, reference_source source, void *context,
                  head_memory *heads, double *x)
{
    size_t dim = c->dim, width = bt_mixer_width(c, l), h = bt_mixer_head(c, l), n = width / h;
    bool induction = c->mixers[l] == BT_INDUCTION;
    double *buffer = must_alloc((2 * dim + 3 * width) * sizeof *buffer), *normed = buffer;
    double *y = normed + dim, *q = y + dim, *v = q + width, *r = v + width;
    rms_norm(x, tensor(source, context, l, "norm1.weight"), dim, (double)c->norm_eps, normed);
    const char *down = induction ? "induction.key.weight" : "ttt.down.weight";
    bit_linear(c, tensor(source, context, l, down), normed, width, dim, q);
    if (induction)
        bit_linear(c, tensor(source, context, l, "induction.value.weight"), normed, width, dim, v);
    for (size_t i = 0; i < n; i++) {
        double norm = 0, gate[2] = {1, induction ? 0 : (double)c->rate}, *qh = q + i * h;
        for (size_t j = 0; j < h; j++) norm += qh[j] * qh[j];
        if (sqrt(norm) > 1e-6)
            for (size_t j = 0; j < h; j++) qh[j] /= sqrt(norm);
        for (size_t g = 0; induction && g < 2; g++) {
            const float *w = tensor(source, context, l, "induction.gates.weight");
            const float *bias = tensor(source, context, l, "induction.gates.bias");
            double sum = (double)bias[g * n + i];
            for (size_t j = 0; j < dim; j++) sum += (double)w[(g * n + i) * dim + j] * normed[j];
            gate[g] = sigmoid(sum);
        }
        const double *target = induction ? v + i * h : c->mixers[l] == BT_PREDICT ? qh : heads[i].k;
        double *kept = must_copy(target, h * sizeof *kept);
        memory(&heads[i], h, qh, kept, gate[0], gate[1], r + i * h);
        free(kept);
    }
    const char *up = induction ? "induction.out.weight" : "ttt.up.weight";
    bit_linear(c, tensor(source, context, l, up), r, dim, width, y);
    for (size_t i = 0; i < dim; i++) x[i] += y[i];
    free(buffer);
}

static void feed_forward(const bt_model_config *c, size_t l, reference_source source, void *context,
                         double *x)
{
    size_t dim = c->dim, mlp = c->mlp;
    double *buffer = must_alloc((2 * dim + 2 * mlp) * sizeof *buffer);
    double *normed = buffer, *y = normed + dim, *g = y + dim, *u = g + mlp;
    rms_norm(x, tensor(source, context, l, "norm2.weight"), dim, (double)c->norm_eps, normed);
    bit_linear(c, tensor(source, context, l, "mlp.gate_proj.weight"), normed, mlp, dim, g);
    bit_linear(c, tensor(source, context, l, "mlp.up_proj.weight"), normed, mlp, dim, u);
    for (size_t i = 0; i < mlp; i++) g[i] = g[i] * sigmoid(g[i]) * u[i];
    bit_linear(c, tensor(source, context, l, "mlp.down_proj.weight"), g, dim, mlp, y);
    for (size_t i = 0; i < dim; i++) x[i] += y[i];
    free(buffer);
}

static void row_int8(const float *w, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) out[i] = (double)w[i];
    quantized(out, n, out);
}

void reference_logits(const bt_model_config *c, reference_source source, void *context,
                      const uint32_t *ids, size_t n, double *logits)
{
    size_t dim = c->dim;
    double *x = must_alloc(3 * dim * sizeof *x), *normed = x + dim, *row = normed + dim;
    head_memory *all[BT_MAX_LAYERS];
    for (size_t l = 0; l < c->layers; l++) {
        size_t heads = bt_mixer_heads(c, l), h = bt_mixer_head(c, l);
        all[l] = must_zero(heads * sizeof *all[l]);
        for (size_t i = 0; i < heads; i++) {
            all[l][i].s = must_zero(h * h * sizeof(double));
            all[l][i].k = must_zero(h * sizeof(double));
        }
    }
    for (size_t t = 0; t < n; t++) {
        row_int8(source(context, "embed.weight") + ids[t] * dim, dim, x);
        for (size_t l = 0; l < c->layers; l++) {
            mixer(c, l, source, context, all[l], x);
            feed_forward(c, l, source, context, x);
        }
    }
    rms_norm(x, source(context, "norm_f.weight"), dim, (double)c->norm_eps, normed);
    activations(c, normed, dim, row);
    memcpy(normed, row, dim * sizeof *row);
    for (size_t i = 0; i < c->vocab; i++) {
        row_int8(source(context, "lm_head.weight") + i * dim, dim, row);
        logits[i] = 0;
        for (size_t j = 0; j < dim; j++) logits[i] += row[j] * normed[j];
        if (c->head_bias) logits[i] += (double)source(context, "lm_head.bias")[i];
    }
    for (size_t l = 0; l < c->layers; l++) {
        for (size_t i = 0; i < bt_mixer_heads(c, l); i++) {
            free(all[l][i].s);
            free(all[l][i].k);
        }
        free(all[l]);
    }
    free(x);
}
