/* peaks.h - loops that measure the core's limits.
 * SPDX-License-Identifier: MIT */
#ifndef PEAKS_H
#define PEAKS_H

#include <stdbool.h>
#include <stddef.h>

/* The loop of that name ("vpdpbusd", "fma512", ...) and how many multiply-accumulates a turn of it
 * makes; false if this CPU has none. */
bool peak_find(const char *name, void (**run)(size_t turns), double *operations);

#endif
