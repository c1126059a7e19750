// session.cc - the functions of sessions: read and write tokens, draw the next one, save, load.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace {

napi_value NewSession(const Call &call, bitllama_session *object, size_t vocab)
{
    Session session;
    session.object = std::shared_ptr<bitllama_session>(object, bitllama_session_destroy);
    session.vocab = vocab;
    session.bytes = static_cast<int64_t>(bitllama_session_footprint(object));
    return NewHandle(call, call.addon->sessions, std::move(session));
}

// create(model, options): handle or negative status.
napi_value Create(const Call &call)
{
    return Answer(call, call.addon->models, [&](const Model &model) {
        bitllama_session_options options;
        bitllama_session *session = nullptr;
        int status = ReadStruct(call.env, call.args[1], &options);
        if (status == TTT_OK)
            status = bitllama_session_create_with(model.object.get(), &options, &session);
        if (status != TTT_OK) return call.Negative(status);
        bitllama_config config;
        bitllama_get_config(model.object.get(), &config);
        return NewSession(call, session, config.vocab_size);
    });
}

// fork(session): handle or negative status.
napi_value Fork(const Call &call)
{
    return Answer(call, call.addon->sessions, [&](const Session &from) {
        bitllama_session *session = nullptr;
        int status = bitllama_session_fork(from.object.get(), &session);
        return status == TTT_OK ? NewSession(call, session, from.vocab) : call.Negative(status);
    });
}

// freeze(session, frozen): status.
napi_value Freeze(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](const Session &session) {
        bool frozen = false;
        int status = ReadBool(call.env, call.args[1], &frozen);
        return status == TTT_OK ? bitllama_session_freeze(session.object.get(), frozen) : status;
    });
}

// Reports a session's size again, after a call that may have changed it.
void Weigh(const Call &call, Session &session)
{
    Report(call, session, bitllama_session_footprint(session.object.get()));
}

// load(session, bytes): status.
napi_value Load(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](Session &session) {
        Span<uint8_t> bytes;
        int status = ReadArray(call.env, call.args[1], &bytes);
        if (status == TTT_OK)
            status = bitllama_session_load(session.object.get(), bytes.data, bytes.length);
        Weigh(call, session);
        return status;
    });
}

// ---- reading ----------------------------------------------------------------------------------

// Whether two arrays share memory, in whole or in part.
template <typename A, typename B> bool Overlap(const Span<A> &a, const Span<B> &b)
{
    auto first = reinterpret_cast<uintptr_t>(a.data), second = reinterpret_cast<uintptr_t>(b.data);
    return first < second + b.length * sizeof(B) && second < first + a.length * sizeof(A);
}

// read(session, tokens, logProbabilities | undefined, surprise | undefined): status.
napi_value Read(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](Session &session) -> int {
        Span<uint32_t> tokens;
        Span<float> logprobs, surprise;
        int status = ReadArray(call.env, call.args[1], &tokens);
        if (status == TTT_OK)
            status = ReadOptional(call.env, call.args[2], tokens.length, &logprobs);
        if (status == TTT_OK)
            status = ReadOptional(call.env, call.args[3], tokens.length, &surprise);
        if (status != TTT_OK || tokens.length == 0) return status;
        // The library checks all tokens before it reads them: results must not overwrite them in between.
        if (Overlap(tokens, logprobs) || Overlap(tokens, surprise) || Overlap(logprobs, surprise))
            return TTT_OVERLAP;
        status = bitllama_session_read(session.object.get(), tokens.data, tokens.length,
                                       logprobs.data, surprise.data);
        Weigh(call, session);
        return status;
    });
}

// write(session, tokens): status.
napi_value Write(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](Session &session) {
        Span<uint32_t> tokens;
        int status = ReadArray(call.env, call.args[1], &tokens);
        if (status == TTT_OK && tokens.length > 0)
            status = bitllama_session_write(session.object.get(), tokens.data, tokens.length);
        Weigh(call, session);
        return status;
    });
}

// Reads tokens on a thread of the pool, into the session itself. All are read, unless the environment ends
// or there is no memory to queue the next task.
struct ReadWork : Work {
    std::shared_ptr<bitllama_session> session;
    size_t count = 0, done = 0;
    std::unique_ptr<uint32_t[]> tokens;
    std::unique_ptr<float[]> logprobs, surprise; // null: not wanted
    bool written = false;                        // the session has drawn the tokens

    // Results do not depend on how the tokens are cut into slices.
    bool RunSlice() override
    {
        size_t n = std::min<size_t>(count - done, 64);
        status_ = n == 0 ? TTT_OK : Read(&tokens[done], n);
        done += n;
        return status_ == TTT_OK && done < count;
    }

    bool MakeResults(napi_env env, napi_value *first, napi_value *second) override
    {
        return (!logprobs || CopyOut(env, logprobs.get(), first)) &&
               (!surprise || CopyOut(env, surprise.get(), second));
    }

private:
    int Read(const uint32_t *ids, size_t n)
    {
        if (written) return bitllama_session_write(session.get(), ids, n);
        return bitllama_session_read(session.get(), ids, n, logprobs ? &logprobs[done] : nullptr,
                                     surprise ? &surprise[done] : nullptr);
    }

    bool CopyOut(napi_env env, const float *values, napi_value *array) const
    {
        void *data = nullptr;
        *array = NewArray(env, napi_float32_array, count, count * sizeof(float), &data);
        if (*array && count > 0) std::memcpy(data, values, count * sizeof(float));
        return *array != nullptr;
    }
};

// Null when out of memory.
std::shared_ptr<ReadWork> MakeRead(const Session &session, const Span<uint32_t> &tokens,
                                   bool want_logprobs, bool want_surprise)
{
    auto work = std::make_shared<ReadWork>();
    work->session = session.object;
    work->count = tokens.length;
    work->tokens.reset(new (std::nothrow) uint32_t[tokens.length]);
    if (want_logprobs) work->logprobs.reset(new (std::nothrow) float[tokens.length]);
    if (want_surprise) work->surprise.reset(new (std::nothrow) float[tokens.length]);
    if (!work->tokens || (want_logprobs && !work->logprobs) || (want_surprise && !work->surprise))
        return nullptr;
    std::copy_n(tokens.data, tokens.length, work->tokens.get());
    return work;
}

// Starts work on a session with tokens that it reads; null `work`: there was no memory for it. Nothing of it
// can fail half-way: all ids are checked and all memory is taken before.
int StartRead(const Call &call, Session &session, const Span<uint32_t> &tokens,
              const std::shared_ptr<ReadWork> &work, napi_value done)
{
    if (std::any_of(tokens.data, tokens.data + tokens.length,
                    [&](uint32_t token) { return token >= session.vocab; }))
        return TTT_INVALID_TOKEN;
    if (!work) return TTT_OUT_OF_MEMORY;
    int status = bitllama_session_reserve(session.object.get(), tokens.length);
    Weigh(call, session);
    if (status == TTT_OK) status = Work::Start(call, work, done);
    session.work = work; // expired at once if it has not started
    return status;
}

// readAsync(session, tokens, wantLogProbabilities, wantSurprise, done(status, logProbabilities,
// surprise)): status. Unless it is OK, nothing happens and `done` is not called. The session is busy
// until then.
napi_value ReadAsync(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](Session &session) -> int {
        Span<uint32_t> tokens;
        bool want_logprobs = false, want_surprise = false;
        int status = ReadArray(call.env, call.args[1], &tokens);
        if (status == TTT_OK) status = ReadBool(call.env, call.args[2], &want_logprobs);
        if (status == TTT_OK) status = ReadBool(call.env, call.args[3], &want_surprise);
        if (status == TTT_OK) status = CheckFunction(call.env, call.args[4]);
        if (status != TTT_OK) return status;
        auto work = MakeRead(session, tokens, want_logprobs, want_surprise);
        return StartRead(call, session, tokens, work, call.args[4]);
    });
}

// writeAsync(session, tokens, done(status)): status, as with readAsync.
napi_value WriteAsync(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](Session &session) -> int {
        Span<uint32_t> tokens;
        int status = ReadArray(call.env, call.args[1], &tokens);
        if (status == TTT_OK) status = CheckFunction(call.env, call.args[2]);
        if (status != TTT_OK) return status;
        auto work = MakeRead(session, tokens, false, false);
        if (work) work->written = true;
        return StartRead(call, session, tokens, work, call.args[2]);
    });
}

// ---- what comes next --------------------------------------------------------------------------

// logits(session, out): status.
napi_value Logits(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](const Session &session) {
        Span<float> out;
        int status = ReadArray(call.env, call.args[1], session.vocab, &out);
        return status == TTT_OK ? bitllama_session_logits(session.object.get(), out.data) : status;
    });
}

// draw(session, sampling): the token or negative status.
napi_value Draw(const Call &call)
{
    return Answer(call, call.addon->sessions, [&](const Session &session) {
        bitllama_sampling sampling;
        uint32_t token = 0;
        int status = ReadStruct(call.env, call.args[1], &sampling);
        if (status == TTT_OK)
            status = bitllama_session_draw(session.object.get(), &sampling, &token);
        return status == TTT_OK ? call.Number(token) : call.Negative(status);
    });
}

} // namespace

bool DefineSessionFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"create", Enter<Create>},
        {"fork", Enter<Fork>},
        {"destroy", Enter<Destroy<&Addon::sessions>>},
        {"reset", Enter<Change<&Addon::sessions, bitllama_session_reset>>},
        {"freeze", Enter<Freeze>},
        {"read", Enter<Read>},
        {"readAsync", Enter<ReadAsync>},
        {"write", Enter<Write>},
        {"writeAsync", Enter<WriteAsync>},
        {"logits", Enter<Logits>},
        {"draw", Enter<Draw>},
        {"suggest", Enter<Suggest>},
        {"suggestAsync", Enter<SuggestAsync>},
        {"stateSize", Enter<Property<&Addon::sessions, bitllama_session_state_size>>},
        {"tokens", Enter<Property<&Addon::sessions, bitllama_session_tokens>>},
        {"save", Enter<CopyState<&Addon::sessions, bitllama_session_save>>},
        {"load", Enter<Load>},
    };
    return DefineMethods(env, object, addon, methods);
}
