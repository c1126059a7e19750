// llama_train.cc - the functions of trainers; a step may run on a thread of libuv's pool.
//
// While one does, the trainer is that thread's, and the environment may end: the work, not the
// table, then frees the trainer.
// SPDX-License-Identifier: MIT
#include "addon.h"
#include "args.h"
#include "errors.h"
#include "llama.h"

#include <memory>
#include <new>

// Owned by JavaScript's thread, but the trainer, step and status while the pool's thread runs.
struct StepWork {
    Addon *addon = nullptr; // null once the environment's data is gone
    uint64_t handle = 0;
    napi_async_work work = nullptr;
    napi_ref callback = nullptr;
    bitllama_trainer *trainer = nullptr;
    bitllama_step step = {};
    int status = TTT_OK;
};

namespace {

int IdleTrainer(const Call &call, Trainer **trainer)
{
    return FindIdle(call, call.addon->trainers, trainer);
}

// ---- creation -------------------------------------------------------------------------------

// trainerCreate(config, mixers, training, seed: bigint, tokens): handle or failure.
napi_value Create(const Call &call)
{
    Span<double> shape, options;
    Span<uint8_t> mixers;
    Span<uint32_t> tokens;
    bitllama_config config;
    bitllama_training training;
    bitllama_training_init(&training);
    if (!ReadDoubles(call.env, call.args[0], &shape) ||
        !ReadBytes(call.env, call.args[1], &mixers) ||
        !ReadDoubles(call.env, call.args[2], &options) ||
        !ReadUint64(call.env, call.args[3], &training.seed) ||
        !ReadUint32s(call.env, call.args[4], &tokens))
        return Failure(call, kInvalidArgument, "an argument is of the wrong type");
    const char *problem = ReadConfig(shape, mixers, &config);
    if (problem) return Failure(call, TTT_MODEL_CONFIG, problem);
    problem = ReadTraining(options, &training);
    if (problem) return Failure(call, TTT_INVALID_OPTION, problem);
    Trainer trainer;
    ttt_error error = {};
    int status = bitllama_trainer_create(&config, &training, tokens.data, tokens.length,
                                         &trainer.object, &error);
    if (status != TTT_OK) return Failure(call, status, error);
    trainer.bytes = static_cast<int64_t>(bitllama_trainer_footprint(trainer.object));
    uint64_t handle = call.addon->trainers.Add(trainer);
    if (handle == 0) return Failure(call, TTT_OUT_OF_MEMORY, "there are too many trainers");
    AdjustMemory(call.env, trainer.bytes);
    return call.Number(static_cast<double>(handle));
}

napi_value Destroy(const Call &call)
{
    return FreeHandle(call, call.addon->trainers);
}

// ---- steps ----------------------------------------------------------------------------------

// trainerStep(trainer, out): status; writes [loss, learningRate, gradientNorm, step, tokens].
napi_value Step(const Call &call)
{
    Trainer *trainer = nullptr;
    Span<double> out;
    bitllama_step step = {};
    int status = IdleTrainer(call, &trainer);
    if (status == TTT_OK && !ReadDoubles(call.env, call.args[1], &out)) status = kInvalidArgument;
    if (status == TTT_OK && out.length != 5) status = TTT_DIMENSION_MISMATCH;
    if (status == TTT_OK) status = bitllama_trainer_step(trainer->object, &step);
    if (status != TTT_OK) return call.Status(status);
    out.data[0] = step.loss;
    out.data[1] = static_cast<double>(step.learning_rate);
    out.data[2] = static_cast<double>(step.gradient_norm);
    out.data[3] = static_cast<double>(step.step);
    out.data[4] = static_cast<double>(step.tokens);
    return call.Status(TTT_OK);
}

void Execute(napi_env, void *data)
{
    StepWork *step = static_cast<StepWork *>(data);
    step->status = bitllama_trainer_step(step->trainer, &step->step);
}

// callback(status, loss, learningRate, gradientNorm, step, tokens), unless JavaScript cannot run.
void Report(napi_env env, const StepWork &work)
{
    const bitllama_step &step = work.step;
    double numbers[] = {step.loss, static_cast<double>(step.learning_rate),
                        static_cast<double>(step.gradient_norm), static_cast<double>(step.step),
                        static_cast<double>(step.tokens)};
    napi_value callback = nullptr, receiver = nullptr, args[6];
    if (napi_get_reference_value(env, work.callback, &callback) != napi_ok || !callback ||
        napi_get_undefined(env, &receiver) != napi_ok ||
        napi_create_int32(env, work.status, &args[0]) != napi_ok)
        return;
    for (size_t i = 0; i < 5; i++)
        if (napi_create_double(env, numbers[i], &args[i + 1]) != napi_ok) return;
    napi_delete_reference(env, work.callback);
    napi_call_function(env, receiver, callback, 6, args, nullptr);
}

// The step is over, on JavaScript's thread. Raw calls only: in an environment that is ending each
// of them may fail, which must not become an exception.
void Complete(napi_env env, napi_status work_status, void *data)
{
    std::unique_ptr<StepWork> step(static_cast<StepWork *>(data));
    napi_delete_async_work(env, step->work);
    if (!step->addon) { // the environment's data went first, and left the trainer to this call
        bitllama_trainer_destroy(step->trainer);
        return;
    }
    if (work_status != napi_ok) step->status = kAborted;
    // A busy trainer is never removed. The callback may use it again.
    Trainer *trainer = step->addon->trainers.Find(step->handle);
    trainer->busy = false;
    trainer->step = nullptr;
    Report(env, *step);
}

// trainerStepAsync(trainer, callback): status. Unless it is OK, there will be no callback. The
// trainer is busy until then.
napi_value StepAsync(const Call &call)
{
    Trainer *trainer = nullptr;
    napi_valuetype type = napi_undefined;
    int status = IdleTrainer(call, &trainer);
    if (status != TTT_OK) return call.Status(status);
    if (napi_typeof(call.env, call.args[1], &type) != napi_ok || type != napi_function)
        return call.Status(kInvalidArgument);
    std::unique_ptr<StepWork> step(new (std::nothrow) StepWork);
    napi_value name = nullptr;
    if (!step || napi_create_reference(call.env, call.args[1], 1, &step->callback) != napi_ok)
        return call.Status(TTT_OUT_OF_MEMORY);
    step->addon = call.addon;
    step->trainer = trainer->object;
    ReadHandle(call.env, call.args[0], &step->handle);
    if (napi_create_string_utf8(call.env, "bit-ttt:train", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_async_work(call.env, nullptr, name, Execute, Complete, step.get(),
                               &step->work) != napi_ok ||
        napi_queue_async_work(call.env, step->work) != napi_ok) {
        if (step->work) napi_delete_async_work(call.env, step->work);
        napi_delete_reference(call.env, step->callback);
        return call.Status(TTT_OUT_OF_MEMORY);
    }
    trainer->busy = true;
    trainer->step = step.release();
    return call.Status(TTT_OK);
}

// ---- results --------------------------------------------------------------------------------

int WithTokenizer(const Call &call, Trainer **trainer, Span<const uint8_t> *tokenizer)
{
    int status = IdleTrainer(call, trainer);
    if (status != TTT_OK) return status;
    return ReadOptionalBytes(call.env, call.args[1], tokenizer) ? TTT_OK : kInvalidArgument;
}

// trainerModel(trainer, tokenizer | undefined): model handle or negative status.
napi_value TrainedModel(const Call &call)
{
    Trainer *trainer = nullptr;
    Span<const uint8_t> tokenizer;
    bitllama_model *model = nullptr;
    int status = WithTokenizer(call, &trainer, &tokenizer);
    if (status == TTT_OK)
        status =
            bitllama_trainer_model(trainer->object, reinterpret_cast<const char *>(tokenizer.data),
                                   tokenizer.length, &model);
    return status == TTT_OK ? NewModel(call, model) : call.NoHandle(status);
}

// trainerWeights(trainer, tokenizer | undefined): bytes or negative status.
napi_value Weights(const Call &call)
{
    Trainer *trainer = nullptr;
    Span<const uint8_t> tokenizer;
    int status = WithTokenizer(call, &trainer, &tokenizer);
    if (status != TTT_OK) return call.NoHandle(status);
    const char *json = reinterpret_cast<const char *>(tokenizer.data);
    return FreshBytes(call, [&](void *buffer, size_t capacity, size_t *size) {
        return bitllama_trainer_weights(trainer->object, json, tokenizer.length, buffer, capacity,
                                        size);
    });
}

// trainerSteps(trainer): steps done or negative status.
napi_value Steps(const Call &call)
{
    Trainer *trainer = nullptr;
    int status = IdleTrainer(call, &trainer);
    if (status != TTT_OK) return call.NoHandle(status);
    return call.Number(static_cast<double>(bitllama_trainer_steps(trainer->object)));
}

// trainerStateSize(trainer): bytes or negative status.
napi_value StateSize(const Call &call)
{
    Trainer *trainer = nullptr;
    int status = IdleTrainer(call, &trainer);
    if (status != TTT_OK) return call.NoHandle(status);
    return call.Number(static_cast<double>(bitllama_trainer_state_size(trainer->object)));
}

// trainerSave(trainer, bytes): status.
napi_value Save(const Call &call)
{
    return WithBytes(call, call.addon->trainers, TTT_BUFFER_SIZE, bitllama_trainer_save);
}

// trainerLoad(trainer, bytes): OK or failure.
napi_value Load(const Call &call)
{
    Trainer *trainer = nullptr;
    Span<const uint8_t> bytes;
    ttt_error error = {};
    int status = IdleTrainer(call, &trainer);
    if (status == TTT_OK && (!ReadOptionalBytes(call.env, call.args[1], &bytes) || !bytes.data))
        status = kInvalidArgument;
    if (status == TTT_OK)
        status = bitllama_trainer_load(trainer->object, bytes.data, bytes.length, &error);
    return status == TTT_OK ? call.Status(status) : Failure(call, status, error);
}

} // namespace

void Trainer::Free()
{
    if (step) step->addon = nullptr;
    else bitllama_trainer_destroy(object);
}

void DefineTrainerFunctions(napi_env env, napi_value exports, Addon *addon)
{
    static const Method methods[] = {
        {"trainerCreate", Enter<Create>},       {"trainerDestroy", Enter<Destroy>},
        {"trainerStep", Enter<Step>},           {"trainerStepAsync", Enter<StepAsync>},
        {"trainerModel", Enter<TrainedModel>},  {"trainerWeights", Enter<Weights>},
        {"trainerStateSize", Enter<StateSize>}, {"trainerSave", Enter<Save>},
        {"trainerLoad", Enter<Load>},           {"trainerSteps", Enter<Steps>},
    };
    DefineMethods(env, exports, addon, methods, sizeof methods / sizeof methods[0]);
}
