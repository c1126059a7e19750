/* fuzz_shards.c - any bytes as an index and two shards: u16 length of the index, u16 length of shard "a",
 * the index, "a", and "b". What is accepted must be the model that one file with all tensors is.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "io/safetensors.h"

#include <bit_ttt/llama.h>
#include <string.h>

static const char config[] =
    "{\"vocab_size\":16,\"hidden_dim\":64,\"num_layers\":1,\"mlp_dim\":16}";

/* The tensors of both in one file. */
static uint64_t of_one_file(const bitllama_shard shards[2])
{
    bt_safetensors *tables[2];
    bt_tensor *all = NULL;
    size_t count = 0, size = 0;
    for (size_t i = 0; i < 2; i++) {
        fuzz_require(bt_safetensors_open(shards[i].bytes, shards[i].size, &tables[i], NULL) == 0,
                     "a shard is no file");
        size_t own = bt_safetensors_count(tables[i]);
        all = realloc(all, (count + own + 1) * sizeof *all);
        fuzz_require(all != NULL, "memory");
        for (size_t k = 0; k < own; k++) all[count++] = *bt_safetensors_at(tables[i], k);
    }
    fuzz_require(bt_safetensors_write(all, count, NULL, 0, NULL, 0, &size, NULL) == 0, "no file");
    void *file = malloc(size);
    bitllama_model *model = NULL;
    fuzz_require(file && bt_safetensors_write(all, count, NULL, 0, file, size, &size, NULL) == 0 &&
                     bitllama_open(file, size, config, sizeof config - 1, &model, NULL) == TTT_OK,
                 "accepted in shards only");
    uint64_t fingerprint = bitllama_fingerprint(model);
    bitllama_release(model);
    for (size_t i = 0; i < 2; i++) bt_safetensors_close(tables[i]);
    free(all);
    free(file);
    return fingerprint;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) return 0;
    size_t lengths[2] = {(size_t)(data[0] | data[1] << 8), (size_t)(data[2] | data[3] << 8)};
    if (lengths[0] + lengths[1] > size - 4) return 0;
    const uint8_t *index = data + 4, *a = index + lengths[0], *b = a + lengths[1];
    const bitllama_shard shards[] = {{"b", b, (size_t)(data + size - b)}, {"a", a, lengths[1]}};
    bitllama_model *model = NULL;
    ttt_error error = {0};
    int status = bitllama_open_sharded(index, lengths[0], shards, 2, config, sizeof config - 1,
                                       &model, &error);
    fuzz_require((status == TTT_OK) == (model != NULL), "status and model differ");
    if (status == TTT_OK)
        fuzz_require(bitllama_fingerprint(model) == of_one_file(shards), "another model");
    else fuzz_require(error.status == status && error.text[0], "an error without a text");
    bitllama_release(model);
    return 0;
}
