/* trainer.c - creates trainers, and makes models and weight files of their weights.
 * SPDX-License-Identifier: MIT */
#include "trainer.h"

#include "../base/alloc.h"
#include "../base/fpenv.h"
#include "../io/safetensors.h"
#include "../model/error.h"
#include "../model/read.h"
#include "muon.h"
#include "vectors.h"

#include <math.h>
#include <string.h>

#define MOST_BATCH 4096u
#define MOST_CONTEXT 65536u
#define MOST_VOCAB 65536u

void bitllama_training_init(bitllama_training *training)
{
    if (!training) return;
    *training = (bitllama_training){.size = sizeof *training,
                                    .batch = 16,
                                    .context = 128,
                                    .accumulate = 1,
                                    .steps = 1000,
                                    .warmup = 50,
                                    .threads = 1,
                                    .separator = BITLLAMA_NO_TOKEN,
                                    .learning_rate = 5e-3f,
                                    .final_learning_rate = 2.5e-4f,
                                    .weight_decay = 0.01f,
                                    .beta1 = 0.9f,
                                    .beta2 = 0.98f,
                                    .clip = 1.0f,
                                    .momentum = 0.95f,
                                    .repeat = 0.15f,
                                    .seed = 1};
}

static bool within(float v, float low, float high)
{
    return v >= low && v <= high;
}

const char *bt_training_problem(const bitllama_training *o, uint32_t vocab)
{
    if (o->size != sizeof *o) return "the options' size field is wrong";
    if (o->batch < 1 || o->batch > MOST_BATCH) return "batch must be 1 to 4096";
    if (o->context < 16 || o->context > MOST_CONTEXT) return "context must be 16 to 65536";
    if (o->accumulate < 1 || o->accumulate > 65536) return "accumulate must be 1 to 65536";
    if (o->steps < 1) return "steps must be at least 1";
    if (o->warmup > o->steps) return "warmup must be at most steps";
    if (o->threads < 1 || o->threads > 64) return "threads must be 1 to 64";
    if (o->bf16 > 1) return "bf16 must be 0 or 1";
    if (o->separator != BITLLAMA_NO_TOKEN && o->separator >= vocab)
        return "separator must be a token of the vocabulary";
    if (!(o->learning_rate > 0.0f && o->learning_rate <= 1.0f))
        return "learning_rate must be above 0 and at most 1";
    if (!within(o->final_learning_rate, 0.0f, 1.0f)) return "final_learning_rate must be 0 to 1";
    if (!within(o->weight_decay, 0.0f, 1.0f)) return "weight_decay must be 0 to 1";
    if (!(o->beta1 >= 0.0f && o->beta1 < 1.0f)) return "beta1 must be 0 to below 1";
    if (!(o->beta2 >= 0.0f && o->beta2 < 1.0f)) return "beta2 must be 0 to below 1";
    if (!(o->clip > 0.0f && o->clip <= 1e6f)) return "clip must be above 0 and at most 1000000";
    if (!within(o->repeat, 0.0f, 1.0f)) return "repeat must be 0 to 1";
    if (!within(o->from_start, 0.0f, 1.0f)) return "from_start must be 0 to 1";
    if (!within(o->dropout, 0.0f, 0.9f)) return "dropout must be 0 to 0.9";
    if (o->optimizer > BITLLAMA_MUON) return "optimizer must be 0 (AdamW) or 1 (Muon)";
    if (!(o->momentum >= 0.0f && o->momentum < 1.0f)) return "momentum must be 0 to below 1";
    return NULL;
}

/* Whether all sizes fit a size_t, by a generous estimate in double: no later product overflows. */
static bool fits(const bt_model_config *c, const bitllama_training *o)
{
    double tokens = (double)o->batch * o->context, bytes = 2.0 * c->vocab * c->dim * 20;
    for (size_t i = 0; i < c->layers; i++) {
        double width = (double)bt_mixer_width(c, i), head = (double)bt_mixer_head(c, i);
        bytes += 20 * c->dim * (3 * width + 3.0 * c->mlp);
        bytes += 4 * tokens * (6.0 * c->dim + 3.0 * c->mlp + 4 * width + width * head / 16);
    }
    bytes += 16 * tokens * (2.0 * c->mlp + 4.0 * c->dim);
    return bytes < (double)(SIZE_MAX / 2);
}

static int check(const bitllama_config *config, bt_model_config *c, const bitllama_training *o,
                 const uint32_t *tokens, size_t n, ttt_error *error)
{
    const char *problem = bt_config_import(c, config);
    if (!problem && c->vocab > MOST_VOCAB) problem = "vocab_size must be at most 65536 in training";
    if (problem) return bt_error(error, TTT_MODEL_CONFIG, 0, NULL, 0, problem);
    problem = bt_training_problem(o, c->vocab);
    if (problem) return bt_error(error, TTT_INVALID_OPTION, 0, NULL, 0, problem);
    if (n < (size_t)o->context + 1 || n > UINT32_MAX)
        return bt_error(error, TTT_INVALID_DATA, 0, NULL, 0,
                        "training needs more tokens than a window has, and at most 2^32");
    for (size_t i = 0; i < n; i++)
        if (tokens[i] >= c->vocab) return bt_error(error, TTT_INVALID_TOKEN, i, NULL, 0, NULL);
    return fits(c, o) ? TTT_OK : bt_error(error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
}

static bool take_buffers(bt_trainer *t, size_t token_count)
{
    bt_region *r = &t->blocks;
    size_t batch = (size_t)t->options.batch * t->options.context, floats = t->net.params.floats;
    t->first = bt_region_floats(r, floats);
    t->second = bt_region_floats(r, floats);
    t->squares = bt_region_alloc(r, bt_square_blocks(floats), sizeof *t->squares);
    t->recall = bt_region_floats(r, BT_RECALL_START);
    t->ids = bt_region_alloc(r, batch, sizeof *t->ids);
    t->targets = bt_region_alloc(r, batch, sizeof *t->targets);
    t->window = bt_region_alloc(r, (size_t)t->options.context + 1, sizeof *t->window);
    t->tokens = bt_region_alloc(r, token_count, sizeof *t->tokens);
    if (t->options.optimizer == BITLLAMA_MUON)
        t->muon = bt_region_floats(r, bt_muon_work(&t->net.params));
    return !r->failed;
}

static bool start(bt_trainer *t, const bt_model_config *c, const uint32_t *tokens, size_t n)
{
    const bitllama_training *o = &t->options;
    bt_net *net = &t->net;
    if (!bt_net_init(net, c, o->batch, o->context, o->threads) || !take_buffers(t, n)) return false;
    net->dropout = o->dropout;
    if (o->bf16) net->exec.tiles = bt_bf16_best(net->exec.kernels);
    for (size_t i = 0; i < n; i++) t->tokens[i] = (uint16_t)tokens[i];
    t->token_count = n;
    t->rng = o->seed;
    bt_params_randomize(&net->params, net->weights, o->seed);
    bt_net_refresh(net);
    return true;
}

static int create(const bt_model_config *c, const bitllama_training *training,
                  const uint32_t *tokens, size_t n, bt_trainer **trainer, ttt_error *error)
{
    bt_trainer *t = bt_alloc(1, sizeof *t);
    if (t) {
        t->options = *training;
        if (start(t, c, tokens, n)) {
            *trainer = t;
            return TTT_OK;
        }
        bitllama_trainer_destroy(t);
    }
    return bt_error(error, TTT_OUT_OF_MEMORY, 0, NULL, 0, NULL);
}

int bitllama_trainer_create(const bitllama_config *config, const bitllama_training *training,
                            const uint32_t *tokens, size_t n, bitllama_trainer **trainer,
                            ttt_error *error)
{
    bt_model_config c;
    if (trainer) *trainer = NULL;
    if (!config || !training || (!tokens && n > 0) || !trainer)
        return bt_error(error, TTT_NULL_POINTER, 0, NULL, 0, NULL);
    bt_fpenv saved = bt_fpenv_enter();
    int status = check(config, &c, training, tokens, n, error);
    if (status == TTT_OK) status = create(&c, training, tokens, n, trainer, error);
    bt_fpenv_leave(saved);
    return status;
}

size_t bitllama_trainer_footprint(const bitllama_trainer *t)
{
    return t ? bt_block_bytes(t) + t->blocks.bytes + t->net.blocks.bytes : 0;
}

void bitllama_trainer_destroy(bitllama_trainer *t)
{
    if (!t) return;
    bt_region_free(&t->blocks);
    bt_net_free(&t->net);
    bt_free(t);
}

/* ---- models and weight files ----------------------------------------------------------------- */

typedef struct {
    const float *weights, *recall;
    size_t floats; /* of the weights */
} trained;

/* The tensors of the net, and behind them what recalls begin with. */
static int source(void *context, const bt_param *p, bt_tensor_data *out, ttt_error *error)
{
    const trained *t = context;
    (void)error;
    out->values = p->offset < t->floats ? t->weights + p->offset : t->recall;
    return TTT_OK;
}

int bitllama_trainer_model(const bitllama_trainer *t, const char *tokenizer, size_t tokenizer_size,
                           bitllama_model **model)
{
    if (model) *model = NULL;
    if (!t || !model || (!tokenizer && tokenizer_size > 0)) return TTT_NULL_POINTER;
    if (tokenizer_size > 0 && !bt_take_json_object(&tokenizer, &tokenizer_size))
        return TTT_INVALID_DATA;
    bt_fpenv saved = bt_fpenv_enter();
    bt_model_config config = t->net.params.config;
    config.recall_start = t->recall_start;
    trained context = {t->net.weights, t->recall, t->net.params.floats};
    int status = bt_model_build(&config, tokenizer, tokenizer_size, source, &context, model, NULL);
    bt_fpenv_leave(saved);
    return status;
}

/* Describes the f32 weights as tensors of a file; their names go to names [tensor_count]. Returns their number. */
static size_t list_tensors(const bt_trainer *t, bt_tensor *tensors, char (*names)[BT_NAME_SIZE])
{
    const bt_net *net = &t->net;
    size_t count = net->params.tensor_count;
    for (size_t i = 0; i < net->params.tensor_count; i++) {
        const bt_param *p = &net->params.tensors[i];
        bool vector = p->rows == 1;
        bt_param_name(p, names[i]);
        tensors[i] = (bt_tensor){.name = names[i],
                                 .name_length = strlen(names[i]),
                                 .data = (const uint8_t *)(net->weights + p->offset),
                                 .size = p->rows * p->cols * sizeof(float),
                                 .shape = {vector ? p->cols : p->rows, p->cols},
                                 .dtype = BT_DTYPE_F32,
                                 .rank = vector ? 1 : 2};
    }
    if (t->recall_start)
        tensors[count++] = (bt_tensor){.name = BT_RECALL_NAME,
                                       .name_length = sizeof BT_RECALL_NAME - 1,
                                       .data = (const uint8_t *)t->recall,
                                       .size = BT_RECALL_START * sizeof(float),
                                       .shape = {BT_RECALL_START},
                                       .dtype = BT_DTYPE_F32,
                                       .rank = 1};
    return count;
}

int bitllama_trainer_weights(const bitllama_trainer *t, const char *tokenizer,
                             size_t tokenizer_size, void *buffer, size_t capacity, size_t *size)
{
    if (!t || !size || (!tokenizer && tokenizer_size > 0)) return TTT_NULL_POINTER;
    if (tokenizer_size > 0 && !bt_take_json_object(&tokenizer, &tokenizer_size))
        return TTT_INVALID_DATA;
    size_t count = t->net.params.tensor_count;
    char config[BT_CONFIG_TEXT];
    bt_fpenv saved = bt_fpenv_enter(); /* numbers are turned into digits */
    size_t length = bt_config_write(&t->net.params.config, config);
    bt_fpenv_leave(saved);
    bt_metadata metadata[] = {{bt_text_of(BT_KEY_CONFIG), {config, length}},
                              {bt_text_of(BT_KEY_TOKENIZER), {tokenizer, tokenizer_size}}};
    bt_region region = {0};
    bt_tensor *tensors = bt_region_alloc(&region, count + 1, sizeof *tensors);
    char (*names)[BT_NAME_SIZE] = bt_region_alloc(&region, count, sizeof *names);
    int status = TTT_OUT_OF_MEMORY;
    if (!region.failed) {
        count = list_tensors(t, tensors, names);
        const bt_model_file file = {.tensors = tensors,
                                    .metadata = metadata,
                                    .count = count,
                                    .entries = tokenizer_size ? 2 : 1};
        status = bt_model_file_write(&file, buffer, capacity, size);
    }
    bt_region_free(&region);
    return status;
}
