// addon.cc - makes the addon's exports, an Engine as defined by ts/engine/engine.ts: functions of kernels
// here, those of layers, models, sessions, trainers and recalls in the other files. Every environment has
// its own data; only the tickets of shared models (model.cc) belong to the process.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include <string>

namespace {

// To be raised with every change of a function's signature; ts/engine/native/load.ts refuses other numbers.
constexpr uint64_t kAbi = 7;

// The names of all kernels, or of those that this machine can run, best first.
napi_value KernelNames(const Call &call, bool all)
{
    napi_value names = nullptr;
    uint32_t length = 0;
    if (napi_create_array(call.env, &names) != napi_ok) return nullptr;
    for (size_t i = 0; i < ttt_kernel_count(); i++) {
        if (!all && !ttt_kernel_usable(i)) continue;
        napi_value name = call.Text(ttt_kernel_name(i));
        if (napi_set_element(call.env, names, length++, name) != napi_ok) return nullptr;
    }
    return names;
}

// info(): {version, backend, kernel, kernels, compiledKernels}.
napi_value Info(const Call &call)
{
    napi_value info = nullptr;
    if (napi_create_object(call.env, &info) != napi_ok) return nullptr;
    const struct {
        const char *name;
        napi_value value;
    } fields[] = {
        {"version", call.Text(ttt_version())},        {"backend", call.Text("native")},
        {"kernel", call.Text(ttt_kernel())},          {"kernels", KernelNames(call, false)},
        {"compiledKernels", KernelNames(call, true)},
    };
    for (const auto &field : fields)
        if (napi_set_named_property(call.env, info, field.name, field.value) != napi_ok)
            return nullptr;
    return info;
}

// setKernel(name): status.
napi_value SetKernel(const Call &call)
{
    std::string name;
    int status = ReadText(call.env, call.args[0], &name);
    if (status != TTT_OK) return call.Status(status);
    bool whole = name.find('\0') == std::string::npos;
    return call.Status(whole ? ttt_set_kernel(name.c_str()) : TTT_UNKNOWN_KERNEL);
}

// knownMemory(): bytes outside the JavaScript heap that were reported to the garbage collector, ArrayBuffers
// included. For tests, since process.memoryUsage() does not tell.
napi_value KnownMemory(const Call &call)
{
    return call.Number(static_cast<uint64_t>(AdjustMemory(call.env, 0)));
}

bool DefineFunctions(napi_env env, napi_value exports, Addon *addon)
{
    static const Method methods[] = {
        {"info", Enter<Info>},
        {"setKernel", Enter<SetKernel>},
        {"knownMemory", Enter<KnownMemory>},
    };
    return DefineMethods(env, exports, addon, methods);
}

bool DefineConstants(napi_env env, napi_value exports)
{
    const Call call = {env, nullptr, {}};
    napi_value poisoned = nullptr;
    return napi_get_boolean(env, false, &poisoned) == napi_ok &&
           napi_set_named_property(env, exports, "abi", call.Number(kAbi)) == napi_ok &&
           napi_set_named_property(env, exports, "version", call.Text(ttt_version())) == napi_ok &&
           napi_set_named_property(env, exports, "kind", call.Text("native")) == napi_ok &&
           napi_set_named_property(env, exports, "poisoned", poisoned) == napi_ok;
}

using Define = bool (*)(napi_env env, napi_value object, Addon *addon);

// A part of the engine: an object of functions.
bool DefinePart(napi_env env, napi_value exports, Addon *addon, const char *name, Define define)
{
    napi_value part = nullptr;
    return napi_create_object(env, &part) == napi_ok && define(env, part, addon) &&
           napi_set_named_property(env, exports, name, part) == napi_ok;
}

// False if a JavaScript exception is pending or memory is short.
bool DefineEngine(napi_env env, napi_value exports)
{
    auto free = [](napi_env, void *data, void *) { delete static_cast<Addon *>(data); };
    auto addon = std::make_unique<Addon>();
    // From here on the environment owns it.
    if (napi_set_instance_data(env, addon.get(), free, nullptr) != napi_ok) return false;
    Addon *data = addon.release();
    return DefineConstants(env, exports) && DefineFunctions(env, exports, data) &&
           DefinePart(env, exports, data, "layers", DefineLayerFunctions) &&
           DefinePart(env, exports, data, "models", DefineModelFunctions) &&
           DefinePart(env, exports, data, "sessions", DefineSessionFunctions) &&
           DefinePart(env, exports, data, "trainers", DefineTrainerFunctions) &&
           DefinePart(env, exports, data, "recalls", DefineRecallFunctions);
}

} // namespace

bool DefineMethods(napi_env env, napi_value object, Addon *addon, const Method *methods,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        napi_value function = nullptr;
        if (napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH, methods[i].callback, addon,
                                 &function) != napi_ok ||
            napi_set_named_property(env, object, methods[i].name, function) != napi_ok)
            return false;
    }
    return true;
}

int64_t AdjustMemory(napi_env env, int64_t change)
{
    int64_t total = 0;
    napi_adjust_external_memory(env, change, &total);
    return total;
}

NAPI_MODULE_INIT()
{
    bool good = false;
    try {
        good = DefineEngine(env, exports);
    } catch (...) {
        good = false; // out of memory
    }
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!good && !pending) napi_throw_error(env, "OUT_OF_MEMORY", "bit-ttt: out of memory");
    return exports;
}
