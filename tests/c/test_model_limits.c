/* test_model_limits.c - the largest weights that are let in and the wildest states that can be
 * forged never make anything but finite numbers; states beyond are refused.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "support.h"

#include "base/crc32c.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RECENT = 64, BODY = 64 + 256 };

/* Reads, and looks at all that comes out. */
static void check_finite(bitllama_session *s)
{
    uint32_t ids[TOKENS], token;
    float logprobs[TOKENS], surprise[TOKENS], logits[VOCAB];
    bitllama_sampling o;
    make_ids(ids);
    bitllama_sampling_init(&o);
    o.repetition_penalty = 10;
    o.temperature = 1e-3f;
    CHECK_EQ(bitllama_session_read(s, ids, TOKENS, logprobs, surprise), TTT_OK);
    CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
    CHECK_EQ(bitllama_session_draw(s, &o, &token), TTT_OK);
    CHECK(token < VOCAB);
    CHECK(all_finite(logprobs, TOKENS));
    CHECK(all_finite(surprise, TOKENS));
    CHECK(all_finite(logits, VOCAB));
    size_t size = bitllama_session_state_size(s);
    uint8_t *state = must_alloc(size);
    CHECK_EQ(bitllama_session_save(s, state, size), TTT_OK);
    CHECK_EQ(bitllama_session_load(s, state, size), TTT_OK); /* what was reached can be loaded */
    free(state);
}

/* Every weight at plus or minus 1024, or a mixture with the smallest. */
static void largest_weights(void)
{
    for (int i = 0; i < 24; i++) {
        bt_model_config c = config_of((bt_mixer)(i % 3));
        c.unscaled = i / 3 % 2 != 0;
        c.float_activations = i / 6 % 2 != 0;
        if (c.mixers[0] != BT_INDUCTION) c.rate = 1.99f;
        weights w = make_weights(&c);
        rng r = {(uint64_t)i};
        for (size_t k = 0; k < w.params.floats; k++) {
            float size = i < 12 || rng_below(&r, 2) ? 1024.0f : 1e-38f;
            w.values[k] = rng_below(&r, 2) ? size : -size;
        }
        check_context("mixer=%d unscaled=%d float=%d", i % 3, c.unscaled, c.float_activations);
        bt_model *model = build_model(&w);
        bitllama_session *s = open_session(model);
        check_finite(s);
        bitllama_session_destroy(s);
        bitllama_release(model);
        free_weights(&w);
    }
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static void seal(uint8_t *state, size_t size)
{
    put_u32(state + 56, bt_crc32c(state + 64, size - 64));
    put_u32(state + 60, bt_crc32c(state, 60));
}

/* Changes one word of a sound state, with right checksums. */
static void check_forged(bitllama_session *s, const uint8_t *sound, size_t size, size_t at,
                         uint32_t value, int expected)
{
    uint8_t *state = must_copy(sound, size);
    put_u32(state + at, value);
    seal(state, size);
    check_context("word %zu = %08x", at, (unsigned)value);
    CHECK_EQ(bitllama_session_load(s, state, size), expected);
    free(state);
}

static void forged_states(void)
{
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        bt_model_config c = config_of((bt_mixer)mixer);
        weights w = make_weights(&c);
        bt_model *model = build_model(&w);
        bitllama_session *s = open_session(model);
        static const uint32_t ids[] = {1, 2, 3};
        CHECK_EQ(bitllama_session_read(s, ids, 3, NULL, NULL), TTT_OK);
        size_t size = bitllama_session_state_size(s);
        size_t width = bt_mixer_width(&c, 0), q = BODY + 4 * width * bt_mixer_head(&c, 0);
        uint8_t *sound = must_alloc(size);
        CHECK_EQ(bitllama_session_save(s, sound, size), TTT_OK);
        check_forged(s, sound, size, 8, 2, TTT_STATE_DAMAGED); /* which is with recall */
        check_forged(s, sound, size, 8, 3, TTT_STATE_VERSION);
        for (size_t at = 12; at < 56; at += at == 12 ? 28 : 4) /* what is zero stays zero */
            check_forged(s, sound, size, at, 1, TTT_STATE_DAMAGED);
        check_forged(s, sound, size, RECENT, VOCAB, TTT_STATE_DAMAGED);
        check_forged(s, sound, size, RECENT + 12, 1, TTT_STATE_DAMAGED); /* a fourth of three */
        const size_t places[] = {BODY, q, q + 4 * width, size - 4};
        for (size_t i = 0; i < 4; i++) {
            check_forged(s, sound, size, places[i], bits_of(NAN), TTT_STATE_DAMAGED);
            check_forged(s, sound, size, places[i], bits_of(-INFINITY), TTT_STATE_DAMAGED);
            check_forged(s, sound, size, places[i], bits_of(1e30f), TTT_STATE_DAMAGED);
        }
        check_forged(s, sound, size, q, bits_of(2.0f), TTT_STATE_DAMAGED);
        for (size_t at = BODY; at < size; at += 4) { /* the wildest that is let in */
            bool in_q = (at >= q && at < q + 4 * width) || at >= size - 4 * (2 * width + c.dim);
            put_u32(sound + at, bits_of(in_q ? 1.0f : at % 8 ? -0x1p69f : 0x1p69f));
        }
        size_t second = BODY + (size - BODY - 4 * c.dim) / 2; /* the other layer's floats */
        memcpy(sound + second, sound + BODY, second - BODY);
        seal(sound, size);
        check_context("mixer=%d", mixer);
        CHECK_EQ(bitllama_session_load(s, sound, size), TTT_OK);
        uint32_t tokens[TOKENS];
        float logprobs[TOKENS], logits[VOCAB];
        make_ids(tokens);
        CHECK_EQ(bitllama_session_read(s, tokens, TOKENS, logprobs, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
        CHECK(all_finite(logprobs, TOKENS) && all_finite(logits, VOCAB));
        bitllama_session_destroy(s);
        bitllama_release(model);
        free(sound);
        free_weights(&w);
    }
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"largest_weights", largest_weights},
        {"forged_states", forged_states},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
