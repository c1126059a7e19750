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
    return r;
}

void reference_free(reference_layer *r)
{
    free(r->down);
    free(r->up);
    free(r->w);
    free(r->key);
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
    if (r->objective == TTT_RECONSTRUCT) {
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
