/* test_json_number.c - numbers as integers and as doubles, the latter against the library's strtod.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "image.h"

#include "io/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 1;

static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bt_json_token token_of(const char *text)
{
    bt_json json;
    bt_json_token token;
    bt_json_init(&json, text, strlen(text), 0);
    bt_json_next(&json, &token);
    CHECK(json.code == 0 && json.at == strlen(text));
    return token;
}

static void integers(void)
{
    static const struct {
        const char *text;
        uint64_t largest, value;
        int code;
    } table[] = {
        {"0", 0, 0, 0},
        {"1", 0, 0, BT_JSON_RANGE},
        {"255", 255, 255, 0},
        {"256", 255, 0, BT_JSON_RANGE},
        {"260", 255, 0, BT_JSON_RANGE},
        {"1000", 255, 0, BT_JSON_RANGE},
        {"9223372036854775807", INT64_MAX, INT64_MAX, 0},
        {"9223372036854775808", INT64_MAX, 0, BT_JSON_RANGE},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, 0},
        {"18446744073709551616", UINT64_MAX, 0, BT_JSON_RANGE},
        {"100000000000000000000000000", UINT64_MAX, 0, BT_JSON_RANGE},
        {"-0", 9, 0, BT_JSON_INTEGER},
        {"-1", 9, 0, BT_JSON_INTEGER},
        {"1.0", 9, 0, BT_JSON_INTEGER},
        {"1e0", 9, 0, BT_JSON_INTEGER},
        {"99.9", 9, 0, BT_JSON_INTEGER},
        {"\"1\"", 9, 0, BT_JSON_INTEGER},
        {"true", 9, 0, BT_JSON_INTEGER},
        {"null", 9, 0, BT_JSON_INTEGER},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t value = 77;
        bt_json_token token = token_of(table[i].text);
        check_context("%s", table[i].text);
        CHECK_EQ(bt_json_integer(&token, table[i].largest, &value), table[i].code);
        CHECK(value == (table[i].code ? 77 : table[i].value));
    }
}

static void powers(void)
{
    static const struct {
        const char *text;
        int32_t power;
    } table[] = {{"1", 0},
                 {"-10", 1},
                 {"123.4", 2},
                 {"0.05e1", -1},
                 {"0.001", -3},
                 {"0", -INT32_MAX},
                 {"0.00e9", -INT32_MAX},
                 {"1e400", 400},
                 {"0.01e-400", -402},
                 {"1e99999999999999999999", INT32_MAX},
                 {"1e-99999999999999999999", -INT32_MAX},
                 {"\"1\"", -INT32_MAX}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bt_json_token token = token_of(table[i].text);
        check_context("%s", table[i].text);
        CHECK_EQ(bt_json_power(&token), table[i].power);
    }
}

/* The same bits as strtod, which glibc rounds correctly; or out of range where that is infinite. */
static void compare(const char *text)
{
    bt_json_token token = token_of(text);
    double value = 77.0, expected = strtod(text, NULL);
    int code = bt_json_double(&token, &value);
    check_context("%.60s (%zu digits)", text, strlen(text));
    CHECK_EQ(code, isinf(expected) ? BT_JSON_RANGE : BT_IO_OK);
    if (code == BT_IO_OK) CHECK_SAME(&value, &expected, sizeof value);
    else CHECK(value == 77.0);
}

static void known_doubles(void)
{
    static const char *const table[] = {"0",
                                        "-0",
                                        "0.0e9999",
                                        "1",
                                        "-1",
                                        "0.1",
                                        "1e-05",
                                        "10000.0",
                                        "0.30000000000000004",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9007199254740994",
                                        "9007199254740993.00000000000001",
                                        "1e22",
                                        "1e23",
                                        "8.5e22",
                                        "123456789012345678",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "1.797693134862315807e308",
                                        "1.797693134862315808e308",
                                        "1e308",
                                        "1e309",
                                        "1e310",
                                        "1e311",
                                        "2e400",
                                        "1e99999999999999999999999",
                                        "-1e309",
                                        "2.2250738585072014e-308",
                                        "2.2250738585072011e-308",
                                        "2.2250738585072012e-308",
                                        "5e-324",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "2e-324",
                                        "1e-330",
                                        "1e-331",
                                        "1e-332",
                                        "1e-99999999999999999999999",
                                        "0.000000000000000000001e21",
                                        "100000000000000000000000e-23",
                                        "6.631236846766476e-316",
                                        "3.2378839133029012895883e-319"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) compare(table[i]);
    bt_json_token token = token_of("\"1\"");
    double value;
    CHECK_EQ(bt_json_double(&token, &value), BT_JSON_NUMBER);
    float rate = 0.0f;
    token = token_of("0.1");
    CHECK_EQ(bt_json_double(&token, &value), BT_IO_OK);
    rate = (float)value;
    CHECK(rate == 0.1f);
}

static void random_doubles(void)
{
    size_t rounds = check_quick() ? 2000 : 50000;
    for (size_t i = 0; i < rounds; i++) {
        char text[128];
        size_t digits = 1 + random_bits() % 25, at = 0;
        if (random_bits() % 2) text[at++] = '-';
        for (size_t k = 0; k < digits; k++) {
            uint64_t digit = random_bits() % 10;
            if (k == 0 && digits > 1 && digit == 0) digit = 1;
            text[at++] = (char)('0' + digit);
        }
        if (random_bits() % 2)
            at += (size_t)snprintf(text + at, 40, ".%llu", (unsigned long long)random_bits());
        snprintf(text + at, 20, "e%d", (int)(random_bits() % 720) - 370);
        compare(text);
    }
    for (size_t i = 0; i < rounds; i++) { /* what printf writes comes back as it was */
        uint64_t bits = random_bits();
        double v;
        char text[64];
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v)) continue;
        snprintf(text, sizeof text, "%.17g", v);
        compare(text);
        bt_json_token token = token_of(text);
        double back;
        CHECK(bt_json_double(&token, &back) == BT_IO_OK && memcmp(&back, &v, sizeof v) == 0);
    }
}

/* Exactly half-way between two doubles, with all their digits, and a little to either side. */
static void halfway_doubles(void)
{
    if (LDBL_MANT_DIG < 64) {
        check_skip("long double is no wider than double");
        return;
    }
    char *text = take(2000);
    for (int i = 0; i < (check_quick() ? 200 : 5000); i++) {
        uint64_t bits = random_bits() & ~((uint64_t)1 << 63), up;
        if (i % 3 == 0) bits &= 0x000fffffffffffffu; /* subnormal */
        double v, w;
        up = bits + 1;
        memcpy(&v, &bits, sizeof v);
        memcpy(&w, &up, sizeof w);
        if (!isfinite(v) || !isfinite(w)) continue;
        long double middle = ((long double)v + (long double)w) / 2;
        int n = snprintf(text, 1500, "%.800Le", middle);
        if (!CHECK(n > 0 && n < 1500)) break;
        compare(text);
        char *last = strchr(text, 'e') - 1; /* the 800th digit, which is 0 */
        *last = '1';
        compare(text);
        memmove(last + 9, last, strlen(last) + 1); /* and beyond the digits that are kept */
        memcpy(last, "000000000", 9);
        compare(text);
    }
    memset(text, '9', 1900);
    text[1] = '.';
    text[1900] = 0;
    compare(text);
    memset(text, '1', 1900);
    compare(text);
    text[300] = 0;
    compare(text);
    free(text);
}

static const check_case cases[] = {{"integers", integers},
                                   {"powers", powers},
                                   {"known_doubles", known_doubles},
                                   {"random_doubles", random_doubles},
                                   {"halfway_doubles", halfway_doubles}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
