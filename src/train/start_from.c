/* start_from.c - the weights of a model, unpacked, as the start of a training.
 * SPDX-License-Identifier: MIT */
#include "trainer.h"

#include "../base/fpenv.h"
#include "../kernels/layout.h"
#include "../model/error.h"
#include "../model/model.h"
#include "../model/quantize.h"
#include "../model/unpack.h"

#include <stdio.h>
#include <string.h>

/* ---- shapes ---------------------------------------------------------------------------------- */

static const char *mixer_name(uint8_t mixer)
{
    static const char *const names[] = {"reconstruct", "predict", "induction"};
    return names[mixer];
}

/* Refuses two values of one size that differ. */
static int same(const char *name, size_t model, size_t trainer, ttt_error *error)
{
    char text[128];
    if (model == trainer) return TTT_OK;
    snprintf(text, sizeof text, "%s of the model is %zu, that of the training %zu", name, model,
             trainer);
    return bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0, text);
}

static int same_layer(const bt_model_config *m, const bt_model_config *t, size_t i,
                      ttt_error *error)
{
    char text[128];
    if (m->mixers[i] != t->mixers[i]) {
        snprintf(text, sizeof text, "layer %zu of the model is %s, that of the training %s", i + 1,
                 mixer_name(m->mixers[i]), mixer_name(t->mixers[i]));
        return bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0, text);
    }
    if (m->mixers[i] != BT_INDUCTION && m->rate != t->rate)
        return bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0,
                        "inner_lr of the model is not that of the training");
    int status = same("inner_dim", bt_mixer_width(m, i), bt_mixer_width(t, i), error);
    if (status != TTT_OK) return status;
    return same("head_dim", bt_mixer_head(m, i), bt_mixer_head(t, i), error);
}

/* Whether a model of configuration m can be where a training with t begins. */
static int check_shape(const bt_model_config *m, const bt_model_config *t, ttt_error *error)
{
    if (m->unscaled || m->float_activations || m->head_bias)
        return bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0,
                        "a model of the original's convention cannot be trained further");
    int status = same("vocab_size", m->vocab, t->vocab, error);
    if (status == TTT_OK) status = same("hidden_dim", m->dim, t->dim, error);
    if (status == TTT_OK) status = same("num_layers", m->layers, t->layers, error);
    if (status == TTT_OK) status = same("mlp_dim", m->mlp, t->mlp, error);
    if (status == TTT_OK && m->norm_eps != t->norm_eps)
        status = bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0,
                          "norm_eps of the model is not that of the training");
    for (size_t i = 0; status == TTT_OK && i < m->layers; i++) status = same_layer(m, t, i, error);
    return status;
}

/* ---- weights --------------------------------------------------------------------------------- */

static void unpack_ternary(const bt_model_tensor *from, float *to)
{
    const bt_ternary *w = &from->w;
    size_t used = 0;
    for (size_t i = 0; i < w->rows; i++)
        for (size_t j = 0; j < w->cols; j++) used += bt_ternary_get(w, i, j) != 0;
    bt_magnitudes magnitudes = bt_magnitudes_of(from->scale, w->rows * w->cols, used);
    for (size_t i = 0; i < w->rows; i++)
        for (size_t j = 0; j < w->cols; j++)
            *to++ = bt_unpack_ternary(&magnitudes, bt_ternary_get(w, i, j));
}

static void unpack_rows(const bt_model *m, size_t tensor, float *to)
{
    const bt_param *p = &m->params.tensors[tensor];
    const bt_model_tensor *from = &m->tensors[tensor];
    const int8_t *rows = from->data;
    for (size_t i = 0; i < p->rows; i++)
        for (size_t j = 0; j < p->cols; j++) {
            int code = tensor == m->params.head
                           ? m->head.panels[bt_rows8_index(&m->head, i, j)] - 128
                           : rows[i * p->cols + j];
            *to++ = bt_unpack_int8(code, from->steps[i]);
        }
}

/* Shapes are equal, so both list the same `count` tensors in the same places. */
static void unpack(const bt_model *m, size_t count, float *weights)
{
    for (size_t i = 0; i < count; i++) {
        const bt_param *p = &m->params.tensors[i];
        float *to = weights + p->offset;
        if (p->kind == BT_TERNARY) unpack_ternary(&m->tensors[i], to);
        else if (p->kind == BT_ROW_INT8) unpack_rows(m, i, to);
        else memcpy(to, bt_model_dense(m, i), p->rows * p->cols * sizeof *to);
    }
}

int bitllama_trainer_start_from(bitllama_trainer *t, const bitllama_model *model, ttt_error *error)
{
    if (!t || !model) return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    if (t->step > 0)
        return bt_error(error, TTT_INVALID_OPTION, 0, NULL, 0,
                        "a training that has made a step cannot start from a model any more");
    bt_fpenv saved = bt_fpenv_enter();
    int status = check_shape(&model->params.config, &t->net.params.config, error);
    if (status == TTT_OK) {
        unpack(model, t->net.params.tensor_count, t->net.weights);
        t->recall_start = model->params.config.recall_start;
        if (t->recall_start)
            memcpy(t->recall, bt_model_dense(model, model->params.recall),
                   BT_RECALL_START * sizeof *t->recall);
        bt_net_refresh(&t->net);
    }
    bt_fpenv_leave(saved);
    return status;
}
