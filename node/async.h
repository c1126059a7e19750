// async.h - asynchronous work on libuv's thread pool, which may outlive its environment.
//
// Work runs as a sequence of tasks of libuv's queue, each a fraction of a second long and made of slices of
// some milliseconds. Between two tasks the environment can end (a worker is terminated, the process exits),
// and other users of the pool are served. While a task is queued or running, the work keeps itself and what
// it uses alive, so tables and objects may be destroyed earlier.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ASYNC_H
#define BIT_TTT_NODE_ASYNC_H

#include "call.h"

#include <atomic>
#include <memory>

class Work {
public:
    Work() = default;
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;
    virtual ~Work() = default;

    // Starts the work, or returns TTT_OUT_OF_MEMORY. At its end, and never before this call has returned,
    // `done(status, first, second)` is called with the results. By then the work is not under way, and is
    // freed unless somebody else owns it too.
    static int Start(const Call &call, const std::shared_ptr<Work> &work, napi_value done);

    // Makes it end soon, with kAborted unless the last task has already ended.
    void Cancel(napi_env env);

    bool UnderWay() const { return self_ != nullptr; }

    // The result of work that has ended.
    int status() const { return status_; }

protected:
    // Runs on a thread of the pool for some milliseconds. True if there is more to do.
    virtual bool RunSlice() = 0;

    // Runs on JavaScript's thread after success: sets the results for the callback, which are undefined
    // until then. False when out of memory.
    virtual bool MakeResults(napi_env, napi_value *, napi_value *) { return true; }

    // The status of the last slice; any but TTT_OK ends the work.
    int status_ = TTT_OK;

private:
    static void RunTask(napi_env env, void *data);
    static void AfterTask(napi_env env, napi_status status, void *data);
    static bool Queue(napi_env env, const std::shared_ptr<Work> &work);
    static void End(napi_env env, std::shared_ptr<Work> work);
    bool Unwanted() const { return cancelled_.load(std::memory_order_relaxed) || owner_.expired(); }

    std::atomic<bool> cancelled_{false};
    std::weak_ptr<void> owner_; // expired: the environment's data is gone, and with it the callback
    bool more_ = true;
    // Used by JavaScript's thread only. Not null: a task is queued or running.
    std::shared_ptr<Work> self_;
    napi_async_work task_ = nullptr;
    napi_ref done_ = nullptr;
};

#endif
