/* test_safetensors.c - every rule of the reader by files that just keep and just break it, lookups,
 * conversions, the writer, and all one-byte changes of a small file.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "image.h"
#include "rules.h"

#include "io/order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each hand-written file is accepted, or refused by the code of the rule that it breaks. */
static void own_rules(void)
{
    for (size_t i = 0; i < rule_count; i++) {
        const rule *r = &rules[i];
        image file = image_of(r->header, strlen(r->header), r->data_size);
        const char *problem;
        check_context("%s", r->name);
        int code = open_and_check(file.bytes, file.size, &problem);
        if (!CHECK_EQ(code, r->code))
            printf("  %s, not %s\n", bt_io_text(code), bt_io_text(r->code));
        if (!CHECK(problem == NULL)) printf("  %s\n", problem);
        free(file.bytes);
    }
}

static void every_code_is_tested(void)
{
    for (int code = BT_JSON_SYNTAX; code < BT_IO_CODE_END; code++) {
        if (strcmp(bt_io_text(code), "unknown error") == 0) continue;
        /* Those of the prefix, of limits, and of other functions have tests of their own. */
        static const int elsewhere[] = {
            BT_ST_TOO_SHORT,    BT_ST_HEADER_LIMIT,   BT_ST_HEADER_PAST_END,   BT_ST_NAME_UTF8,
            BT_ST_NAME_LONG,    BT_ST_NAME_RESERVED,  BT_ST_DTYPE_UNSUPPORTED, BT_ST_COUNT,
            BT_ST_TENSOR_LIMIT, BT_ST_METADATA_LIMIT, BT_ST_METADATA_ABSENT,   BT_ST_METADATA_UTF8};
        bool found = false;
        for (size_t i = 0; i < rule_count; i++) found = found || rules[i].code == code;
        for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
            found = found || elsewhere[i] == code;
        check_context("code %d: %s", code, bt_io_text(code));
        CHECK(found);
    }
    CHECK(strcmp(bt_io_text(BT_IO_CODE_END), "unknown error") == 0);
}

/* R1 and R2: every length that the prefix can be wrong by. */
static void length_prefix(void)
{
    const char *problem;
    uint8_t bytes[10] = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    for (size_t size = 0; size < 8; size++)
        CHECK_EQ(open_and_check(bytes, size, &problem), BT_ST_TOO_SHORT);
    CHECK_EQ(open_and_check(bytes, 8, &problem), BT_ST_HEADER_PAST_END);
    CHECK_EQ(open_and_check(bytes, 9, &problem), BT_ST_HEADER_PAST_END);
    CHECK_EQ(open_and_check(bytes, 10, &problem), BT_IO_OK);
    CHECK(problem == NULL);
    static const uint64_t lengths[] = {3,          100000000, 100000001,      INT32_MAX,
                                       UINT32_MAX, INT64_MAX, UINT64_MAX - 8, UINT64_MAX - 7,
                                       UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int k = 0; k < 8; k++) bytes[k] = (uint8_t)(lengths[i] >> 8 * k);
        check_context("length %llu", (unsigned long long)lengths[i]);
        CHECK_EQ(open_and_check(bytes, 10, &problem),
                 lengths[i] > 100000000 ? BT_ST_HEADER_LIMIT : BT_ST_HEADER_PAST_END);
        CHECK(problem == NULL);
    }
    memset(bytes, 0, 8);
    CHECK_EQ(open_and_check(bytes, 8, &problem), BT_JSON_TRUNCATED);
}

static const char small[] =
    "{\"__metadata__\":{\"format\":\"pt\",\"n\\u00e9\":\"a\\n\\ud83d\\ude00\\u0000z\",\"\":\"\"},"
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
    "\"\\u0062\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[24,29],\"x\":[{\"y\":-1.5e3}]},"
    "\"s\":{\"shape\":[],\"data_offsets\":[29,31],\"dtype\":\"BF16\"} } ";

/* Every byte of a file replaced by every other value, left out, doubled, and every truncation. */
static void one_byte_changes(void)
{
    image good = image_of(small, strlen(small), 31);
    const char *problem;
    size_t accepted = 0;
    CHECK_EQ(open_and_check(good.bytes, good.size, &problem), BT_IO_OK);
    CHECK(problem == NULL);
    for (size_t i = 0; i < good.size; i++) {
        uint8_t was = good.bytes[i];
        for (int v = 0; v < 256; v += check_quick() ? 7 : 1) {
            good.bytes[i] = (uint8_t)v;
            bool same = good.bytes[i] == was;
            if (open_and_check(good.bytes, good.size, &problem) == BT_IO_OK && !same) accepted++;
            check_context("byte %zu as %d", i, v);
            if (!CHECK(problem == NULL)) printf("  %s\n", problem);
        }
        good.bytes[i] = was;
        check_context("cut at %zu", i);
        CHECK(open_and_check(good.bytes, i, &problem) != BT_IO_OK);
        CHECK(problem == NULL);
    }
    check_context("%s", "");
    CHECK(accepted > 0); /* a letter of a name, say */
    free(good.bytes);
}

static void deletions_and_duplications(void)
{
    image good = image_of(small, strlen(small), 31);
    uint8_t *changed = take(good.size + 1);
    const char *problem;
    for (size_t i = 0; i < good.size; i++) {
        memcpy(changed, good.bytes, i);
        memcpy(changed + i, good.bytes + i + 1, good.size - i - 1);
        check_context("without byte %zu", i);
        CHECK(open_and_check(changed, good.size - 1, &problem) != BT_IO_OK);
        CHECK(problem == NULL);
        memcpy(changed, good.bytes, i + 1);
        memcpy(changed + i + 1, good.bytes + i, good.size - i);
        check_context("byte %zu twice", i);
        CHECK(open_and_check(changed, good.size + 1, &problem) != BT_IO_OK);
        CHECK(problem == NULL);
    }
    free(changed);
    free(good.bytes);
}

static void lookups(void)
{
    image file = image_of(small, strlen(small), 31);
    bt_safetensors *t;
    REQUIRE(bt_safetensors_open(file.bytes, file.size, &t, NULL) == BT_IO_OK);
    CHECK_EQ(bt_safetensors_count(t), 3);
    const bt_tensor *w = bt_safetensors_find(t, bt_text_of("w"));
    const bt_tensor *b = bt_safetensors_find(t, bt_text_of("b"));
    const bt_tensor *s = bt_safetensors_find(t, bt_text_of("s"));
    REQUIRE(w && b && s);
    CHECK(w == bt_safetensors_at(t, 0) && b == bt_safetensors_at(t, 1));
    CHECK(bt_safetensors_find(t, bt_text_of("")) == NULL);
    CHECK(bt_safetensors_find(t, bt_text_of("ww")) == NULL);
    CHECK(bt_safetensors_find(t, bt_text_of("\\u0062")) == NULL);
    CHECK(bt_safetensors_find(t, bt_text_of("__metadata__")) == NULL);
    CHECK(bt_tensor_has_shape(w, 2, (const uint64_t[]){2, 3}));
    CHECK(!bt_tensor_has_shape(w, 2, (const uint64_t[]){3, 2}));
    CHECK(!bt_tensor_has_shape(w, 1, (const uint64_t[]){2}));
    CHECK(bt_tensor_has_shape(s, 0, NULL));
    CHECK_EQ(s->elements, 1);
    CHECK_EQ(b->data[0], 25);
    CHECK(w->dtype == BT_DTYPE_F32 && b->dtype == BT_DTYPE_U8 && s->dtype == BT_DTYPE_BF16);

    char value[16];
    size_t length = 99;
    CHECK_EQ(bt_safetensors_metadata_count(t), 3);
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of("format"), value, sizeof value, &length), 0);
    CHECK(length == 2 && memcmp(value, "pt", 2) == 0);
    static const char expected[8] = "a\n\xf0\x9f\x98\x80\0z";
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of("n\xc3\xa9"), value, 8, &length), 0);
    CHECK_EQ(length, 8);
    CHECK_SAME(value, expected, 8);
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of("n\xc3\xa9"), value, 7, &length),
             BT_IO_BUFFER_SIZE);
    CHECK_EQ(length, 8);
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of(""), value, 0, &length), 0);
    CHECK_EQ(length, 0);
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of("Format"), value, 8, &length),
             BT_ST_METADATA_ABSENT);
    static const char *const keys[] = {"format", "n\xc3\xa9", "", ""}; /* the fourth is none */
    for (size_t i = 0; i < 4; i++) {
        bt_text key = bt_safetensors_metadata_key(t, i);
        CHECK(key.length == strlen(keys[i]) && memcmp(key.bytes, keys[i], key.length) == 0);
    }
    bt_safetensors_close(t);
    free(file.bytes);
}

/* Names and keys that share the hash by which they are found. */
static void colliding_names(void)
{
    static const char both[] =
        "{\"__metadata__\":{\"zinke\":\"1\",\"altarage\":\"2\"},"
        "\"liquid\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"costarring\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}";
    static const char one[] =
        "{\"liquid\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
    REQUIRE(bt_text_hash("liquid", 6) == bt_text_hash("costarring", 10));
    REQUIRE(bt_text_hash("zinke", 5) == bt_text_hash("altarage", 8));
    image file = image_of(both, sizeof both - 1, 2);
    bt_safetensors *t;
    REQUIRE(bt_safetensors_open(file.bytes, file.size, &t, NULL) == BT_IO_OK);
    CHECK(table_problem(t, file.bytes, file.size) == NULL);
    CHECK(bt_safetensors_find(t, bt_text_of("liquid")) == bt_safetensors_at(t, 0));
    CHECK(bt_safetensors_find(t, bt_text_of("costarring")) == bt_safetensors_at(t, 1));
    char value = 0;
    size_t length;
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of("zinke"), &value, 1, &length), BT_IO_OK);
    CHECK(value == '1');
    CHECK_EQ(bt_safetensors_metadata(t, bt_text_of("altarage"), &value, 1, &length), BT_IO_OK);
    CHECK(value == '2');
    bt_safetensors_close(t);
    free(file.bytes);
    file = image_of(one, sizeof one - 1, 0);
    REQUIRE(bt_safetensors_open(file.bytes, file.size, &t, NULL) == BT_IO_OK);
    CHECK(bt_safetensors_find(t, bt_text_of("costarring")) == NULL);
    bt_safetensors_close(t);
    free(file.bytes);
}

/* Names of 4,096 bytes are the longest, whether or not they are written with escapes. */
static void long_names(void)
{
    static const char tail[] = "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    char *header = take(6 * 5000);
    for (int escaped = 0; escaped < 2; escaped++) {
        for (size_t n = 4095; n <= 4097; n++) {
            size_t at = 2;
            memcpy(header, "{\"", 2);
            for (size_t i = 0; i < n; i++, at += escaped ? 6 : 1) memcpy(header + at, "\\u0078", 6);
            for (size_t i = 0; !escaped && i < n; i++) header[2 + i] = 'x';
            memcpy(header + at, tail, sizeof tail - 1);
            image file = image_of(header, at + sizeof tail - 1, 1);
            const char *problem;
            CHECK_EQ(open_and_check(file.bytes, file.size, &problem),
                     n <= 4096 ? BT_IO_OK : BT_ST_NAME_LONG);
            CHECK(problem == NULL);
            free(file.bytes);
        }
    }
    free(header);
}

/* The message names the tensor, without anything that a terminal might obey, and cut if long. */
static void messages(void)
{
    static const char *const names[][2] = {
        {"blk.0.w", "tensor \"blk.0.w\": shape and dtype do not make up the size of the data"},
        {"\xc3\xa9\x7f", "tensor \"???\": shape and dtype do not make up the size of the data"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789",
         "tensor \"0123456789012345678901234567890123456789012345678901234567890123...\": "
         "shape and dtype do not make up the size of the data"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char header[300];
        int n = snprintf(header, sizeof header,
                         " {\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,7]}}",
                         names[i][0]);
        image file = image_of(header, (size_t)n, 7);
        bt_safetensors *t = (void *)header;
        bt_io_error error;
        CHECK_EQ(bt_safetensors_open(file.bytes, file.size, &t, &error), BT_ST_RANGE_SIZE);
        CHECK(t == NULL);
        CHECK_EQ(error.offset, 10); /* of the name's quote in the file */
        if (!CHECK(strcmp(error.text, names[i][1]) == 0)) printf("  %s\n", error.text);
        CHECK_EQ(bt_safetensors_open(file.bytes, file.size, &t, NULL), BT_ST_RANGE_SIZE);
        free(file.bytes);
    }
}

/* Every dtype of the format: eight elements fill as many bytes as one has bits. */
static void every_dtype(void)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } dtypes[] = {{"BOOL", 8}, {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
                  {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
                  {"U16", 16}, {"F16", 16},    {"BF16", 16},   {"I32", 32},    {"U32", 32},
                  {"F32", 32}, {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64}};
    CHECK_EQ(sizeof dtypes / sizeof *dtypes, BT_DTYPE_COUNT);
    for (uint32_t i = 0; i < BT_DTYPE_COUNT; i++) {
        char header[100];
        for (uint32_t size = dtypes[i].bits - 1; size <= dtypes[i].bits + 1; size++) {
            int n = snprintf(header, sizeof header,
                             "{\"t\":{\"dtype\":\"%s\",\"shape\":[8],\"data_offsets\":[0,%u]}}",
                             dtypes[i].name, (unsigned)size);
            image file = image_of(header, (size_t)n, size);
            const char *problem;
            check_context("%s in %u bytes", dtypes[i].name, (unsigned)size);
            CHECK_EQ(open_and_check(file.bytes, file.size, &problem),
                     size == dtypes[i].bits ? BT_IO_OK : BT_ST_RANGE_SIZE);
            CHECK(problem == NULL);
            free(file.bytes);
        }
        CHECK(strcmp(bt_dtype_name(i), dtypes[i].name) == 0);
        CHECK_EQ(bt_dtype_bits(i), dtypes[i].bits);
    }
    CHECK(bt_dtype_name(BT_DTYPE_COUNT) == NULL && bt_dtype_bits(BT_DTYPE_COUNT) == 0);
}

/* An error that concerns two tensors points at the one that comes second. */
static void places(void)
{
    static const struct {
        const char *name, *range;
        int code;
    } second[] = {{"a", "[1,2]", BT_ST_NAME_TWICE},
                  {"b", "[0,1]", BT_ST_OVERLAP},
                  {"b", "[2,3]", BT_ST_HOLE}};
    for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
        char header[200];
        bt_safetensors *t;
        bt_io_error error;
        int n = snprintf(header, sizeof header,
                         "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}, "
                         "\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":%s}}",
                         second[i].name, second[i].range);
        image file = image_of(header, (size_t)n, 3);
        CHECK_EQ(bt_safetensors_open(file.bytes, file.size, &t, &error), second[i].code);
        CHECK_EQ(error.offset, 8 + (strstr(header, ", \"") + 2 - header));
        free(file.bytes);
    }
}

static uint32_t bits_of(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* What the standard says that a half is, by the library's own arithmetic in double. */
static double half_value(uint32_t h)
{
    int exponent = (int)(h >> 10 & 31u);
    double fraction = (double)(h & 1023u) / 1024.0;
    double v = exponent == 0 ? ldexp(fraction, -14) : ldexp(1.0 + fraction, exponent - 15);
    return h & 0x8000u ? -v : v;
}

/* All 65,536 halves and bfloat16s, at an odd address. */
static void conversions(void)
{
    uint8_t *bytes = take(2 * 65536 + 1);
    float *out = take(65536 * sizeof *out);
    for (size_t i = 0; i < 65536; i++) {
        bytes[1 + 2 * i] = (uint8_t)i;
        bytes[2 + 2 * i] = (uint8_t)(i >> 8);
    }
    bt_tensor t = {.name = "t",
                   .name_length = 1,
                   .data = bytes + 1,
                   .size = 2 * 65536,
                   .elements = 65536,
                   .dtype = BT_DTYPE_F16};
    CHECK_EQ(bt_tensor_to_f32(&t, out, 65536, NULL), BT_IO_OK);
    for (uint32_t h = 0; h < 65536; h++) {
        check_context("half %04x", h);
        uint32_t expected = (h & 0x8000u) << 16 | 0x7f800000u | (h & 0x3ffu) << 13;
        if ((h >> 10 & 31u) != 31) expected = bits_of((float)half_value(h));
        CHECK_EQ(bits_of(out[h]), expected);
    }
    t.dtype = BT_DTYPE_BF16;
    CHECK_EQ(bt_tensor_to_f32(&t, out, 65536, NULL), BT_IO_OK);
    for (uint32_t h = 0; h < 65536; h++) CHECK_EQ(bits_of(out[h]), h << 16);
    t.dtype = BT_DTYPE_F32;
    t.elements = 32768;
    CHECK_EQ(bt_tensor_to_f32(&t, out, 32768, NULL), BT_IO_OK);
    CHECK_SAME(out, bytes + 1, 2 * 65536);
    bt_io_error error;
    t.dtype = BT_DTYPE_F64;
    t.elements = 16384;
    out[0] = 42.0f;
    CHECK_EQ(bt_tensor_to_f32(&t, out, 16384, &error), BT_ST_DTYPE_UNSUPPORTED);
    CHECK(strcmp(error.text, "tensor \"t\": the dtype cannot be converted to f32") == 0);
    t.dtype = BT_DTYPE_F16;
    CHECK_EQ(bt_tensor_to_f32(&t, out, 16385, &error), BT_ST_COUNT);
    CHECK_EQ(bt_tensor_to_f32(&t, out, 0, &error), BT_ST_COUNT);
    CHECK(out[0] == 42.0f);
    free(bytes);
    free(out);
}

static const check_case cases[] = {{"own_rules", own_rules},
                                   {"every_code_is_tested", every_code_is_tested},
                                   {"length_prefix", length_prefix},
                                   {"one_byte_changes", one_byte_changes},
                                   {"deletions_and_duplications", deletions_and_duplications},
                                   {"lookups", lookups},
                                   {"colliding_names", colliding_names},
                                   {"long_names", long_names},
                                   {"messages", messages},
                                   {"places", places},
                                   {"every_dtype", every_dtype},
                                   {"conversions", conversions}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
