// async.h - work beside JavaScript's thread, on libuv's pool, that may outlive its environment.
//
// Work runs in legs of a fraction of a second: between legs the environment can end (a worker that is
// terminated, a process that exits) and other users of the pool get their turn. While a leg is queued or
// running the work keeps itself alive, and what it uses with it, so that tables and objects may go first.
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

    // Starts the work, or returns TTT_OUT_OF_MEMORY. At the end, and not before this call has returned,
    // `done(status, first, second)` is called with the results. When that happens, the work is no longer
    // under way; it is freed before unless somebody else holds it.
    static int Start(const Call &call, const std::shared_ptr<Work> &work, napi_value done);

    // Lets it end soon, with kAborted unless it is too late for that.
    void Cancel(napi_env env);

    bool UnderWay() const { return self_ != nullptr; }

    // Of the work that has ended.
    int status() const { return status_; }

protected:
    // On a thread of the pool: works for some milliseconds. True if there is more to do.
    virtual bool RunSlice() = 0;

    // On JavaScript's thread, after success: sets the callback's results, which are undefined before.
    // False if there is no memory for them.
    virtual bool MakeResults(napi_env, napi_value *, napi_value *) { return true; }

    // What the last slice says; anything but TTT_OK ends the work.
    int status_ = TTT_OK;

private:
    static void RunLeg(napi_env env, void *data);
    static void AfterLeg(napi_env env, napi_status status, void *data);
    static bool Queue(napi_env env, const std::shared_ptr<Work> &work);
    static void End(napi_env env, std::shared_ptr<Work> work);
    bool Unwanted() const { return cancelled_.load(std::memory_order_relaxed) || owner_.expired(); }

    std::atomic<bool> cancelled_{false};
    std::weak_ptr<void> owner_; // expired: the environment's data is gone, and with it the callback
    bool more_ = true;
    // Only for JavaScript's thread. Not null: a leg is queued or running.
    std::shared_ptr<Work> self_;
    napi_async_work leg_ = nullptr;
    napi_ref done_ = nullptr;
};

#endif
