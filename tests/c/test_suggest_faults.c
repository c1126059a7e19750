/* test_suggest_faults.c - every allocation of a suggestion fails once, and from there on: it says so,
 * leaks nothing and changes nothing; a second suggestion allocates nothing; and what stays with the
 * model is counted.
 *
 * Built against a library with BT_FAULT_INJECTION (src/base/alloc.h).
 * SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "check.h"
#include "suggest_support.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define STORY "the walnut fell. the cat ate the walnut.\n"

static int ask(const bitllama_session *s, bitllama_suggestion *list, uint32_t *found)
{
    bitllama_suggesting o;
    bitllama_suggesting_init(&o);
    return bitllama_session_suggest(s, NULL, 0, "wa", 2, &o, list, found);
}

/* With a model of its own, whose first suggestion it is. */
static int fail_at(size_t site, bool persistent)
{
    char *tokenizer = tokenizer_text();
    bitllama_model *model = model_with(BT_INDUCTION, tokenizer);
    bitllama_session *s = reader_of(model, STORY, 256), *twin = NULL;
    bitllama_suggestion list[3];
    uint32_t found = 7;
    free(tokenizer);
    CHECK_EQ(bitllama_session_fork(s, &twin), TTT_OK);
    bt_fail_allocations(site, persistent);
    int status = ask(s, list, &found);
    bt_fail_allocations(SIZE_MAX, false);
    CHECK((found > 0) == (status == TTT_OK));
    check_same_session(s, twin);
    CHECK_EQ(ask(s, list, &found), TTT_OK); /* with memory it goes on */
    CHECK(found > 0 && strcmp(list[0].text, "walnut") == 0);
    bitllama_session_destroy(s);
    bitllama_session_destroy(twin);
    bitllama_release(model);
    return status;
}

static void every_allocation(void)
{
    size_t live = bt_live_allocations();
    for (int persistent = 0; persistent < 2; persistent++) {
        size_t site = 0;
        for (int status = TTT_OUT_OF_MEMORY; status != TTT_OK; site++) {
            status = fail_at(site, persistent != 0);
            check_context("allocation %zu fails%s", site, persistent ? " and all after it" : "");
            CHECK(status == TTT_OK || status == TTT_OUT_OF_MEMORY);
            CHECK_EQ(bt_live_allocations(), live);
            REQUIRE(site < 1000);
        }
        check_note("%zu sites", site - 1);
        CHECK(site > 20);
    }
}

static void once(void)
{
    char *tokenizer = tokenizer_text();
    bitllama_model *model = model_with(BT_INDUCTION, tokenizer);
    bitllama_session *s = reader_of(model, STORY, 256);
    bitllama_suggestion list[3];
    uint32_t found;
    size_t bytes = bt_live_bytes(), said = bitllama_model_footprint(model);
    CHECK_EQ(ask(s, list, &found), TTT_OK);
    CHECK_EQ(bt_live_bytes() - bytes, bitllama_model_footprint(model) - said);
    CHECK(bt_live_bytes() > bytes);
    bt_fail_allocations(0, true);
    CHECK_EQ(ask(s, list, &found), TTT_OK);
    bt_fail_allocations(SIZE_MAX, false);
    bitllama_session_destroy(s);
    bitllama_release(model);
    free(tokenizer);
}

int main(int argc, char **argv)
{
    static const check_case cases[] = {
        {"every_allocation", every_allocation},
        {"once", once},
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
