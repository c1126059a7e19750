/* suggest_search.c - the likeliest words by model and recall: a best-first search over the tokens
 * that agree with the letters typed, however the tokenizer cuts them.
 *
 * A node is a sequence of tokens after what stands before the word, with its probability. The
 * likeliest node is opened: the tokens are read by a scratch session, and each token that may follow
 * makes a new node, or ends the word. Their probability is at most that of their node, so that the
 * search can stop once the words found are likelier than every node that is left.
 * SPDX-License-Identifier: MIT */
#include "suggest_room.h"

#include <string.h>

enum {
    MOST_OPENED = 64, /* nodes that are read */
    MOST_TOKENS = 24, /* of a node */
    NO_NODE = 0xffff
};
#define CAPITAL_WEIGHT 0.01f /* of words with a capital where a small letter is typed */
#define LEAST_NODE 1e-6f     /* no node less likely than this, relative to what was typed */

typedef struct {
    float p;         /* of its tokens, after what stands before */
    uint32_t token;  /* the last one */
    uint16_t parent; /* in `opened`, or NO_NODE */
    uint16_t depth;  /* tokens */
    uint8_t skip;    /* bytes before the word: 1 for a space */
    bool capital;    /* the word has a capital, but a small letter was typed */
    bool covered;    /* what was typed */
} node;

typedef struct {
    const bt_question *q;
    const bt_kernels *k;
    size_t vocab;
    bt_session *root, *work; /* after `before`; after the tokens of a node */
    float *p;                /* [vocab] what follows the node */
    uint32_t *places;        /* [vocab] scratch */
    bt_word_list *list;
    bt_view *view;
    bt_latest latest; /* with pace: after `before` */
    bt_pace pace;
    float covering;           /* sum of p of the nodes that first covered what was typed */
    node opened[MOST_OPENED]; /* as parents */
    uint32_t opened_count;
    node open[MOST_OPENED]; /* the likeliest first */
    uint32_t open_count;
} search;

/* ---- nodes ----------------------------------------------------------------------------------- */

/* Puts a node among those to be opened, behind those that are as likely; the last ones drop out. */
static void put_node(search *s, node n)
{
    uint32_t most = MOST_OPENED - s->opened_count, at = s->open_count;
    if (at >= most && (most == 0 || n.p <= s->open[at - 1].p)) return;
    if (at >= most) at = most - 1;
    s->open_count = at + 1;
    for (; at > 0 && s->open[at - 1].p < n.p; at--) s->open[at] = s->open[at - 1];
    s->open[at] = n;
}

/* The tokens of a node, in their order; returns their number. */
static size_t tokens_of(const search *s, const node *n, uint32_t tokens[MOST_TOKENS])
{
    size_t depth = n->depth;
    for (size_t i = depth; i > 0; i--) {
        tokens[i - 1] = n->token;
        if (n->parent != NO_NODE) n = &s->opened[n->parent];
    }
    return depth;
}

/* Their bytes; returns how many, more than the most if they do not fit. */
static size_t text_of(const search *s, const node *n, uint8_t text[BT_WORD_BYTES + 1])
{
    uint32_t tokens[MOST_TOKENS];
    size_t count = tokens_of(s, n, tokens), length = 0;
    for (size_t i = 0; i < count; i++) {
        const bt_piece *piece = &s->q->pieces->of[tokens[i]];
        if (length + piece->length > BT_WORD_BYTES + 1) return BT_WORD_BYTES + 2;
        memcpy(text + length, piece->bytes, piece->length);
        length += piece->length;
    }
    return length;
}

/* ---- probabilities --------------------------------------------------------------------------- */

/* A token passes: the context of the recall after it. */
static void pass(search *s, bt_latest *latest, bt_pace *pace, uint32_t token)
{
    ttt_recall *memory = s->q->session->recall.memory;
    if (!memory) return;
    bt_recall_look(memory, latest, pace, s->view);
    bt_pace_run(pace, bt_recall_found(memory, s->view, token) == (int)memory->ring.order);
    bt_latest_add(latest, memory->ring.order, token);
}

/* p: what follows in a scratch session, by the head and recall of the one that is asked. */
static void predict(search *s, bt_session *scratch, const bt_latest *latest, const bt_pace *pace)
{
    const bt_session_recall *a = &s->q->session->recall;
    float largest, total;
    bitllama_session_logits(scratch, s->p);
    if (!a->memory) {
        largest = s->p[s->k->largest_place(s->p, s->vocab)];
        total = s->k->softmax_weights(s->p, s->vocab, largest, 1.0f);
        for (size_t i = 0; i < s->vocab; i++) s->p[i] *= 1.0f / total;
        return;
    }
    float *logits = scratch->logits; /* which hold the same */
    total = s->k->adapted_softmax(logits, a->bias, a->sharpness, s->p, s->vocab, &largest);
    bt_recall_look(a->memory, latest, pace, s->view);
    bt_recall_distribution(a->memory, s->view, 1.0f / total, s->p, s->p);
}

/* Reads the tokens of a node, and sets p. */
static void read_node(search *s, const node *n)
{
    uint32_t tokens[MOST_TOKENS];
    size_t count = tokens_of(s, n, tokens);
    bt_latest latest = s->latest;
    bt_pace pace = s->pace;
    bt_session_copy(s->work, s->root);
    bitllama_session_read(s->work, tokens, count, NULL, NULL);
    for (size_t i = 0; i < count; i++) pass(s, &latest, &pace, tokens[i]);
    predict(s, s->work, &latest, &pace);
}

/* ---- what follows a node --------------------------------------------------------------------- */

/* A node and its text. */
typedef struct {
    const node *n;
    uint16_t index; /* in `opened`, or NO_NODE: the root */
    uint8_t text[2 * BT_WORD_BYTES];
    size_t length, wanted; /* wanted: bytes of what was typed, with the space before it */
} opening;

/* A word up to `end`; apostrophes there do not belong to it. */
static void add_word(search *s, opening *o, size_t end, float p)
{
    uint8_t *word = o->text + o->n->skip, first = *word;
    end = bt_trim_apostrophes(o->text, o->n->skip, end);
    size_t length = end - o->n->skip;
    bool upper = o->n->capital && length > 1 && bt_is_capital(word[1]); /* all in capitals */
    if (length == 0 || end < o->wanted || upper) return;
    if (o->n->capital) *word = bt_small_letter(first);
    bt_words_add(s->list, word, length, p);
    *word = first;
}

/* Whether a text ends with an apostrophe and another one would follow: no word has two in a row. */
static bool doubles_apostrophe(const opening *o, const bt_piece *piece)
{
    return bt_apostrophe(piece->bytes, piece->length) > 0 &&
           bt_trim_apostrophes(o->text, 0, o->length) < o->length;
}

/* One token after the node, whose text then covers what was typed. */
static void follow(search *s, opening *o, uint32_t token)
{
    const bt_piece *piece = &s->q->pieces->of[token];
    float p = o->n->p * s->p[token];
    size_t length = o->length + piece->length, skip = o->n->skip;
    if (length > BT_WORD_BYTES || doubles_apostrophe(o, piece)) return;
    memcpy(o->text + o->length, piece->bytes, piece->length);
    size_t end = bt_word_end(o->text, o->wanted, length);
    if (o->wanted == skip && bt_apostrophe(o->text + skip, length - skip) > 0) return; /* a quote */
    bool has_word = end > skip;
    if (!o->n->covered && (has_word || end == length)) s->covering += p;
    if (end < length) {
        if (has_word) add_word(s, o, end, p);
    } else if (o->n->depth < MOST_TOKENS && p > 0.0f) {
        put_node(s, (node){.p = p,
                           .token = token,
                           .parent = o->index,
                           .depth = (uint16_t)(o->n->depth + 1),
                           .skip = (uint8_t)skip,
                           .capital = o->n->capital,
                           .covered = true});
    }
}

/* Tokens that are a part of what is still to be matched. */
static void follow_parts(search *s, const opening *o, const uint8_t *rest, size_t length)
{
    const bt_pieces *pieces = s->q->pieces;
    for (size_t part = 1; part < length; part++) {
        uint32_t begin, end;
        bt_pieces_range(pieces, rest, part, &begin, &end);
        for (; begin < end; begin++) {
            uint32_t token = pieces->ordered[begin];
            if (pieces->of[token].length != part) break;
            put_node(s, (node){.p = o->n->p * s->p[token],
                               .token = token,
                               .parent = o->index,
                               .depth = (uint16_t)(o->n->depth + 1),
                               .skip = o->n->skip,
                               .capital = o->n->capital});
        }
    }
}

static void follow_typed(search *s, opening *o)
{
    uint8_t rest[BT_TYPED_BYTES + 1];
    size_t skip = o->n->skip, length = o->wanted - o->length;
    uint32_t begin, end;
    for (size_t i = 0; i < length; i++) {
        size_t at = o->length + i;
        rest[i] = at < skip ? ' ' : s->q->typed[at - skip];
    }
    if (o->n->capital && o->length <= skip)
        rest[skip - o->length] = bt_capital_letter(rest[skip - o->length]);
    bt_pieces_range(s->q->pieces, rest, length, &begin, &end);
    for (; begin < end; begin++) follow(s, o, s->q->pieces->ordered[begin]);
    if (o->n->depth < MOST_TOKENS) follow_parts(s, o, rest, length);
}

/* All tokens: those that go on with the word, and those that end it. */
static void follow_word(search *s, opening *o)
{
    const bt_pieces *pieces = s->q->pieces;
    size_t skip = o->n->skip;
    float ends = 0.0f;
    for (uint32_t i = 0; i < s->vocab; i++)
        if (!pieces->of[i].letters) ends += s->p[i];
    if (o->length > skip && !bt_text_broken(o->text, o->length))
        add_word(s, o, o->length, o->n->p * ends);
    size_t count = s->k->places_above(s->p, s->vocab, LEAST_NODE, s->places, s->vocab);
    for (size_t i = 0; i < count; i++)
        if (pieces->of[s->places[i]].letters) follow(s, o, s->places[i]);
}

/* Opens a node: p is what follows it. */
static void open_node(search *s, const node *n, uint16_t index)
{
    opening o = {.n = n, .index = index, .wanted = s->q->typed_length + n->skip};
    o.length = text_of(s, n, o.text);
    if (o.length > BT_WORD_BYTES) return;
    if (n->covered || o.length >= o.wanted) follow_word(s, &o);
    else follow_typed(s, &o);
}

/* ---- search ---------------------------------------------------------------------------------- */

/* Enough words have been found that are likelier than any other can be; more than are wanted, since
 * what was read may change their order. */
static bool found_enough(const search *s)
{
    uint32_t better = 0;
    for (uint32_t i = 0; i < s->list->count; i++)
        if (s->list->words[i].probability >= s->open[0].p) better++;
    return better >= s->q->count + 3;
}

/* Whether a token begins a word behind `skip` bytes; with an apostrophe none begins. */
static bool begins_word(const bt_piece *piece, size_t skip)
{
    bool word = skip > 0 ? piece->spaced : piece->letters;
    return word && bt_apostrophe(piece->bytes + skip, piece->length - skip) == 0;
}

/* That a word comes next, by p after the root. */
static float probability_of_word(const search *s)
{
    float sum = 0.0f;
    for (uint32_t i = 0; i < s->vocab; i++) {
        const bt_piece *piece = &s->q->pieces->of[i];
        if ((s->q->joined && begins_word(piece, 0)) || (s->q->spaced && begins_word(piece, 1)))
            sum += s->p[i];
    }
    return sum;
}

/* Nothing stands before the word: it begins a line. */
static void begin_line(search *s)
{
    uint32_t begin, end;
    bt_pieces_range(s->q->pieces, (const uint8_t *)"\n", 1, &begin, &end);
    if (begin < end) bitllama_session_read(s->root, &s->q->pieces->ordered[begin], 1, NULL, NULL);
}

static void run(search *s)
{
    node root = {.p = 1.0f, .parent = NO_NODE};
    bool small = s->q->typed_length > 0 && bt_is_small(s->q->typed[0]);
    if (s->q->n == 0 && s->root->tokens == 0) begin_line(s);
    bitllama_session_read(s->root, s->q->before, s->q->n, NULL, NULL);
    for (size_t i = 0; i < s->q->n; i++) pass(s, &s->latest, &s->pace, s->q->before[i]);
    predict(s, s->root, &s->latest, &s->pace);
    float begins = probability_of_word(s);
    for (uint32_t i = 0; i < 4; i++) {
        root.skip = i % 2;
        root.capital = i >= 2;
        root.p = root.capital ? CAPITAL_WEIGHT : 1.0f;
        bool wanted = root.skip ? s->q->spaced : s->q->joined;
        if (wanted && (!root.capital || (small && s->q->sentence))) open_node(s, &root, NO_NODE);
    }
    while (s->open_count > 0 && s->opened_count < MOST_OPENED && !found_enough(s)) {
        uint16_t index = (uint16_t)s->opened_count++;
        s->opened[index] = s->open[0];
        memmove(s->open, s->open + 1, --s->open_count * sizeof *s->open);
        read_node(s, &s->opened[index]);
        open_node(s, &s->opened[index], index);
    }
    float words = begins > s->covering ? begins : s->covering;
    float scale = words > 0.0f ? 1.0f / words : 0.0f;
    for (uint32_t i = 0; i < s->list->count; i++) s->list->words[i].probability *= scale;
    s->list->covering = s->covering * scale;
}

void bt_search_words(const bt_question *question, bt_suggest_room *room)
{
    const bt_session *from = question->session;
    const ttt_recall *memory = from->recall.memory;
    search s = {.q = question,
                .k = bt_kernels_active(),
                .vocab = from->model->params.config.vocab,
                .root = room->root,
                .work = room->work,
                .p = room->p,
                .places = room->places,
                .list = &room->list,
                .view = &room->view};
    if (memory) {
        s.latest = memory->ring.latest;
        s.pace = memory->pace;
    }
    s.list->count = 0;
    bt_session_copy(s.root, from);
    run(&s);
}
