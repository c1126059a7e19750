// errors.cc - how a call from JavaScript comes in, and how results and failures go out.
// SPDX-License-Identifier: MIT
#include "errors.h"

#include <new>

napi_value Call::Status(int status) const
{
    napi_value value = nullptr;
    napi_create_int32(env, status, &value);
    return value;
}

napi_value Call::NoHandle(int status) const
{
    return Status(-status);
}

napi_value Call::Number(double number) const
{
    napi_value value = nullptr;
    napi_create_double(env, number, &value);
    return value;
}

napi_value Call::BigInt(uint64_t number) const
{
    napi_value value = nullptr;
    napi_create_bigint_uint64(env, number, &value);
    return value;
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
    } catch (const Napi::Error &error) {
        error.ThrowAsJavaScriptException();
    } catch (const std::bad_alloc &) {
        napi_throw_error(env, "OUT_OF_MEMORY", "bit-ttt: out of memory in the addon");
    } catch (...) {
        napi_throw_error(env, "PANIC", "bit-ttt: unexpected failure in the addon");
    }
    return nullptr;
}
