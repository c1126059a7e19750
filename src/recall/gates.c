/* gates.c - the weights of the mixture (gates.h).
 * SPDX-License-Identifier: MIT */
#include "gates.h"

/* Weights fitted to stories, books, letters, explanations and dialogues, some read twice, in units
 * of 1/200; 0: not enough seen there (bench/fit-recall.mjs prints the file). */
static const uint8_t fitted[BT_GATES] = {
#include "fitted.inc"
};

/* For cells that the fit has not seen, by order. */
static const float usual[BT_ORDERS + 1] = {0.02f, 0.05f, 0.15f, 0.3f, 0.3f};

#define LEAST_RATE 0.02f
#define FITTED_USES 8u

static float within(float weight)
{
    return weight < BT_LEAST_GATE ? BT_LEAST_GATE : weight > BT_MOST_GATE ? BT_MOST_GATE : weight;
}

void bt_gates_init(bt_gate gates[BT_GATES], const float *first)
{
    for (uint32_t i = 0; i < BT_GATES; i++) {
        float weight = first ? first[i] : (float)fitted[i] * 0.005f;
        if (weight > 0.0f) gates[i] = (bt_gate){within(weight), FITTED_USES};
        else gates[i] = (bt_gate){usual[i / BT_CELL], 0};
    }
}

void bt_pace_init(bt_pace *pace)
{
    *pace = (bt_pace){.score = 0.2f};
}

/* Whether an order's counts are trusted more while the longest context foresees what comes. */
static bool follows_run(uint32_t order, uint32_t longest)
{
    return order > 0 && order + 1 >= longest;
}

static uint32_t run_of(const bt_pace *pace)
{
    return pace->run == 0 ? 0 : pace->run < 4 ? 1 : pace->run < 8 ? 2 : 3;
}

/* Single symbols: by their number alone. */
static uint32_t level_of_all(uint32_t total)
{
    return total < 63 ? 0 : total < 255 ? 1 : total < 1023 ? 2 : 3;
}

static uint32_t level_of(uint32_t total)
{
    return total >= 16 ? 5 : total >= 8 ? 4 : total >= 4 ? 3 : total - 1;
}

uint32_t bt_gate_of(const bt_pace *pace, uint32_t order, uint32_t longest, uint32_t total,
                    uint32_t kinds)
{
    uint32_t score = pace->score < 0.12f ? 0 : pace->score < 0.25f ? 1 : 2;
    uint32_t run = follows_run(order, longest) ? run_of(pace) : 0;
    uint32_t level = order == 0 ? level_of_all(total) : level_of(total);
    uint32_t kind = order == 0 ? 0 : kinds <= 2 ? kinds - 1 : kinds <= 4 ? 2 : 3;
    return (((order * BT_SCORES + score) * BT_RUNS + run) * BT_LEVELS + level) * BT_KINDS + kind;
}

float bt_discount(const bt_pace *pace, uint32_t order, uint32_t longest)
{
    static const float usual_discount[BT_ORDERS + 1] = {0.8f, 0.8f, 0.9f, 0.8f, 0.8f};
    static const float of_run[BT_RUNS] = {1.0f, 0.4f, 0.1f, 0.02f};
    uint32_t run = follows_run(order, longest) ? run_of(pace) : 0;
    return run > 0 ? of_run[run] : usual_discount[order];
}

bool bt_gate_valid(bt_gate gate)
{
    return gate.weight >= 0.999f * BT_LEAST_GATE && gate.weight <= 1.001f * BT_MOST_GATE &&
           gate.uses <= 255;
}

void bt_gate_learn(bt_gate *gate, float part)
{
    float rate = 1.0f / (float)(gate->uses + 4);
    if (rate < LEAST_RATE) rate = LEAST_RATE;
    if (gate->uses < 255) gate->uses++;
    gate->weight += rate * (within(part) - gate->weight);
}

void bt_pace_score(bt_pace *pace, float base)
{
    pace->score += 0.03f * (base - pace->score);
}

void bt_pace_run(bt_pace *pace, bool found)
{
    pace->run = !found ? 0 : pace->run < 255 ? pace->run + 1 : 255;
}
