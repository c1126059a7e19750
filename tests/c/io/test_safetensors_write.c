/* test_safetensors_write.c - the writer: exact bytes, order, padding, refusals, round trips.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "image.h"
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static bt_tensor tensor(const char *name, bt_dtype dtype, size_t size, size_t rank,
                        const uint64_t *shape)
{
    bt_tensor t = {.name = name,
                   .name_length = strlen(name),
                   .data = numbers,
                   .size = size,
                   .dtype = (uint8_t)dtype,
                   .rank = (uint8_t)rank};
    memcpy(t.shape, shape, rank * sizeof *shape);
    return t;
}

static bt_metadata entry(const char *key, const char *value)
{
    return (bt_metadata){bt_text_of(key), bt_text_of(value)};
}

/* Writes into an exactly sized block, which the caller frees. */
static uint8_t *write_file(const bt_tensor *tensors, size_t n, const bt_metadata *metadata,
                           size_t m, size_t *size)
{
    bt_io_error error;
    size_t again;
    REQUIRE(bt_safetensors_write(tensors, n, metadata, m, NULL, 0, size, &error) == BT_IO_OK);
    uint8_t *file = take(*size);
    memset(file, 0xee, *size);
    CHECK_EQ(bt_safetensors_write(tensors, n, metadata, m, file, *size, &again, &error), BT_IO_OK);
    CHECK_EQ(again, *size);
    return file;
}

static void exact_bytes(void)
{
    uint64_t two[] = {2}, matrix[] = {1, 2}, none[] = {0, 9223372036854775807u};
    const bt_tensor tensors[] = {tensor("b", BT_DTYPE_U8, 2, 1, two),
                                 tensor("z", BT_DTYPE_F32, 8, 2, matrix),
                                 tensor("a\"\n\xc3\xa9", BT_DTYPE_F32, 4, 0, two),
                                 tensor("h", BT_DTYPE_BF16, 4, 1, two),
                                 tensor("e", BT_DTYPE_F64, 0, 2, none),
                                 tensor("", BT_DTYPE_I8, 2, 1, two)};
    const bt_metadata metadata[] = {entry("z", "\\\x02"), entry("format", "pt"), entry("", "")};
    static const char header[] =
        "{\"__metadata__\":{\"\":\"\",\"format\":\"pt\",\"z\":\"\\\\\\u0002\"},"
        "\"e\":{\"dtype\":\"F64\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,0]},"
        "\"a\\\"\\n\xc3\xa9\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
        "\"z\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[4,12]},"
        "\"h\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[12,16]},"
        "\"\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[16,18]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[18,20]}}";
    static const uint8_t data[] = {1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 1, 2, 1, 2};
    size_t size, length = sizeof header - 1, padded = (length + 7) / 8 * 8;
    uint8_t *file = write_file(tensors, 6, metadata, 3, &size);
    CHECK_EQ(size, 8 + padded + sizeof data);
    REQUIRE(size == 8 + padded + sizeof data);
    CHECK_EQ(file[0] | file[1] << 8, padded);
    for (int i = 2; i < 8; i++) CHECK_EQ(file[i], 0);
    CHECK_SAME(file + 8, header, length);
    for (size_t i = length; i < padded; i++) CHECK_EQ(file[8 + i], ' ');
    CHECK_SAME(file + 8 + padded, data, sizeof data);

    /* In any order the same bytes. */
    const bt_tensor turned[] = {tensors[5], tensors[4], tensors[3],
                                tensors[2], tensors[1], tensors[0]};
    const bt_metadata other[] = {metadata[2], metadata[0], metadata[1]};
    size_t again;
    uint8_t *second = write_file(turned, 6, other, 3, &again);
    CHECK_EQ(again, size);
    CHECK_SAME(second, file, size);
    free(second);
    free(file);

    file = write_file(NULL, 0, NULL, 0, &size);
    CHECK_EQ(size, 16);
    CHECK_SAME(file, "\x08\0\0\0\0\0\0\0{}      ", 16);
    free(file);
}

/* Every length of header modulo 8, and nothing outside of the buffer (AddressSanitizer). */
static void padding(void)
{
    char name[20] = "";
    for (size_t i = 0; i < 16; i++) {
        name[i] = 'n';
        bt_tensor t = tensor(name, BT_DTYPE_U8, 3, 1, (const uint64_t[]){3});
        size_t size;
        const char *problem;
        uint8_t *file = write_file(&t, 1, NULL, 0, &size);
        CHECK_EQ((size - 3) % 8, 0);
        CHECK_EQ(open_and_check(file, size, &problem), BT_IO_OK);
        CHECK(problem == NULL);
        free(file);
    }
}

static void too_little_room(void)
{
    bt_tensor t = tensor("t", BT_DTYPE_U8, 16, 1, (const uint64_t[]){16});
    size_t size, again;
    bt_io_error error;
    uint8_t *file = write_file(&t, 1, NULL, 0, &size);
    for (size_t room = 0; room < size; room++) {
        uint8_t *small = take(room);
        memset(small, 0xee, room);
        again = 0;
        CHECK_EQ(bt_safetensors_write(&t, 1, NULL, 0, small, room, &again, &error),
                 BT_IO_BUFFER_SIZE);
        CHECK_EQ(again, size);
        CHECK_EQ(error.code, BT_IO_BUFFER_SIZE);
        for (size_t i = 0; i < room; i++) CHECK_EQ(small[i], 0xee);
        free(small);
    }
    free(file);
}

static int refusal(bt_tensor t, const char *text)
{
    bt_io_error error;
    size_t size = 1;
    const bt_tensor two[] = {tensor("ok", BT_DTYPE_U8, 1, 1, (const uint64_t[]){1}), t};
    int code = bt_safetensors_write(two, 2, NULL, 0, NULL, 0, &size, &error);
    CHECK(size == 0 && error.offset == 0);
    CHECK_EQ(error.code, code);
    if (!CHECK(strstr(error.text, text) != NULL)) printf("  %s\n", error.text);
    return code;
}

static void refusals(void)
{
    uint64_t one[] = {1}, four[] = {4, 4294967296u, 4294967296u, 4};
    uint64_t large[] = {0, (uint64_t)1 << 63};
    bt_tensor good = tensor("t", BT_DTYPE_U8, 1, 1, one), t = good;
    CHECK_EQ(refusal(tensor("ok", BT_DTYPE_F32, 4, 1, one), "\"ok\""), BT_ST_NAME_TWICE);
    CHECK_EQ(refusal(tensor("__metadata__", BT_DTYPE_U8, 1, 1, one), ""), BT_ST_NAME_RESERVED);
    CHECK_EQ(refusal(tensor("\xff", BT_DTYPE_U8, 1, 1, one), "\"?\""), BT_ST_NAME_UTF8);
    CHECK_EQ(refusal(tensor("s", BT_DTYPE_F32, 3, 1, one), "\"s\""), BT_ST_RANGE_SIZE);
    CHECK_EQ(refusal(tensor("f", BT_DTYPE_F4, 1, 1, one), "\"f\""), BT_ST_SHAPE_BITS);
    CHECK_EQ(refusal(tensor("o", BT_DTYPE_U8, 0, 4, four), "\"o\""), BT_ST_SHAPE_OVERFLOW);
    CHECK_EQ(refusal(tensor("d", BT_DTYPE_U8, 0, 2, large), "\"d\""), BT_ST_DIMENSION);
    t.rank = 9;
    CHECK_EQ(refusal(t, "\"t\""), BT_ST_RANK);
    t = good;
    t.dtype = BT_DTYPE_COUNT;
    CHECK_EQ(refusal(t, "\"t\""), BT_ST_DTYPE_UNKNOWN);
    t = good;
    t.name = "a\0b";
    t.name_length = 3;
    CHECK_EQ(refusal(t, "\"a?b\""), BT_ST_NAME_NUL);
    char *name = take(4098);
    memset(name, 'n', 4098);
    t.name = name;
    t.name_length = 4096;
    size_t written;
    CHECK_EQ(bt_safetensors_write(&t, 1, NULL, 0, NULL, 0, &written, NULL), BT_IO_OK);
    t.name_length = 4097;
    CHECK_EQ(refusal(t, "nnn...\""), BT_ST_NAME_LONG);
    free(name);
    /* A sum that does not fit, of sizes that do. */
    bt_tensor three[] = {good, good, good};
    for (size_t i = 0; i < 3; i++) {
        three[i].name = &"xyz"[i];
        three[i].size = SIZE_MAX / 2;
        three[i].shape[0] = SIZE_MAX / 2;
    }
    CHECK_EQ(bt_safetensors_write(three, 3, NULL, 0, NULL, 0, &written, NULL),
             BT_ST_SHAPE_OVERFLOW);
    bt_io_error error; /* two fit, but not with the header */
    CHECK_EQ(bt_safetensors_write(three, 2, NULL, 0, NULL, 0, &written, &error),
             BT_ST_SHAPE_OVERFLOW);
    CHECK(error_problem(&error, BT_ST_SHAPE_OVERFLOW, 0) == NULL);
}

static void metadata_refusals(void)
{
    size_t size;
    bt_io_error error;
    bt_metadata twice[] = {entry("a", "1"), entry("b", "2"), entry("a", "3")};
    CHECK_EQ(bt_safetensors_write(NULL, 0, twice, 3, NULL, 0, &size, &error),
             BT_ST_METADATA_KEY_TWICE);
    CHECK(strcmp(error.text, "metadata \"a\": this key is given twice") == 0);
    bt_metadata bad[] = {entry("a", "\xc3")}, key[] = {entry("\x80", "")};
    CHECK_EQ(bt_safetensors_write(NULL, 0, bad, 1, NULL, 0, &size, &error), BT_ST_METADATA_UTF8);
    CHECK_EQ(bt_safetensors_write(NULL, 0, key, 1, NULL, 0, &size, &error), BT_ST_METADATA_UTF8);
    bt_metadata last[] = {entry("a", "1"), entry("b", "2"), bad[0]};
    last[2].key = bt_text_of("c");
    CHECK_EQ(bt_safetensors_write(NULL, 0, last, 3, NULL, 0, &size, &error), BT_ST_METADATA_UTF8);
    CHECK(strcmp(error.text, "metadata \"c\": a key or value is not valid UTF-8") == 0);
    CHECK_EQ(bt_safetensors_write(NULL, (1u << 20) + 1, NULL, 0, NULL, 0, &size, &error),
             BT_ST_TENSOR_LIMIT);
    CHECK_EQ(bt_safetensors_write(NULL, 0, NULL, (1u << 20) + 1, NULL, 0, &size, &error),
             BT_ST_METADATA_LIMIT);

    bt_metadata *most = take(((size_t)1 << 20) * sizeof *most);
    char (*keys)[8] = take(((size_t)1 << 20) * sizeof *keys);
    for (size_t i = 0; i < (size_t)1 << 20; i++) {
        snprintf(keys[i], sizeof *keys, "%zx", i);
        most[i] = entry(keys[i], "");
    }
    CHECK_EQ(bt_safetensors_write(NULL, 0, most, (size_t)1 << 20, NULL, 0, &size, &error), 0);
    free(keys);
    free(most);
}

static void longest_headers(void)
{
    size_t size;
    bt_io_error error;
    /* A header of exactly 100,000,000 bytes, which is a multiple of 8, and one more. */
    size_t length = 100000000 - strlen("{\"__metadata__\":{\"k\":\"\"}}");
    char *value = take(100000001);
    memset(value, 'v', 100000001);
    bt_metadata long_one[] = {{bt_text_of("k"), {value, length}}};
    CHECK_EQ(bt_safetensors_write(NULL, 0, long_one, 1, NULL, 0, &size, &error), BT_IO_OK);
    CHECK_EQ(size, 100000008);
    long_one[0].value.length++;
    CHECK_EQ(bt_safetensors_write(NULL, 0, long_one, 1, NULL, 0, &size, &error),
             BT_ST_HEADER_LIMIT);
    long_one[0].value.length = 100000001;
    CHECK_EQ(bt_safetensors_write(NULL, 0, long_one, 1, NULL, 0, &size, &error),
             BT_ST_HEADER_LIMIT);
    CHECK_EQ(error.offset, 0);
    bt_metadata both[] = {{bt_text_of("k"), {value, 60000000}},
                          {bt_text_of("l"), {value, 60000000}}};
    CHECK_EQ(bt_safetensors_write(NULL, 0, both, 2, NULL, 0, &size, &error), BT_ST_HEADER_LIMIT);
    CHECK_EQ(error.offset, 0);
    free(value);
}

/* Whatever hand-written file is accepted, what it holds is the same after writing and reading. */
static void round_trips(void)
{
    size_t accepted = 0;
    for (size_t i = 0; i < rule_count; i++) {
        image file = image_of(rules[i].header, strlen(rules[i].header), rules[i].data_size);
        bt_safetensors *table;
        if (bt_safetensors_open(file.bytes, file.size, &table, NULL) == BT_IO_OK) {
            const char *problem = rewrite_problem(table);
            check_context("%s", rules[i].name);
            if (!CHECK(problem == NULL)) printf("  %s\n", problem);
            accepted++;
        }
        bt_safetensors_close(table);
        free(file.bytes);
    }
    CHECK(accepted > 20);
}

/* A thousand tensors in random order: sorted, contiguous, each found with its data. */
static void many(void)
{
    enum { N = 1000 };
    bt_tensor *tensors = take(N * sizeof *tensors);
    char (*names)[8] = take(N * sizeof *names);
    for (size_t i = 0; i < N; i++) {
        uint64_t rows = i % 4;
        snprintf(names[i], sizeof *names, "%zu", i * 7919 % N);
        bt_dtype dtype = i % 3 == 0 ? BT_DTYPE_F32 : i % 3 == 1 ? BT_DTYPE_U8 : BT_DTYPE_F16;
        size_t bytes = (size_t)rows * bt_dtype_bits(dtype) / 8;
        tensors[i] = tensor(names[i], dtype, bytes, 1, &rows);
    }
    size_t size;
    uint8_t *file = write_file(tensors, N, NULL, 0, &size);
    bt_safetensors *table;
    REQUIRE(bt_safetensors_open(file, size, &table, NULL) == BT_IO_OK);
    const char *problem = table_problem(table, file, size);
    CHECK(problem == NULL);
    CHECK_EQ(bt_safetensors_count(table), N);
    for (size_t i = 0; i < N; i++) {
        const bt_tensor *found = bt_safetensors_find(table, bt_text_of(names[i]));
        REQUIRE(found != NULL);
        CHECK(found->dtype == tensors[i].dtype && found->size == tensors[i].size);
        CHECK_SAME(found->data, numbers, found->size);
        CHECK_EQ(found->begin * 8 % bt_dtype_bits(found->dtype), 0); /* aligned */
    }
    CHECK(rewrite_problem(table) == NULL);
    bt_safetensors_close(table);
    free(file);
    free(names);
    free(tensors);
}

/* Names of up to six bytes of all lengths of UTF-8: written in the order of their bytes. */
static void order_of_names(void)
{
    enum { N = 400 };
    static const char *const characters[] = {"a",        "b",        "\x01",        "\x7f",
                                             "\xc2\x80", "\xc3\xbf", "\xef\xbf\xbf"};
    bt_tensor *tensors = take(N * sizeof *tensors);
    bt_metadata *metadata = take(N * sizeof *metadata);
    char (*names)[8] = take(N * sizeof *names);
    for (size_t i = 0; i < N; i++) {
        names[i][0] = 0; /* the digits of i to base 8, of which 0 is no character */
        for (size_t k = i * 7 % N; k > 0; k /= 8)
            if (k % 8 > 0 && strlen(names[i]) < 5) strcat(names[i], characters[k % 8 - 1]);
        bool taken = false;
        for (size_t k = 0; k < i; k++) taken = taken || strcmp(names[i], names[k]) == 0;
        if (taken) snprintf(names[i], sizeof *names, "%zu", i);
        tensors[i] = tensor(names[i], BT_DTYPE_U8, 1, 1, (const uint64_t[]){1});
        metadata[i] = entry(names[i], "");
    }
    size_t size;
    uint8_t *file = write_file(tensors, N, metadata, N, &size);
    bt_safetensors *table;
    REQUIRE(bt_safetensors_open(file, size, &table, NULL) == BT_IO_OK);
    char last[8] = "";
    for (size_t i = 0; i < N; i++) {
        const bt_tensor *t = bt_safetensors_at(table, i);
        bt_text key = bt_safetensors_metadata_key(table, i);
        char name[8] = "";
        memcpy(name, t->name, t->name_length);
        CHECK(i == 0 || strcmp(last, name) < 0); /* which compares unsigned bytes */
        CHECK(key.length == t->name_length && memcmp(key.bytes, name, key.length) == 0);
        memcpy(last, name, sizeof last);
    }
    bt_safetensors_close(table);
    free(file);
    free(names);
    free(metadata);
    free(tensors);
}

static const check_case cases[] = {{"exact_bytes", exact_bytes},
                                   {"padding", padding},
                                   {"too_little_room", too_little_room},
                                   {"refusals", refusals},
                                   {"metadata_refusals", metadata_refusals},
                                   {"longest_headers", longest_headers},
                                   {"round_trips", round_trips},
                                   {"many", many},
                                   {"order_of_names", order_of_names}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
