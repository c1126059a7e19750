// layer.cc - the functions of layers that run on JavaScript's thread. Lengths count elements.
// SPDX-License-Identifier: MIT
#include "addon.h"

namespace {

napi_value NewLayer(const Call &call, void *model)
{
    Layer layer;
    layer.object = std::shared_ptr<void>(model, ttt_destroy);
    layer.dim = ttt_hidden_dim(model);
    layer.bytes = static_cast<int64_t>(ttt_footprint(model));
    return NewHandle(call, call.addon->layers, std::move(layer));
}

// create(config): handle or negative status.
napi_value Create(const Call &call)
{
    ttt_config config;
    void *model = nullptr;
    int status = ReadStruct(call.env, call.args[0], &config);
    if (status == TTT_OK) status = ttt_create_from_config(&config, &model);
    return status == TTT_OK ? NewLayer(call, model) : call.Negative(status);
}

// destroy(layer): status. BUSY while a job exists.
napi_value Destroy(const Call &call)
{
    return FreeHandle(call, call.addon->layers);
}

// clone(layer): handle or negative status.
napi_value Clone(const Call &call)
{
    return Answer(call, call.addon->layers, [&](const Layer &layer) {
        void *model = ttt_clone(layer.object.get());
        return model ? NewLayer(call, model) : call.Negative(TTT_OUT_OF_MEMORY);
    });
}

// forward(layer, input, output, surprise | undefined): status. The path that must be fast.
napi_value Forward(const Call &call)
{
    return Perform(call, call.addon->layers, [&](const Layer &layer) {
        Span<float> input, output, surprise;
        int status = ReadArray(call.env, call.args[1], &input);
        size_t tokens = input.length / layer.dim;
        if (status == TTT_OK) status = ReadArray(call.env, call.args[2], input.length, &output);
        if (status == TTT_OK) status = ReadOptional(call.env, call.args[3], tokens, &surprise);
        if (status != TTT_OK) return status;
        return ttt_forward_ex(layer.object.get(), input.data, input.length, tokens, output.data,
                              output.length, surprise.data);
    });
}

// reset(layer): status.
napi_value Reset(const Call &call)
{
    return Perform(call, call.addon->layers,
                   [](const Layer &layer) { return ttt_reset(layer.object.get()); });
}

// save(layer, bytes): status.
napi_value Save(const Call &call)
{
    return WithBytes(call, call.addon->layers, ttt_save_state);
}

// load(layer, bytes): status.
napi_value Load(const Call &call)
{
    return WithBytes(call, call.addon->layers, ttt_load_state);
}

// Calls `use(model, down, up)` with the two weight arrays, each of hiddenDim * memoryDim elements.
template <typename Use> napi_value WithWeights(const Call &call, Use use)
{
    return Perform(call, call.addon->layers, [&](const Layer &layer) {
        void *model = layer.object.get();
        size_t length = layer.dim * ttt_memory_dim(model);
        Span<int8_t> down, up;
        int status = ReadArray(call.env, call.args[1], length, &down);
        if (status == TTT_OK) status = ReadArray(call.env, call.args[2], length, &up);
        return status == TTT_OK ? use(model, down.data, up.data) : status;
    });
}

// setWeights(layer, down, up): status.
napi_value SetWeights(const Call &call)
{
    return WithWeights(call, ttt_set_weights);
}

// getWeights(layer, down, up): status; writes to the arrays.
napi_value GetWeights(const Call &call)
{
    return WithWeights(call, ttt_get_weights);
}

// getMemory(layer, w): status; writes memoryDim * memoryDim floats.
napi_value GetMemory(const Call &call)
{
    return Perform(call, call.addon->layers, [&](const Layer &layer) {
        size_t d = ttt_memory_dim(layer.object.get());
        Span<float> w;
        int status = ReadArray(call.env, call.args[1], d * d, &w);
        return status == TTT_OK ? ttt_get_memory(layer.object.get(), w.data) : status;
    });
}

// Calls `ask(model)`, also while the layer is busy, as the job then works on a copy.
template <typename Ask> napi_value Property(const Call &call, Ask ask)
{
    Layer *layer = nullptr;
    int status = FindIdle(call, call.addon->layers, &layer);
    return layer ? ask(layer->object.get()) : call.Negative(status);
}

// stateSize(layer): bytes or negative status.
napi_value StateSize(const Call &call)
{
    return Property(call, [&](const void *model) { return call.Number(ttt_state_size(model)); });
}

// threads(layer): how many it may use, or negative status.
napi_value Threads(const Call &call)
{
    return Property(call, [&](const void *model) { return call.Number(ttt_threads(model)); });
}

// tokens(layer): how many it has read, or negative status.
napi_value Tokens(const Call &call)
{
    return Property(call, [&](const void *model) { return call.Number(ttt_tokens_seen(model)); });
}

// fingerprint(layer): bigint or negative status.
napi_value Fingerprint(const Call &call)
{
    return Property(call,
                    [&](const void *model) { return call.BigInt(ttt_weights_fingerprint(model)); });
}

// conformanceHash(): bigint or negative status.
napi_value ConformanceHash(const Call &call)
{
    uint64_t hash = 0;
    int status = ttt_conformance_hash(&hash);
    return call.BigIntOr(status, hash);
}

} // namespace

bool DefineLayerFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"create", Enter<Create>},
        {"destroy", Enter<Destroy>},
        {"clone", Enter<Clone>},
        {"forward", Enter<Forward>},
        {"reset", Enter<Reset>},
        {"save", Enter<Save>},
        {"load", Enter<Load>},
        {"setWeights", Enter<SetWeights>},
        {"getWeights", Enter<GetWeights>},
        {"getMemory", Enter<GetMemory>},
        {"stateSize", Enter<StateSize>},
        {"threads", Enter<Threads>},
        {"tokens", Enter<Tokens>},
        {"fingerprint", Enter<Fingerprint>},
        {"conformanceHash", Enter<ConformanceHash>},
    };
    return DefineMethods(env, object, addon, methods, sizeof methods / sizeof methods[0]) &&
           DefineJobFunctions(env, object, addon);
}
