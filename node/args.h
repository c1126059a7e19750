// args.h - reads JavaScript values and checks their types. Pointers into typed arrays are valid until
// JavaScript runs again, that is, within one call.
//
// All functions return TTT_OK, or kInvalidArgument for a value of another type.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ARGS_H
#define BIT_TTT_NODE_ARGS_H

#include "call.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// The elements of a typed array; one that is detached or out of its buffer's bounds has length 0. After a
// successful read `data` is null only if the array was optional and is missing.
template <typename T> struct Span {
    T *data = nullptr;
    size_t length = 0;
};

// A typed array of float, int8_t, uint8_t or uint32_t, of any realm. Arrays on a SharedArrayBuffer are
// refused: their contents could change between a check and its use.
template <typename T> int ReadArray(napi_env env, napi_value value, Span<T> *out);

// The same for an array that may be missing: undefined or null.
template <typename T> int ReadOptional(napi_env env, napi_value value, Span<T> *out);

// TTT_DIMENSION_MISMATCH unless there are n elements.
template <typename T> int ReadArray(napi_env env, napi_value value, size_t n, Span<T> *out)
{
    int status = ReadArray(env, value, out);
    return status == TTT_OK && out->length != n ? TTT_DIMENSION_MISMATCH : status;
}
template <typename T> int ReadOptional(napi_env env, napi_value value, size_t n, Span<T> *out)
{
    int status = ReadOptional(env, value, out);
    return status == TTT_OK && out->data && out->length != n ? TTT_DIMENSION_MISMATCH : status;
}

// One of the structs of include/bit_ttt as a Uint8Array of exactly its bytes. They are copied, since
// they need not be aligned; the library checks the values, the struct's own size field included.
template <typename T> int ReadStruct(napi_env env, napi_value value, T *out)
{
    Span<uint8_t> bytes;
    int status = ReadArray(env, value, &bytes);
    if (status != TTT_OK || bytes.length != sizeof(T)) return kInvalidArgument;
    std::memcpy(out, bytes.data, sizeof(T));
    return TTT_OK;
}

// A handle: an integer from 0 to 2^53 - 1.
int ReadHandle(napi_env env, napi_value value, uint64_t *out);
// A BigInt from 0 to 2^64 - 1.
int ReadBigInt(napi_env env, napi_value value, uint64_t *out);
// An integer from 0 to 2^32 - 1.
int ReadUint32(napi_env env, napi_value value, uint32_t *out);
// Any number, rounded to a float.
int ReadFloat(napi_env env, napi_value value, float *out);
int ReadBool(napi_env env, napi_value value, bool *out);
// Reads a string as UTF-8, in which there may be NUL characters.
int ReadText(napi_env env, napi_value value, std::string *out);
int CheckFunction(napi_env env, napi_value value);

#endif
