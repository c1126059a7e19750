/* fuzz_recall.c - any bytes as a saved recall, and any operations before and after it is loaded. Magic,
 * sizes and checksums are put right first, or no search would get past them. What is accepted must be
 * a state: it is saved to the same bytes. What is refused changes nothing. Nothing comes out that is no
 * probability.
 *
 * Input: 1 byte for vocabulary and order, 1 byte n (modulo 64), n bytes of operations, and a state.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/crc32c.h"

#include <bit_ttt/recall.h>
#include <string.h>

enum { HEADER = 64, MOST_VOCAB = 300, CAPACITY = 256 };

typedef struct {
    ttt_recall *recall;
    ttt_recall_options options;
} subject;

static subject make(uint8_t shape)
{
    static const uint32_t vocabularies[] = {0, 16, 23, MOST_VOCAB};
    subject s = {NULL, {0}};
    ttt_recall_options_init(&s.options);
    s.options.vocab = vocabularies[shape % 4];
    s.options.order = 1 + shape / 4 % 4;
    s.options.capacity = (uint32_t)CAPACITY << shape / 16 % 2;
    fuzz_require(ttt_recall_create(&s.options, &s.recall) == TTT_OK, "no recall");
    return s;
}

static uint8_t *save(const ttt_recall *r, size_t *size)
{
    *size = ttt_recall_state_size(r);
    uint8_t *state = malloc(*size);
    fuzz_require(state && ttt_recall_save(r, state, *size) == TTT_OK, "save");
    return state;
}

static void ask(subject *s, uint32_t symbol, float base)
{
    static float list[MOST_VOCAB];
    float p = -1;
    fuzz_require(ttt_recall_probability(s->recall, symbol, base, &p) == TTT_OK, "asking");
    fuzz_require(p >= 0 && p <= 1.0001f, "no probability");
    if (s->options.vocab == 0 || symbol % 3) return;
    for (uint32_t i = 0; i < s->options.vocab; i++) list[i] = 1.0f / (float)s->options.vocab;
    float alone = list[symbol];
    fuzz_require(ttt_recall_distribution(s->recall, list) == TTT_OK, "distribution");
    fuzz_require(ttt_recall_probability(s->recall, symbol, alone, &p) == TTT_OK, "asking again");
    fuzz_require(memcmp(&p, &list[symbol], sizeof p) == 0, "another probability");
}

/* Goes on as a copy of it. */
static void copy(subject *s)
{
    ttt_recall *twin = NULL;
    fuzz_require(ttt_recall_clone(s->recall, &twin) == TTT_OK, "clone");
    ttt_recall_destroy(s->recall);
    s->recall = twin;
}

static void operate(subject *s, const uint8_t *operations, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t symbol = operations[i] & 15;
        float base = (float)(operations[i] >> 4) / 15.0f;
        int status = TTT_OK;
        if (operations[i] == 0xff) copy(s);
        else if (operations[i] == 0xfe) status = ttt_recall_reset(s->recall);
        else if (operations[i] % 16 == 13) status = ttt_recall_pass(s->recall, symbol);
        else status = ttt_recall_learn(s->recall, symbol, base);
        fuzz_require(status == TTT_OK, "an operation");
        ask(s, symbol, base);
    }
}

/* The input as a state of this recall, with right sizes and checksums. */
static uint8_t *shaped(const subject *s, const uint8_t *data, size_t size, size_t *wanted)
{
    *wanted = size < HEADER ? HEADER : size;
    uint8_t *state = calloc(*wanted, 1);
    fuzz_require(state != NULL, "memory");
    if (size > 0) memcpy(state, data, size);
    memcpy(state, "BitRcl\r\n", 8);
    bt_put_u32(state + 8, 1);
    bt_put_u32(state + 12, 0);
    bt_put_u64(state + 16, *wanted);
    bt_put_u32(state + 32, s->options.vocab);
    bt_put_u32(state + 36, s->options.capacity);
    bt_put_u32(state + 40, s->options.order);
    bt_put_u32(state + 56, bt_crc32c(state + HEADER, *wanted - HEADER));
    bt_put_u32(state + 60, bt_crc32c(state, 60));
    return state;
}

static void load(subject *s, const uint8_t *data, size_t size)
{
    size_t wanted, before_size, after_size;
    uint8_t *before = save(s->recall, &before_size), *state = shaped(s, data, size, &wanted);
    int status = ttt_recall_load(s->recall, state, wanted);
    uint8_t *after = save(s->recall, &after_size);
    const uint8_t *expected = status == TTT_OK ? state : before;
    fuzz_require(after_size == (status == TTT_OK ? wanted : before_size), "another size");
    fuzz_require(memcmp(after, expected, after_size) == 0, "other bytes");
    free(before);
    free(after);
    free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    subject s = make(data[0]);
    size_t wish = data[1] % 64, n = wish < size - 2 ? wish : size - 2;
    const uint8_t *operations = data + 2, *state = operations + n;
    operate(&s, operations, n);
    ttt_recall_load(s.recall, data, size);
    load(&s, state, size - 2 - n);
    for (int round = 0; round < 3; round++) operate(&s, operations, n);
    ttt_recall_destroy(s.recall);
    return 0;
}
