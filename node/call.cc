// call.cc - reads the arguments of a call from JavaScript, and makes its results and failures.
// SPDX-License-Identifier: MIT
#include "call.h"

#include <new>

napi_value Call::Status(int status) const
{
    napi_value value = nullptr;
    napi_create_int32(env, status, &value);
    return value;
}

napi_value Call::Double(double number) const
{
    napi_value value = nullptr;
    napi_create_double(env, number, &value);
    return value;
}

napi_value Call::Number(uint64_t number) const
{
    return Double(static_cast<double>(number));
}

napi_value Call::BigInt(uint64_t number) const
{
    napi_value value = nullptr;
    napi_create_bigint_uint64(env, number, &value);
    return value;
}

napi_value Call::Text(const char *text, size_t length) const
{
    napi_value value = nullptr;
    napi_create_string_utf8(env, text, length, &value);
    return value;
}

napi_value Call::Failure(int status, const ttt_error &error) const
{
    napi_value object = nullptr;
    napi_value text = Text(error.text);
    if (napi_create_object(env, &object) != napi_ok ||
        napi_set_named_property(env, object, "status", Status(status)) != napi_ok ||
        napi_set_named_property(env, object, "offset", Number(error.offset)) != napi_ok ||
        napi_set_named_property(env, object, "text", text) != napi_ok)
        return nullptr;
    return object;
}

napi_value RunCall(napi_env env, napi_callback_info info, CallBody body)
{
    Call call;
    void *data = nullptr;
    size_t count = Call::kMaxArguments;
    if (napi_get_cb_info(env, info, &count, call.args, nullptr, &data) != napi_ok) return nullptr;
    call.env = env;
    call.addon = static_cast<Addon *>(data);
    try {
        return body(call);
    } catch (const std::bad_alloc &) {
        napi_throw_error(env, "OUT_OF_MEMORY", "bit-ttt: out of memory in the addon");
    } catch (...) {
        napi_throw_error(env, "PANIC", "bit-ttt: unexpected failure in the addon");
    }
    return nullptr;
}

napi_value NewArray(napi_env env, napi_typedarray_type type, size_t length, size_t bytes,
                    void **data)
{
    napi_value buffer = nullptr, array = nullptr;
    if (napi_create_arraybuffer(env, bytes, data, &buffer) != napi_ok ||
        napi_create_typedarray(env, type, length, buffer, 0, &array) != napi_ok)
        return nullptr;
    return array;
}
