// args.cc - reads JavaScript values with plain Node-API calls, which never run user code.
// SPDX-License-Identifier: MIT
#include "args.h"

#include <cmath>

namespace {

template <typename T>
bool ReadArray(napi_env env, napi_value value, napi_typedarray_type wanted, Span<T> *out)
{
    napi_typedarray_type type;
    napi_value buffer;
    void *data = nullptr;
    size_t length = 0;
    // Fails for anything that is not a typed array, Proxies included.
    if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, nullptr) != napi_ok)
        return false;
    bool owned = false; // false for a SharedArrayBuffer
    if (type != wanted || napi_is_arraybuffer(env, buffer, &owned) != napi_ok || !owned)
        return false;
    out->data = static_cast<T *>(data);
    out->length = data ? length : 0;
    return true;
}

bool IsNothing(napi_env env, napi_value value)
{
    napi_valuetype type = napi_number;
    return value && napi_typeof(env, value, &type) == napi_ok &&
           (type == napi_undefined || type == napi_null);
}

} // namespace

bool ReadFloats(napi_env env, napi_value value, Span<float> *out)
{
    return ReadArray(env, value, napi_float32_array, out);
}

bool ReadInt8s(napi_env env, napi_value value, Span<int8_t> *out)
{
    return ReadArray(env, value, napi_int8_array, out);
}

bool ReadBytes(napi_env env, napi_value value, Span<uint8_t> *out)
{
    return ReadArray(env, value, napi_uint8_array, out);
}

bool ReadUint32s(napi_env env, napi_value value, Span<uint32_t> *out)
{
    return ReadArray(env, value, napi_uint32_array, out);
}

bool ReadDoubles(napi_env env, napi_value value, Span<double> *out)
{
    return ReadArray(env, value, napi_float64_array, out);
}

bool ReadOptionalFloats(napi_env env, napi_value value, Span<float> *out)
{
    *out = Span<float>();
    return IsNothing(env, value) || ReadFloats(env, value, out);
}

bool ReadOptionalBytes(napi_env env, napi_value value, Span<const uint8_t> *out)
{
    static const uint8_t empty[1] = {0};
    Span<uint8_t> bytes;
    *out = Span<const uint8_t>();
    if (IsNothing(env, value)) return true;
    if (!ReadBytes(env, value, &bytes)) return false;
    out->data = bytes.data ? bytes.data : empty;
    out->length = bytes.length;
    return true;
}

bool ReadResults(napi_env env, napi_value value, size_t n, Span<float> *out, bool *fits)
{
    if (!ReadOptionalFloats(env, value, out)) return false;
    *fits = out->length == n || IsNothing(env, value);
    return true;
}

bool ReadHandle(napi_env env, napi_value value, uint64_t *out)
{
    double number = 0;
    if (!value || napi_get_value_double(env, value, &number) != napi_ok) return false;
    if (!(number >= 0 && number <= 9007199254740991.0) || number != std::floor(number))
        return false;
    *out = static_cast<uint64_t>(number);
    return true;
}

bool ReadUint32(napi_env env, napi_value value, uint32_t *out)
{
    uint64_t number = 0;
    if (!ReadHandle(env, value, &number) || number > UINT32_MAX) return false;
    *out = static_cast<uint32_t>(number);
    return true;
}

bool ReadUint64(napi_env env, napi_value value, uint64_t *out)
{
    bool lossless = false;
    return napi_get_value_bigint_uint64(env, value, out, &lossless) == napi_ok && lossless;
}

bool ToUint32(double number, uint32_t *out)
{
    if (!(number >= 0 && number <= UINT32_MAX) || number != std::floor(number)) return false;
    *out = static_cast<uint32_t>(number);
    return true;
}
