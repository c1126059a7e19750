// llama_session.cc - the functions of sessions: read tokens, draw the next one, save, load.
//
// The first argument of each is a handle (handle.h). Lengths count elements.
// SPDX-License-Identifier: MIT
#include "addon.h"
#include "args.h"
#include "errors.h"
#include "llama.h"

namespace {

// The two arrays share memory, in whole or in part.
template <typename A, typename B> bool Overlap(const Span<A> &a, const Span<B> &b)
{
    auto first = reinterpret_cast<uintptr_t>(a.data), second = reinterpret_cast<uintptr_t>(b.data);
    return first < second + b.length * sizeof(B) && second < first + a.length * sizeof(A);
}

napi_value NewSession(const Call &call, bitllama_session *object, size_t vocab)
{
    Session session;
    session.object = object;
    session.vocab = vocab;
    session.bytes = static_cast<int64_t>(bitllama_session_footprint(object));
    return NewHandle(call, call.addon->sessions, session);
}

// sessionCreate(model): handle or negative status.
napi_value Create(const Call &call)
{
    Model *model = nullptr;
    bitllama_session *session = nullptr;
    int status = FindIdle(call, call.addon->models, &model);
    if (status == TTT_OK) status = bitllama_session_create(model->object, &session);
    if (status != TTT_OK) return call.NoHandle(status);
    bitllama_config config;
    bitllama_get_config(model->object, &config);
    return NewSession(call, session, config.vocab_size);
}

// sessionFork(session): handle or negative status.
napi_value Fork(const Call &call)
{
    Session *from = nullptr;
    bitllama_session *session = nullptr;
    int status = FindIdle(call, call.addon->sessions, &from);
    if (status == TTT_OK) status = bitllama_session_fork(from->object, &session);
    return status == TTT_OK ? NewSession(call, session, from->vocab) : call.NoHandle(status);
}

napi_value Destroy(const Call &call)
{
    return FreeHandle(call, call.addon->sessions);
}

napi_value Reset(const Call &call)
{
    Session *session = nullptr;
    int status = FindIdle(call, call.addon->sessions, &session);
    return call.Status(status == TTT_OK ? bitllama_session_reset(session->object) : status);
}

// sessionFreeze(session, frozen): status.
napi_value Freeze(const Call &call)
{
    Session *session = nullptr;
    bool frozen = false;
    int status = FindIdle(call, call.addon->sessions, &session);
    if (status == TTT_OK && napi_get_value_bool(call.env, call.args[1], &frozen) != napi_ok)
        status = kInvalidArgument;
    if (status == TTT_OK) status = bitllama_session_freeze(session->object, frozen);
    return call.Status(status);
}

// sessionRead(session, tokens, logprobs | undefined, surprise | undefined): status.
napi_value Read(const Call &call)
{
    Session *session = nullptr;
    Span<uint32_t> tokens;
    Span<float> logprobs, surprise;
    bool fits[2] = {false, false};
    int status = FindIdle(call, call.addon->sessions, &session);
    if (status != TTT_OK) return call.Status(status);
    if (!ReadUint32s(call.env, call.args[1], &tokens) ||
        !ReadResults(call.env, call.args[2], tokens.length, &logprobs, &fits[0]) ||
        !ReadResults(call.env, call.args[3], tokens.length, &surprise, &fits[1]))
        return call.Status(kInvalidArgument);
    if (!fits[0] || !fits[1]) return call.Status(TTT_DIMENSION_MISMATCH);
    if (tokens.length == 0) return call.Status(TTT_OK);
    // Tokens are checked once and read later: no result may be written over them.
    if (Overlap(tokens, logprobs) || Overlap(tokens, surprise) || Overlap(logprobs, surprise))
        return call.Status(TTT_OVERLAP);
    return call.Status(bitllama_session_read(session->object, tokens.data, tokens.length,
                                             logprobs.data, surprise.data));
}

// sessionLogits(session, out): status.
napi_value Logits(const Call &call)
{
    Session *session = nullptr;
    Span<float> out;
    int status = FindIdle(call, call.addon->sessions, &session);
    if (status == TTT_OK && !ReadFloats(call.env, call.args[1], &out)) status = kInvalidArgument;
    if (status == TTT_OK && out.length != session->vocab) status = TTT_DIMENSION_MISMATCH;
    if (status == TTT_OK) status = bitllama_session_logits(session->object, out.data);
    return call.Status(status);
}

// sessionDraw(session, [temperature, topK, topP, minP, repetitionPenalty], seed: bigint): the
// token or a negative status.
napi_value Draw(const Call &call)
{
    Session *session = nullptr;
    Span<double> options;
    bitllama_sampling sampling;
    bitllama_sampling_init(&sampling);
    int status = FindIdle(call, call.addon->sessions, &session);
    if (status != TTT_OK) return call.NoHandle(status);
    if (!ReadDoubles(call.env, call.args[1], &options) || options.length != 5 ||
        !ReadUint64(call.env, call.args[2], &sampling.seed))
        return call.NoHandle(kInvalidArgument);
    if (!ToUint32(options.data[1], &sampling.top_k)) return call.NoHandle(TTT_INVALID_OPTION);
    sampling.temperature = static_cast<float>(options.data[0]);
    sampling.top_p = static_cast<float>(options.data[2]);
    sampling.min_p = static_cast<float>(options.data[3]);
    sampling.repetition_penalty = static_cast<float>(options.data[4]);
    uint32_t token = 0;
    status = bitllama_session_draw(session->object, &sampling, &token);
    return status == TTT_OK ? call.Number(token) : call.NoHandle(status);
}

// sessionStateSize(session): bytes or negative status.
napi_value StateSize(const Call &call)
{
    Session *session = nullptr;
    int status = FindIdle(call, call.addon->sessions, &session);
    if (status != TTT_OK) return call.NoHandle(status);
    return call.Number(static_cast<double>(bitllama_session_state_size(session->object)));
}

// sessionTokens(session): how many it has read, or negative status.
napi_value Tokens(const Call &call)
{
    Session *session = nullptr;
    int status = FindIdle(call, call.addon->sessions, &session);
    if (status != TTT_OK) return call.NoHandle(status);
    return call.Number(static_cast<double>(bitllama_session_tokens(session->object)));
}

// sessionSave(session, bytes): status.
napi_value Save(const Call &call)
{
    return WithBytes(call, call.addon->sessions, TTT_BUFFER_SIZE, bitllama_session_save);
}

// sessionLoad(session, bytes): status.
napi_value Load(const Call &call)
{
    return WithBytes(call, call.addon->sessions, TTT_STATE_DAMAGED, bitllama_session_load);
}

} // namespace

void DefineSessionFunctions(napi_env env, napi_value exports, Addon *addon)
{
    static const Method methods[] = {
        {"sessionCreate", Enter<Create>},       {"sessionFork", Enter<Fork>},
        {"sessionDestroy", Enter<Destroy>},     {"sessionReset", Enter<Reset>},
        {"sessionFreeze", Enter<Freeze>},       {"sessionRead", Enter<Read>},
        {"sessionLogits", Enter<Logits>},       {"sessionDraw", Enter<Draw>},
        {"sessionStateSize", Enter<StateSize>}, {"sessionTokens", Enter<Tokens>},
        {"sessionSave", Enter<Save>},           {"sessionLoad", Enter<Load>},
    };
    DefineMethods(env, exports, addon, methods, sizeof methods / sizeof methods[0]);
}
