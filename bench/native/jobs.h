/* jobs.h - what the measuring program can be asked for (main.c lists the arguments).
 * SPDX-License-Identifier: MIT */
#ifndef JOBS_H
#define JOBS_H

#include <stddef.h>

typedef struct job_arguments {
    const char *words[4];
    double seconds;
} job_arguments;

double now(void); /* seconds */

/* Turns a second: the fastest of six slices that together take about that many seconds. */
double measure(double seconds, void (*run)(void *context, size_t turns), void *context);

/* Each sets *figure and returns NULL, or returns what is wrong. */
const char *job_peak(const job_arguments *arguments, double *figure);
const char *job_matmul(const job_arguments *arguments, double *figure);
const char *job_matmul8(const job_arguments *arguments, double *figure);
const char *job_layer(const job_arguments *arguments, double *figure);
const char *job_rule(const job_arguments *arguments, double *figure);
const char *job_read(const job_arguments *arguments, double *figure);
const char *job_write(const job_arguments *arguments, double *figure);
const char *job_train(const job_arguments *arguments, double *figure);

#endif
