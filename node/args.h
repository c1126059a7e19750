// args.h - every read of a JavaScript value: its type is checked, nothing is kept.
//
// Pointers into typed arrays are valid until JavaScript runs again, that is, within one call.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ARGS_H
#define BIT_TTT_NODE_ARGS_H

#include <napi.h>

#include <cstddef>
#include <cstdint>

// A typed array's elements. A detached array, or one out of its buffer's bounds, has length 0.
template <typename T> struct Span {
    T *data = nullptr;
    size_t length = 0;
};

// These return false if the value is of another type; they accept arrays of any realm, but none
// on a SharedArrayBuffer, whose contents could change between a check and its use.
bool ReadFloats(napi_env env, napi_value value, Span<float> *out);
bool ReadInt8s(napi_env env, napi_value value, Span<int8_t> *out);
bool ReadBytes(napi_env env, napi_value value, Span<uint8_t> *out);
bool ReadUint32s(napi_env env, napi_value value, Span<uint32_t> *out);
bool ReadDoubles(napi_env env, napi_value value, Span<double> *out);

// undefined and null give an empty span, which `ReadFloats` never does for a usable array.
bool ReadOptionalFloats(napi_env env, napi_value value, Span<float> *out);

// undefined and null give null data, and nothing else does, not even an empty array.
bool ReadOptionalBytes(napi_env env, napi_value value, Span<const uint8_t> *out);
// As ReadOptionalFloats, for n results: *fits is false if there is an array of another length.
bool ReadResults(napi_env env, napi_value value, size_t n, Span<float> *out, bool *fits);

// A handle: an integer that a double holds exactly. False for anything else.
bool ReadHandle(napi_env env, napi_value value, uint64_t *out);
bool ReadUint32(napi_env env, napi_value value, uint32_t *out);
// A BigInt from 0 to 2^64 - 1.
bool ReadUint64(napi_env env, napi_value value, uint64_t *out);
// A double that is a whole number from 0 to 2^32 - 1.
bool ToUint32(double number, uint32_t *out);

#endif
