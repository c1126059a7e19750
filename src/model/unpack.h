/* unpack.h - f32 weights that quantise to what a compact tensor holds, to the bit.
 *
 * A ternary tensor (codes, scale s) and an int8 row (codes, step d) become weights w for which
 * quantize.c gives the same codes and, in f32, mean |w| = s and max |w| / 127 = d. (Not where all
 * codes of a tensor are 0, no code of a row is 127 or -127, or a scale is near the limits of its
 * range.)
 * SPDX-License-Identifier: MIT */
#ifndef BT_UNPACK_H
#define BT_UNPACK_H

#include <stddef.h>

/* The magnitudes of a ternary tensor's weights whose code is not 0. All have one magnitude, for
 * which the mean of all n weights is the scale; the first takes up its rounding error. */
typedef struct bt_magnitudes {
    double next, usual;
} bt_magnitudes;

/* For n weights, `used` of whose codes are not 0. */
bt_magnitudes bt_magnitudes_of(float scale, size_t n, size_t used);

/* The weight for the next code of the tensor. */
static inline float bt_unpack_ternary(bt_magnitudes *m, int code)
{
    float weight = code ? (float)(code * m->next) : 0.0f;
    if (code) m->next = m->usual;
    return weight;
}

/* The weight for a code of an int8 row. */
float bt_unpack_int8(int code, float step);

#endif
