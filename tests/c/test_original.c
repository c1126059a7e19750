/* test_original.c - a script of the original's user: it opens the shared library by name and calls
 * three functions by the original's signatures, knowing nothing of this project's headers.
 * SPDX-License-Identifier: MIT */
#include "check.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

typedef void *(*create_function)(size_t hidden_dim, float inner_lr);
typedef int (*forward_function)(void *model, const float *input, size_t seq_len, float *output);
typedef void (*destroy_function)(void *model);

static void *library;

/* A symbol into a function pointer, without the cast that ISO C does not have. */
static void find(const char *name, void *pointer, size_t size)
{
    void *symbol = dlsym(library, name);
    check_context("symbol=%s", name);
    REQUIRE(symbol != NULL);
    memcpy(pointer, &symbol, size);
}

static void original_abi(void)
{
    enum { DIM = 64, SEQ = 10, LEN = DIM * SEQ };
    create_function create;
    forward_function forward;
    destroy_function destroy;
    float input[LEN], output[LEN];
    library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    check_context("dlopen %s: %s", LIBRARY, library ? "" : dlerror());
    REQUIRE(library != NULL);
    find("ttt_create", &create, sizeof create);
    find("ttt_forward", &forward, sizeof forward);
    find("ttt_destroy", &destroy, sizeof destroy);

    void *model = create(DIM, 0.1f);
    REQUIRE(model != NULL);
    for (int i = 0; i < LEN; i++) input[i] = (float)(i * 37 % 101) / 50 - 1;
    CHECK_EQ(forward(model, input, SEQ, output), 0);
    CHECK_SAME(output, input, DIM * sizeof *input); /* the memory was empty for the first token */
    double moved = 0;
    for (int i = DIM; i < LEN; i++) moved += fabs((double)output[i] - (double)input[i]);
    CHECK(moved > 0.1 && moved < 1e3);
    CHECK_EQ(forward(NULL, input, SEQ, output), 1);
    CHECK_EQ(forward(model, NULL, SEQ, output), 1);
    CHECK_EQ(forward(model, input, SEQ, NULL), 1);
    CHECK_EQ(forward(model, input, 0, output), 2);
    CHECK(create(0, 0.1f) == NULL);
    destroy(model);
    destroy(NULL);
    dlclose(library);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {{"original_abi", original_abi}};
    return check_main(argc, argv, cases, 1);
}
