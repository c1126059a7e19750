/* words.c - words from bytes (words.h).
 * SPDX-License-Identifier: MIT */
#include "words.h"

#include "../base/hash.h"
#include "../base/utf8.h"

enum { SEPARATOR, LETTER, APOSTROPHE, BEYOND };

/* What a byte is. */
static inline int kind_of(uint8_t byte)
{
    if (byte >= 0x80) return BEYOND;
    if (bt_is_small(byte) || bt_is_capital(byte)) return LETTER;
    return byte == '\'' ? APOSTROPHE : SEPARATOR;
}

void bt_cutter_init(bt_cutter *c, bool cut, void (*ended)(void *, const bt_read_word *),
                    void *context)
{
    *c = (bt_cutter){.cut = cut, .sentence = !cut, .ended = ended, .context = context};
}

static inline void add_byte(bt_read_word *w, uint8_t byte)
{
    w->folded = (w->folded ^ bt_small_letter(byte)) * 0x100000001b3u;
    if (w->length < BT_WORD_BYTES) w->text[w->length] = byte;
    if (w->length <= BT_WORD_BYTES) w->length++;
}

static inline void add_letter(bt_cutter *c, uint8_t byte, bool remembered)
{
    bt_read_word *w = &c->now;
    if (w->length == 0) {
        w->folded = BT_FNV_START;
        w->remembered = !c->cut;
        w->begins_sentence = c->sentence;
        w->curly = false;
        c->sentence = false;
        c->newlines = 0;
    }
    if (c->apostrophe) {
        add_byte(w, '\'');
        w->curly = w->curly || c->apostrophe == BT_CURLY;
        c->apostrophe = BT_NO_APOSTROPHE;
    }
    add_byte(w, byte);
    w->remembered = w->remembered && remembered;
}

static void end_word(bt_cutter *c)
{
    if (c->now.length > 0) c->ended(c->context, &c->now);
    c->now.length = 0;
    c->cut = false;
    c->apostrophe = BT_NO_APOSTROPHE;
}

/* A sentence begins after . ! ? or an empty line, also behind blanks, quotes and brackets. */
static void add_separator(bt_cutter *c, uint8_t byte)
{
    bool ends = byte == '.' || byte == '!' || byte == '?';
    bool goes_on = byte == ',' || byte == ';' || byte == ':' || (byte >= '0' && byte <= '9');
    end_word(c);
    if (byte == '\n') c->newlines++;
    else if (byte != '\r' && byte != ' ') c->newlines = 0;
    if (ends || c->newlines > 1) c->sentence = true;
    else if (goes_on) c->sentence = false;
}

/* Whether it belongs to the word shows with the next character. */
static void add_apostrophe(bt_cutter *c, bool curly)
{
    if (c->now.length == 0 && c->cut) return; /* perhaps inside a word */
    if (c->now.length == 0 || c->apostrophe) add_separator(c, '\'');
    else c->apostrophe = curly ? BT_CURLY : BT_STRAIGHT;
}

/* A byte of a character beyond ASCII, which is a letter, a separator, or not whole yet. */
static void add_beyond(bt_cutter *c, uint8_t byte, bool remembered)
{
    bool begins = (byte & 0xc0u) != 0x80;
    if (begins || c->pending_count == sizeof c->pending) c->pending_count = 0;
    if (!begins && c->pending_count == 0) { /* inside none */
        add_separator(c, byte);
        return;
    }
    c->pending[c->pending_count++] = byte;
    uint32_t count = c->pending_count;
    bool letter = bt_word_end(c->pending, 0, count) == count;
    if (letter && !bt_utf8_length((const char *)c->pending, count)) return; /* not whole */
    c->pending_count = 0;
    bool apostrophe = letter && bt_apostrophe(c->pending, count) > 0;
    if (!letter) add_separator(c, byte);
    else if (apostrophe) add_apostrophe(c, true);
    for (uint32_t i = 0; letter && !apostrophe && i < count; i++)
        add_letter(c, c->pending[i], remembered);
}

void bt_cutter_add(bt_cutter *c, const uint8_t *bytes, size_t length, bool remembered)
{
    if (length == 0) {
        end_word(c);
        c->sentence = true;
    }
    for (size_t i = 0; i < length; i++) {
        int kind = kind_of(bytes[i]);
        if (kind == BEYOND) {
            add_beyond(c, bytes[i], remembered);
            continue;
        }
        c->pending_count = 0;
        if (kind == SEPARATOR) add_separator(c, bytes[i]);
        else if (kind == APOSTROPHE) add_apostrophe(c, false);
        else add_letter(c, bytes[i], remembered);
    }
}

void bt_cutter_end(bt_cutter *c)
{
    end_word(c);
}
