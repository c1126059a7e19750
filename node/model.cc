// model.cc - the functions of language models: open, share, ask, pack, close; and of their files: rewrite.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include <pthread.h>

#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

// ---- files ----------------------------------------------------------------------------------

Model Entry(std::shared_ptr<bitllama_model> object)
{
    Model model;
    model.bytes = static_cast<int64_t>(bitllama_model_footprint(object.get()));
    model.object = std::move(object);
    return model;
}

Model Own(bitllama_model *object)
{
    return Entry(std::shared_ptr<bitllama_model>(object, bitllama_release));
}

napi_value HandleOrFailure(const Call &call, int status, bitllama_model *model,
                           const ttt_error &error)
{
    if (status != TTT_OK) return call.Failure(status, error);
    uint64_t handle = AddEntry(call, call.addon->models, Own(model));
    return handle != 0 ? call.Number(handle) : call.Failure(TTT_OUT_OF_MEMORY);
}

// open(file, config | undefined): handle or failure.
napi_value Open(const Call &call)
{
    Span<uint8_t> file, config;
    bitllama_model *model = nullptr;
    ttt_error error = {};
    int status = ReadArray(call.env, call.args[0], &file);
    if (status == TTT_OK) status = ReadOptional(call.env, call.args[1], &config);
    if (status == TTT_OK)
        status = bitllama_open(file.data, file.length, config.data, config.length, &model, &error);
    return HandleOrFailure(call, status, model, error);
}

// The entries of an array, up to as many as a model may have shards.
int ReadEntries(napi_env env, napi_value array, std::vector<napi_value> *entries)
{
    bool is = false;
    uint32_t length = 0;
    if (napi_is_array(env, array, &is) != napi_ok || !is ||
        napi_get_array_length(env, array, &length) != napi_ok || length > BITLLAMA_MAX_SHARDS)
        return kInvalidArgument;
    entries->resize(length);
    for (uint32_t i = 0; i < length; i++)
        if (napi_get_element(env, array, i, &(*entries)[i]) != napi_ok) return kInvalidArgument;
    return TTT_OK;
}

// A text that C reads to its end.
int ReadCText(napi_env env, napi_value value, std::string *text)
{
    int status = ReadText(env, value, text);
    return status == TTT_OK && text->find('\0') != std::string::npos ? kInvalidArgument : status;
}

// A shard, and its name in `text`.
int ReadShard(napi_env env, napi_value name, napi_value file, std::string *text,
              bitllama_shard *shard)
{
    Span<uint8_t> bytes;
    int status = ReadCText(env, name, text);
    if (status == TTT_OK) status = ReadArray(env, file, &bytes);
    *shard = {text->c_str(), bytes.data, bytes.length};
    return status;
}

// The files of a model; `list` points into `names` and `shards`.
struct Files {
    std::vector<std::string> names;
    std::vector<bitllama_shard> shards;
    bitllama_files list = {};
};

// Reads index | undefined, names, files, config | undefined, the first arguments. Entries of arrays
// may be getters: all are read before the first pointer into a typed array is.
int ReadFiles(const Call &call, Files *out)
{
    auto &args = call.args;
    std::vector<napi_value> names, files;
    Span<uint8_t> index, config;
    int status = ReadEntries(call.env, args[1], &names);
    if (status == TTT_OK) status = ReadEntries(call.env, args[2], &files);
    if (status == TTT_OK && names.size() != files.size()) status = kInvalidArgument;
    if (status == TTT_OK) status = ReadOptional(call.env, args[0], &index);
    if (status == TTT_OK) status = ReadOptional(call.env, args[3], &config);
    out->names.resize(names.size());
    out->shards.resize(names.size());
    for (size_t i = 0; status == TTT_OK && i < names.size(); i++)
        status = ReadShard(call.env, names[i], files[i], &out->names[i], &out->shards[i]);
    out->list = {out->shards.data(), out->shards.size(), index.data,
                 index.length,       config.data,        config.length};
    return status;
}

// openSharded(index, names, files, config | undefined): handle or failure.
napi_value OpenSharded(const Call &call)
{
    Files files;
    bitllama_model *model = nullptr;
    ttt_error error = {};
    int status = ReadFiles(call, &files);
    const bitllama_files &f = files.list;
    if (status == TTT_OK && !f.index) status = kInvalidArgument;
    if (status == TTT_OK)
        status = bitllama_open_sharded(f.index, f.index_size, f.list, f.count, f.config,
                                       f.config_size, &model, &error);
    return HandleOrFailure(call, status, model, error);
}

// Keys and values alternate; the entries point to `texts`.
int ReadMetadata(napi_env env, napi_value array, std::vector<std::string> *texts,
                 std::vector<bitllama_metadata> *metadata)
{
    std::vector<napi_value> values;
    int status = ReadEntries(env, array, &values);
    if (values.size() % 2 != 0) status = kInvalidArgument;
    texts->resize(values.size());
    for (size_t i = 0; status == TTT_OK && i < values.size(); i++) {
        status = ReadCText(env, values[i], &(*texts)[i]);
        if (i % 2 != 0) metadata->push_back({(*texts)[i - 1].c_str(), (*texts)[i].c_str()});
    }
    return status;
}

// rewrite(index, names, files, config, tokenizer | undefined, metadata, safetensors): bytes or failure.
napi_value Rewrite(const Call &call)
{
    std::vector<std::string> texts;
    std::vector<bitllama_metadata> metadata;
    Files files;
    Span<uint8_t> tokenizer;
    bool safetensors = false;
    int status = ReadMetadata(call.env, call.args[5], &texts, &metadata);
    if (status == TTT_OK) status = ReadFiles(call, &files);
    if (status == TTT_OK) status = ReadOptional(call.env, call.args[4], &tokenizer);
    if (status == TTT_OK) status = ReadBool(call.env, call.args[6], &safetensors);
    if (status != TTT_OK) return call.Failure(status);
    uint32_t format = safetensors ? BITLLAMA_SAFETENSORS : BITLLAMA_BITT;
    const char *json = reinterpret_cast<const char *>(tokenizer.data);
    bitllama_rewriting rewriting = {sizeof rewriting, format,          files.list,     json,
                                    tokenizer.length, metadata.data(), metadata.size()};
    ttt_error error = {};
    auto write = [&](void *buffer, size_t capacity, size_t *size) {
        return bitllama_rewrite(&rewriting, buffer, capacity, size, &error);
    };
    return NewBytes(call, write, &error);
}

// ---- sharing between the threads of the process -----------------------------------------------

// Held from its making to the end of its scope. std::mutex is missing in some of MinGW's compilers.
class Lock {
public:
    explicit Lock(pthread_mutex_t *mutex) : mutex_(mutex) { pthread_mutex_lock(mutex_); }
    ~Lock() { pthread_mutex_unlock(mutex_); }
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;

private:
    pthread_mutex_t *mutex_;
};

// Tickets are random, so that one that is out of date, or of another process, means no other model. A
// model lives as long as an environment has it open; tickets do not keep it.
struct Tickets {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    std::map<uint64_t, std::weak_ptr<bitllama_model>> models;

    // The model's ticket, an earlier one if there is one.
    uint64_t Give(const std::shared_ptr<bitllama_model> &model)
    {
        Lock lock(&mutex);
        for (auto at = models.begin(); at != models.end();) {
            if (at->second.lock() == model) return at->first;
            at = at->second.expired() ? models.erase(at) : std::next(at);
        }
        std::random_device random;
        uint64_t ticket = uint64_t{random()} << 32 | random();
        models[ticket] = model;
        return ticket;
    }

    // Null if no environment has the model open.
    std::shared_ptr<bitllama_model> Take(uint64_t ticket)
    {
        Lock lock(&mutex);
        auto found = models.find(ticket);
        return found == models.end() ? nullptr : found->second.lock();
    }
};

Tickets tickets;

// share(model): a ticket as a bigint, or negative status.
napi_value Share(const Call &call)
{
    return Answer(call, call.addon->models,
                  [&](const Model &model) { return call.BigInt(tickets.Give(model.object)); });
}

// adopt(ticket): handle or negative status.
napi_value Adopt(const Call &call)
{
    uint64_t ticket = 0;
    int status = ReadBigInt(call.env, call.args[0], &ticket);
    if (status != TTT_OK) return call.Negative(status);
    std::shared_ptr<bitllama_model> model = tickets.Take(ticket);
    if (!model) return call.Negative(kDestroyed);
    return NewHandle(call, call.addon->models, Entry(std::move(model)));
}

// configJson(model), tokenizerJson(model): text, which may be empty, or negative status.
template <auto get> napi_value Json(const Call &call)
{
    return Answer(call, call.addon->models, [&](const Model &model) {
        size_t length = 0;
        const char *text = get(model.object.get(), &length);
        return call.Text(text, length);
    });
}

// pack(model, tokenizer | undefined): bytes or negative status.
napi_value Pack(const Call &call)
{
    return Answer(call, call.addon->models, [&](const Model &model) {
        Span<uint8_t> tokenizer;
        int status = ReadOptional(call.env, call.args[1], &tokenizer);
        if (status != TTT_OK) return call.Negative(status);
        const char *json = reinterpret_cast<const char *>(tokenizer.data);
        return NewBytes(call, [&](void *to, size_t capacity, size_t *size) {
            return bitllama_pack(model.object.get(), json, tokenizer.length, to, capacity, size);
        });
    });
}

} // namespace

napi_value NewModel(const Call &call, bitllama_model *model)
{
    return NewHandle(call, call.addon->models, Own(model));
}

bool DefineModelFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"open", Enter<Open>},
        {"openSharded", Enter<OpenSharded>},
        {"close", Enter<Destroy<&Addon::models>>},
        {"share", Enter<Share>},
        {"adopt", Enter<Adopt>},
        {"configJson", Enter<Json<bitllama_config_json>>},
        {"tokenizerJson", Enter<Json<bitllama_tokenizer_json>>},
        {"parameters", Enter<Property<&Addon::models, bitllama_parameters>>},
        {"fingerprint", Enter<Property<&Addon::models, bitllama_fingerprint, &Call::BigInt>>},
        {"pack", Enter<Pack>},
        {"rewrite", Enter<Rewrite>},
        {"conformanceHash", Enter<Hash<bitllama_conformance_hash>>},
    };
    return DefineMethods(env, object, addon, methods);
}
