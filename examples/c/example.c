/* example.c - a stream whose pattern breaks, watched by a layer, and a memory kept across runs.
 * SPDX-License-Identifier: MIT */
#include <bit_ttt/ttt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 64, TOKENS = 40, PERIOD = 4, BREAK = 30 };

/* Four tokens in turn, but for one at BREAK that comes from nowhere. */
static void make_stream(float *tokens)
{
    for (int t = 0; t < TOKENS; t++)
        for (int i = 0; i < DIM; i++) {
            int kind = t == BREAK ? 5 : t % PERIOD;
            tokens[t * DIM + i] = (float)((i * (2 * kind + 3) + kind) % 17) / 8 - 1;
        }
}

static int fail(const char *what, int status)
{
    fprintf(stderr, "%s: %s\n", what, ttt_status_string(status));
    return EXIT_FAILURE;
}

static void *create(void)
{
    ttt_config config;
    void *layer = NULL;
    ttt_config_init(&config); /* always: it sets the size, and defaults for what you leave */
    config.hidden_dim = DIM;
    config.objective = TTT_PREDICT;
    config.inner_lr = 0.5f;
    int status = ttt_create_from_config(&config, &layer);
    if (status != TTT_OK) fail("cannot make a layer", status);
    return layer;
}

/* Reads the stream and prints the surprise at the first tokens and around the break. */
static int watch(void *layer, const float *input)
{
    static float output[TOKENS * DIM], surprise[TOKENS];
    int status = ttt_forward_ex(layer, input, TOKENS * DIM, TOKENS, output, TOKENS * DIM, surprise);
    if (status != TTT_OK) return status;
    for (int t = 0; t < TOKENS; t++)
        if (t < 2 || (t >= BREAK - 2 && t < BREAK + 2))
            printf("token %2d: surprise %.3f%s\n", t, surprise[t], t == BREAK ? "  <-" : "");
    return TTT_OK;
}

/* Saves the memory, loads it into a second layer and compares what both make of the next token. */
static int move_memory(const void *layer, const float *input)
{
    static float here[DIM], there[DIM];
    size_t size = ttt_state_size(layer);
    void *state = malloc(size), *first = ttt_clone(layer), *second = create();
    int status = state && first && second ? TTT_OK : TTT_OUT_OF_MEMORY;
    if (status == TTT_OK) status = ttt_save_state(layer, state, size);
    if (status == TTT_OK) status = ttt_load_state(second, state, size);
    if (status == TTT_OK) status = ttt_forward(first, input, 1, here);
    if (status == TTT_OK) status = ttt_forward(second, input, 1, there);
    if (status == TTT_OK)
        printf("a memory of %zu bytes, loaded elsewhere: %s\n", size,
               memcmp(here, there, sizeof here) == 0 ? "the same output" : "another output");
    free(state);
    ttt_destroy(first);
    ttt_destroy(second);
    return status;
}

int main(void)
{
    static float input[TOKENS * DIM];
    make_stream(input);
    void *layer = create();
    if (!layer) return EXIT_FAILURE;
    int status = watch(layer, input);
    if (status == TTT_OK) status = move_memory(layer, input);
    if (status == TTT_OK) {
        volatile float huge = 3e38f;
        input[3] = huge * 10; /* an infinity: refused, and the memory stays as it was */
        int refused = ttt_forward(layer, input, 1, input);
        printf("status %d: %s\n", refused, ttt_status_string(refused));
    }
    ttt_destroy(layer);
    return status == TTT_OK ? EXIT_SUCCESS : fail("cannot read", status);
}
