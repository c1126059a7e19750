/* suggest_room.c - the memory that a suggestion takes, which stays with the model for the next one.
 *
 * Whoever suggests takes the room away and puts it back; another thread meanwhile makes one of its
 * own, of which one is kept.
 * SPDX-License-Identifier: MIT */
#include "suggest_room.h"

#include "../base/alloc.h"

/* A scratch session owns no reference to its model, which else would keep itself alive. */
static bool make_session(bt_model *m, bt_session **session)
{
    if (bitllama_session_create(m, session) != TTT_OK) return false;
    bitllama_release(m);
    return true;
}

static void free_session(bt_session *s)
{
    if (s) s->model = NULL;
    bitllama_session_destroy(s);
}

void bt_suggest_room_free(bt_suggest_room *room)
{
    if (!room) return;
    free_session(room->root);
    free_session(room->work);
    bt_region_free(&room->blocks);
    bt_free(room);
}

static size_t bytes_of(const bt_suggest_room *room)
{
    return bt_block_bytes(room) + room->blocks.bytes + bitllama_session_footprint(room->root) +
           bitllama_session_footprint(room->work);
}

static bt_suggest_room *make_room(bt_model *m)
{
    size_t vocab = m->params.config.vocab;
    bt_suggest_room *room = bt_alloc(1, sizeof *room);
    if (!room) return NULL;
    room->p = bt_region_floats(&room->blocks, vocab);
    room->places = bt_region_alloc(&room->blocks, vocab, sizeof *room->places);
    if (!room->blocks.failed && make_session(m, &room->root) && make_session(m, &room->work))
        return room;
    bt_suggest_room_free(room);
    return NULL;
}

bt_suggest_room *bt_suggest_room_take(bt_model *m)
{
    bt_suggest_room *room = __atomic_exchange_n(&m->room, NULL, __ATOMIC_ACQ_REL);
    if (room) return room;
    room = make_room(m);
    if (room) __atomic_store_n(&m->room_bytes, bytes_of(room), __ATOMIC_RELAXED);
    return room;
}

void bt_suggest_room_give(bt_model *m, bt_suggest_room *room)
{
    bt_suggest_room *none = NULL;
    if (!__atomic_compare_exchange_n(&m->room, &none, room, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        bt_suggest_room_free(room);
}
