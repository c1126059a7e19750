/* gates.h - the weights of the mixture: how far the counts of each order may be trusted.
 * SPDX-License-Identifier: MIT */
#ifndef BT_GATES_H
#define BT_GATES_H

#include "ring.h"

/* What a weight depends on, beside the order. */
#define BT_SCORES 3u /* how well the base has done lately */
#define BT_RUNS 4u   /* for how long the longest context has foreseen what came */
#define BT_LEVELS 6u /* how many places there are */
#define BT_KINDS 4u  /* how many different successors */
#define BT_CELL (BT_SCORES * BT_RUNS * BT_LEVELS * BT_KINDS)
#define BT_GATES ((BT_ORDERS + 1) * BT_CELL)

#define BT_LEAST_GATE 0.002f
#define BT_MOST_GATE 0.985f

typedef struct bt_gate {
    float weight;  /* within [BT_LEAST_GATE, BT_MOST_GATE] */
    uint32_t uses; /* up to 255; the learning rate falls with them, to 0.02 */
} bt_gate;

/* Where the recall is: what the choice of the weights depends on in all orders. */
typedef struct bt_pace {
    float score;  /* moving average of the base's probabilities */
    uint32_t run; /* symbols in a row that the longest context has foreseen, up to 255 */
} bt_pace;

/* Sets all weights to what they are at first: `first` [BT_GATES], 0 for those that are not known, or NULL for the
 * fitted table. */
void bt_gates_init(bt_gate gates[BT_GATES], const float *first);
void bt_pace_init(bt_pace *pace);
/* The number of the weight for counts of an order (0 to K; K is the longest). */
uint32_t bt_gate_of(const bt_pace *pace, uint32_t order, uint32_t longest, uint32_t total,
                    uint32_t kinds);
/* What absolute discounting takes from each kind of successor. */
float bt_discount(const bt_pace *pace, uint32_t order, uint32_t longest);
/* Whether learning can give such a weight, which may be off its limits by a rounding. */
bool bt_gate_valid(bt_gate gate);
/* Moves a weight towards the part that its counts had in the probability of what came. */
void bt_gate_learn(bt_gate *gate, float part);
/* The base gave what came this probability; then, `found`: the longest context had foreseen it. */
void bt_pace_score(bt_pace *pace, float base);
void bt_pace_run(bt_pace *pace, bool found);

#endif
