// errors.h - the binding's own statuses, and the boundary that no C++ exception crosses.
//
// Functions of the addon report failure as a status number, and TypeScript turns it into an error:
// it knows the arguments, and the texts are then the same for both backends.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ERRORS_H
#define BIT_TTT_NODE_ERRORS_H

#include <bit_ttt/base.h>
#include <napi.h>

#include <cstddef>

struct Addon;

// Numbers that the binding adds to ttt_status; ts/common/errors.ts has the same.
constexpr int kInvalidArgument = 60; // a JavaScript value of the wrong type
constexpr int kDestroyed = 61;       // a handle of nothing that lives
constexpr int kBusy = 62;            // another thread is at work on it
constexpr int kAborted = 63;         // the job was cancelled

// One call from JavaScript. Missing arguments are undefined.
struct Call {
    static constexpr size_t kMaxArguments = 5;
    napi_env env;
    Addon *addon; // of the calling environment
    napi_value args[kMaxArguments];

    // Results; null (JavaScript: undefined) if the environment is ending.
    napi_value Status(int status) const;
    // For functions that return a handle: the negative status.
    napi_value NoHandle(int status) const;
    napi_value Number(double value) const;
    napi_value BigInt(uint64_t value) const;
};

using CallBody = napi_value (*)(const Call &);

// Reads the arguments, runs `body`, and turns what it throws into a JavaScript exception.
napi_value RunCall(napi_env env, napi_callback_info info, CallBody body);

// A `napi_callback` around a CallBody.
template <CallBody body> napi_value Enter(napi_env env, napi_callback_info info)
{
    return RunCall(env, info, body);
}

#endif
