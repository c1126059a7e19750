// layer.cc - the functions of a layer: create, read tokens, save, load, weights, destroy.
//
// The first argument of each is a handle (handle.h). Lengths count elements.
// SPDX-License-Identifier: MIT
#include "addon.h"
#include "args.h"
#include "errors.h"

namespace {

napi_value NewLayer(const Call &call, void *model)
{
    Layer layer;
    layer.object = model;
    layer.dim = ttt_hidden_dim(model);
    layer.bytes = static_cast<int64_t>(ttt_footprint(model));
    return NewHandle(call, call.addon->layers, layer);
}

// create(hiddenDim, objective, seed: bigint, innerLr, threads): handle or negative status.
napi_value Create(const Call &call)
{
    ttt_config config;
    ttt_config_init(&config);
    uint32_t dim = 0;
    double rate = 0;
    bool lossless = false;
    if (!ReadUint32(call.env, call.args[0], &dim) ||
        !ReadUint32(call.env, call.args[1], &config.objective) ||
        napi_get_value_bigint_uint64(call.env, call.args[2], &config.seed, &lossless) != napi_ok ||
        !lossless || napi_get_value_double(call.env, call.args[3], &rate) != napi_ok ||
        !ReadUint32(call.env, call.args[4], &config.threads))
        return call.NoHandle(kInvalidArgument);
    config.hidden_dim = dim;
    config.inner_lr = static_cast<float>(rate);
    void *model = nullptr;
    int status = ttt_create_from_config(&config, &model);
    return status == TTT_OK ? NewLayer(call, model) : call.NoHandle(status);
}

// destroy(handle): status. BUSY while a job runs: destroy again when it has ended.
napi_value Destroy(const Call &call)
{
    return FreeHandle(call, call.addon->layers);
}

// clone(handle): handle or negative status.
napi_value Clone(const Call &call)
{
    Layer *layer = nullptr;
    int status = FindIdle(call, call.addon->layers, &layer);
    if (status != TTT_OK) return call.NoHandle(status);
    void *model = ttt_clone(layer->object);
    return model ? NewLayer(call, model) : call.NoHandle(TTT_OUT_OF_MEMORY);
}

// forward(handle, input, output, surprise | undefined): status. The path that must be fast.
napi_value Forward(const Call &call)
{
    Layer *layer = nullptr;
    Span<float> input, output, surprise;
    int status = FindIdle(call, call.addon->layers, &layer);
    if (status != TTT_OK) return call.Status(status);
    if (!ReadFloats(call.env, call.args[1], &input) ||
        !ReadFloats(call.env, call.args[2], &output) ||
        !ReadOptionalFloats(call.env, call.args[3], &surprise))
        return call.Status(kInvalidArgument);
    size_t tokens = input.length / layer->dim;
    if (tokens == 0 || output.length != input.length ||
        (surprise.data && surprise.length != tokens))
        return call.Status(TTT_DIMENSION_MISMATCH);
    return call.Status(ttt_forward_ex(layer->object, input.data, input.length, tokens, output.data,
                                      output.length, surprise.data));
}

napi_value Reset(const Call &call)
{
    Layer *layer = nullptr;
    int status = FindIdle(call, call.addon->layers, &layer);
    return call.Status(status == TTT_OK ? ttt_reset(layer->object) : status);
}

// saveState(handle, bytes): status.
napi_value SaveState(const Call &call)
{
    return WithBytes(call, call.addon->layers, TTT_BUFFER_SIZE, ttt_save_state);
}

// loadState(handle, bytes): status.
napi_value LoadState(const Call &call)
{
    return WithBytes(call, call.addon->layers, TTT_STATE_DAMAGED, ttt_load_state);
}

// Reads the layer and its two weight arrays, each of hiddenDim * memoryDim elements.
int WeightArguments(const Call &call, Layer **layer, Span<int8_t> *down, Span<int8_t> *up)
{
    int status = FindIdle(call, call.addon->layers, layer);
    if (status != TTT_OK) return status;
    if (!ReadInt8s(call.env, call.args[1], down) || !ReadInt8s(call.env, call.args[2], up))
        return kInvalidArgument;
    size_t length = (*layer)->dim * ttt_memory_dim((*layer)->object);
    return down->length == length && up->length == length ? TTT_OK : TTT_DIMENSION_MISMATCH;
}

// setWeights(handle, down, up): status.
napi_value SetWeights(const Call &call)
{
    Layer *layer = nullptr;
    Span<int8_t> down, up;
    int status = WeightArguments(call, &layer, &down, &up);
    if (status == TTT_OK) status = ttt_set_weights(layer->object, down.data, up.data);
    return call.Status(status);
}

// getWeights(handle, down, up): status; writes to the arrays.
napi_value GetWeights(const Call &call)
{
    Layer *layer = nullptr;
    Span<int8_t> down, up;
    int status = WeightArguments(call, &layer, &down, &up);
    if (status == TTT_OK) status = ttt_get_weights(layer->object, down.data, up.data);
    return call.Status(status);
}

// getMemory(handle, w): status; writes memoryDim * memoryDim floats.
napi_value GetMemory(const Call &call)
{
    Layer *layer = nullptr;
    Span<float> w;
    int status = FindIdle(call, call.addon->layers, &layer);
    if (status == TTT_OK && !ReadFloats(call.env, call.args[1], &w)) status = kInvalidArgument;
    if (status != TTT_OK) return call.Status(status);
    size_t d = ttt_memory_dim(layer->object);
    bool fits = w.length == d * d;
    return call.Status(fits ? ttt_get_memory(layer->object, w.data) : TTT_DIMENSION_MISMATCH);
}

// Properties may be read while a job runs: the job works on a copy. 0 for no layer.
const void *AnyModel(const Call &call)
{
    uint64_t handle = 0;
    if (!ReadHandle(call.env, call.args[0], &handle)) return nullptr;
    Layer *layer = call.addon->layers.Find(handle);
    return layer ? layer->object : nullptr;
}

napi_value StateSize(const Call &call)
{
    return call.Number(static_cast<double>(ttt_state_size(AnyModel(call))));
}

napi_value Threads(const Call &call)
{
    return call.Number(static_cast<double>(ttt_threads(AnyModel(call))));
}

napi_value TokensSeen(const Call &call)
{
    return call.Number(static_cast<double>(ttt_tokens_seen(AnyModel(call))));
}

napi_value Fingerprint(const Call &call)
{
    return call.BigInt(ttt_weights_fingerprint(AnyModel(call)));
}

} // namespace

void DefineLayerFunctions(napi_env env, napi_value exports, Addon *addon)
{
    static const Method methods[] = {
        {"create", Enter<Create>},         {"destroy", Enter<Destroy>},
        {"clone", Enter<Clone>},           {"forward", Enter<Forward>},
        {"reset", Enter<Reset>},           {"saveState", Enter<SaveState>},
        {"loadState", Enter<LoadState>},   {"setWeights", Enter<SetWeights>},
        {"getWeights", Enter<GetWeights>}, {"getMemory", Enter<GetMemory>},
        {"stateSize", Enter<StateSize>},   {"threads", Enter<Threads>},
        {"tokensSeen", Enter<TokensSeen>}, {"fingerprint", Enter<Fingerprint>},
    };
    DefineMethods(env, exports, addon, methods, sizeof methods / sizeof methods[0]);
}
