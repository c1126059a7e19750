// async.cc - queues, runs and ends work on libuv's pool. Nothing here throws: in an environment that is
// ending every Node-API call may fail, which must not become an exception.
// SPDX-License-Identifier: MIT
#include "async.h"

#include "addon.h"

#include <chrono>
#include <utility>

namespace {

constexpr auto kTaskTime = std::chrono::milliseconds(100);

// False in an environment that is ending; the conversion is one of the cheapest calls that fail there.
bool CanRunJavaScript(napi_env env)
{
    napi_value value = nullptr;
    return napi_get_undefined(env, &value) == napi_ok &&
           napi_coerce_to_string(env, value, &value) == napi_ok;
}

} // namespace

int Work::Start(const Call &call, const std::shared_ptr<Work> &work, napi_value done)
{
    work->owner_ = call.addon->alive;
    if (napi_create_reference(call.env, done, 1, &work->done_) != napi_ok) return TTT_OUT_OF_MEMORY;
    if (Queue(call.env, work)) return TTT_OK;
    napi_delete_reference(call.env, work->done_);
    return TTT_OUT_OF_MEMORY;
}

void Work::Cancel(napi_env env)
{
    cancelled_ = true;
    if (UnderWay()) napi_cancel_async_work(env, task_); // has an effect only while it is queued
}

bool Work::Queue(napi_env env, const std::shared_ptr<Work> &work)
{
    napi_value name = nullptr;
    if (napi_create_string_utf8(env, "bit-ttt", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_async_work(env, nullptr, name, RunTask, AfterTask, work.get(), &work->task_) !=
            napi_ok)
        return false;
    if (napi_queue_async_work(env, work->task_) != napi_ok) {
        napi_delete_async_work(env, work->task_);
        return false;
    }
    work->self_ = work;
    return true;
}

// On a thread of the pool.
void Work::RunTask(napi_env, void *data)
{
    Work *work = static_cast<Work *>(data);
    auto end = std::chrono::steady_clock::now() + kTaskTime;
    while (work->more_ && !work->Unwanted()) {
        work->more_ = work->RunSlice();
        if (std::chrono::steady_clock::now() >= end) return;
    }
}

// On JavaScript's thread.
void Work::AfterTask(napi_env env, napi_status task_status, void *data)
{
    std::shared_ptr<Work> work = std::move(static_cast<Work *>(data)->self_);
    napi_delete_async_work(env, work->task_);
    if (work->owner_.expired()) return; // frees the work
    if (task_status != napi_ok || work->cancelled_) {
        work->status_ = kAborted;
    } else if (work->more_) {
        // If JavaScript cannot run any more, nobody waits for the rest.
        if (!CanRunJavaScript(env)) work->status_ = kAborted;
        else if (Queue(env, work)) return;
        else work->status_ = TTT_OUT_OF_MEMORY;
    }
    End(env, std::move(work));
}

// Calls back, unless JavaScript cannot run. An exception of the callback is reported here: Node would do
// so too, but a handler of uncaught exceptions could then not use the addon.
void Work::End(napi_env env, std::shared_ptr<Work> work)
{
    napi_value done = nullptr, receiver = nullptr, args[3] = {};
    napi_get_reference_value(env, work->done_, &done);
    napi_delete_reference(env, work->done_);
    napi_get_undefined(env, &receiver);
    args[1] = args[2] = receiver;
    if (work->status_ == TTT_OK && !work->MakeResults(env, &args[1], &args[2]))
        work->status_ = TTT_OUT_OF_MEMORY;
    napi_create_int32(env, work->status_, &args[0]);
    work.reset(); // the callback finds its object idle
    if (!done || !receiver || !args[0]) return;
    napi_call_function(env, receiver, done, 3, args, nullptr);
    bool thrown = false;
    napi_value exception = nullptr;
    if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown &&
        napi_get_and_clear_last_exception(env, &exception) == napi_ok)
        napi_fatal_exception(env, exception);
}
