/* support.c - random numbers, guarded memory, kernels and files for the tests.
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t rng_next(rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t rng_below(rng *r, size_t limit)
{
    return (size_t)((rng_next(r) >> 32) * limit >> 32);
}

float rng_float(rng *r, float low, float high)
{
    float unit = (float)(rng_next(r) >> 40) * 0x1p-24f;
    return low + unit * (high - low);
}

void rng_fill(rng *r, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = rng_float(r, -1, 1);
}

void rng_fill_extreme(rng *r, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)rng_next(r);
        switch (rng_below(r, 6)) {
        case 0: bits &= 0x80000000u; break;                       /* zeros */
        case 1: bits &= 0x807fffffu; break;                       /* denormals */
        case 2: bits = (bits & 0x80ffffffu) | 0x3e000000u; break; /* ordinary */
        default: break;                                           /* anything */
        }
        if ((bits & 0x7f800000u) == 0x7f800000u) bits ^= 0x40000000u;
        x[i] = float_of(bits);
    }
}

int rng_ternary(rng *r)
{
    return (int)rng_below(r, 3) - 1;
}

guarded guard_alloc(size_t bytes, bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (bytes + page - 1) / page * page;
    if (inner == 0) inner = page;
    guarded g = {.map_size = inner + 2 * page};
    g.map = mmap(NULL, g.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(g.map != MAP_FAILED);
    char *first = (char *)g.map + page;
    REQUIRE(mprotect(first, inner, PROT_READ | PROT_WRITE) == 0);
    g.bytes = at_end ? first + inner - bytes : first;
    return g;
}

void guard_free(guarded *g)
{
    munmap(g->map, g->map_size);
    g->bytes = g->map = NULL;
}

void *must_alloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    REQUIRE(p != NULL);
    return p;
}

void *must_zero(size_t bytes)
{
    return memset(must_alloc(bytes), 0, bytes);
}

void *must_copy(const void *from, size_t bytes)
{
    return memcpy(must_alloc(bytes), from, bytes);
}

size_t usable_kernels(const char *names[8])
{
    static bool noted;
    size_t count = 0;
    REQUIRE(ttt_kernel_count() >= 1 && ttt_kernel_count() <= 8);
    for (size_t i = 0; i < ttt_kernel_count(); i++) {
        if (ttt_kernel_usable(i)) names[count++] = ttt_kernel_name(i);
        else if (!noted) check_note("this CPU does not run kernel %s", ttt_kernel_name(i));
    }
    if (!noted) check_note("best of %zu usable kernels: %s", count, names[0]);
    noted = true;
    REQUIRE(count >= 1);
    return count;
}

void use_kernel(const char *name)
{
    REQUIRE(ttt_set_kernel(name) == TTT_OK);
    REQUIRE(strcmp(ttt_kernel(), name) == 0);
}

void use_best_kernel(void)
{
    REQUIRE(ttt_set_kernel("auto") == TTT_OK);
}

void *make_layer(size_t hidden_dim, float inner_lr, ttt_objective objective, uint32_t threads)
{
    ttt_config config;
    void *layer = NULL;
    ttt_config_init(&config);
    config.hidden_dim = hidden_dim;
    config.inner_lr = inner_lr;
    config.objective = (uint32_t)objective;
    config.threads = threads;
    REQUIRE(ttt_create_from_config(&config, &layer) == TTT_OK);
    REQUIRE(layer != NULL);
    return layer;
}

void *make_rls(size_t hidden_dim, ttt_objective objective, float forgetting, float ridge,
               uint32_t threads)
{
    ttt_config config;
    void *layer = NULL;
    ttt_config_init(&config);
    config.hidden_dim = hidden_dim;
    config.objective = (uint32_t)objective;
    config.threads = threads;
    config.rule = TTT_RLS;
    config.forgetting = forgetting;
    config.ridge = ridge;
    REQUIRE(ttt_create_from_config(&config, &layer) == TTT_OK);
    REQUIRE(layer != NULL);
    return layer;
}

snapshot snapshot_take(const void *layer)
{
    snapshot s = {.size = ttt_state_size(layer)};
    s.state = must_alloc(s.size);
    s.tokens = ttt_tokens_seen(layer);
    s.fingerprint = ttt_weights_fingerprint(layer);
    REQUIRE(ttt_save_state(layer, s.state, s.size) == TTT_OK);
    return s;
}

void snapshot_check(snapshot *was, const void *layer)
{
    snapshot is = snapshot_take(layer);
    CHECK_EQ(is.size, was->size);
    CHECK_EQ(is.tokens, was->tokens);
    CHECK(is.fingerprint == was->fingerprint);
    CHECK_SAME(is.state, was->state, was->size);
    free(is.state);
    free(was->state);
    was->state = NULL;
}

float *make_tokens(uint64_t seed, size_t dim, size_t count, size_t period)
{
    rng r = {seed};
    float *x = must_alloc(dim * count * sizeof *x);
    size_t fresh = period && period < count ? period : count;
    rng_fill(&r, x, dim * fresh);
    for (size_t i = dim * fresh; i < dim * count; i++) x[i] = x[i - dim * fresh];
    return x;
}

bool all_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((bits_of(x[i]) & 0x7f800000u) == 0x7f800000u) return false;
    return true;
}

uint32_t fnv1a32(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint32_t h = 0x811c9dc5u;
    for (size_t i = 0; i < size; i++) h = (h ^ p[i]) * 0x01000193u;
    return h;
}

char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (!file) return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        if (size >= 0 && fseek(file, 0, SEEK_SET) == 0 && (text = malloc((size_t)size + 1))) {
            size_t got = fread(text, 1, (size_t)size, file);
            text[got] = 0;
        }
    }
    fclose(file);
    return text;
}

float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
