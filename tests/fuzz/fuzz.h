/* fuzz.h - what libFuzzer calls, and how a target says that something is wrong.
 * SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, which libFuzzer and the test runner take for a failure. */
static inline void fuzz_require(int ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "fuzz target: %s\n", what);
    abort();
}

#endif
