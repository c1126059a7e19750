// llama.cc - the functions of language models: open, close, ask, pack.
// SPDX-License-Identifier: MIT
#include "llama.h"

#include "addon.h"
#include "args.h"
#include "errors.h"

namespace {

// llamaOpen(file, config | undefined): handle or failure.
napi_value Open(const Call &call)
{
    Span<const uint8_t> file, config;
    if (!ReadOptionalBytes(call.env, call.args[0], &file) || !file.data ||
        !ReadOptionalBytes(call.env, call.args[1], &config))
        return Failure(call, kInvalidArgument, "file or config is no Uint8Array");
    bitllama_model *model = nullptr;
    ttt_error error = {};
    int status = bitllama_open(file.data, file.length, config.data, config.length, &model, &error);
    return status == TTT_OK ? NewModel(call, model) : Failure(call, status, error);
}

// llamaClose(model): status. Sessions of the model go on.
napi_value Close(const Call &call)
{
    return FreeHandle(call, call.addon->models);
}

// Null for none.
const bitllama_model *AnyModel(const Call &call)
{
    Model *model = nullptr;
    return FindIdle(call, call.addon->models, &model) == TTT_OK ? model->object : nullptr;
}

napi_value Text(const Call &call, const char *text, size_t length)
{
    napi_value value = nullptr;
    napi_create_string_utf8(call.env, text, length, &value);
    return value;
}

napi_value ConfigJson(const Call &call)
{
    const bitllama_model *model = AnyModel(call);
    size_t length = 0;
    const char *text = bitllama_config_json(model, &length);
    return model ? Text(call, text, length) : nullptr;
}

napi_value TokenizerJson(const Call &call)
{
    const bitllama_model *model = AnyModel(call);
    size_t length = 0;
    const char *text = bitllama_tokenizer_json(model, &length);
    return model ? Text(call, text, length) : nullptr;
}

napi_value Parameters(const Call &call)
{
    const bitllama_model *model = AnyModel(call);
    return model ? call.Number(static_cast<double>(bitllama_parameters(model))) : nullptr;
}

napi_value Fingerprint(const Call &call)
{
    const bitllama_model *model = AnyModel(call);
    return model ? call.BigInt(bitllama_fingerprint(model)) : nullptr;
}

// llamaPack(model, tokenizer | undefined): bytes or negative status.
napi_value Pack(const Call &call)
{
    Model *model = nullptr;
    Span<const uint8_t> tokenizer;
    int status = FindIdle(call, call.addon->models, &model);
    if (status == TTT_OK && !ReadOptionalBytes(call.env, call.args[1], &tokenizer))
        status = kInvalidArgument;
    if (status != TTT_OK) return call.NoHandle(status);
    const char *json = reinterpret_cast<const char *>(tokenizer.data);
    return FreshBytes(call, [&](void *buffer, size_t capacity, size_t *size) {
        return bitllama_pack(model->object, json, tokenizer.length, buffer, capacity, size);
    });
}

// llamaConformanceHash(): a BigInt, or the status as a number.
napi_value ConformanceHash(const Call &call)
{
    uint64_t hash = 0;
    int status = bitllama_conformance_hash(&hash);
    return status == TTT_OK ? call.BigInt(hash) : call.Status(status);
}

} // namespace

napi_value NewModel(const Call &call, bitllama_model *object)
{
    Model model;
    model.object = object;
    model.bytes = static_cast<int64_t>(bitllama_model_footprint(object));
    return NewHandle(call, call.addon->models, model);
}

napi_value Failure(const Call &call, int status, const ttt_error &error)
{
    const char *text = error.text[0] ? error.text : ttt_status_string(status);
    napi_value object = nullptr, words = Text(call, text, NAPI_AUTO_LENGTH);
    if (!words || napi_create_object(call.env, &object) != napi_ok) return nullptr;
    napi_value offset = call.Number(static_cast<double>(error.offset));
    if (napi_set_named_property(call.env, object, "status", call.Status(status)) != napi_ok ||
        napi_set_named_property(call.env, object, "offset", offset) != napi_ok ||
        napi_set_named_property(call.env, object, "text", words) != napi_ok)
        return nullptr;
    return object;
}

napi_value Failure(const Call &call, int status, const char *text)
{
    ttt_error error = {};
    for (size_t i = 0; i + 1 < sizeof error.text && text[i]; i++) error.text[i] = text[i];
    return Failure(call, status, error);
}

void DefineLlamaFunctions(napi_env env, napi_value exports, Addon *addon)
{
    static const Method methods[] = {
        {"llamaOpen", Enter<Open>},
        {"llamaClose", Enter<Close>},
        {"llamaConfigJson", Enter<ConfigJson>},
        {"llamaTokenizerJson", Enter<TokenizerJson>},
        {"llamaParameters", Enter<Parameters>},
        {"llamaFingerprint", Enter<Fingerprint>},
        {"llamaPack", Enter<Pack>},
        {"llamaConformanceHash", Enter<ConformanceHash>},
    };
    DefineMethods(env, exports, addon, methods, sizeof methods / sizeof methods[0]);
}
