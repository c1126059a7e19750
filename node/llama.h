// llama.h - what an environment owns of language models: models, sessions and trainers.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_LLAMA_H
#define BIT_TTT_NODE_LLAMA_H

#include "args.h"
#include "errors.h"
#include "handle.h"

#include <bit_ttt/llama.h>

// One owner of a shared model; sessions are others.
struct Model : Slot<bitllama_model> {
    void Free() { bitllama_release(object); }
};

struct Session : Slot<bitllama_session> {
    size_t vocab = 0;
    void Free() { bitllama_session_destroy(object); }
};

struct StepWork;

// While a trainer is busy, a thread of libuv's pool has it.
struct Trainer : Slot<bitllama_trainer> {
    StepWork *step = nullptr; // not null: busy
    void Free();              // leaves the trainer to the step that is under way, if there is one
};

// A handle, or the negative status of no room for it.
napi_value NewModel(const Call &call, bitllama_model *model);

// {status, offset, text} of what went wrong; a plain text if the error has none.
napi_value Failure(const Call &call, int status, const ttt_error &error);
napi_value Failure(const Call &call, int status, const char *text);

// [vocabSize, hiddenDim, numLayers, mlpDim, innerDim, headDim, innerLr, normEps] and a mixer for
// each layer. Null, or the text of what is wrong; the library checks the ranges.
const char *ReadConfig(const Span<double> &values, const Span<uint8_t> &mixers,
                       bitllama_config *config);
// [batch, context, accumulate, steps, warmup, threads, bf16, separator or -1, learningRate,
// finalLearningRate, weightDecay, beta1, beta2, clip, repeat, fromStart, dropout]; likewise.
const char *ReadTraining(const Span<double> &values, bitllama_training *training);

// A fresh array of what `write(buffer, capacity, &size)` writes, or the negative status; a null
// buffer only asks for the size.
template <typename Write> napi_value FreshBytes(const Call &call, Write write)
{
    size_t size = 0;
    int status = write(nullptr, size_t{0}, &size);
    if (status != TTT_OK) return call.NoHandle(status);
    void *data = nullptr;
    napi_value buffer = nullptr, bytes = nullptr;
    if (napi_create_arraybuffer(call.env, size, &data, &buffer) != napi_ok)
        return call.NoHandle(TTT_OUT_OF_MEMORY);
    status = write(data, size, &size);
    if (status != TTT_OK) return call.NoHandle(status);
    if (napi_create_typedarray(call.env, napi_uint8_array, size, buffer, 0, &bytes) != napi_ok)
        return call.NoHandle(TTT_OUT_OF_MEMORY);
    return bytes;
}

#endif
