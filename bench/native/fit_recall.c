/* fit_recall.c - fits what the recall of a session begins with: prints src/recall/fitted.inc, or makes a model
 * that brings it along (model/session_recall.h).
 *
 *   fit_recall MODEL_FILE TOKENS_FILE END_OF_TEXT [OUT_FILE]
 *
 * TOKENS_FILE (bench/fit-recall.mjs writes it) holds tokens, u32; END_OF_TEXT begins each document.
 * A session with recall reads all documents twice, each with an empty memory, but the weights stay. A
 * weight of the table is the mean of what it was after each of its uses in the second round: online
 * learning with a constant rate goes to and fro around the best value. With OUT_FILE so with several rates of the
 * biases; the best one of the second round is taken.
 * SPDX-License-Identifier: MIT */
#include "model/session.h"
#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST = 8 }; /* uses that a weight of the table must have had */

typedef struct {
    double sum;
    size_t uses;
} mean;

typedef struct {
    bt_session *session;
    bt_gate gates[BT_GATES];
    mean means[BT_GATES]; /* of the round */
    double nats;          /* of the round */
} fit;

/* The bytes of a file, for the program's whole life; ends the program if it cannot be read. */
static void *whole_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size) exit(1);
    fclose(file);
    return bytes;
}

/* Weights that a token has moved. */
static void count_uses(fit *f)
{
    const bt_gate *now = f->session->recall.memory->gates;
    for (size_t i = 0; i < BT_GATES; i++) {
        if (memcmp(&now[i], &f->gates[i], sizeof now[i]) == 0) continue;
        f->means[i].sum += (double)now[i].weight;
        f->means[i].uses++;
        f->gates[i] = now[i];
    }
}

static void read_document(fit *f, const uint32_t *tokens, size_t n)
{
    bitllama_session_reset(f->session);
    memcpy(f->session->recall.memory->gates, f->gates, sizeof f->gates);
    for (size_t i = 0; i < n; i++) {
        float log_probability;
        bitllama_session_read(f->session, tokens + i, 1, &log_probability, NULL);
        if (i > 0) f->nats -= (double)log_probability;
        count_uses(f);
    }
}

static void read_all(fit *f, const uint32_t *tokens, size_t n, uint32_t end_of_text)
{
    memset(f->means, 0, sizeof f->means);
    f->nats = 0.0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && tokens[end] != end_of_text;) end++;
        read_document(f, tokens + begin, end - begin);
    }
    fprintf(stderr, "%.4f nats a token\n", f->nats / (double)n);
}

/* In units of 1/200. */
static unsigned table_value(const mean *m)
{
    if (m->uses < FEWEST) return 0;
    unsigned value = (unsigned)(m->sum / (double)m->uses * 200.0 + 0.5);
    return value < 1 ? 1 : value;
}

static void print_table(const fit *f)
{
    const unsigned row = BT_LEVELS * BT_KINDS;
    printf(
        "/* fitted.inc - made as by bench/fit-recall.mjs; a line has the kinds of successors (1, 2, 3\n"
        " * or 4, more) for 1, 2, 3, 4, 8 and 16 places; lines go through runs, scores and orders. */\n");
    for (size_t i = 0; i < BT_GATES; i++)
        printf("%u,%c", table_value(&f->means[i]), (i + 1) % row == 0 ? '\n' : ' ');
}

/* What the fit has found, as a model has it. */
static void fill_start(const fit *f, float *start)
{
    for (size_t i = 0; i < BT_GATES; i++) start[i] = (float)table_value(&f->means[i]) * 0.005f;
    start[BT_GATES] = f->session->recall.bias_rate;
    start[BT_GATES + 1] = f->session->recall.sharpness_rate;
}

static void read_twice(fit *f, const uint32_t *tokens, size_t n, uint32_t end_of_text)
{
    for (size_t i = 0; i < BT_GATES; i++) f->gates[i] = (bt_gate){0.1f, 0};
    for (int round = 0; round < 2; round++) read_all(f, tokens, n, end_of_text);
}

/* The best start among several rates; prints their nats a token. */
static void find_start(fit *f, const uint32_t *tokens, size_t n, uint32_t end_of_text, float *start)
{
    static const float rates[] = {0.1f, 0.15f, 0.2f, 0.3f, 0.4f};
    double best = 1e300;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        f->session->recall.bias_rate = rates[i];
        read_twice(f, tokens, n, end_of_text);
        fprintf(stderr, "biases at a rate of %.2f\n", (double)rates[i]);
        if (f->nats < best) fill_start(f, start), best = f->nats;
    }
}

/* The model with another start, by a training that makes no step. */
static int write_with(const bitllama_model *model, const uint32_t *tokens, const float *start,
                      const char *path)
{
    bitllama_config config;
    bitllama_training training;
    bitllama_trainer *trainer = NULL;
    bitllama_model *made = NULL;
    size_t size, length;
    const char *tokenizer = bitllama_tokenizer_json(model, &length);
    bitllama_get_config(model, &config);
    bitllama_training_init(&training);
    training.batch = 1, training.context = 16;
    int status = bitllama_trainer_create(&config, &training, tokens, 64, &trainer, NULL);
    if (status == TTT_OK) status = bitllama_trainer_start_from(trainer, model, NULL);
    if (status != TTT_OK) return status;
    trainer->recall_start = true;
    memcpy(trainer->recall, start, BT_RECALL_START * sizeof *start);
    status = bitllama_trainer_model(trainer, tokenizer, length, &made);
    if (status == TTT_OK) status = bitllama_pack(made, NULL, 0, NULL, 0, &size);
    if (status != TTT_OK) return status;
    uint8_t *bytes = malloc(size);
    FILE *file = bytes ? fopen(path, "wb") : NULL;
    if (file) status = bitllama_pack(made, NULL, 0, bytes, size, &size);
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        fprintf(stderr, "%s cannot be written\n", path);
        exit(1);
    }
    free(bytes);
    bitllama_release(made);
    bitllama_trainer_destroy(trainer);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "fit_recall MODEL_FILE TOKENS_FILE END_OF_TEXT [OUT_FILE]\n");
        return 2;
    }
    static fit f;
    size_t size, bytes;
    void *file = whole_file(argv[1], &size);
    const uint32_t *tokens = whole_file(argv[2], &bytes);
    uint32_t end_of_text = (uint32_t)strtoul(argv[3], NULL, 10);
    float start[BT_RECALL_START];
    bitllama_model *model;
    bitllama_session_options options;
    bitllama_session_options_init(&options);
    int status = bitllama_open(file, size, NULL, 0, &model, NULL);
    if (status == TTT_OK) status = bitllama_session_create_with(model, &options, &f.session);
    if (status == TTT_OK && argc == 4) {
        read_twice(&f, tokens, bytes / sizeof *tokens, end_of_text);
        print_table(&f);
    } else if (status == TTT_OK) {
        find_start(&f, tokens, bytes / sizeof *tokens, end_of_text, start);
        status = write_with(model, tokens, start, argv[4]);
    }
    if (status != TTT_OK) fprintf(stderr, "%s\n", ttt_status_string(status));
    bitllama_session_destroy(f.session);
    bitllama_release(model);
    return status == TTT_OK ? 0 : 1;
}
