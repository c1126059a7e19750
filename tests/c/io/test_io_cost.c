/* test_io_cost.c - hostile headers cost memory in proportion to their size: at most four times the
 * header and 64 KiB, counted at the seam through which all memory comes.
 *
 * Built against the readers with BT_FAULT_INJECTION.
 * SPDX-License-Identifier: MIT */
#if !defined(_WIN32)
#define _DEFAULT_SOURCE /* MAP_ANON */
#endif
#include "check.h"
#include "image.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <sys/mman.h>
#endif

enum { LARGEST = 100000000, MOST = 1048576 };

/* A header under construction, in place behind the prefix of a file. */
typedef struct {
    uint8_t *file;
    size_t length, room;
} text;

static text begin(size_t room)
{
    return (text){.file = take(8 + room), .room = room};
}

static void add(text *t, const char *piece, size_t length)
{
    REQUIRE(length <= t->room - t->length);
    memcpy(t->file + 8 + t->length, piece, length);
    t->length += length;
}

static void add_string(text *t, const char *piece)
{
    add(t, piece, strlen(piece));
}

/* The same piece over and over, as long as `left` bytes of room stay free behind it. */
static void fill(text *t, const char *piece, size_t left)
{
    size_t length = strlen(piece);
    while (t->room - t->length >= length + left) {
        memcpy(t->file + 8 + t->length, piece, length);
        t->length += length;
    }
}

/* Opens the file, with no data, in a block of exactly its size; checks code and memory. */
static void expect(text *t, int expected, const char *what)
{
    bt_safetensors *table;
    bt_io_error error;
    bt_put_u64(t->file, t->length);
    uint8_t *file = take_copy(t->file, 8 + t->length);
    free(t->file);
    bt_reset_peak();
    int code = bt_safetensors_open(file, 8 + t->length, &table, &error);
    size_t peak = bt_peak_bytes();
    check_context("%s: %s", what, error.text);
    CHECK_EQ(code, expected);
    CHECK(error_problem(&error, code, 8 + t->length) == NULL);
    CHECK_AT_MOST((double)peak, 4.0 * (double)t->length + 65536);
    check_note("%s: %zu bytes of header, %zu of memory", what, t->length, peak);
    /* Names and keys are found in a table of this size as well. */
    for (size_t i = 0; table && i < bt_safetensors_count(table); i += 1 + i / 3) {
        const bt_tensor *one = bt_safetensors_at(table, i);
        CHECK(bt_safetensors_find(table, (bt_text){one->name, one->name_length}) == one);
    }
    for (size_t i = 0; table && i < bt_safetensors_metadata_count(table); i += 1 + i / 3) {
        size_t length;
        bt_text key = bt_safetensors_metadata_key(table, i);
        int found = bt_safetensors_metadata(table, key, NULL, 0, &length);
        CHECK_EQ(found, length == 0 ? BT_IO_OK : BT_IO_BUFFER_SIZE);
    }
    bt_safetensors_close(table);
    CHECK_EQ(bt_live_allocations(), 0);
    free(file);
}

static size_t scaled(size_t count)
{
    return check_quick() ? count / 16 : count;
}

/* Tensors of no data whose names are `prefix` and the i-th number in an order that is far from any
 * sorted one; `escaped` writes one letter of each as an escape. */
static text tensors(size_t count, const char *prefix, bool escaped)
{
    text t = begin(count * (strlen(prefix) + 80) + 2);
    add_string(&t, "{");
    for (size_t i = 0; i < count; i++) {
        char piece[400];
        unsigned long long shuffled = i * 2654435761u % ((uint64_t)1 << 32);
        int n = snprintf(piece, sizeof piece,
                         "%s\"%s%s%llx\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                         i > 0 ? "," : "", prefix, escaped ? "\\u0061" : "", shuffled);
        add(&t, piece, (size_t)n);
    }
    add_string(&t, "}");
    return t;
}

static void many_tensors(void)
{
    size_t most = scaled(MOST);
    text t = tensors(most, "", false);
    expect(&t, BT_IO_OK, "many tensors of short names");
    t = tensors(most / 8, "0123456789012345678901234567", false);
    expect(&t, BT_IO_OK, "many tensors whose names begin alike");
    t = tensors(most / 8, "", true);
    expect(&t, BT_IO_OK, "many tensors of names with escapes");
    t = tensors(MOST + 1, "", false);
    expect(&t, BT_ST_TENSOR_LIMIT, "2^20 + 1 tensors");
}

/* The smallest tensors that there can be, with names of one, two and more characters. */
static void small_tensors(void)
{
    size_t count = 60000;
    text t = begin(count * 70 + 2);
    add_string(&t, "{");
    for (size_t i = 0; i < count; i++) {
        char piece[80];
        int n = snprintf(piece, sizeof piece,
                         "%s\"%c%c%c\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                         i ? "," : "", (int)('0' + i % 40), (int)('0' + i / 40 % 40),
                         (int)('0' + i / 1600));
        add(&t, piece, (size_t)n);
    }
    add_string(&t, "}");
    expect(&t, BT_IO_OK, "60000 tensors of names of three bytes");
}

static text entries(size_t count, const char *format)
{
    text t = begin(count * 24 + 32);
    add_string(&t, "{\"__metadata__\":{");
    for (size_t i = 0; i < count; i++) {
        char piece[40];
        int n = snprintf(piece, sizeof piece, format, i > 0 ? "," : "", (unsigned)(i ^ 0x5555));
        add(&t, piece, (size_t)n);
    }
    add_string(&t, "}}");
    return t;
}

static bool stands_for_itself(int c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void much_metadata(void)
{
    text t = entries(scaled(MOST), "%s\"%x\":\"\"");
    expect(&t, BT_IO_OK, "many metadata entries");
    t = entries(scaled(MOST / 8), "%s\"%x\\n\":\"\"");
    expect(&t, BT_IO_OK, "many metadata entries with escapes");
    t = entries(MOST + 1, "%s\"%x\":\"\"");
    expect(&t, BT_ST_METADATA_LIMIT, "2^20 + 1 metadata entries");

    /* The shortest keys, all of one byte and then of two: what an entry costs most against. */
    t = begin(12000 * 10 + 32);
    add_string(&t, "{\"__metadata__\":{\"\":\"\"");
    for (int a = 0; a < 128; a++) {
        for (int b = -1; b < 128; b++) {
            char piece[16];
            if (!stands_for_itself(a) || (b >= 0 && !stands_for_itself(b))) continue;
            int n = b < 0 ? snprintf(piece, sizeof piece, ",\"%c\":\"\"", a)
                          : snprintf(piece, sizeof piece, ",\"%c%c\":\"\"", a, b);
            add(&t, piece, (size_t)n);
        }
    }
    add_string(&t, "}}");
    expect(&t, BT_IO_OK, "all keys of one and two ASCII characters");
}

static void largest_headers(void)
{
    size_t size = scaled(LARGEST);
    text t = begin(size);
    add_string(&t, "{");
    fill(&t, " ", 1);
    add_string(&t, "}");
    expect(&t, BT_IO_OK, "largest header: blanks");

    t = begin(size);
    add_string(&t, "{\"__metadata__\":{\"k\":\"");
    fill(&t, "v", 3);
    add_string(&t, "\"}}");
    expect(&t, BT_IO_OK, "largest header: one value");

    t = begin(size);
    add_string(&t, "{\"__metadata__\":{\"");
    fill(&t, "\\u0061", 6);
    add_string(&t, "\":\"\"}}");
    expect(&t, BT_IO_OK, "largest header: one key of escapes");

    t = begin(size);
    add_string(&t, "{\"t\":{\"x\":[1e307");
    fill(&t, ",-1e307", 50);
    add_string(&t, "],\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    expect(&t, BT_IO_OK, "largest header: numbers that are skipped");

    t = begin(size);
    add_string(&t, "{\"");
    fill(&t, "n", 2);
    add_string(&t, "\":");
    expect(&t, BT_ST_NAME_LONG, "largest header: one name");
}

static void deep_and_long(void)
{
    static const struct {
        const char *start, *repeat;
        int code;
    } table[] = {{"{\"a\":", "[", BT_ST_TENSOR_NOT_OBJECT},
                 {"{\"a\":{\"x\":", "[", BT_JSON_DEPTH},
                 {"{\"a\":{\"x\":", "{\"a\":", BT_JSON_DEPTH},
                 {"{\"__metadata__\":", "{\"a\":", BT_ST_METADATA_TYPE},
                 {"", "[", BT_ST_NOT_OBJECT}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t start = strlen(table[i].start), once = strlen(table[i].repeat);
        text t = begin(start + 1000000 * once);
        add_string(&t, table[i].start);
        fill(&t, table[i].repeat, 0);
        expect(&t, table[i].code, "nesting of 10^6");
    }
    static const char *const numbers[][2] = {{"{\"t\":{\"shape\":[", "]"},
                                             {"{\"t\":{\"data_offsets\":[0,", "]"}};
    for (size_t i = 0; i < 2; i++) {
        text t = begin(strlen(numbers[i][0]) + 10001);
        add_string(&t, numbers[i][0]);
        fill(&t, "1", 1);
        add_string(&t, numbers[i][1]);
        expect(&t, i == 0 ? BT_ST_DIMENSION : BT_ST_OFFSET, "10^4 digits");
    }
    text t = begin(10100);
    add_string(&t, "{\"t\":{\"x\":1e");
    fill(&t, "0", 51);
    add_string(&t, "1,\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    expect(&t, BT_IO_OK, "an exponent of 10^4 digits");
}

/* Sizes that are only claimed cost nothing. */
static void claims(void)
{
    static const char *const headers[] = {
        "{\"t\":{\"dtype\":\"U8\",\"shape\":[1000000000000],\"data_offsets\":[0,1000000000000]}}",
        "{\"\":{\"dtype\":\"F64\",\"shape\":[50000,2500000],\"data_offsets\":[0,1000000000000]}}"};
    for (size_t i = 0; i < 2; i++) {
        text t = begin(200);
        add_string(&t, headers[i]);
        expect(&t, BT_ST_RANGE_PAST_END, "a tensor of a terabyte");
    }
    uint8_t prefix[8];
    bt_safetensors *table;
    bt_put_u64(prefix, LARGEST);
    bt_reset_peak();
    CHECK_EQ(bt_safetensors_open(prefix, 8, &table, NULL), BT_ST_HEADER_PAST_END);
    CHECK_EQ(bt_peak_bytes(), 0);
}

#if !defined(_WIN32)
/* A file of 6 GB, of which only the first page exists: data is never looked at. */
static void large_file(void)
{
    static const char header[] =
        "{\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[6000000001,6000000002]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[6000000000,6000000001]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1500,1000000],\"data_offsets\":[0,6000000000]}}";
    size_t length = sizeof header - 1, size;
    if (__builtin_add_overflow(8 + length, 6000000002u, &size)) {
        check_skip("a file of 6 GB has no place in this address space");
        return;
    }
    uint8_t *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    REQUIRE(file != MAP_FAILED && mprotect(file, 4096, PROT_READ | PROT_WRITE) == 0);
    bt_put_u64(file, length);
    memcpy(file + 8, header, length);
    bt_safetensors *table;
    bt_reset_peak();
    REQUIRE(bt_safetensors_open(file, size, &table, NULL) == BT_IO_OK);
    CHECK_AT_MOST((double)bt_peak_bytes(), 4.0 * (double)length + 65536);
    for (size_t i = 0; i < 3; i++) {
        const bt_tensor *t = bt_safetensors_at(table, i);
        CHECK(t->name[0] == "abc"[i] && t->data == file + 8 + length + t->begin);
    }
    CHECK(bt_safetensors_at(table, 0)->size == 6000000000u);
    bt_safetensors_close(table);
    CHECK_EQ(bt_safetensors_open(file, size - 1, &table, NULL), BT_ST_RANGE_PAST_END);
    CHECK_EQ(munmap(file, size), 0);
}
#endif

static const check_case cases[] = {{"many_tensors", many_tensors},
                                   {"small_tensors", small_tensors},
                                   {"much_metadata", much_metadata},
                                   {"largest_headers", largest_headers},
                                   {"deep_and_long", deep_and_long},
#if !defined(_WIN32)
                                   {"large_file", large_file},
#endif
                                   {"claims", claims}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
