// recall.cc - the functions of recalls: the probability of a symbol, learning what came, save, load.
// SPDX-License-Identifier: MIT
#include "addon.h"

namespace {

napi_value NewRecall(const Call &call, ttt_recall *object)
{
    Recall recall;
    recall.object = std::shared_ptr<ttt_recall>(object, ttt_recall_destroy);
    recall.bytes = static_cast<int64_t>(ttt_recall_footprint(object));
    return NewHandle(call, call.addon->recalls, std::move(recall));
}

// create(options): handle or negative status.
napi_value Create(const Call &call)
{
    ttt_recall_options options;
    ttt_recall *recall = nullptr;
    int status = ReadStruct(call.env, call.args[0], &options);
    if (status == TTT_OK) status = ttt_recall_create(&options, &recall);
    return status == TTT_OK ? NewRecall(call, recall) : call.Negative(status);
}

// clone(recall): handle or negative status.
napi_value Clone(const Call &call)
{
    return Answer(call, call.addon->recalls, [&](const Recall &from) {
        ttt_recall *recall = nullptr;
        int status = ttt_recall_clone(from.object.get(), &recall);
        return status == TTT_OK ? NewRecall(call, recall) : call.Negative(status);
    });
}

// The second and third argument: a symbol and its base probability, which the library checks.
int ReadSymbol(const Call &call, uint32_t *symbol, float *base)
{
    int status = ReadUint32(call.env, call.args[1], symbol);
    return status == TTT_OK ? ReadFloat(call.env, call.args[2], base) : status;
}

// probability(recall, symbol, base): the probability or negative status. This and learn must be fast.
napi_value Probability(const Call &call)
{
    return Answer(call, call.addon->recalls, [&](const Recall &recall) {
        uint32_t symbol = 0;
        float base = 0, probability = 0;
        int status = ReadSymbol(call, &symbol, &base);
        if (status == TTT_OK)
            status = ttt_recall_probability(recall.object.get(), symbol, base, &probability);
        return status == TTT_OK ? call.Double(probability) : call.Negative(status);
    });
}

void Weigh(const Call &call, Recall &recall)
{
    Report(call, recall, ttt_recall_footprint(recall.object.get()));
}

// learn(recall, symbol, base): status.
napi_value Learn(const Call &call)
{
    return Perform(call, call.addon->recalls, [&](Recall &recall) {
        uint32_t symbol = 0;
        float base = 0;
        int status = ReadSymbol(call, &symbol, &base);
        if (status == TTT_OK) status = ttt_recall_learn(recall.object.get(), symbol, base);
        Weigh(call, recall);
        return status;
    });
}

// pass(recall, symbol): status.
napi_value Pass(const Call &call)
{
    return Perform(call, call.addon->recalls, [&](const Recall &recall) {
        uint32_t symbol = 0;
        int status = ReadUint32(call.env, call.args[1], &symbol);
        return status == TTT_OK ? ttt_recall_pass(recall.object.get(), symbol) : status;
    });
}

// load(recall, bytes): status.
napi_value Load(const Call &call)
{
    return Perform(call, call.addon->recalls, [&](Recall &recall) {
        Span<uint8_t> bytes;
        int status = ReadArray(call.env, call.args[1], &bytes);
        if (status == TTT_OK)
            status = ttt_recall_load(recall.object.get(), bytes.data, bytes.length);
        Weigh(call, recall);
        return status;
    });
}

} // namespace

bool DefineRecallFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"conformanceHash", Enter<Hash<ttt_recall_conformance_hash>>},
        {"create", Enter<Create>},
        {"clone", Enter<Clone>},
        {"destroy", Enter<Destroy<&Addon::recalls>>},
        {"reset", Enter<Change<&Addon::recalls, ttt_recall_reset>>},
        {"probability", Enter<Probability>},
        {"learn", Enter<Learn>},
        {"pass", Enter<Pass>},
        {"symbols", Enter<Property<&Addon::recalls, ttt_recall_symbols>>},
        {"stateSize", Enter<Property<&Addon::recalls, ttt_recall_state_size>>},
        {"save", Enter<CopyState<&Addon::recalls, ttt_recall_save>>},
        {"load", Enter<Load>},
    };
    return DefineMethods(env, object, addon, methods);
}
