/* fuzz_state.c - any bytes as a saved session, without and with recall, and as a checkpoint of a training. Sizes, hashes and
 * checksums are put right first, or no search would get past them. What is accepted must be a state:
 * it is saved to the same bytes, and reading and training go on from it. What is refused changes
 * nothing.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/crc32c.h"

#include <bit_ttt/llama.h>
#include <math.h>
#include <string.h>

/* A format's header: its size, the part that says whose state it is (magic, version, size, hashes)
 * and where the body's checksum stands; the header's own is its last word. */
typedef struct {
    size_t size, identity, body_crc;
} header;
static const header session_header = {64, 32, 56};    /* model/session_state.c */
static const header checkpoint_header = {96, 48, 88}; /* train/checkpoint.c */
enum { VOCAB = 16, RECALL = 256, AT_RECALL = 40, BIASES = 8 + 4 * VOCAB };

static bitllama_trainer *make_trainer(void)
{
    uint32_t tokens[64];
    bitllama_config config;
    bitllama_training training;
    bitllama_trainer *trainer = NULL;
    for (uint32_t i = 0; i < 64; i++) tokens[i] = i * i % 16;
    bitllama_config_init(&config);
    config.vocab_size = VOCAB;
    config.hidden_dim = 64;
    config.num_layers = 2;
    config.mlp_dim = 16;
    config.inner_dim = config.head_dim = 16;
    bitllama_training_init(&training);
    training.batch = 1;
    training.context = 16;
    int status = bitllama_trainer_create(&config, &training, tokens, 64, &trainer, NULL);
    fuzz_require(status == TTT_OK, "no trainer");
    return trainer;
}

/* The input over `own`, a state of `wanted` bytes, with own's identity and right checksums. */
static uint8_t *shaped(const uint8_t *data, size_t size, const uint8_t *own, size_t wanted,
                       const header *h)
{
    uint8_t *bytes = malloc(wanted);
    fuzz_require(bytes != NULL, "memory");
    memcpy(bytes, own, wanted);
    memcpy(bytes, data, size < wanted ? size : wanted);
    memcpy(bytes, own, h->identity);
    bt_put_u32(bytes + h->body_crc, bt_crc32c(bytes + h->size, wanted - h->size));
    bt_put_u32(bytes + h->size - 4, bt_crc32c(bytes, h->size - 4));
    return bytes;
}

/* Of a state with recall: its part's size, and what says whose it is, as `own` has it; and the
 * checksums once more. */
static void shape_recall(uint8_t *bytes, const uint8_t *own, size_t size)
{
    uint64_t part = bt_get_u64(own + AT_RECALL);
    if (part == 0) return;
    size_t at = size - (size_t)part + BIASES, n = size - at;
    const header *h = &session_header;
    memcpy(bytes + AT_RECALL, own + AT_RECALL, 8);
    memcpy(bytes + at, own + at, 24);
    memcpy(bytes + at + 32, own + at + 32, 12);
    bt_put_u32(bytes + at + 56, bt_crc32c(bytes + at + 64, n - 64));
    bt_put_u32(bytes + at + 60, bt_crc32c(bytes + at, 60));
    bt_put_u32(bytes + h->body_crc, bt_crc32c(bytes + h->size, size - h->size));
    bt_put_u32(bytes + h->size - 4, bt_crc32c(bytes, h->size - 4));
}

static void check_session(bitllama_model *model, uint32_t recall, const uint8_t *data, size_t size)
{
    bitllama_session *s = NULL;
    bitllama_session_options options;
    bitllama_session_options_init(&options);
    options.recall = recall;
    fuzz_require(bitllama_session_create_with(model, &options, &s) == TTT_OK, "no session");
    const uint32_t ids[] = {1, 2, 3};
    float logits[VOCAB], logprobs[3];
    for (int i = 0; i < (recall ? 20 : 1); i++)
        fuzz_require(bitllama_session_read(s, ids, 3, NULL, NULL) == TTT_OK, "read");
    size_t wanted = bitllama_session_state_size(s);
    uint8_t *before = malloc(wanted), *after = malloc(wanted);
    fuzz_require(before && after && bitllama_session_save(s, before, wanted) == TTT_OK, "save");
    fuzz_require(bitllama_session_load(s, data, size) != TTT_OK || size == wanted, "a wrong size");
    uint8_t *bytes = shaped(data, size, before, wanted, &session_header);
    shape_recall(bytes, before, wanted);
    int status = bitllama_session_load(s, bytes, wanted);
    fuzz_require(bitllama_session_state_size(s) == wanted, "another size");
    fuzz_require(bitllama_session_save(s, after, wanted) == TTT_OK, "save after loading");
    fuzz_require(memcmp(after, status == TTT_OK ? bytes : before, wanted) == 0, "other bytes");
    fuzz_require(bitllama_session_read(s, ids, 3, logprobs, NULL) == TTT_OK, "reading on");
    for (int i = 0; i < 3; i++) fuzz_require(isfinite(logprobs[i]), "log-probabilities not finite");
    fuzz_require(bitllama_session_logits(s, logits) == TTT_OK, "logits");
    for (int i = 0; i < VOCAB; i++) fuzz_require(isfinite(logits[i]), "logits not finite");
    bitllama_session_destroy(s);
    free(bytes);
    free(before);
    free(after);
}

static void check_checkpoint(bitllama_trainer *trainer, const uint8_t *fresh, size_t wanted,
                             const uint8_t *data, size_t size)
{
    bitllama_step step;
    uint8_t *after = malloc(wanted);
    uint8_t *bytes = shaped(data, size, fresh, wanted, &checkpoint_header);
    ttt_error error = {0};
    int status = bitllama_trainer_load(trainer, bytes, wanted, &error);
    fuzz_require(after && bitllama_trainer_save(trainer, after, wanted) == TTT_OK, "save");
    fuzz_require(memcmp(after, status == TTT_OK ? bytes : fresh, wanted) == 0, "other bytes");
    fuzz_require(status == TTT_OK || error.text[0], "an error without a text");
    status = bitllama_trainer_step(trainer, &step);
    fuzz_require(status == TTT_OK || status == TTT_DIVERGED, "a step");
    fuzz_require(bitllama_trainer_load(trainer, fresh, wanted, &error) == TTT_OK, "back");
    free(bytes);
    free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bitllama_trainer *trainer;
    static bitllama_model *model;
    static uint8_t *fresh;
    static size_t wanted;
    if (!trainer) {
        trainer = make_trainer();
        wanted = bitllama_trainer_state_size(trainer);
        fresh = malloc(wanted);
        fuzz_require(fresh && bitllama_trainer_save(trainer, fresh, wanted) == TTT_OK, "save");
        fuzz_require(bitllama_trainer_model(trainer, NULL, 0, &model) == TTT_OK, "no model");
    }
    check_session(model, 0, data, size);
    check_session(model, RECALL, data, size);
    check_checkpoint(trainer, fresh, wanted, data, size);
    return 0;
}
