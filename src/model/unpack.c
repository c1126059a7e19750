/* unpack.c - the magnitudes of unpacked weights.
 * SPDX-License-Identifier: MIT */
#include "unpack.h"

#include "../base/bytes.h"

bt_magnitudes bt_magnitudes_of(float scale, size_t n, size_t used)
{
    double sum = (double)scale * (double)n;
    double usual = used > 0 ? (double)(float)(sum / (double)used) : 0;
    return (bt_magnitudes){.next = sum - usual * ((double)used - 1), .usual = usual};
}

/* The weight for code 127: the float w nearest to 127 * step with w / 127 == step, if there is one. */
static float largest_of(float step)
{
    static const uint32_t changes[] = {0, 1, UINT32_MAX};
    float near = 127.0f * step;
    for (size_t i = 0; i < 3; i++) {
        float largest = bt_float_from_bits(bt_float_bits(near) + changes[i]);
        if (largest / 127.0f == step) return largest;
    }
    return near;
}

float bt_unpack_int8(int code, float step)
{
    if (code == 127) return largest_of(step);
    if (code == -127) return -largest_of(step);
    return (float)code * step;
}
