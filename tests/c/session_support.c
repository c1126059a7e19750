/* session_support.c - sessions with recall to test (session_support.h).
 * SPDX-License-Identifier: MIT */
#include "session_support.h"

#include "check.h"
#include "support.h"

#include <stdlib.h>

subject make_subject(bt_mixer mixer)
{
    bt_model_config c = config_of(mixer);
    subject x = {.w = make_weights(&c)};
    x.model = build_model(&x.w);
    make_ids(x.ids);
    return x;
}

void free_subject(subject *x)
{
    bitllama_release(x->model);
    free_weights(&x->w);
}

bitllama_session *open_with(bitllama_model *model, uint32_t recall, uint32_t generated)
{
    bitllama_session_options o;
    bitllama_session *s = NULL;
    bitllama_session_options_init(&o);
    o.recall = recall;
    o.generated = generated;
    REQUIRE(bitllama_session_create_with(model, &o, &s) == TTT_OK && s != NULL);
    return s;
}

uint8_t *save_session(const bitllama_session *s, size_t *size)
{
    *size = bitllama_session_state_size(s);
    uint8_t *state = must_alloc(*size);
    REQUIRE(bitllama_session_save(s, state, *size) == TTT_OK);
    return state;
}

void check_same_session(bitllama_session *a, bitllama_session *b)
{
    size_t left, right;
    float x[VOCAB], y[VOCAB];
    uint8_t *p = save_session(a, &left), *q = save_session(b, &right);
    CHECK_EQ(left, right);
    if (left == right) CHECK_SAME(p, q, left);
    CHECK_EQ(bitllama_session_logits(a, x), TTT_OK);
    CHECK_EQ(bitllama_session_logits(b, y), TTT_OK);
    CHECK_SAME(x, y, sizeof x);
    free(p);
    free(q);
}
