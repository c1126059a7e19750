// addon.cc - registers the addon: per-environment data, version, kernels, and the functions of
// layers, jobs and language models. No global state: the addon may be loaded by any number of
// threads.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include "errors.h"

#include <string>

namespace {

// Raised with every change of the functions' signatures; ts/engine/native/load.ts refuses another number.
constexpr double kAbi = 3;

Napi::Value Kernels(const Napi::CallbackInfo &info)
{
    Napi::Env env = info.Env();
    size_t count = ttt_kernel_count();
    Napi::Array rows = Napi::Array::New(env, count);
    for (size_t i = 0; i < count; i++) {
        Napi::Object row = Napi::Object::New(env);
        row.Set("name", ttt_kernel_name(i));
        row.Set("usable", Napi::Boolean::New(env, ttt_kernel_usable(i) != 0));
        rows.Set(static_cast<uint32_t>(i), row);
    }
    return rows;
}

Napi::Value SetKernel(const Napi::CallbackInfo &info)
{
    if (!info[0].IsString()) return Napi::Number::New(info.Env(), kInvalidArgument);
    std::string name = info[0].As<Napi::String>();
    bool whole = name.find('\0') == std::string::npos;
    return Napi::Number::New(info.Env(), whole ? ttt_set_kernel(name.c_str()) : TTT_UNKNOWN_KERNEL);
}

Napi::Value Kernel(const Napi::CallbackInfo &info)
{
    return Napi::String::New(info.Env(), ttt_kernel());
}

Napi::Value StatusString(const Napi::CallbackInfo &info)
{
    int status = info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : -1;
    return Napi::String::New(info.Env(), ttt_status_string(status));
}

// A BigInt, or the status as a number.
Napi::Value ConformanceHash(const Napi::CallbackInfo &info)
{
    uint64_t hash = 0;
    int status = ttt_conformance_hash(&hash);
    if (status != TTT_OK) return Napi::Number::New(info.Env(), status);
    return Napi::BigInt::New(info.Env(), hash);
}

// Bytes outside the JavaScript heap that the garbage collector knows of, ArrayBuffers included. For
// tests; process.memoryUsage() does not say.
Napi::Value KnownMemory(const Napi::CallbackInfo &info)
{
    return Napi::Number::New(info.Env(), static_cast<double>(AdjustMemory(info.Env(), 0)));
}

Napi::Object Init(Napi::Env env, Napi::Object exports)
{
    Addon *addon = new Addon();
    env.SetInstanceData(addon); // deleted when the environment ends
    exports.Set("abi", Napi::Number::New(env, kAbi));
    exports.Set("version", ttt_version());
    exports.Set("kernel", Napi::Function::New<Kernel>(env, "kernel"));
    exports.Set("kernels", Napi::Function::New<Kernels>(env, "kernels"));
    exports.Set("setKernel", Napi::Function::New<SetKernel>(env, "setKernel"));
    exports.Set("statusString", Napi::Function::New<StatusString>(env, "statusString"));
    exports.Set("conformanceHash", Napi::Function::New<ConformanceHash>(env, "conformanceHash"));
    exports.Set("knownMemory", Napi::Function::New<KnownMemory>(env, "knownMemory"));
    DefineLayerFunctions(env, exports, addon);
    DefineJobFunctions(env, exports, addon);
    DefineLlamaFunctions(env, exports, addon);
    DefineSessionFunctions(env, exports, addon);
    DefineTrainerFunctions(env, exports, addon);
    return exports;
}

} // namespace

void DefineMethods(napi_env env, napi_value exports, Addon *addon, const Method *methods,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        napi_value function = nullptr;
        napi_status status = napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH,
                                                  methods[i].callback, addon, &function);
        if (status == napi_ok)
            status = napi_set_named_property(env, exports, methods[i].name, function);
        if (status != napi_ok) throw Napi::Error::New(env);
    }
}

int64_t AdjustMemory(napi_env env, int64_t change)
{
    int64_t total = 0;
    napi_adjust_external_memory(env, change, &total);
    return total;
}

NODE_API_MODULE(bit_ttt, Init)
