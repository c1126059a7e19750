/* test_io_faults.c - every allocation of every reader and writer fails once, and from there on: the
 * operation says so, leaks nothing, gives nothing out, and works the next time.
 *
 * Built against the readers with BT_FAULT_INJECTION.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "image.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const char header[] =
    "{\"__metadata__\":{\"a\":\"1\",\"b\":\"2\"},\"t\\n\":{\"dtype\":\"U8\",\"shape\":[3],"
    "\"data_offsets\":[0,3]},\"u\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[3,7]}}";

static int open_file(bt_io_error *error)
{
    image file = image_of(header, sizeof header - 1, 7);
    bt_safetensors *table = (void *)file.bytes;
    int code = bt_safetensors_open(file.bytes, file.size, &table, error);
    CHECK((code == BT_IO_OK) == (table != NULL));
    bt_safetensors_close(table);
    free(file.bytes);
    return code;
}

static int write_file(bt_io_error *error)
{
    static const uint8_t data[4] = {1, 2, 3, 4};
    const bt_tensor tensors[2] = {
        {.name = "a", .name_length = 1, .data = data, .size = 4, .dtype = BT_DTYPE_F32},
        {.name = "b", .name_length = 1, .data = data, .size = 1, .dtype = BT_DTYPE_U8}};
    bt_metadata metadata = {bt_text_of("k"), bt_text_of("v")};
    uint8_t buffer[256], untouched[256];
    size_t size;
    memset(buffer, 0xee, sizeof buffer);
    memset(untouched, 0xee, sizeof untouched);
    int code = bt_safetensors_write(tensors, 2, &metadata, 1, buffer, sizeof buffer, &size, error);
    if (code) CHECK_SAME(buffer, untouched, sizeof buffer);
    CHECK((size == 0) == (code != BT_IO_OK));
    return code;
}

static void every_allocation(void)
{
    static const struct {
        const char *name;
        int (*run)(bt_io_error *);
        size_t allocations;
    } operations[] = {{"open", open_file, 1}, {"write", write_file, 1}};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        for (int persistent = 0; persistent < 2; persistent++) {
            size_t failures = 0;
            for (int code = BT_IO_OUT_OF_MEMORY; code != BT_IO_OK && failures < 100; failures++) {
                bt_io_error error;
                check_context("%s, allocation %zu", operations[i].name, failures);
                bt_fail_allocations(failures, persistent != 0);
                code = operations[i].run(&error);
                bt_fail_allocations(SIZE_MAX, false);
                CHECK(code == BT_IO_OK || code == BT_IO_OUT_OF_MEMORY);
                CHECK(error_problem(&error, code, 0) == NULL);
                CHECK_EQ(bt_live_allocations(), 0);
                CHECK_EQ(operations[i].run(&error), BT_IO_OK);
            }
            CHECK_EQ(failures, operations[i].allocations + 1);
        }
    }
}

/* The accounting that the memory tests rely on. */
static void accounting(void)
{
    uint8_t *before = bt_alloc(1, 5000);
    REQUIRE(before != NULL);
    bt_reset_peak();
    CHECK_EQ(bt_peak_bytes(), 0);
    uint8_t *a = bt_alloc(10, 100), *b = bt_alloc(1, 500);
    REQUIRE(a && b);
    size_t peak = bt_peak_bytes();
    CHECK(peak >= 1500 && peak <= 1500 + 2 * (BT_ALIGNMENT + 3 * sizeof(void *)));
    CHECK_EQ((uintptr_t)a % BT_ALIGNMENT, 0);
    bt_free(a);
    bt_free(before);
    CHECK_EQ(bt_peak_bytes(), peak);
    a = bt_alloc(1, 100);
    CHECK_EQ(bt_peak_bytes(), peak);
    bt_free(a);
    bt_free(b);
    CHECK_EQ(bt_live_allocations(), 0);
    CHECK(bt_alloc(SIZE_MAX / 2, 3) == NULL && bt_alloc(SIZE_MAX - 8, 1) == NULL);
}

/* A region counts and frees all of its blocks, and fails for good where one allocation does. */
static void regions(void)
{
    bt_region region = {0};
    float *floats = bt_region_floats(&region, 10);
    uint8_t *bytes = bt_region_alloc(&region, 3, 50);
    REQUIRE(floats && bytes && !region.failed);
    CHECK(floats[9] == 0.0f && bytes[149] == 0);
    CHECK_EQ(bt_live_allocations(), 2);
    CHECK_EQ(region.bytes, bt_live_bytes());
    CHECK_EQ(region.bytes, bt_block_bytes(floats) + bt_block_bytes(bytes));
    bt_fail_allocations(0, false);
    CHECK(bt_region_floats(&region, 1) == NULL && region.failed);
    CHECK(bt_region_floats(&region, 1) == NULL && region.failed);
    CHECK_EQ(bt_live_allocations(), 2);
    bt_region_free(&region);
    CHECK(region.bytes == 0 && !region.failed);
    CHECK_EQ(bt_live_allocations(), 0);
    bt_region_free(&region);
}

static const check_case cases[] = {
    {"every_allocation", every_allocation}, {"accounting", accounting}, {"regions", regions}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
