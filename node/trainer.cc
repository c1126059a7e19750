// trainer.cc - the functions of trainers.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include <cstring>

namespace {

// create(config, training, tokens): handle or failure.
napi_value Create(const Call &call)
{
    bitllama_config config;
    bitllama_training training;
    Span<uint32_t> tokens;
    bitllama_trainer *object = nullptr;
    ttt_error error = {};
    int status = ReadStruct(call.env, call.args[0], &config);
    if (status == TTT_OK) status = ReadStruct(call.env, call.args[1], &training);
    if (status == TTT_OK) status = ReadArray(call.env, call.args[2], &tokens);
    if (status == TTT_OK)
        status = bitllama_trainer_create(&config, &training, tokens.data, tokens.length, &object,
                                         &error);
    if (status != TTT_OK) return call.Failure(status, error);
    Trainer trainer;
    trainer.object = std::shared_ptr<bitllama_trainer>(object, bitllama_trainer_destroy);
    trainer.bytes = static_cast<int64_t>(bitllama_trainer_footprint(object));
    uint64_t handle = AddEntry(call, call.addon->trainers, std::move(trainer));
    return handle != 0 ? call.Number(handle) : call.Failure(TTT_OUT_OF_MEMORY);
}

// step(trainer, out): status; writes a bitllama_step to the bytes of `out`.
napi_value Step(const Call &call)
{
    return Perform(call, call.addon->trainers, [&](const Trainer &trainer) {
        Span<uint8_t> out;
        bitllama_step step;
        int status = ReadArray(call.env, call.args[1], &out);
        if (status == TTT_OK && out.length != sizeof step) status = kInvalidArgument;
        if (status == TTT_OK) status = bitllama_trainer_step(trainer.object.get(), &step);
        if (status == TTT_OK) std::memcpy(out.data, &step, sizeof step);
        return status;
    });
}

// A step on a thread of the pool, in one task.
struct StepWork : Work {
    std::shared_ptr<bitllama_trainer> trainer;
    bitllama_step step = {};

    bool RunSlice() override
    {
        status_ = bitllama_trainer_step(trainer.get(), &step);
        return false;
    }

    bool MakeResults(napi_env env, napi_value *first, napi_value *) override
    {
        void *data = nullptr;
        *first = NewArray(env, napi_uint8_array, sizeof step, sizeof step, &data);
        if (*first) std::memcpy(data, &step, sizeof step);
        return *first != nullptr;
    }
};

// stepAsync(trainer, done(status, step)): status. Unless it is OK, nothing happens and `done` is not
// called. The trainer is busy until then.
napi_value StepAsync(const Call &call)
{
    return Perform(call, call.addon->trainers, [&](Trainer &trainer) {
        int status = CheckFunction(call.env, call.args[1]);
        if (status != TTT_OK) return status;
        auto work = std::make_shared<StepWork>();
        work->trainer = trainer.object;
        status = Work::Start(call, work, call.args[1]);
        trainer.work = work; // expired at once if it has not started
        return status;
    });
}

// Calls `use(trainer, json, length)` with the tokenizer of the second argument, null and 0 for none.
template <typename Use> napi_value WithTokenizer(const Call &call, Use use)
{
    return Answer(call, call.addon->trainers, [&](const Trainer &trainer) {
        Span<uint8_t> tokenizer;
        int status = ReadOptional(call.env, call.args[1], &tokenizer);
        if (status != TTT_OK) return call.Negative(status);
        const char *json = reinterpret_cast<const char *>(tokenizer.data);
        return use(trainer.object.get(), json, tokenizer.length);
    });
}

// model(trainer, tokenizer | undefined): the handle of a model or negative status.
napi_value TrainedModel(const Call &call)
{
    return WithTokenizer(call, [&](bitllama_trainer *trainer, const char *json, size_t length) {
        bitllama_model *model = nullptr;
        int status = bitllama_trainer_model(trainer, json, length, &model);
        return status == TTT_OK ? NewModel(call, model) : call.Negative(status);
    });
}

// weights(trainer, tokenizer | undefined): bytes or negative status.
napi_value Weights(const Call &call)
{
    return WithTokenizer(call, [&](bitllama_trainer *trainer, const char *json, size_t length) {
        return NewBytes(call, [&](void *buffer, size_t capacity, size_t *size) {
            return bitllama_trainer_weights(trainer, json, length, buffer, capacity, size);
        });
    });
}

// load(trainer, bytes): OK or failure.
napi_value Load(const Call &call)
{
    Trainer *trainer = nullptr;
    Span<uint8_t> bytes;
    ttt_error error = {};
    int status = FindIdle(call, call.addon->trainers, &trainer);
    if (status == TTT_OK) status = ReadArray(call.env, call.args[1], &bytes);
    if (status == TTT_OK)
        status = bitllama_trainer_load(trainer->object.get(), bytes.data, bytes.length, &error);
    return status == TTT_OK ? call.Status(status) : call.Failure(status, error);
}

// startFrom(trainer, model): OK or failure.
napi_value StartFrom(const Call &call)
{
    Trainer *trainer = nullptr;
    uint64_t handle = 0;
    ttt_error error = {};
    int status = FindIdle(call, call.addon->trainers, &trainer);
    if (status == TTT_OK) status = ReadHandle(call.env, call.args[1], &handle);
    const Model *model = status == TTT_OK ? call.addon->models.Find(handle) : nullptr;
    if (status == TTT_OK && !model) status = kDestroyed;
    if (status == TTT_OK)
        status = bitllama_trainer_start_from(trainer->object.get(), model->object.get(), &error);
    return status == TTT_OK ? call.Status(status) : call.Failure(status, error);
}

} // namespace

bool DefineTrainerFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"create", Enter<Create>},
        {"destroy", Enter<Destroy<&Addon::trainers>>},
        {"step", Enter<Step>},
        {"stepAsync", Enter<StepAsync>},
        {"model", Enter<TrainedModel>},
        {"weights", Enter<Weights>},
        {"steps", Enter<Property<&Addon::trainers, bitllama_trainer_steps>>},
        {"stateSize", Enter<Property<&Addon::trainers, bitllama_trainer_state_size>>},
        {"save", Enter<CopyState<&Addon::trainers, bitllama_trainer_save>>},
        {"load", Enter<Load>},
        {"startFrom", Enter<StartFrom>},
    };
    return DefineMethods(env, object, addon, methods);
}
