// args.cc - reads JavaScript values with Node-API calls that never run user code.
// SPDX-License-Identifier: MIT
#include "args.h"

#include <cmath>

namespace {

template <typename T> constexpr napi_typedarray_type kTypeOf = napi_float32_array;
template <> constexpr napi_typedarray_type kTypeOf<int8_t> = napi_int8_array;
template <> constexpr napi_typedarray_type kTypeOf<uint8_t> = napi_uint8_array;
template <> constexpr napi_typedarray_type kTypeOf<uint32_t> = napi_uint32_array;

// The target of the pointer of an empty array; never read or written.
template <typename T> T nothing[1];

int StatusOf(bool good)
{
    return good ? TTT_OK : kInvalidArgument;
}

napi_valuetype TypeOf(napi_env env, napi_value value)
{
    napi_valuetype type = napi_undefined;
    napi_typeof(env, value, &type);
    return type;
}

} // namespace

template <typename T> int ReadArray(napi_env env, napi_value value, Span<T> *out)
{
    napi_typedarray_type type;
    napi_value buffer;
    void *data = nullptr;
    size_t length = 0;
    // Fails for anything that is not a typed array, Proxies included.
    if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, nullptr) != napi_ok)
        return kInvalidArgument;
    bool owned = false; // false for a SharedArrayBuffer
    if (type != kTypeOf<T> || napi_is_arraybuffer(env, buffer, &owned) != napi_ok || !owned)
        return kInvalidArgument;
    out->data = data ? static_cast<T *>(data) : nothing<T>;
    out->length = data ? length : 0;
    return TTT_OK;
}

template <typename T> int ReadOptional(napi_env env, napi_value value, Span<T> *out)
{
    napi_valuetype type = TypeOf(env, value);
    *out = Span<T>();
    return type == napi_undefined || type == napi_null ? TTT_OK : ReadArray(env, value, out);
}

template int ReadArray(napi_env, napi_value, Span<float> *);
template int ReadArray(napi_env, napi_value, Span<int8_t> *);
template int ReadArray(napi_env, napi_value, Span<uint8_t> *);
template int ReadArray(napi_env, napi_value, Span<uint32_t> *);
template int ReadOptional(napi_env, napi_value, Span<float> *);
template int ReadOptional(napi_env, napi_value, Span<uint8_t> *);

int ReadHandle(napi_env env, napi_value value, uint64_t *out)
{
    double number = 0;
    if (napi_get_value_double(env, value, &number) != napi_ok) return kInvalidArgument;
    if (!(number >= 0 && number <= 9007199254740991.0) || number != std::floor(number))
        return kInvalidArgument;
    *out = static_cast<uint64_t>(number);
    return TTT_OK;
}

int ReadUint32(napi_env env, napi_value value, uint32_t *out)
{
    double number = 0;
    if (napi_get_value_double(env, value, &number) != napi_ok) return kInvalidArgument;
    if (!(number >= 0 && number <= 4294967295.0) || number != std::floor(number))
        return kInvalidArgument;
    *out = static_cast<uint32_t>(number);
    return TTT_OK;
}

int ReadFloat(napi_env env, napi_value value, float *out)
{
    double number = 0;
    if (napi_get_value_double(env, value, &number) != napi_ok) return kInvalidArgument;
    *out = static_cast<float>(number);
    return TTT_OK;
}

int ReadBigInt(napi_env env, napi_value value, uint64_t *out)
{
    bool lossless = false;
    return StatusOf(napi_get_value_bigint_uint64(env, value, out, &lossless) == napi_ok &&
                    lossless);
}

int ReadBool(napi_env env, napi_value value, bool *out)
{
    return StatusOf(napi_get_value_bool(env, value, out) == napi_ok);
}

int ReadText(napi_env env, napi_value value, std::string *out)
{
    size_t length = 0;
    if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
        return kInvalidArgument;
    out->resize(length);
    return StatusOf(napi_get_value_string_utf8(env, value, &(*out)[0], length + 1, &length) ==
                    napi_ok);
}

int CheckFunction(napi_env env, napi_value value)
{
    return StatusOf(TypeOf(env, value) == napi_function);
}
