/* fuzz_model.c - any bytes as a model file. What is accepted must be a model: it reads, its logits
 * are finite, and it is the same model after being packed and opened again.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <bit_ttt/llama.h>
#include <math.h>

/* Packs, opens, and compares. */
static void check_packed(const bitllama_model *model)
{
    size_t size = 0;
    fuzz_require(bitllama_pack(model, NULL, 0, NULL, 0, &size) == TTT_OK, "cannot be packed");
    void *bytes = malloc(size);
    bitllama_model *again = NULL;
    fuzz_require(bytes && bitllama_pack(model, NULL, 0, bytes, size, &size) == TTT_OK, "packing");
    fuzz_require(bitllama_open(bytes, size, NULL, 0, &again, NULL) == TTT_OK, "packed, refused");
    fuzz_require(bitllama_fingerprint(again) == bitllama_fingerprint(model), "another model");
    bitllama_release(again);
    free(bytes);
}

static void check_session(bitllama_model *model, uint32_t vocab)
{
    const uint32_t ids[] = {0, vocab - 1, 7 % vocab, 0};
    bitllama_session *s = NULL;
    float *logits = malloc(vocab * sizeof *logits), surprise[4];
    fuzz_require(logits && bitllama_session_create(model, &s) == TTT_OK, "no session");
    fuzz_require(bitllama_session_read(s, ids, 4, NULL, surprise) == TTT_OK, "reading");
    fuzz_require(bitllama_session_logits(s, logits) == TTT_OK, "logits");
    for (uint32_t i = 0; i < vocab; i++) fuzz_require(isfinite(logits[i]), "logits not finite");
    for (size_t i = 0; i < 4; i++) fuzz_require(isfinite(surprise[i]), "surprise not finite");
    bitllama_session_destroy(s);
    free(logits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char config[] = "{\"vocab_size\":16,\"hidden_dim\":64,\"num_layers\":1,"
                                 "\"mlp_dim\":16}";
    for (int given = 0; given < 2; given++) {
        bitllama_model *model = NULL;
        bitllama_config c;
        ttt_error error = {0};
        int status = bitllama_open(data, size, given ? config : NULL, given ? sizeof config - 1 : 0,
                                   &model, &error);
        fuzz_require((status == TTT_OK) == (model != NULL), "status and model differ");
        if (status != TTT_OK) {
            fuzz_require(error.status == status && error.text[0], "an error without a text");
            continue;
        }
        bitllama_get_config(model, &c);
        check_packed(model);
        check_session(model, c.vocab_size);
        bitllama_release(model);
    }
    return 0;
}
