/* fuzz_safetensors.c - the reader on any bytes. What it accepts must keep the rules of the format
 * by another way of checking, and be the same after being written and read again.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "image.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem;
    int code = open_and_check(data, size, &problem);
    fuzz_require(problem == NULL, problem ? problem : "");
    if (code != BT_IO_OK) return 0;
    bt_safetensors *table;
    fuzz_require(bt_safetensors_open(data, size, &table, NULL) == BT_IO_OK, "opened once only");
    problem = rewrite_problem(table);
    fuzz_require(problem == NULL, problem ? problem : "");
    bt_safetensors_close(table);
    return 0;
}

#if defined(BT_LIBFUZZER)
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* Changes the header alone and lets the prefix say its new length, seven times in eight: a file
 * with a wrong prefix is refused before anything of interest. One time in four the data is made to
 * end where the last number of the header says. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint64_t header = 0;
    for (size_t i = 0; i < 8 && i < size; i++) header |= (uint64_t)data[i] << 8 * i;
    if (seed % 8 == 0 || size < 8 || max_size < 16) return LLVMFuzzerMutate(data, size, max_size);
    if (header > size - 8) header = size - 8;
    size_t rest = size - 8 - (size_t)header, room = max_size - 8;
    if (rest > room / 2) rest = room / 2;
    uint8_t *saved = take_copy(data + 8 + header, rest);
    if (header > room - rest) header = room - rest;
    size_t changed = LLVMFuzzerMutate(data + 8, (size_t)header, room - rest);
    if (seed % 4 == 1) {
        size_t end = 0; /* the number before the last "]" */
        for (size_t i = 0; i < changed; i++) {
            uint8_t c = data[8 + i];
            if (c < '0' || c > '9') continue;
            bool starts = i == 0 || data[7 + i] < '0' || data[7 + i] > '9';
            end = (starts ? 0 : end) * 10 + (size_t)(c - '0');
            if (end > 4096) end = 0;
        }
        uint8_t *grown = take(end > rest ? end : rest);
        memset(grown, 0x3c, end > rest ? end : rest);
        memcpy(grown, saved, rest);
        free(saved);
        saved = grown;
        rest = end <= room - changed ? end : rest;
    }
    memcpy(data + 8 + changed, saved, rest);
    for (size_t i = 0; i < 8; i++) data[i] = (uint8_t)((uint64_t)changed >> 8 * i);
    free(saved);
    return 8 + changed + rest;
}
#endif
