/* layer_reference.c - naive loops over the layer's definition. The activations of the input are
 * quantised in float, as the definition says; everything behind them is double.
 * SPDX-License-Identifier: MIT */
#include "layer_reference.h"

#include "check.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>

reference_layer reference_create(const void *layer)
{
    reference_layer r = {.dim = ttt_hidden_dim(layer),
                         .small = ttt_memory_dim(layer),
                         .rate = (double)ttt_inner_lr(layer),
                         .objective = (ttt_objective)ttt_get_objective(layer)};
    r.down = must_alloc(r.dim * r.small);
    r.up = must_alloc(r.dim * r.small);
    r.w = must_zero(r.small * r.small * sizeof(double));
    r.key = must_zero(r.small * sizeof(double));
    REQUIRE(ttt_get_weights(layer, r.down, r.up) == TTT_OK);
    if (ttt_get_rule(layer) != TTT_RLS) return r;
    r.forgetting = (double)ttt_forgetting(layer);
    r.ridge = (double)ttt_ridge(layer);
    r.gain = must_zero(r.small * sizeof(double));
    r.reading = must_zero(r.small * sizeof(double));
    r.p = must_zero(r.small * r.small * sizeof(double));
    for (size_t i = 0; i < r.small; i++) r.p[i * r.small + i] = 1 / r.ridge;
    return r;
}

void reference_free(reference_layer *r)
{
    free(r->down);
    free(r->up);
    free(r->w);
    free(r->key);
    free(r->p);
    free(r->gain);
    free(r->reading);
}

/* f = L2norm(down(quant(x)) / s). */
static void feature_of(const reference_layer *r, const float *x, double *f)
{
    float largest = 0;
    double norm = 0;
    for (size_t i = 0; i < r->dim; i++) largest = fmaxf(largest, fabsf(x[i]));
    float scale = largest > 1e-9f ? 127.0f / largest : 1.0f;
    for (size_t j = 0; j < r->small; j++) {
        double sum = 0;
        for (size_t i = 0; i < r->dim; i++) {
            float v = x[i] * scale;
            sum += round((double)v) * r->down[i * r->small + j];
        }
        f[j] = sum / (double)scale;
        norm += f[j] * f[j];
    }
    norm = sqrt(norm);
    for (size_t j = 0; j < r->small; j++)
        if (norm > 1e-6) f[j] /= norm;
}

static void read_memory(const reference_layer *r, const double *at, double *p)
{
    for (size_t i = 0; i < r->small; i++) {
        p[i] = 0;
        for (size_t j = 0; j < r->small; j++) p[i] += r->w[i * r->small + j] * at[j];
    }
}

/* W <- W - rate (p - f) k^T; returns |p - f|^2. */
static double update(reference_layer *r, const double *p, const double *f, const double *k)
{
    double surprise = 0;
    for (size_t i = 0; i < r->small; i++) {
        surprise += (p[i] - f[i]) * (p[i] - f[i]);
        for (size_t j = 0; j < r->small; j++)
            r->w[i * r->small + j] -= r->rate * (p[i] - f[i]) * k[j];
    }
    return surprise;
}

/* P learns f: gain = P f / (forgetting + f P f), P <- (P - gain f P) / forgetting, kept symmetric, as it
 * otherwise diverges; returns the leverage. */
static double rls_learn(reference_layer *r, const double *f)
{
    size_t d = r->small;
    double *b = must_zero(d * sizeof *b), s = 0;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) b[i] += r->p[i * d + j] * f[j];
        s += b[i] * f[i];
    }
    for (size_t i = 0; i < d; i++) r->gain[i] = b[i] / (r->forgetting + s);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            r->p[i * d + j] = (r->p[i * d + j] - b[i] * b[j] / (r->forgetting + s)) / r->forgetting;
    free(b);
    return s / (r->forgetting + s);
}

/* Reads f into `reading` and learns it; returns the leverage. */
static double rls_step(reference_layer *r, const double *f, double *reading)
{
    size_t d = r->small;
    double leverage;
    if (r->objective == TTT_PREDICT) {
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++) r->w[i * d + j] += (f[i] - r->reading[i]) * r->gain[j];
        read_memory(r, f, reading);
        leverage = rls_learn(r, f);
        for (size_t i = 0; i < d; i++) r->reading[i] = reading[i];
        return leverage;
    }
    leverage = 0;
    for (size_t pass = 0; pass < 2;
         pass++) { /* before P learns f: the reading; after it: W to compare */
        if (pass == 1) leverage = rls_learn(r, f);
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++) r->w[i * d + j] = (i == j) - r->ridge * r->p[i * d + j];
        if (pass == 0) read_memory(r, f, reading);
    }
    return leverage;
}

static void project_up(const reference_layer *r, const double *p, double *residual)
{
    double largest = 0;
    for (size_t j = 0; j < r->small; j++) largest = fmax(largest, fabs(p[j]));
    double scale = largest > 1e-9 ? 127 / largest : 1;
    for (size_t i = 0; i < r->dim; i++) {
        double sum = 0;
        for (size_t j = 0; j < r->small; j++) sum += round(p[j] * scale) * r->up[j * r->dim + i];
        residual[i] = sum / scale;
    }
}

double reference_step(reference_layer *r, const float *x, double *residual)
{
    double *f = must_alloc(r->small * sizeof *f), *p = must_alloc(r->small * sizeof *p), surprise;
    feature_of(r, x, f);
    if (r->p) {
        surprise = rls_step(r, f, p);
    } else if (r->objective == TTT_RECONSTRUCT) {
        read_memory(r, f, p);
        surprise = update(r, p, f, f);
    } else {
        read_memory(r, r->key, p);
        surprise = update(r, p, f, r->key);
        read_memory(r, f, p);
    }
    project_up(r, p, residual);
    for (size_t j = 0; j < r->small; j++) r->key[j] = f[j];
    free(f);
    free(p);
    return surprise;
}
