/* test_session_recall.c - sessions with recall: what they are made with, what they foretell, what
 * they remember and what not.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "model_support.h"
#include "session_support.h"
#include "support.h"

#include "model/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- options --------------------------------------------------------------------------------- */

static void options(void)
{
    static const bitllama_session_options bad[] = {
        {11, 256, 0}, {13, 256, 0}, {0, 256, 0},       {12, 256, 2}, {12, 1, 0},
        {12, 128, 0}, {12, 300, 0}, {12, 1u << 23, 0}, {12, ~0u, 0}, {12, 256, ~0u},
    };
    subject x = make_subject(BT_INDUCTION);
    bitllama_session_options o;
    bitllama_session *s = (bitllama_session *)&s;
    bitllama_session_options_init(NULL);
    bitllama_session_options_init(&o);
    CHECK(o.size == 12 && o.recall == 32768 && o.generated == 0);
    CHECK_EQ(bitllama_session_create_with(NULL, &o, &s), TTT_NULL_POINTER);
    CHECK(s == NULL);
    s = (bitllama_session *)&s;
    CHECK_EQ(bitllama_session_create_with(x.model, NULL, &s), TTT_NULL_POINTER);
    CHECK(s == NULL);
    CHECK_EQ(bitllama_session_create_with(x.model, &o, NULL), TTT_NULL_POINTER);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_context("options %zu", i);
        s = (bitllama_session *)&s;
        CHECK_EQ(bitllama_session_create_with(x.model, &bad[i], &s), TTT_INVALID_OPTION);
        CHECK(s == NULL);
    }
    CHECK_EQ(bitllama_session_write(NULL, x.ids, 1), TTT_NULL_POINTER);
    s = open_with(x.model, 1u << 22, 1);
    CHECK_EQ(bitllama_session_write(s, NULL, 1), TTT_NULL_POINTER);
    CHECK_EQ(bitllama_session_write(s, NULL, 0), TTT_OK);
    CHECK_EQ(bitllama_session_reserve(NULL, 1), TTT_NULL_POINTER);
    size_t before = bitllama_session_footprint(s);
    CHECK_EQ(bitllama_session_reserve(s, 1), TTT_OK);
    CHECK_EQ(bitllama_session_footprint(s), before);
    CHECK_EQ(bitllama_session_reserve(s, 10000), TTT_OK);
    CHECK(bitllama_session_footprint(s) > before + 10000u * 26);
    bitllama_session_destroy(s);
    s = open_with(x.model, 256, 0);
    before = bitllama_session_footprint(s);
    CHECK_EQ(bitllama_session_reserve(s, SIZE_MAX), TTT_OK); /* no more than its recall holds */
    CHECK_EQ(bitllama_session_footprint(s), before);
    bitllama_session_destroy(s);
    free_subject(&x);
}

/* recall 0 is the session of bitllama_session_create, to the last bit and byte. */
static void without_recall(void)
{
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        subject x = make_subject((bt_mixer)mixer);
        bitllama_session *a = open_session(x.model), *b = open_with(x.model, 0, 0);
        float left[TOKENS], right[TOKENS];
        CHECK_EQ(bitllama_session_read(a, x.ids, TOKENS, left, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_read(b, x.ids, 100, right, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_read(b, x.ids + 100, 50, right + 100, NULL), TTT_OK);
        CHECK_SAME(left, right, sizeof left);
        check_same_session(a, b);
        CHECK_EQ(bitllama_session_read(a, x.ids, 70, NULL, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_write(b, x.ids, 70), TTT_OK);
        check_same_session(a, b);
        CHECK_EQ(bitllama_session_footprint(a), bitllama_session_footprint(b));
        bitllama_session_destroy(a);
        bitllama_session_destroy(b);
        free_subject(&x);
    }
}

/* ---- foretelling ----------------------------------------------------------------------------- */

/* Nothing read: what the model alone says, in logits and draws; and the first token is uniform. */
static void nothing_read(void)
{
    subject x = make_subject(BT_PREDICT);
    bitllama_session *a = open_session(x.model), *b = open_with(x.model, 256, 0);
    float left[VOCAB], right[VOCAB], logprob = 1;
    for (int turn = 0; turn < 2; turn++) {
        CHECK_EQ(bitllama_session_logits(a, left), TTT_OK);
        CHECK_EQ(bitllama_session_logits(b, right), TTT_OK);
        CHECK_SAME(left, right, sizeof left);
        bitllama_sampling o;
        bitllama_sampling_init(&o);
        for (o.seed = 0; o.seed < 40; o.seed++) {
            uint32_t one = 0, other = 1;
            CHECK_EQ(bitllama_session_draw(a, &o, &one), TTT_OK);
            CHECK_EQ(bitllama_session_draw(b, &o, &other), TTT_OK);
            CHECK_EQ(one, other);
        }
        /* what is written is read by the model, and nothing is remembered */
        CHECK_EQ(bitllama_session_write(a, x.ids, 21), TTT_OK);
        CHECK_EQ(bitllama_session_write(b, x.ids, 21), TTT_OK);
    }
    CHECK_EQ(bitllama_session_reset(b), TTT_OK);
    CHECK_EQ(bitllama_session_read(b, x.ids, 1, &logprob, NULL), TTT_OK);
    CHECK_AT_MOST(fabs((double)logprob + log(VOCAB)), 1e-5);
    bitllama_session_destroy(a);
    bitllama_session_destroy(b);
    free_subject(&x);
}

/* exp(logits) over their sum. */
static void softmax(const float *logits, double *p)
{
    double sum = 0;
    for (size_t i = 0; i < VOCAB; i++) sum += p[i] = exp((double)logits[i]);
    for (size_t i = 0; i < VOCAB; i++) p[i] /= sum;
}

/* Logits and log-probabilities are of one distribution, token after token; the logits differ from the
 * logarithms of the recall's own distribution by a constant. */
static void one_distribution(void)
{
    for (int mixer = BT_RECONSTRUCT; mixer <= BT_INDUCTION; mixer++) {
        subject x = make_subject((bt_mixer)mixer);
        bitllama_session *s = open_with(x.model, 256, 0);
        for (size_t round = 0; round < 3; round++)
            for (size_t t = 0; t < TOKENS; t++) {
                float logits[VOCAB], logprob;
                double p[VOCAB];
                check_context("mixer=%d token %zu", mixer, round * TOKENS + t);
                CHECK_EQ(bitllama_session_freeze(s, t % 30 > 25), TTT_OK);
                CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
                CHECK(all_finite(logits, VOCAB));
                softmax(logits, p);
                CHECK_EQ(bitllama_session_read(s, &x.ids[t], 1, &logprob, NULL), TTT_OK);
                CHECK_AT_MOST(fabs(p[x.ids[t]] - exp((double)logprob)), 1e-5);
                CHECK_AT_MOST(fabs(log(p[x.ids[t]]) - (double)logprob), 1e-4);
            }
        bitllama_session_destroy(s);
        free_subject(&x);
    }
}

/* On every kernel, with log-probabilities or without, in one call or many, asked between or not: the
 * same state and the same log-probabilities. */
static void however_it_is_read(void)
{
    const char *names[8];
    size_t count = usable_kernels(names);
    rng r = {2};
    for (int i = 0; i < 6; i++) {
        subject x = make_subject((bt_mixer)(i % 3));
        bitllama_session *first = open_with(x.model, 256, 0);
        float expected[TOKENS], logprobs[TOKENS], logits[VOCAB];
        use_kernel(names[0]);
        CHECK_EQ(bitllama_session_read(first, x.ids, TOKENS, expected, NULL), TTT_OK);
        for (size_t k = 0; k < count; k++)
            for (int how = 0; how < 4; how++) {
                check_context("mixer=%d kernel=%s how=%d", i % 3, names[k], how);
                use_kernel(names[k]);
                bitllama_session *s = open_with(x.model, 256, 0);
                for (size_t t = 0, n; t < TOKENS; t += n) {
                    n = how ? 1 + rng_below(&r, how == 3 ? 3 : 40) : TOKENS;
                    n = n > TOKENS - t ? TOKENS - t : n;
                    if (how == 2) CHECK_EQ(bitllama_session_logits(s, logits), TTT_OK);
                    float *to = how < 3 ? logprobs + t : NULL;
                    CHECK_EQ(bitllama_session_read(s, x.ids + t, n, to, NULL), TTT_OK);
                }
                if (how < 3) CHECK_SAME(logprobs, expected, sizeof expected);
                check_same_session(first, s);
                bitllama_session_destroy(s);
            }
        bitllama_session_destroy(first);
        free_subject(&x);
    }
    use_best_kernel();
}

static double mean(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    return sum / (double)n;
}

/* What was read once is known, and the model alone does not know it so well. */
static void second_reading(void)
{
    subject x = make_subject(BT_INDUCTION);
    bitllama_session *with = open_with(x.model, 32768, 0), *alone = open_session(x.model);
    float known[2 * TOKENS], model[2 * TOKENS];
    uint32_t twice[2 * TOKENS];
    memcpy(twice, x.ids, sizeof x.ids);
    memcpy(twice + TOKENS, x.ids, sizeof x.ids);
    CHECK_EQ(bitllama_session_read(with, twice, 2 * TOKENS, known, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_read(alone, twice, 2 * TOKENS, model, NULL), TTT_OK);
    double second = mean(known + TOKENS, TOKENS), of_model = mean(model + TOKENS, TOKENS);
    check_note("second reading: %.3f nats a token, the model alone %.3f", -second, -of_model);
    CHECK(second > -0.7 && second > of_model + 1.5);
    bitllama_session_destroy(with);
    bitllama_session_destroy(alone);
    free_subject(&x);
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static uint64_t remembered(const bitllama_session *s)
{
    return ttt_recall_symbols(s->recall.memory);
}

/* What is written, or read while frozen, is context and no more: neither recall nor head learn; what
 * follows is then learned after it. */
static void passed_by(void)
{
    subject x = make_subject(BT_INDUCTION);
    for (int frozen = 0; frozen < 2; frozen++) {
        bitllama_session *a = open_with(x.model, 256, 0), *b = open_with(x.model, 256, 0);
        float logprobs[TOKENS], bias[VOCAB];
        CHECK_EQ(bitllama_session_read(a, x.ids, 60, NULL, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_read(b, x.ids, 60, NULL, NULL), TTT_OK);
        float sharpness = a->recall.sharpness;
        memcpy(bias, a->recall.bias, sizeof bias);
        CHECK_EQ(bitllama_session_freeze(a, frozen), TTT_OK);
        CHECK_EQ(bitllama_session_freeze(b, frozen), TTT_OK);
        if (frozen) { /* with scores and without, at once and in parts */
            CHECK_EQ(bitllama_session_read(a, x.ids + 60, 40, logprobs, NULL), TTT_OK);
            CHECK_EQ(bitllama_session_read(b, x.ids + 60, 9, NULL, NULL), TTT_OK);
            CHECK_EQ(bitllama_session_write(b, x.ids + 69, 31), TTT_OK);
        } else {
            CHECK_EQ(bitllama_session_write(a, x.ids + 60, 40), TTT_OK);
            for (size_t t = 60; t < 100; t++)
                CHECK_EQ(bitllama_session_write(b, x.ids + t, 1), TTT_OK);
        }
        check_same_session(a, b);
        CHECK_EQ(remembered(a), 60);
        CHECK_EQ(bitllama_session_tokens(a), 100);
        CHECK_SAME(&sharpness, &a->recall.sharpness, sizeof sharpness);
        CHECK_SAME(bias, a->recall.bias, sizeof bias);
        for (uint32_t k = 0; k < 4; k++)
            CHECK_EQ(a->recall.memory->ring.latest.symbols[k], x.ids[99 - k]);
        CHECK_EQ(bitllama_session_freeze(a, 0), TTT_OK);
        CHECK_EQ(bitllama_session_read(a, x.ids + 100, 5, NULL, NULL), TTT_OK);
        CHECK_EQ(remembered(a), 65);
        CHECK_EQ(bt_ring_held(&a->recall.memory->ring),
                 69); /* with four that passed, as contexts */
        bitllama_session_destroy(a);
        bitllama_session_destroy(b);
    }
    free_subject(&x);
}

/* generated: what is written is remembered as what is read; not while frozen. */
static void generated(void)
{
    subject x = make_subject(BT_PREDICT);
    bitllama_session *a = open_with(x.model, 512, 1), *b = open_with(x.model, 512, 0);
    CHECK_EQ(bitllama_session_write(a, x.ids, TOKENS), TTT_OK);
    CHECK_EQ(bitllama_session_read(b, x.ids, TOKENS, NULL, NULL), TTT_OK);
    CHECK_EQ(remembered(a), TOKENS);
    check_same_session(a, b);
    CHECK_EQ(bitllama_session_freeze(a, 1), TTT_OK);
    CHECK_EQ(bitllama_session_write(a, x.ids, 20), TTT_OK);
    CHECK_EQ(remembered(a), TOKENS);
    bitllama_session_destroy(a);
    bitllama_session_destroy(b);
    free_subject(&x);
}

/* A fork has all of it, frozen and generated too, and goes its own way. */
static void forks(void)
{
    subject x = make_subject(BT_RECONSTRUCT);
    for (uint32_t wish = 0; wish < 2; wish++) {
        bitllama_session *a = open_with(x.model, 256, wish), *b = open_with(x.model, 256, wish);
        bitllama_session *f = NULL;
        CHECK_EQ(bitllama_session_read(a, x.ids, 120, NULL, NULL), TTT_OK);
        CHECK_EQ(bitllama_session_read(b, x.ids, 120, NULL, NULL), TTT_OK);
        REQUIRE(bitllama_session_fork(a, &f) == TTT_OK);
        check_same_session(a, f);
        CHECK_EQ(bitllama_session_read(a, x.ids + 50, 40, NULL, NULL), TTT_OK);
        check_same_session(b, f); /* which has stayed */
        CHECK_EQ(bitllama_session_write(b, x.ids + 120, 30), TTT_OK);
        CHECK_EQ(bitllama_session_write(f, x.ids + 120, 30), TTT_OK);
        check_same_session(b, f);
        CHECK_EQ(remembered(f), wish ? 150 : 120);
        bitllama_session_destroy(a);
        bitllama_session_destroy(b);
        CHECK_EQ(bitllama_session_reset(f), TTT_OK);
        b = open_with(x.model, 256, wish);
        check_same_session(b, f);
        bitllama_session_destroy(b);
        bitllama_session_destroy(f);
    }
    free_subject(&x);
}

/* A refused call changes nothing. */
static void invalid_tokens(void)
{
    subject x = make_subject(BT_INDUCTION);
    bitllama_session *a = open_with(x.model, 256, 1), *b = open_with(x.model, 256, 1);
    CHECK_EQ(bitllama_session_read(a, x.ids, 33, NULL, NULL), TTT_OK);
    CHECK_EQ(bitllama_session_read(b, x.ids, 33, NULL, NULL), TTT_OK);
    for (size_t at = 0; at < TOKENS; at += 29) {
        uint32_t kept = x.ids[at];
        x.ids[at] = at % 2 ? VOCAB : UINT32_MAX;
        CHECK_EQ(bitllama_session_read(a, x.ids, TOKENS, NULL, NULL), TTT_INVALID_TOKEN);
        CHECK_EQ(bitllama_session_write(a, x.ids, TOKENS), TTT_INVALID_TOKEN);
        x.ids[at] = kept;
    }
    check_same_session(a, b);
    bitllama_session_destroy(a);
    bitllama_session_destroy(b);
    free_subject(&x);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"options", options},
        {"without_recall", without_recall},
        {"nothing_read", nothing_read},
        {"one_distribution", one_distribution},
        {"however_it_is_read", however_it_is_read},
        {"second_reading", second_reading},
        {"passed_by", passed_by},
        {"generated", generated},
        {"forks", forks},
        {"invalid_tokens", invalid_tokens},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
