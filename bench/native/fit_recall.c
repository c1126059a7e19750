/* fit_recall.c - fits the weights that recalls begin with, and prints src/recall/fitted.inc.
 *
 *   fit_recall MODEL TOKENS
 *
 * TOKENS holds u32 token ids, little-endian; the first is the end-of-text token, and each later one
 * like it begins another document (bench/fit-recall.mjs writes the file). A session reads each
 * document; weights go on from one document to the next. After a first round over all documents, the
 * weights after each document of a second round are averaged.
 * SPDX-License-Identifier: MIT */
#include "model/session.h"

#include <bit_ttt/llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST_USES = 8, UNITS = 200 };

typedef struct {
    bt_gate gates[BT_GATES];
    double sums[BT_GATES]; /* of the weights after documents of the second round */
    double documents;
} fit;

static int fail(const char *what, const char *which)
{
    fprintf(stderr, "fit_recall: %s %s\n", what, which);
    return 1;
}

/* The bytes of a file, which the caller frees; NULL: it cannot be read. */
static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long end = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) end = ftell(file);
    if (end >= 0) bytes = malloc((size_t)end + 1);
    if (bytes) {
        rewind(file);
        *size = fread(bytes, 1, (size_t)end, file);
    }
    if (file) fclose(file);
    return bytes;
}

static int read_document(bitllama_model *model, const uint32_t *tokens, size_t n, fit *f)
{
    bitllama_session_options options;
    bitllama_session *session = NULL;
    bitllama_session_options_init(&options);
    int status = bitllama_session_create_with(model, &options, &session);
    if (status != TTT_OK) return status;
    bt_gate *gates = session->recall.memory->gates;
    memcpy(gates, f->gates, sizeof f->gates);
    status = bitllama_session_read(session, tokens, n, NULL, NULL);
    memcpy(f->gates, gates, sizeof f->gates);
    bitllama_session_destroy(session);
    return status;
}

static int read_all(bitllama_model *model, const uint32_t *tokens, size_t n, bool averaged, fit *f)
{
    int status = TTT_OK;
    for (size_t at = 0, end; at < n && status == TTT_OK; at = end) {
        for (end = at + 1; end < n && tokens[end] != tokens[0];) end++;
        status = read_document(model, tokens + at, end - at, f);
        if (!averaged) continue;
        for (size_t i = 0; i < BT_GATES; i++) f->sums[i] += (double)f->gates[i].weight;
        f->documents++;
    }
    return status;
}

static void print(const fit *f)
{
    printf(
        "/* fitted.inc - made as by bench/fit-recall.mjs; a line has the kinds of successors (1, 2, 3\n"
        " * or 4, more) for 1, 2, 3, 4, 8 and 16 places; lines go through runs, scores and orders. */\n");
    for (size_t i = 0; i < BT_GATES; i++) {
        int value = (int)(f->sums[i] / f->documents * UNITS + 0.5);
        if (value < 1) value = 1;
        if (f->gates[i].uses < FEWEST_USES) value = 0;
        printf("%d,%s", value, (i + 1) % (BT_LEVELS * BT_KINDS) ? " " : "\n");
    }
}

int main(int count, char **arguments)
{
    static fit f;
    bitllama_model *model = NULL;
    ttt_error error = {0};
    size_t size = 0, bytes = 0;
    if (count != 3) return fail("usage:", "fit_recall MODEL TOKENS");
    void *file = read_file(arguments[1], &size);
    uint32_t *tokens = read_file(arguments[2], &bytes);
    if (!file || !tokens) return fail("cannot read", file ? arguments[2] : arguments[1]);
    if (bitllama_open(file, size, NULL, 0, &model, &error) != TTT_OK)
        return fail("the model:", error.text);
    for (size_t i = 0; i < BT_GATES; i++) f.gates[i] = (bt_gate){0.1f, 0};
    int status = read_all(model, tokens, bytes / sizeof *tokens, false, &f);
    if (status == TTT_OK) status = read_all(model, tokens, bytes / sizeof *tokens, true, &f);
    if (status != TTT_OK) return fail("reading:", ttt_status_string(status));
    print(&f);
    bitllama_release(model);
    free(tokens);
    free(file);
    return 0;
}
