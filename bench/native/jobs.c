/* jobs.c - the core's parts, each timed alone: kernels, the layer, a model that reads, training.
 * SPDX-License-Identifier: MIT */
#include "jobs.h"
#include "peaks.h"

#include "bit_ttt/llama.h"
#include "bit_ttt/ternary.h"
#include "bit_ttt/ttt.h"
#include "kernels/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t random_state = 1;
static uint32_t draw(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* 64-byte aligned zeros, never freed before the job's end. */
static void *room(size_t bytes)
{
    size_t rounded = (bytes + 64) / 64 * 64;
    void *block = aligned_alloc(64, rounded);
    if (!block) exit(1);
    return memset(block, 0, rounded);
}

static size_t number(const char *word)
{
    return (size_t)strtoull(word, NULL, 10);
}

static const char *choose_kernel(const char *name)
{
    return ttt_set_kernel(name) == TTT_OK ? NULL : "no such kernel here";
}

/* ---- the core's limit ------------------------------------------------------------------------ */

typedef struct {
    void (*run)(size_t);
} peak;

static void run_peak(void *context, size_t turns)
{
    ((peak *)context)->run(turns * 1000);
}

const char *job_peak(const job_arguments *a, double *figure)
{
    peak p;
    double operations;
    if (!peak_find(a->words[0], &p.run, &operations))
        return "no such loop, or this CPU has not the instruction";
    *figure = measure(a->seconds, run_peak, &p) * operations * 1000 / 1e9;
    return NULL;
}

/* ---- kernels --------------------------------------------------------------------------------- */

typedef struct {
    ttt_matrix *matrix;
    ttt_activations *activations;
    float *y;
} product;

static void run_matmul(void *context, size_t turns)
{
    product *p = context;
    for (size_t i = 0; i < turns; i++) ttt_matrix_multiply(p->matrix, p->activations, p->y);
}

const char *job_matmul(const job_arguments *a, double *figure)
{
    const char *problem = choose_kernel(a->words[0]);
    if (problem) return problem;
    size_t rows = number(a->words[1]), cols = number(a->words[2]), tokens = number(a->words[3]);
    int8_t *weights = room(rows * cols);
    float *x = room(tokens * cols * sizeof *x);
    for (size_t i = 0; i < rows * cols; i++) weights[i] = (int8_t)((int)(draw() % 3) - 1);
    for (size_t i = 0; i < tokens * cols; i++) x[i] = (float)(draw() % 255) - 127.0f;
    product p = {.y = room(tokens * rows * sizeof(float))};
    int status = ttt_matrix_create(weights, rows, cols, 1.0f, &p.matrix);
    if (status == TTT_OK) status = ttt_activations_create(cols, tokens, &p.activations);
    if (status == TTT_OK) status = ttt_activations_quantize(p.activations, x, tokens);
    free(weights);
    free(x);
    if (status == TTT_OK)
        *figure = measure(a->seconds, run_matmul, &p) * (double)(rows * cols * tokens) / 1e9;
    ttt_matrix_destroy(p.matrix);
    ttt_activations_destroy(p.activations);
    free(p.y);
    return status == TTT_OK ? NULL : ttt_status_string(status);
}

/* ---- int8 rows, which have no public function of their own ------------------------------------- */

typedef struct {
    const bt_kernels *kernels;
    bt_matmul8 op;
} product8;

static void run_matmul8(void *context, size_t turns)
{
    product8 *p = context;
    for (size_t i = 0; i < turns; i++) p->kernels->matmul8(&p->op);
}

const char *job_matmul8(const job_arguments *a, double *figure)
{
    const char *problem = choose_kernel(a->words[0]);
    if (problem) return problem;
    product8 p = {.kernels = bt_kernels_active()};
    size_t rows = number(a->words[1]), cols = number(a->words[2]), tokens = number(a->words[3]);
    size_t bytes = bt_round_up(cols, 16) * p.kernels->activation_size;
    bt_rows8 w = {.rows = rows,
                  .cols = cols,
                  .row_blocks = bt_round_up(rows, 16) / 16,
                  .quads = bt_round_up(cols, 16) / 4};
    size_t weights = w.row_blocks * w.quads * 64;
    uint8_t *panels = room(weights), *activations = room(tokens * bytes);
    float *scales = room(w.row_blocks * 16 * sizeof *scales), *x = room(tokens * cols * sizeof *x);
    float *multipliers = room(tokens * sizeof *multipliers);
    int32_t *sums = room(tokens * sizeof *sums);
    for (size_t i = 0; i < weights; i++) panels[i] = (uint8_t)draw();
    for (size_t i = 0; i < tokens * cols; i++) x[i] = (float)(draw() % 255) - 127.0f;
    p.kernels->quantize(&(bt_quantize){.x = x,
                                       .n = cols,
                                       .stride = cols,
                                       .tokens = tokens,
                                       .activations = activations,
                                       .sums = sums,
                                       .steps = multipliers});
    w.panels = panels;
    w.scales = scales;
    p.op = (bt_matmul8){.w = &w,
                        .activations = activations,
                        .sums = sums,
                        .multipliers = multipliers,
                        .out = room(tokens * rows * sizeof(float)),
                        .out_stride = rows,
                        .tokens = tokens,
                        .block_end = w.row_blocks};
    *figure = measure(a->seconds, run_matmul8, &p) * (double)(rows * cols * tokens) / 1e9;
    void *all[] = {panels, activations, scales, x, multipliers, sums, p.op.out};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    return NULL;
}

/* ---- the layer ------------------------------------------------------------------------------- */

typedef struct {
    void *layer;
    float *input, *output;
    size_t seq_len, dim, calls; /* calls: the input has the tokens of so many */
} layer_run;

static void run_layer(void *context, size_t turns)
{
    layer_run *l = context;
    size_t length = l->seq_len * l->dim;
    for (size_t i = 0, call = 0; i < turns; i++, call++) {
        if (call == l->calls) call = 0;
        ttt_forward(l->layer, l->input + call * length, l->seq_len, l->output);
    }
}

static const char *time_layer(const ttt_config *config, layer_run l, double seconds, double *figure)
{
    if (ttt_create_from_config(config, &l.layer) != TTT_OK) return "the layer cannot be made";
    size_t length = l.seq_len * l.dim;
    l.input = room(l.calls * length * sizeof(float));
    l.output = room(length * sizeof(float));
    for (size_t i = 0; i < l.calls * length; i++)
        l.input[i] = (float)(draw() & 0xffff) / 32768.0f - 1.0f;
    *figure = measure(seconds, run_layer, &l) * (double)l.seq_len;
    free(l.input);
    free(l.output);
    ttt_destroy(l.layer);
    return NULL;
}

const char *job_layer(const job_arguments *a, double *figure)
{
    const char *problem = choose_kernel(a->words[0]);
    if (problem) return problem;
    layer_run l = {.dim = number(a->words[1]), .seq_len = number(a->words[2]), .calls = 1};
    ttt_config config;
    ttt_config_init(&config);
    config.hidden_dim = l.dim;
    config.threads = (uint32_t)number(a->words[3]);
    return time_layer(&config, l, a->seconds, figure);
}

const char *job_rule(const job_arguments *a, double *figure)
{
    const char *problem = choose_kernel("auto");
    if (problem) return problem;
    layer_run l = {.dim = number(a->words[2]), .seq_len = number(a->words[3])};
    l.calls = 640 / l.seq_len;
    ttt_config config;
    ttt_config_init(&config);
    config.hidden_dim = l.dim;
    config.rule = strcmp(a->words[0], "rls") == 0 ? TTT_RLS : TTT_GRADIENT;
    config.objective = strcmp(a->words[1], "predict") == 0 ? TTT_PREDICT : TTT_RECONSTRUCT;
    return time_layer(&config, l, a->seconds, figure);
}

/* ---- the model ------------------------------------------------------------------------------- */

typedef struct {
    bitllama_session *session;
    uint32_t *tokens;
    size_t count;
} reading;

static void run_reading(void *context, size_t turns)
{
    reading *r = context;
    for (size_t i = 0; i < turns; i++) {
        if (r->count > 1) {
            bitllama_session_read(r->session, r->tokens, r->count, NULL, NULL);
            continue;
        }
        bitllama_sampling greedy;
        bitllama_sampling_init(&greedy);
        greedy.temperature = 0.0f;
        bitllama_session_draw(r->session, &greedy, r->tokens);
        bitllama_session_read(r->session, r->tokens, 1, NULL, NULL);
    }
}

static const char *read_file(const char *path, uint8_t **bytes, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return "a file cannot be opened";
    fseek(file, 0, SEEK_END);
    long end = ftell(file);
    rewind(file);
    *bytes = room((size_t)end);
    *size = fread(*bytes, 1, (size_t)end, file);
    fclose(file);
    return NULL;
}

static const char *open_model(const job_arguments *a, bitllama_model **model)
{
    const char *problem = choose_kernel(a->words[0]);
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!problem) problem = read_file(a->words[1], &bytes, &size);
    if (problem) return problem;
    int status = bitllama_open(bytes, size, NULL, 0, model, NULL);
    free(bytes);
    return status == TTT_OK ? NULL : ttt_status_string(status);
}

const char *job_read(const job_arguments *a, double *figure)
{
    bitllama_model *model;
    const char *problem = open_model(a, &model);
    if (problem) return problem;
    reading r = {.count = number(a->words[2])};
    bitllama_config config;
    bitllama_config_init(&config);
    bitllama_get_config(model, &config);
    bitllama_session_create(model, &r.session);
    r.tokens = room(r.count * sizeof *r.tokens);
    for (size_t i = 0; i < r.count; i++) r.tokens[i] = draw() % config.vocab_size;
    bitllama_session_read(r.session, r.tokens, r.count, NULL, NULL);
    *figure = measure(a->seconds, run_reading, &r) * (double)r.count;
    free(r.tokens);
    bitllama_session_destroy(r.session);
    bitllama_release(model);
    return NULL;
}

static void run_writing(void *session, size_t turns)
{
    bitllama_sampling sampling;
    bitllama_sampling_init(&sampling);
    for (size_t i = 0; i < turns; i++) {
        uint32_t token;
        bitllama_session_draw(session, &sampling, &token);
        bitllama_session_write(session, &token, 1);
    }
}

const char *job_write(const job_arguments *a, double *figure)
{
    bitllama_model *model;
    bitllama_session *session = NULL;
    uint8_t *tokens = NULL;
    size_t size = 0;
    const char *problem = read_file(a->words[2], &tokens, &size);
    if (!problem) problem = open_model(a, &model);
    if (problem) return problem;
    bitllama_session_options options;
    bitllama_session_options_init(&options);
    options.recall = (uint32_t)number(a->words[3]);
    int status = bitllama_session_create_with(model, &options, &session);
    if (status == TTT_OK)
        status = bitllama_session_read(session, (const uint32_t *)(const void *)tokens, size / 4,
                                       NULL, NULL);
    if (status == TTT_OK) *figure = measure(a->seconds, run_writing, session);
    free(tokens);
    bitllama_session_destroy(session);
    bitllama_release(model);
    return status == TTT_OK ? NULL : ttt_status_string(status);
}

/* ---- training -------------------------------------------------------------------------------- */

static void run_steps(void *context, size_t turns)
{
    for (size_t i = 0; i < turns; i++) {
        bitllama_step step;
        bitllama_trainer_step(context, &step);
    }
}

/* bitllama_config_init's shape: 1.35 M parameters with the tied width of heads; batch 16 of 128. */
const char *job_train(const job_arguments *a, double *figure)
{
    const char *problem = choose_kernel(a->words[0]);
    if (problem) return problem;
    bitllama_config config;
    bitllama_training training;
    bitllama_config_init(&config);
    bitllama_training_init(&training);
    static const char *const mixers[] = {"reconstruct", "predict", "induction"};
    size_t mixer = 0;
    while (mixer < 3 && strcmp(mixers[mixer], a->words[1]) != 0) mixer++;
    if (mixer == 3) return "no such mixer";
    static const uint8_t kinds[] = {BITLLAMA_RECONSTRUCT, BITLLAMA_PREDICT, BITLLAMA_INDUCTION};
    for (size_t i = 0; i < config.num_layers; i++) config.mixers[i] = kinds[mixer];
    training.batch = 16;
    training.context = 128;
    training.threads = (uint32_t)number(a->words[2]);
    training.bf16 = strcmp(a->words[3], "bf16") == 0;
    enum { TOKENS = 1 << 16 };
    uint32_t *tokens = room(TOKENS * sizeof *tokens);
    for (size_t i = 0; i < TOKENS; i++) tokens[i] = draw() % config.vocab_size;
    bitllama_trainer *trainer;
    int status = bitllama_trainer_create(&config, &training, tokens, TOKENS, &trainer, NULL);
    free(tokens);
    if (status != TTT_OK) return ttt_status_string(status);
    *figure = measure(a->seconds, run_steps, trainer) * 16 * 128;
    bitllama_trainer_destroy(trainer);
    return NULL;
}
