/* test_session_recall_state.c - saved sessions with recall: sizes, versions, what is loaded goes on to
 * the same bits, and what is damaged, of another recall or forged changes nothing.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "recall_support.h"
#include "session_support.h"
#include "support.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "model/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AT_VERSION = 8, AT_RECALL = 40, HEADER = 64, BIASES = 8 + 4 * VOCAB };

static void read_ids(bitllama_session *s, const uint32_t *ids, size_t n)
{
    CHECK_EQ(bitllama_session_read(s, ids, n, NULL, NULL), TTT_OK);
}

static size_t size_without(const subject *x)
{
    bitllama_session *s = open_session(x->model);
    size_t size = bitllama_session_state_size(s);
    bitllama_session_destroy(s);
    return size;
}

/* Small at first; then with what is remembered, up to a bound. */
static void sizes(void)
{
    subject x = make_subject(BT_INDUCTION);
    bitllama_session *s = open_with(x.model, 256, 0);
    size_t plain = size_without(&x), size = bitllama_session_state_size(s), largest = 0;
    check_note("a new session: %zu bytes, without recall %zu", size, plain);
    CHECK(size <= plain + 128);
    CHECK_EQ(bitllama_session_write(s, x.ids, TOKENS), TTT_OK);
    CHECK(bitllama_session_state_size(s) <= plain + 128);
    for (size_t round = 0; round < 12; round++) {
        read_ids(s, x.ids, TOKENS);
        size_t now = bitllama_session_state_size(s);
        if (round == 0) CHECK(now > size + TOKENS);
        largest = now > largest ? now : largest;
    }
    check_note("after %d tokens: %zu bytes", 12 * TOKENS, largest);
    CHECK(largest <= plain + BIASES + 104 + 256 * 2 + 12 * BT_GATES);
    CHECK_EQ(bitllama_session_reset(s), TTT_OK);
    CHECK_EQ(bitllama_session_state_size(s), size);
    bitllama_session_destroy(s);
    free_subject(&x);
}

static void goes_on(void)
{
    for (int i = 0; i < 6; i++) {
        subject x = make_subject((bt_mixer)(i % 3));
        bitllama_session *a = open_with(x.model, 256, 0), *b = open_with(x.model, 256, 1);
        float left[TOKENS], right[TOKENS];
        size_t size;
        check_context("mixer=%d %d", i % 3, i / 3);
        if (i >= 3) read_ids(a, x.ids, 90);
        CHECK_EQ(bitllama_session_write(a, x.ids + 7, 13), TTT_OK);
        uint8_t *state = save_session(a, &size);
        CHECK_EQ(bt_get_u32(state + AT_VERSION), 2);
        CHECK_EQ(bitllama_session_save(a, state, size - 1), TTT_BUFFER_SIZE);
        read_ids(b, x.ids + 30, 50);
        CHECK_EQ(bitllama_session_logits(b, left), TTT_OK); /* predicts, of what it now forgets */
        CHECK_EQ(bitllama_session_load(b, state, size), TTT_OK);
        check_same_session(a, b);
        for (size_t round = 0; round < 3; round++) {
            CHECK_EQ(bitllama_session_read(a, x.ids, TOKENS, left, NULL), TTT_OK);
            CHECK_EQ(bitllama_session_read(b, x.ids, TOKENS, right, NULL), TTT_OK);
            CHECK_SAME(left, right, sizeof left);
            check_same_session(a, b);
        }
        bitllama_session_destroy(a);
        bitllama_session_destroy(b);
        free(state);
        free_subject(&x);
    }
}

/* A file without recall is of version 1, as before, and empties the recall of who loads it. */
static void version_1(void)
{
    subject x = make_subject(BT_PREDICT);
    bitllama_session *plain = open_session(x.model), *s = open_with(x.model, 256, 0);
    bitllama_session *fresh = open_with(x.model, 256, 0);
    size_t size;
    read_ids(plain, x.ids, 60);
    uint8_t *state = save_session(plain, &size);
    CHECK_EQ(bt_get_u32(state + AT_VERSION), 1);
    CHECK_EQ(bt_get_u64(state + AT_RECALL), 0);
    read_ids(s, x.ids, TOKENS);
    CHECK_EQ(bitllama_session_load(s, state, size), TTT_OK);
    CHECK_EQ(bitllama_session_load(fresh, state, size), TTT_OK);
    check_same_session(s, fresh);
    CHECK_EQ(bitllama_session_tokens(s), 60);
    float left[VOCAB], right[VOCAB];
    CHECK_EQ(bitllama_session_logits(s, left), TTT_OK);
    CHECK_EQ(bitllama_session_logits(plain, right), TTT_OK);
    CHECK_SAME(left, right, sizeof left);
    read_ids(s, x.ids, TOKENS);
    read_ids(fresh, x.ids, TOKENS);
    check_same_session(s, fresh);
    bitllama_session_destroy(plain);
    bitllama_session_destroy(s);
    bitllama_session_destroy(fresh);
    free(state);
    free_subject(&x);
}

/* Refused with this status, and nothing has changed. */
static void refuse(bitllama_session *s, const uint8_t *state, size_t size, int status)
{
    size_t before, now;
    uint8_t *x = save_session(s, &before), *copy = must_copy(state, size), *y;
    CHECK_EQ(bitllama_session_load(s, copy, size), status);
    y = save_session(s, &now);
    CHECK_EQ(before, now);
    if (before == now) CHECK_SAME(x, y, now);
    free(x);
    free(y);
    free(copy);
}

static void of_another_session(void)
{
    subject x = make_subject(BT_INDUCTION);
    bitllama_session *s = open_with(x.model, 512, 0), *others[3];
    size_t size;
    read_ids(s, x.ids, 70);
    uint8_t *state = save_session(s, &size);
    others[0] = open_session(x.model);
    others[1] = open_with(x.model, 256, 0);
    others[2] = open_with(x.model, 32768, 1);
    for (size_t i = 0; i < 3; i++) {
        check_context("other %zu", i);
        read_ids(others[i], x.ids + 40, 30);
        refuse(others[i], state, size, TTT_STATE_RECALL);
        bitllama_session_destroy(others[i]);
    }
    x.w.values[7] += 0.25f;
    bitllama_model *model = build_model(&x.w);
    bitllama_session *other = open_with(model, 512, 0);
    refuse(other, state, size, TTT_STATE_WEIGHTS);
    bitllama_session_destroy(other);
    bitllama_release(model);
    bitllama_session_destroy(s);
    free(state);
    free_subject(&x);
}

static void every_flipped_bit(void)
{
    subject x = make_subject(BT_RECONSTRUCT);
    bitllama_session *s = open_with(x.model, 256, 0), *b = open_with(x.model, 256, 0);
    size_t size, step = check_quick() ? 97 : 1;
    read_ids(s, x.ids, 90);
    read_ids(b, x.ids, 9);
    uint8_t *state = save_session(s, &size);
    size_t recall = size - (size_t)bt_get_u64(state + AT_RECALL);
    /* all of the header and of the recall's part; some of the memories */
    for (size_t bit = 0; bit < 8 * size; bit += bit < 8 * HEADER || bit > 8 * recall ? step : 131) {
        check_context("bit %zu", bit);
        state[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(bitllama_session_load(b, state, size), TTT_STATE_DAMAGED);
        state[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut += cut < HEADER || cut > recall ? step : 97) {
        uint8_t *shorter = must_copy(state, cut);
        check_context("cut %zu", cut);
        CHECK_EQ(bitllama_session_load(b, shorter, cut), TTT_STATE_DAMAGED);
        free(shorter);
    }
    refuse(b, state, size - 1, TTT_STATE_DAMAGED);
    CHECK_EQ(bitllama_session_load(b, state, size), TTT_OK);
    check_same_session(s, b);
    bitllama_session_destroy(s);
    bitllama_session_destroy(b);
    free(state);
    free_subject(&x);
}

/* Puts all checksums right: of the recall's own state at `inner`, if that has a header, and of the
 * session's. */
static void seal(uint8_t *state, size_t size, size_t inner)
{
    if (inner + HEADER <= size) seal_recall(state + inner, size - inner);
    bt_put_u32(state + 56, bt_crc32c(state + HEADER, size - HEADER));
    bt_put_u32(state + 60, bt_crc32c(state, 60));
}

static void refuse_word(bitllama_session *s, const uint8_t *state, size_t size, size_t at,
                        uint32_t word, int status)
{
    uint8_t *forged = must_copy(state, size);
    size_t inner = size - (size_t)bt_get_u64(state + AT_RECALL) + BIASES;
    bt_put_u32(forged + at, word);
    seal(forged, size, inner);
    check_context("word %08x at %zu of %zu", word, at, size);
    refuse(s, forged, size, status);
    free(forged);
}

static void forged(void)
{
    subject x = make_subject(BT_INDUCTION);
    bitllama_session *s = open_with(x.model, 256, 0);
    size_t size;
    read_ids(s, x.ids, 90);
    uint8_t *state = save_session(s, &size);
    size_t recall = size - (size_t)bt_get_u64(state + AT_RECALL), inner = recall + BIASES;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30f, -20.001f};
    for (size_t i = 0; i < 5; i++) {
        refuse_word(s, state, size, recall, bits_of(bad[i]), TTT_STATE_DAMAGED);
        refuse_word(s, state, size, recall + 8, bits_of(bad[i]), TTT_STATE_DAMAGED);
        refuse_word(s, state, size, inner - 4, bits_of(bad[i]), TTT_STATE_DAMAGED);
    }
    refuse_word(s, state, size, recall, bits_of(0.249f), TTT_STATE_DAMAGED);
    refuse_word(s, state, size, recall, bits_of(1.501f), TTT_STATE_DAMAGED);
    static const uint32_t counts[] = {0, 1, VOCAB - 1, VOCAB + 1, UINT32_MAX, 1u << 30};
    for (size_t i = 0; i < 6; i++)
        refuse_word(s, state, size, recall + 4, counts[i], TTT_STATE_DAMAGED);
    static const uint64_t parts[] = {0, 1, 3, 4, 7, 8, 9, UINT32_MAX, 1u << 20};
    for (size_t i = 0; i < 9; i++)
        refuse_word(s, state, size, AT_RECALL, (uint32_t)parts[i], TTT_STATE_DAMAGED);
    refuse_word(s, state, size, AT_RECALL + 4, 1, TTT_STATE_DAMAGED);
    refuse_word(s, state, size, AT_VERSION, 1, TTT_STATE_DAMAGED);
    refuse_word(s, state, size, AT_VERSION, 0, TTT_STATE_DAMAGED);
    refuse_word(s, state, size, AT_VERSION, 3, TTT_STATE_VERSION);
    refuse_word(s, state, size, inner + 24, 0, TTT_STATE_DAMAGED); /* nothing learned */
    refuse_word(s, state, size, inner + 32, VOCAB - 16, TTT_STATE_RECALL);
    refuse_word(s, state, size, inner + 36, 512, TTT_STATE_RECALL);
    refuse_word(s, state, size, inner + 40, 3, TTT_STATE_RECALL);
    refuse_word(s, state, size, inner + 8, 2, TTT_STATE_VERSION);
    for (size_t i = 0; i < VOCAB; i++)
        bt_put_u32(state + recall + 8 + 4 * i, bits_of(i % 3 ? 20.0f : -20.0f));
    bt_put_u32(state + recall, bits_of(1.5f)); /* the wildest that is let in */
    seal(state, size, inner);
    CHECK_EQ(bitllama_session_load(s, state, size), TTT_OK);
    float logprobs[TOKENS], logits[VOCAB];
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(bitllama_session_read(s, x.ids, TOKENS, logprobs, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
        CHECK(all_finite(logprobs, TOKENS) && all_finite(logits, VOCAB));
    }
    free(state);
    CHECK_EQ(bitllama_session_reset(s), TTT_OK);
    state = save_session(s, &size); /* of a new session, whose sharpness is 1 */
    recall = size - (size_t)bt_get_u64(state + AT_RECALL);
    bt_put_u32(state + recall, bits_of(1.25f));
    seal(state, size, size);
    refuse(s, state, size, TTT_STATE_DAMAGED);
    bitllama_session_destroy(s);
    free(state);
    free_subject(&x);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"sizes", sizes},
        {"goes_on", goes_on},
        {"version_1", version_1},
        {"of_another_session", of_another_session},
        {"every_flipped_bit", every_flipped_bit},
        {"forged", forged},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
