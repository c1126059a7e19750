// suggest.cc - the functions of sessions that complete words, at once and on a thread of the pool.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace {

// What is asked, read from the arguments of a call: session, before, typed, suggesting.
struct Question {
    Span<uint32_t> before;
    Span<uint8_t> typed;
    bitllama_suggesting how;
};

// TTT_INVALID_OPTION also if there are more suggestions than a list has room for.
int ReadQuestion(const Call &call, Question *question)
{
    int status = ReadArray(call.env, call.args[1], &question->before);
    if (status == TTT_OK) status = ReadArray(call.env, call.args[2], &question->typed);
    if (status == TTT_OK) status = ReadStruct(call.env, call.args[3], &question->how);
    if (status == TTT_OK && question->how.count > BITLLAMA_MAX_SUGGESTIONS)
        status = TTT_INVALID_OPTION;
    return status;
}

// The suggestions that were found, the likeliest first.
struct Found {
    bitllama_suggestion list[BITLLAMA_MAX_SUGGESTIONS];
    uint32_t count = 0;

    int Ask(const bitllama_session *session, const Question &question)
    {
        return bitllama_session_suggest(session, question.before.data, question.before.length,
                                        reinterpret_cast<const char *>(question.typed.data),
                                        question.typed.length, &question.how, list, &count);
    }
};

struct SuggestWork : Work {
    std::shared_ptr<bitllama_session> session;
    std::unique_ptr<uint32_t[]> before;
    std::unique_ptr<uint8_t[]> typed;
    Question question; // about these copies
    Found found;

    bool RunSlice() override
    {
        status_ = found.Ask(session.get(), question);
        return false;
    }

    bool MakeResults(napi_env env, napi_value *first, napi_value *) override
    {
        size_t bytes = found.count * sizeof found.list[0];
        void *data = nullptr;
        *first = NewArray(env, napi_uint8_array, bytes, bytes, &data);
        if (*first && bytes > 0) std::memcpy(data, found.list, bytes);
        return *first != nullptr;
    }
};

// A copy of an array, and the array that it then is; null when out of memory.
template <typename T> std::unique_ptr<T[]> CopyOf(Span<T> *array)
{
    std::unique_ptr<T[]> copy(new (std::nothrow) T[array->length + 1]);
    if (copy) std::copy_n(array->data, array->length, copy.get());
    array->data = copy.get();
    return copy;
}

} // namespace

// suggest(session, before, typed, suggesting, out): how many were found or negative status.
napi_value Suggest(const Call &call)
{
    return Answer(call, call.addon->sessions, [&](const Session &session) {
        Question question;
        Span<uint8_t> out;
        Found found;
        int status = ReadQuestion(call, &question);
        if (status == TTT_OK) {
            size_t room = question.how.count * sizeof found.list[0];
            status = ReadArray(call.env, call.args[4], room, &out);
        }
        if (status == TTT_OK) status = found.Ask(session.object.get(), question);
        if (status != TTT_OK) return call.Negative(status);
        std::memcpy(out.data, found.list, found.count * sizeof found.list[0]);
        return call.Number(found.count);
    });
}

// suggestAsync(session, before, typed, suggesting, done(status, list)): status, as with readAsync.
napi_value SuggestAsync(const Call &call)
{
    return Perform(call, call.addon->sessions, [&](Session &session) -> int {
        Question question;
        int status = ReadQuestion(call, &question);
        if (status == TTT_OK) status = CheckFunction(call.env, call.args[4]);
        if (status != TTT_OK) return status;
        auto work = std::make_shared<SuggestWork>();
        work->session = session.object;
        work->before = CopyOf(&question.before);
        work->typed = CopyOf(&question.typed);
        work->question = question;
        if (!work->before || !work->typed) return TTT_OUT_OF_MEMORY;
        status = Work::Start(call, work, call.args[4]);
        session.work = work; // expired at once if it has not started
        return status;
    });
}
