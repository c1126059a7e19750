// layer.cc - the functions of layers that run on JavaScript's thread. Lengths count elements.
// SPDX-License-Identifier: MIT
#include "addon.h"

namespace {

napi_value NewLayer(const Call &call, void *object)
{
    Layer layer;
    layer.object = std::shared_ptr<void>(object, ttt_destroy);
    layer.dim = ttt_hidden_dim(object);
    layer.bytes = static_cast<int64_t>(ttt_footprint(object));
    return NewHandle(call, call.addon->layers, std::move(layer));
}

// create(config): handle or negative status.
napi_value Create(const Call &call)
{
    ttt_config config;
    void *object = nullptr;
    int status = ReadStruct(call.env, call.args[0], &config);
    if (status == TTT_OK) status = ttt_create_from_config(&config, &object);
    return status == TTT_OK ? NewLayer(call, object) : call.Negative(status);
}

// clone(layer): handle or negative status.
napi_value Clone(const Call &call)
{
    return Answer(call, call.addon->layers, [&](const Layer &layer) {
        void *object = ttt_clone(layer.object.get());
        return object ? NewLayer(call, object) : call.Negative(TTT_OUT_OF_MEMORY);
    });
}

// forward(layer, input, output, surprise | undefined): status. This path must be fast.
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

// setWeights(layer, down, up), getWeights(layer, down, up): status. Each array has hiddenDim * memoryDim
// elements.
template <auto copy> napi_value CopyWeights(const Call &call)
{
    return Perform(call, call.addon->layers, [&](const Layer &layer) {
        void *object = layer.object.get();
        size_t length = layer.dim * ttt_memory_dim(object);
        Span<int8_t> down, up;
        int status = ReadArray(call.env, call.args[1], length, &down);
        if (status == TTT_OK) status = ReadArray(call.env, call.args[2], length, &up);
        return status == TTT_OK ? copy(object, down.data, up.data) : status;
    });
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

// Like Property (addon.h), but allowed while the layer is busy, since its job computes on a clone.
template <auto get, auto make = &Call::Number> napi_value PropertyWhileBusy(const Call &call)
{
    Layer *layer = nullptr;
    int status = FindIdle(call, call.addon->layers, &layer);
    return layer ? (call.*make)(get(layer->object.get())) : call.Negative(status);
}

} // namespace

bool DefineLayerFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"create", Enter<Create>},
        {"destroy", Enter<Destroy<&Addon::layers>>},
        {"clone", Enter<Clone>},
        {"forward", Enter<Forward>},
        {"reset", Enter<Change<&Addon::layers, ttt_reset>>},
        {"save", Enter<CopyState<&Addon::layers, ttt_save_state>>},
        {"load", Enter<CopyState<&Addon::layers, ttt_load_state>>},
        {"setWeights", Enter<CopyWeights<ttt_set_weights>>},
        {"getWeights", Enter<CopyWeights<ttt_get_weights>>},
        {"getMemory", Enter<GetMemory>},
        {"stateSize", Enter<PropertyWhileBusy<ttt_state_size>>},
        {"threads", Enter<PropertyWhileBusy<ttt_threads>>},
        {"tokens", Enter<PropertyWhileBusy<ttt_tokens_seen>>},
        {"fingerprint", Enter<PropertyWhileBusy<ttt_weights_fingerprint, &Call::BigInt>>},
        {"conformanceHash", Enter<Hash<ttt_conformance_hash>>},
        {"rlsConformanceHash", Enter<Hash<ttt_rls_conformance_hash>>},
    };
    return DefineMethods(env, object, addon, methods) && DefineJobFunctions(env, object, addon);
}
