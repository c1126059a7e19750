/* json_number.c - the numbers of JSON, in integer arithmetic: independent of locale and rounding
 * mode.
 * SPDX-License-Identifier: MIT */
#include "json.h"

#include "../base/io_error.h"

#include <string.h>

int bt_json_integer(const bt_json_token *token, uint64_t largest, uint64_t *value)
{
    if (token->kind != BT_JSON_NUMBER_TOKEN) return BT_JSON_INTEGER;
    for (size_t i = 0; i < token->length; i++)
        if (token->text[i] < '0' || token->text[i] > '9') return BT_JSON_INTEGER;
    uint64_t v = 0;
    for (size_t i = 0; i < token->length; i++) {
        uint64_t digit = (uint64_t)(token->text[i] - '0');
        if (v > largest / 10 || digit > largest - v * 10) return BT_JSON_RANGE;
        v = v * 10 + digit;
    }
    *value = v;
    return BT_IO_OK;
}

/* A number as 0.DIGITS * 10^point. The digits are those of the token from index `first` to `last`,
 * both other than 0, without the decimal point. */
typedef struct {
    bool zero, negative;
    size_t first, last;
    int64_t point;
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static decimal read_decimal(const bt_json_token *token)
{
    decimal d = {.zero = true, .negative = token->text[0] == '-'};
    int64_t exponent = 0;
    bool fraction = false;
    size_t i = d.negative ? 1 : 0;
    for (; i < token->length && (is_digit(token->text[i]) || token->text[i] == '.'); i++) {
        if (token->text[i] == '.') {
            fraction = true;
            continue;
        }
        if (token->text[i] != '0') {
            if (d.zero) d.first = i;
            d.last = i;
            d.zero = false;
        }
        if (!fraction && !d.zero) d.point++;
        if (fraction && d.zero) d.point--;
    }
    bool down = false;
    for (; i < token->length; i++) {
        if (token->text[i] == '-') down = true;
        if (is_digit(token->text[i]) && exponent < INT32_MAX)
            exponent = exponent * 10 + (token->text[i] - '0');
    }
    d.point += down ? -exponent : exponent;
    return d;
}

int32_t bt_json_power(const bt_json_token *token)
{
    if (token->kind != BT_JSON_NUMBER_TOKEN) return -INT32_MAX;
    decimal d = read_decimal(token);
    if (d.zero || d.point - 1 < -INT32_MAX) return -INT32_MAX;
    return d.point - 1 > INT32_MAX ? INT32_MAX : (int32_t)(d.point - 1);
}

/* Non-negative integers of up to 4096 bits, least significant word first. The largest met here is
 * 10^1131 * 2^64, of 3822 bits. */
#define WORDS 128
typedef struct {
    uint32_t word[WORDS];
    size_t used; /* words; the last is not 0 */
} big;

/* v = v * factor + term */
static void multiply(big *v, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (size_t i = 0; i < v->used; i++) {
        carry += (uint64_t)v->word[i] * factor;
        v->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) v->word[v->used++] = (uint32_t)carry;
}

static void multiply_by_power_of_ten(big *v, int64_t power)
{
    for (; power >= 9; power -= 9) multiply(v, 1000000000u, 0);
    for (; power > 0; power--) multiply(v, 10u, 0);
}

static void shift_left(big *v, int64_t bits)
{
    size_t words = (size_t)bits / 32;
    if (v->used == 0) return;
    memmove(v->word + words, v->word, v->used * sizeof *v->word);
    memset(v->word, 0, words * sizeof *v->word);
    v->used += words;
    multiply(v, (uint32_t)1 << bits % 32, 0);
}

static int64_t bit_length(const big *v)
{
    return (int64_t)v->used * 32 - __builtin_clz(v->word[v->used - 1]);
}

/* Subtracts b from a and returns true, unless b is larger. */
static bool subtract(big *a, const big *b)
{
    if (a->used != b->used) {
        if (a->used < b->used) return false;
    } else {
        size_t i = a->used;
        while (i > 0 && a->word[i - 1] == b->word[i - 1]) i--;
        if (i > 0 && a->word[i - 1] < b->word[i - 1]) return false;
    }
    uint64_t borrow = 0;
    for (size_t i = 0; i < a->used; i++) {
        uint64_t take = (i < b->used ? b->word[i] : 0) + borrow;
        borrow = a->word[i] < take;
        a->word[i] = (uint32_t)(a->word[i] - take);
    }
    while (a->used > 0 && a->word[a->used - 1] == 0) a->used--;
    return true;
}

/* The digits of a decimal as an integer, and their count. 767 digits distinguish any double from
 * the middle between it and the next, so after 800 digits a 1 stands for all others. */
static big mantissa(const bt_json_token *token, const decimal *d, int64_t *count)
{
    big v = {.used = 0};
    *count = 0;
    for (size_t i = d->first; i <= d->last; i++) {
        if (token->text[i] == '.') continue;
        bool more = *count < 800;
        multiply(&v, 10u, more ? (uint32_t)(token->text[i] - '0') : 1u);
        ++*count;
        if (!more) break;
    }
    return v;
}

/* The integer part of numerator / denominator * 2^shift, for the shift that gives it 63 or 64 bits;
 * `inexact`: there is a fraction. Overwrites both. */
static uint64_t quotient(big *numerator, big *denominator, int64_t *shift, bool *inexact)
{
    uint64_t q = 0;
    *shift = bit_length(denominator) - bit_length(numerator) + 63;
    shift_left(*shift > 0 ? numerator : denominator, *shift > 0 ? *shift : -*shift);
    shift_left(denominator, 63);
    for (int i = 0; i < 64; i++) {
        q = q << 1 | (subtract(numerator, denominator) ? 1u : 0u);
        shift_left(numerator, 1);
    }
    *inexact = numerator->used > 0;
    return q;
}

/* The bits of the double nearest to (q + fraction) / 2^shift, which may be infinity. */
static uint64_t round_to_double(uint64_t q, bool fraction, int64_t shift)
{
    int64_t length = 64 - __builtin_clzll(q);
    int64_t exponent = length - 1 - shift; /* 2^exponent <= value < 2^(exponent + 1) */
    bool subnormal = exponent < -1022;
    int64_t drop = length - 53 + (subnormal ? -1022 - exponent : 0);
    if (drop > 64) return 0;
    uint64_t kept = drop == 64 ? 0 : q >> drop, half = q >> (drop - 1) & 1u;
    bool rest = fraction || (q & (((uint64_t)1 << (drop - 1)) - 1)) != 0;
    if (half && (rest || (kept & 1u))) kept++;
    if (subnormal) return kept;
    /* Bit 52 of `kept`, or a carry to bit 53, adds to the exponent, which is one too small here. */
    uint64_t bits = ((uint64_t)(exponent + 1022) << 52) + kept;
    return exponent > 1023 || bits > (uint64_t)0x7ff << 52 ? (uint64_t)0x7ff << 52 : bits;
}

int bt_json_double(const bt_json_token *token, double *value)
{
    if (token->kind != BT_JSON_NUMBER_TOKEN) return BT_JSON_NUMBER;
    decimal d = read_decimal(token);
    uint64_t bits = 0;
    if (!d.zero && d.point > 310) return BT_JSON_RANGE;
    if (!d.zero && d.point >= -330) {
        int64_t count, shift;
        bool inexact;
        big numerator = mantissa(token, &d, &count), denominator = {.word = {1}, .used = 1};
        int64_t power = d.point - count;
        multiply_by_power_of_ten(power > 0 ? &numerator : &denominator, power > 0 ? power : -power);
        uint64_t q = quotient(&numerator, &denominator, &shift, &inexact);
        bits = round_to_double(q, inexact, shift);
        if (bits == (uint64_t)0x7ff << 52) return BT_JSON_RANGE;
    }
    if (d.negative) bits |= (uint64_t)1 << 63;
    memcpy(value, &bits, sizeof *value);
    return BT_IO_OK;
}
