/* suggest_room.h - the memory that a suggestion takes; it stays with the model for the next one.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SUGGEST_ROOM_H
#define BT_SUGGEST_ROOM_H

#include "suggest.h"
#include "suggest_tally.h"

typedef struct bt_suggest_room {
    bt_session *root, *work; /* scratch sessions, without recall */
    float *p;                /* [vocab] */
    uint32_t *places;        /* [vocab] */
    bt_view view;
    bt_word_list list;
    bt_tally tally;
    bt_region blocks; /* p and places */
} bt_suggest_room;

/* The model's room, now the caller's, or a new one; NULL: no memory. */
bt_suggest_room *bt_suggest_room_take(bt_model *model);
/* It is the model's again. */
void bt_suggest_room_give(bt_model *model, bt_suggest_room *room);
void bt_suggest_room_free(bt_suggest_room *room); /* NULL is fine */

#endif
