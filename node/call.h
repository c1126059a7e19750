// call.h - a call from JavaScript: its arguments, its result, and the boundary that no C++ exception
// crosses.
//
// Functions report failure as a status, which TypeScript turns into an error. If their result is another
// number (a handle, a count), a failure is the negative status.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_CALL_H
#define BIT_TTT_NODE_CALL_H

#include <bit_ttt/base.h>
#include <node_api.h>

#include <cstddef>

struct Addon;

// Statuses that the addon adds to ttt_status; ts/common/errors.ts has the same numbers.
constexpr int kInvalidArgument = 60; // a JavaScript value of the wrong type
constexpr int kDestroyed = 61;       // a handle of no living object
constexpr int kBusy = 62;            // another thread is using the object
constexpr int kAborted = 63;         // the job was cancelled

// Missing arguments are undefined.
struct Call {
    static constexpr size_t kMaxArguments = 7;
    napi_env env;
    Addon *addon; // of the calling environment
    napi_value args[kMaxArguments];

    // Results. All are null (JavaScript: undefined) if the environment is ending.
    napi_value Status(int status) const;
    napi_value Negative(int status) const { return Status(-status); }
    napi_value Number(uint64_t number) const; // below 2^53
    napi_value BigInt(uint64_t number) const;
    napi_value Double(double number) const;
    napi_value Text(const char *text, size_t length = NAPI_AUTO_LENGTH) const; // UTF-8
    // {status, offset, text}; the text is empty if there is nothing to add to the status.
    napi_value Failure(int status, const ttt_error &error = {}) const;
};

using CallBody = napi_value (*)(const Call &);

// Reads the arguments, runs `body`, and turns a C++ exception into a JavaScript exception.
napi_value RunCall(napi_env env, napi_callback_info info, CallBody body);

// A `napi_callback` around a CallBody.
template <CallBody body> napi_value Enter(napi_env env, napi_callback_info info)
{
    return RunCall(env, info, body);
}

// A new typed array on a buffer of its own, null on failure. Sets *data to its `bytes` bytes, for the
// caller to fill.
napi_value NewArray(napi_env env, napi_typedarray_type type, size_t length, size_t bytes,
                    void **data);

// A new Uint8Array that `write(buffer, capacity, &size)` fills; or the negative status, or a Failure where
// `error` is given. With a null buffer, `write` only sets the size.
template <typename Write>
napi_value NewBytes(const Call &call, Write write, const ttt_error *error = nullptr)
{
    size_t size = 0;
    void *data = nullptr;
    napi_value bytes = nullptr;
    int status = write(nullptr, size_t{0}, &size);
    if (status == TTT_OK) {
        bytes = NewArray(call.env, napi_uint8_array, size, size, &data);
        status = bytes ? write(data, size, &size) : TTT_OUT_OF_MEMORY;
    }
    if (status == TTT_OK) return bytes;
    return error ? call.Failure(status, *error) : call.Negative(status);
}

#endif
