/* recall.h - what a recall consists of, and how its counts become probabilities.
 * SPDX-License-Identifier: MIT */
#ifndef BT_RECALL_H
#define BT_RECALL_H

#include "counts.h"
#include "gates.h"
#include "search.h"

/* The mixture for what follows a context. With p_0 from the base and the counts of single symbols,
 * the probability of a symbol is p_0 rest[0] + the sum of (count - discount[k]) gain[k] over the
 * orders k in whose list it stands. */
typedef struct bt_view {
    uint32_t orders; /* contexts of 1 to `orders` symbols have stood before */
    uint32_t gate[BT_ORDERS + 1];
    float discount[BT_ORDERS + 1];
    float keep[BT_ORDERS + 1];     /* what order k leaves of the probabilities of the order below */
    float gain[BT_ORDERS + 1];     /* g / total, times what the orders above leave of it */
    float rest[BT_ORDERS + 1];     /* what the orders above k leave of its probabilities */
    bt_followers found[BT_ORDERS]; /* [k - 1] */
} bt_view;

struct ttt_recall {
    bt_ring ring;
    bt_counts counts;
    bt_gate gates[BT_GATES];
    const float
        *first; /* [BT_GATES] what the weights are at first, of the owner, or NULL: bt_gates_init */
    bt_pace pace;
    bt_gate fresh; /* open vocabulary: the probability that a new symbol comes */
    uint64_t learned;
    enum { BT_NOT_LOOKED, BT_LOOKING, BT_LOOKED } look; /* at the present context: */
    bt_search search;                                   /* BT_LOOKING */
    bt_view view;                                       /* BT_LOOKED */
    bt_scratch scratch;
};

/* The weights begin with `first` [BT_GATES], which must stay, and all that was read is forgotten. Saved states fit
 * recalls that begin with the same weights. */
void bt_recall_begin_with(ttt_recall *r, const float *first);

/* What followed this context. */
void bt_recall_look(ttt_recall *r, const bt_latest *latest, const bt_pace *pace, bt_view *view);
/* The ring was made anew: nothing that was found in it counts any more. */
void bt_recall_look_anew(ttt_recall *r);
/* The view of the present context. */
const bt_view *bt_recall_view(ttt_recall *r);
/* Goes a step ahead towards the view; returns whether more can follow. None is needed, but each saves
 * time if other work comes before the next one. */
bool bt_recall_look_ahead(ttt_recall *r);

/* As ttt_recall_probability and _distribution, of valid arguments; the base distribution is
 * base [vocab] times `scale`, the mixture p [vocab], which may be the same array. */
float bt_recall_probability(const ttt_recall *r, const bt_view *view, uint32_t symbol, float base);
void bt_recall_distribution(const ttt_recall *r, const bt_view *view, float scale,
                            const float *base, float *p);
/* The longest context that had `symbol` among its followers; 0: order 0 had; -1: none. */
int bt_recall_found(const ttt_recall *r, const bt_view *view, uint32_t symbol);

/* Takes the memory for n symbols to be learned; false: there is none, and nothing has changed. */
bool bt_recall_reserve(ttt_recall *r, size_t n);
/* As ttt_recall_learn, after bt_recall_reserve. Returns the base's part in the symbol's probability. */
float bt_recall_learn(ttt_recall *r, uint32_t symbol, float base);
void bt_recall_pass(ttt_recall *r, uint32_t symbol);

/* ttt_recall_symbols of a saved state, which may be damaged. */
uint64_t bt_recall_saved_symbols(const void *state, size_t size);

#endif
