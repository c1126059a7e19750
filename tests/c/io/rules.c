/* rules.c - the headers of rules.h. Each breaks one rule, so that its code says which.
 * SPDX-License-Identifier: MIT */
#include "rules.h"

#include "base/io_error.h"

#define TENSOR(name, dtype, shape, offsets)                                                        \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define ONE(dtype, shape, offsets) "{" TENSOR("t", dtype, shape, offsets) "}"
#define U8(shape, offsets) ONE("U8", shape, offsets)
#define BYTE U8("[1]", "[0,1]")
#define NAMED(name) "{" TENSOR(name, "U8", "[1]", "[0,1]") "}"
#define TWO(a, range_a, b, range_b)                                                                \
    "{" TENSOR(a, "U8", "[4]", range_a) "," TENSOR(b, "U8", "[4]", range_b) "}"
#define META(value) "{\"__metadata__\":" value "," TENSOR("t", "U8", "[1]", "[0,1]") "}"
#define EXTRA(value)                                                                               \
    "{\"t\":{\"more\":" value ",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"

const rule rules[] = {
    {"no tensors", "{}", 0, BT_IO_OK},
    {"blanks around", " \t\r\n{ } \t\r\n", 0, BT_IO_OK},
    {"one byte", BYTE, 1, BT_IO_OK},
    {"blanks inside", "{ \"t\" : { \"dtype\":\"U8\" , \"shape\":[ 1 ] ,\"data_offsets\":[0 , 1]}}",
     1, BT_IO_OK},
    {"no header text", "", 0, BT_JSON_TRUNCATED},
    {"only blanks", "   ", 0, BT_JSON_TRUNCATED},
    /* R3 */
    {"utf8", NAMED("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 1, BT_IO_OK},
    {"utf8 lone continuation", NAMED("\x80"), 1, BT_JSON_UTF8},
    {"utf8 overlong 2", NAMED("\xc0\xaf"), 1, BT_JSON_UTF8},
    {"utf8 overlong 3", NAMED("\xe0\x9f\xbf"), 1, BT_JSON_UTF8},
    {"utf8 surrogate", NAMED("\xed\xa0\x80"), 1, BT_JSON_UTF8},
    {"utf8 above", NAMED("\xf4\x90\x80\x80"), 1, BT_JSON_UTF8},
    {"utf8 cut", NAMED("\xe2\x82"), 1, BT_JSON_UTF8},
    {"utf8 in metadata", META("{\"k\":\"\xff\"}"), 1, BT_JSON_UTF8},
    {"byte order mark", "\xef\xbb\xbf{}", 0, BT_JSON_SYNTAX},
    /* R4 */
    {"array", "[]", 0, BT_ST_NOT_OBJECT},
    {"string", "\"x\"", 0, BT_ST_NOT_OBJECT},
    {"null", "null", 0, BT_ST_NOT_OBJECT},
    {"garbage after", "{}x", 0, BT_JSON_TRAILING},
    {"two objects", "{}{}", 0, BT_JSON_TRAILING},
    {"form feed after", "{}\f", 0, BT_JSON_TRAILING},
    {"unfinished", "{", 0, BT_JSON_TRUNCATED},
    {"unfinished name", "{\"a", 0, BT_JSON_TRUNCATED},
    {"unfinished shape", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1", 0, BT_JSON_TRUNCATED},
    {"comma at the end", "{" TENSOR("t", "U8", "[1]", "[0,1]") ",}", 1, BT_JSON_SYNTAX},
    {"comma at the start", "{," TENSOR("t", "U8", "[1]", "[0,1]") "}", 1, BT_JSON_SYNTAX},
    {"no colon", "{\"t\"{}}", 0, BT_JSON_SYNTAX},
    {"a key without quotes", "{t:{}}", 0, BT_JSON_SYNTAX},
    {"single quotes", "{'t':{}}", 0, BT_JSON_SYNTAX},
    {"a comment", "{/**/}", 0, BT_JSON_SYNTAX},
    {"a control character", NAMED("a\x1f"), 1, BT_JSON_CONTROL},
    {"a newline", NAMED("a\n"), 1, BT_JSON_CONTROL},
    {"delete is none", NAMED("a\x7f"), 1, BT_IO_OK},
    {"escapes", NAMED("\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83d\\uDE00"), 1, BT_IO_OK},
    {"escape x", NAMED("\\x41"), 1, BT_JSON_ESCAPE},
    {"escape with few digits", NAMED("\\u12"), 1, BT_JSON_ESCAPE},
    {"high surrogate alone", NAMED("\\ud800"), 1, BT_JSON_SURROGATE},
    {"low surrogate alone", NAMED("\\udc00"), 1, BT_JSON_SURROGATE},
    {"two high surrogates", NAMED("\\ud800\\ud800"), 1, BT_JSON_SURROGATE},
    /* R5: six containers more fit under the header and the tensor */
    {"depth 8", EXTRA("[[[[[[1]]]]]]"), 1, BT_IO_OK},
    {"depth 9", EXTRA("[[[[[[[1]]]]]]]"), 1, BT_JSON_DEPTH},
    {"depth 9 of objects", EXTRA("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}"), 1,
     BT_JSON_DEPTH},
    /* R6 */
    {"negative", U8("[-1]", "[0,1]"), 1, BT_JSON_INTEGER},
    {"minus 0", U8("[1]", "[-0,1]"), 1, BT_JSON_INTEGER},
    {"fraction", U8("[1.0]", "[0,1]"), 1, BT_JSON_INTEGER},
    {"exponent", U8("[1e0]", "[0,1]"), 1, BT_JSON_INTEGER},
    {"a string as a number", U8("[\"1\"]", "[0,1]"), 1, BT_JSON_INTEGER},
    {"null as a number", U8("[null]", "[0,1]"), 1, BT_JSON_INTEGER},
    {"nested shape", U8("[[1]]", "[0,1]"), 1, BT_JSON_INTEGER},
    {"leading zero", U8("[01]", "[0,1]"), 1, BT_JSON_NUMBER},
    {"plus", U8("[+1]", "[0,1]"), 1, BT_JSON_SYNTAX},
    {"dimension 2^63-1", U8("[0,9223372036854775807]", "[0,0]"), 0, BT_IO_OK},
    {"dimension 2^63", U8("[0,9223372036854775808]", "[0,0]"), 0, BT_ST_DIMENSION},
    {"dimension 2^64", U8("[0,18446744073709551616]", "[0,0]"), 0, BT_ST_DIMENSION},
    {"offset 2^63", U8("[1]", "[9223372036854775808,9223372036854775809]"), 1, BT_ST_OFFSET},
    {"offset 2^64+1", U8("[1]", "[0,18446744073709551617]"), 1, BT_ST_OFFSET},
    /* R7 */
    {"empty name", NAMED(""), 1, BT_IO_OK},
    {"NUL", NAMED("a\\u0000"), 1, BT_ST_NAME_NUL},
    {"the same name", TWO("a", "[0,4]", "a", "[4,8]"), 8, BT_ST_NAME_TWICE},
    {"the same name by an escape", TWO("a", "[0,4]", "\\u0061", "[4,8]"), 8, BT_ST_NAME_TWICE},
    {"names that begin alike", TWO("a", "[0,4]", "aa", "[4,8]"), 8, BT_IO_OK},
    /* R8 */
    {"a tensor as an array", "{\"t\":[\"U8\",[1],[0,1]]}", 1, BT_ST_TENSOR_NOT_OBJECT},
    {"a tensor as null", "{\"t\":null}", 0, BT_ST_TENSOR_NOT_OBJECT},
    {"no fields", "{\"t\":{}}", 0, BT_ST_FIELD_MISSING},
    {"no dtype", "{\"t\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, BT_ST_FIELD_MISSING},
    {"no shape", "{\"t\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, BT_ST_FIELD_MISSING},
    {"no offsets", "{\"t\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, BT_ST_FIELD_MISSING},
    {"dtype twice", "{\"t\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1]}}", 1,
     BT_ST_FIELD_TWICE},
    {"shape twice", "{\"t\":{\"shape\":[1],\"dtype\":\"U8\",\"shape\":[1]}}", 1, BT_ST_FIELD_TWICE},
    {"offsets twice", "{\"t\":{\"data_offsets\":[0,1],\"data_offsets\":[0,1]}}", 1,
     BT_ST_FIELD_TWICE},
    {"a field by an escape",
     "{\"t\":{\"\\u0064type\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, BT_IO_OK},
    {"dtype as a number", "{\"t\":{\"dtype\":5}}", 0, BT_ST_FIELD_TYPE},
    {"shape as a number", "{\"t\":{\"shape\":5}}", 0, BT_ST_FIELD_TYPE},
    {"shape as an object", "{\"t\":{\"shape\":{}}}", 0, BT_ST_FIELD_TYPE},
    {"one offset", U8("[1]", "[0]"), 1, BT_ST_FIELD_TYPE},
    {"three offsets", U8("[1]", "[0,1,2]"), 1, BT_ST_FIELD_TYPE},
    {"another field", EXTRA("\"x\""), 1, BT_IO_OK},
    {"another field twice", EXTRA("{\"a\":[true,false,null,{}]},\"more\":1"), 1, BT_IO_OK},
    {"another field of numbers", EXTRA("[-1.5e-400,0e999,9.9e307]"), 1, BT_IO_OK},
    {"another field with too large a number", EXTRA("[1e400]"), 1, BT_JSON_RANGE},
    {"another field that is wrong", EXTRA("[tru]"), 1, BT_JSON_SYNTAX},
    /* R9 */
    {"4 bits", ONE("F4", "[2,3]", "[0,3]"), 3, BT_IO_OK},
    {"6 bits", ONE("F6_E2M3", "[4]", "[0,3]"), 3, BT_IO_OK},
    {"8 bits", ONE("F8_E8M0", "[4]", "[0,4]"), 4, BT_IO_OK},
    {"dtype by an escape", ONE("\\u0046\\u0033\\u0032", "[1]", "[0,4]"), 4, BT_IO_OK},
    {"small letters", ONE("f32", "[1]", "[0,4]"), 4, BT_ST_DTYPE_UNKNOWN},
    {"no dtype's name", ONE("", "[1]", "[0,4]"), 4, BT_ST_DTYPE_UNKNOWN},
    {"longer than a dtype's", ONE("F32 ", "[1]", "[0,4]"), 4, BT_ST_DTYPE_UNKNOWN},
    /* R10 */
    {"rank 0", ONE("F32", "[]", "[0,4]"), 4, BT_IO_OK},
    {"rank 8", U8("[1,1,1,1,1,1,1,1]", "[0,1]"), 1, BT_IO_OK},
    {"rank 9", U8("[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, BT_ST_RANK},
    /* R11, R12 */
    {"2^64 elements", U8("[4294967296,4294967296]", "[0,0]"), 0, BT_ST_SHAPE_OVERFLOW},
    {"2^64 before a 0", U8("[4294967296,4294967296,0]", "[0,0]"), 0, BT_ST_SHAPE_OVERFLOW},
    {"2^64 after a 0", U8("[0,4294967296,4294967296]", "[0,0]"), 0, BT_IO_OK},
    {"2^64 bytes", ONE("F32", "[4611686018427387904]", "[0,0]"), 0, BT_ST_SHAPE_OVERFLOW},
    {"half a byte", ONE("F4", "[3]", "[0,2]"), 2, BT_ST_SHAPE_BITS},
    {"three quarters of a byte", ONE("F6_E3M2", "[1]", "[0,1]"), 1, BT_ST_SHAPE_BITS},
    /* R13, R14 */
    {"backwards", U8("[1]", "[1,0]"), 1, BT_ST_RANGE_ORDER},
    {"a byte too few", ONE("F32", "[2]", "[0,7]"), 7, BT_ST_RANGE_SIZE},
    {"a byte too many", ONE("F32", "[2]", "[0,9]"), 9, BT_ST_RANGE_SIZE},
    {"nothing for one", U8("[1]", "[0,0]"), 0, BT_ST_RANGE_SIZE},
    {"something for none", U8("[0]", "[0,1]"), 1, BT_ST_RANGE_SIZE},
    /* R15 */
    {"in the other order", TWO("a", "[4,8]", "b", "[0,4]"), 8, BT_IO_OK},
    {"the same bytes", TWO("a", "[0,4]", "b", "[0,4]"), 4, BT_ST_OVERLAP},
    {"some of the same bytes", TWO("a", "[0,4]", "b", "[3,7]"), 7, BT_ST_OVERLAP},
    {"a hole", TWO("a", "[0,4]", "b", "[5,9]"), 9, BT_ST_HOLE},
    {"a hole at the start", U8("[4]", "[1,5]"), 5, BT_ST_HOLE},
    {"empty ones between",
     "{" TENSOR("a", "U8", "[1]", "[0,1]") "," TENSOR("b", "F32", "[0,7]", "[1,1]") "," TENSOR(
         "c", "U8", "[1]", "[1,2]") "," TENSOR("d", "U8", "[0]", "[0,0]") "}",
     2, BT_IO_OK},
    {"an empty one inside another",
     "{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[0]", "[2,2]") "}", 4,
     BT_ST_OVERLAP},
    /* R16 */
    {"data cut off", U8("[4]", "[0,4]"), 3, BT_ST_RANGE_PAST_END},
    {"data far off", U8("[1]", "[9223372036854775806,9223372036854775807]"), 1,
     BT_ST_RANGE_PAST_END},
    {"data left", U8("[4]", "[0,4]"), 5, BT_ST_DATA_LEFT},
    {"data without tensors", "{}", 1, BT_ST_DATA_LEFT},
    /* R17 */
    {"metadata", META("{\"k\":\"v\"}"), 1, BT_IO_OK},
    {"metadata alone", "{\"__metadata__\":{\"k\":\"v\"}}", 0, BT_IO_OK},
    {"metadata empty", META("{}"), 1, BT_IO_OK},
    {"metadata null", META("null"), 1, BT_IO_OK},
    {"metadata with braces", META("{\"k\":\"}}{\"}"), 1, BT_IO_OK},
    {"metadata by an escape", "{\"\\u005f_metadata__\":{\"k\":\"v\"}}", 0, BT_IO_OK},
    {"metadata with a NUL", META("{\"k\\u0000\":\"\\u0000\"}"), 1, BT_IO_OK},
    {"metadata as an array", META("[]"), 1, BT_ST_METADATA_TYPE},
    {"metadata as a string", META("\"x\""), 1, BT_ST_METADATA_TYPE},
    {"a number in the metadata", META("{\"k\":1}"), 1, BT_ST_METADATA_TYPE},
    {"an object in the metadata", META("{\"k\":{\"k\":\"v\"}}"), 1, BT_ST_METADATA_TYPE},
    {"null in the metadata", META("{\"k\":null}"), 1, BT_ST_METADATA_TYPE},
    {"metadata twice", META("{},\"__metadata__\":{}"), 1, BT_ST_METADATA_TWICE},
    {"metadata null and twice", META("null,\"__metadata__\":null"), 1, BT_ST_METADATA_TWICE},
    {"a key twice", META("{\"k\":\"v\",\"l\":\"v\",\"k\":\"v\"}"), 1, BT_ST_METADATA_KEY_TWICE},
    {"a key twice by an escape", META("{\"k\":\"v\",\"\\u006b\":\"w\"}"), 1,
     BT_ST_METADATA_KEY_TWICE},
};

const size_t rule_count = sizeof rules / sizeof *rules;
