/* main.c - measures the core library for `npm run bench`: reads a job a line, answers a figure a line.
 *
 *   peak NAME                             GMAC/s of a loop of peaks.c
 *   matmul KERNEL ROWS COLS TOKENS        GMAC/s of the ternary product, activations quantised before
 *   matmul8 KERNEL ROWS COLS TOKENS       the same for int8 rows
 *   layer KERNEL DIM SEQ_LEN THREADS      tokens/s
 *   rule RULE OBJECTIVE DIM SEQ_LEN       tokens/s on the best kernel; rls and predict, or others
 *   read KERNEL MODEL_FILE TOKENS         tokens/s; one token at a time where TOKENS is 1
 *   write KERNEL MODEL_FILE TOKENS_FILE RECALL   tokens/s drawn after the file's tokens (u32) were read,
 *                                         by a session that holds RECALL of them; 0: the model alone
 *   train KERNEL MIXER THREADS PRODUCTS   tokens/s at bitllama_config_init's shape; f32 or bf16
 *
 * Each line may end with the seconds to measure for (0.3). An answer is a number, or "error: " and
 * what is wrong; the program ends with its input.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double measure(double seconds, void (*run)(void *context, size_t turns), void *context)
{
    size_t turns = 1;
    double begin, taken;
    for (;; turns *= 2) { /* also warms up */
        begin = now();
        run(context, turns);
        taken = now() - begin;
        if (taken > seconds / 8 || turns > (size_t)1 << 40) break;
    }
    double best = taken / (double)turns;
    int slices = taken > seconds ? 1 : 5; /* what takes long for one turn is not asked six times */
    for (int i = 0; i < slices; i++) {    /* the best: what a neighbour takes away is not ours */
        begin = now();
        run(context, turns);
        taken = (now() - begin) / (double)turns;
        if (taken < best) best = taken;
    }
    return 1.0 / best;
}

typedef struct {
    const char *name;
    const char *(*run)(const job_arguments *arguments, double *figure);
    int arguments;
} job;

static const job jobs[] = {
    {"peak", job_peak, 1},   {"matmul", job_matmul, 4}, {"matmul8", job_matmul8, 4},
    {"layer", job_layer, 4}, {"rule", job_rule, 4},     {"read", job_read, 3},
    {"write", job_write, 4}, {"train", job_train, 4},
};

static const char *answer(char *line, double *figure)
{
    job_arguments arguments = {.seconds = 0.3};
    char *word = strtok(line, " \t\n");
    for (size_t i = 0; word && i < sizeof jobs / sizeof *jobs; i++) {
        if (strcmp(word, jobs[i].name) != 0) continue;
        for (int k = 0; k < jobs[i].arguments; k++) {
            arguments.words[k] = strtok(NULL, " \t\n");
            if (!arguments.words[k]) return "too few arguments";
        }
        char *seconds = strtok(NULL, " \t\n");
        if (seconds) arguments.seconds = strtod(seconds, NULL);
        return jobs[i].run(&arguments, figure);
    }
    return "unknown job";
}

int main(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        double figure = 0;
        const char *problem = answer(line, &figure);
        if (problem) printf("error: %s\n", problem);
        else printf("%.9g\n", figure);
        fflush(stdout);
    }
    return 0;
}
