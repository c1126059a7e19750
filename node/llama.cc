// llama.cc - the functions of language models: open, close, ask, pack.
// SPDX-License-Identifier: MIT
#include "llama.h"

#include "addon.h"
#include "args.h"
#include "errors.h"

#include <string>
#include <vector>

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

// The entries of an array, up to as many as a model may have shards.
bool ReadEntries(napi_env env, napi_value array, std::vector<napi_value> *entries)
{
    bool is = false;
    uint32_t length = 0;
    if (napi_is_array(env, array, &is) != napi_ok || !is ||
        napi_get_array_length(env, array, &length) != napi_ok || length > BITLLAMA_MAX_SHARDS)
        return false;
    entries->resize(length);
    for (uint32_t i = 0; i < length; i++)
        if (napi_get_element(env, array, i, &(*entries)[i]) != napi_ok) return false;
    return true;
}

// A string without zeros.
bool ReadName(napi_env env, napi_value value, std::string *name)
{
    size_t length = 0;
    if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
    name->resize(length);
    return napi_get_value_string_utf8(env, value, &(*name)[0], length + 1, &length) == napi_ok &&
           name->find('\0') == std::string::npos;
}

// llamaOpenSharded(index, names, files, config | undefined): handle or failure. Entries of arrays may
// be getters: all are read before the first pointer into a typed array is.
napi_value OpenSharded(const Call &call)
{
    std::vector<napi_value> names, files;
    bool good = ReadEntries(call.env, call.args[1], &names) &&
                ReadEntries(call.env, call.args[2], &files) && names.size() == files.size();
    Span<const uint8_t> index, config;
    good = good && ReadOptionalBytes(call.env, call.args[0], &index) && index.data &&
           ReadOptionalBytes(call.env, call.args[3], &config);
    std::vector<std::string> texts(names.size());
    std::vector<bitllama_shard> shards(names.size());
    for (size_t i = 0; good && i < shards.size(); i++) {
        Span<const uint8_t> file;
        good = ReadName(call.env, names[i], &texts[i]) &&
               ReadOptionalBytes(call.env, files[i], &file) && file.data;
        shards[i] = {texts[i].c_str(), file.data, file.length};
    }
    if (!good) return Failure(call, kInvalidArgument, "an argument is of a wrong type");
    bitllama_model *model = nullptr;
    ttt_error error = {};
    int status = bitllama_open_sharded(index.data, index.length, shards.data(), shards.size(),
                                       config.data, config.length, &model, &error);
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
        {"llamaOpenSharded", Enter<OpenSharded>},
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
