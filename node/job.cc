// job.cc - starts, runs, cancels, commits and frees jobs.
// SPDX-License-Identifier: MIT
#include "job.h"

#include "addon.h"
#include "args.h"
#include "errors.h"

#include <chrono>
#include <cstring>
#include <new>

namespace {

constexpr auto kLeg = std::chrono::milliseconds(100);

// Tokens between two looks at the cancel flag: a few milliseconds of work, and never less than a
// block of the engine, below which it would lose speed.
size_t SliceTokens(size_t dim)
{
    size_t tokens = (size_t{1} << 27) / (dim * dim);
    return tokens < 64 ? 64 : tokens / 64 * 64;
}

// A call on the whole sequence finds non-finite input before anything else; slices must not
// answer with a later check's status first.
int WholeCallStatus(const Job &job, int status)
{
    for (size_t i = 0; i < job.dim * job.tokens; i++) {
        uint32_t bits;
        std::memcpy(&bits, &job.input[i], sizeof bits);
        if ((bits & 0x7f800000u) == 0x7f800000u) return TTT_NON_FINITE;
    }
    return status;
}

void Execute(napi_env, void *data)
{
    static_cast<Job *>(data)->RunLeg();
}

void Complete(napi_env env, napi_status status, void *data);

bool Queue(napi_env env, Job *job)
{
    napi_value name = nullptr;
    if (napi_create_string_utf8(env, "bit-ttt:forward", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_async_work(env, nullptr, name, Execute, Complete, job, &job->work) != napi_ok)
        return false;
    if (napi_queue_async_work(env, job->work) == napi_ok) return true;
    napi_delete_async_work(env, job->work);
    job->work = nullptr;
    return false;
}

// callback(status, tokensDone); status -1: more to do. False if JavaScript cannot run any more.
bool Report(napi_env env, Job *job, int status)
{
    napi_value callback = nullptr, receiver = nullptr, args[2];
    return napi_get_reference_value(env, job->callback, &callback) == napi_ok && callback &&
           napi_get_undefined(env, &receiver) == napi_ok &&
           napi_create_int32(env, status, &args[0]) == napi_ok &&
           napi_create_double(env, static_cast<double>(job->done), &args[1]) == napi_ok &&
           napi_call_function(env, receiver, callback, 2, args, nullptr) == napi_ok;
}

// A leg is over, on JavaScript's thread. Raw calls only: in an environment that is ending each
// of them may fail, which must not become an exception.
void Complete(napi_env env, napi_status work_status, void *data)
{
    Job *job = static_cast<Job *>(data);
    napi_delete_async_work(env, job->work);
    job->work = nullptr;
    if (!job->table) { // the environment's data went first, and left the job to this call
        delete job;
        return;
    }
    if (work_status != napi_ok || job->cancelled) job->status = kAborted;
    if (job->status == TTT_OK && job->done < job->tokens) {
        // Where JavaScript cannot run any more, nobody waits for the rest.
        if (!Report(env, job, -1) || job->cancelled) job->status = kAborted;
        else if (Queue(env, job)) return;
        else job->status = TTT_OUT_OF_MEMORY;
    }
    job->ended = true;
    Report(env, job, job->status);
}

// Everything that a job needs; null when out of memory.
std::unique_ptr<Job> MakeJob(const Layer &layer, uint64_t handle, const Span<float> &input,
                             bool want_surprise)
{
    std::unique_ptr<Job> job(new (std::nothrow) Job);
    if (!job) return nullptr;
    job->layer = handle;
    job->dim = layer.dim;
    job->tokens = input.length / layer.dim;
    job->input.reset(new (std::nothrow) float[input.length]);
    job->output.reset(new (std::nothrow) float[input.length]);
    if (want_surprise) job->surprise.reset(new (std::nothrow) float[job->tokens]);
    if (!job->input || !job->output || (want_surprise && !job->surprise)) return nullptr;
    job->model = ttt_clone(layer.object);
    if (!job->model) return nullptr;
    std::memcpy(job->input.get(), input.data, input.length * sizeof(float));
    size_t floats = 2 * input.length + (want_surprise ? job->tokens : 0);
    job->bytes = static_cast<int64_t>(ttt_footprint(job->model) + floats * sizeof(float));
    return job;
}

// startJob(handle, input, wantSurprise, callback(status, tokensDone)): job or negative status.
// The layer is busy until finishJob. The callback gets -1 between legs, at the end the status.
napi_value StartJob(const Call &call)
{
    Layer *layer = nullptr;
    Span<float> input;
    bool want_surprise = false;
    napi_valuetype type = napi_undefined;
    int status = FindIdle(call, call.addon->layers, &layer);
    if (status != TTT_OK) return call.NoHandle(status);
    if (!ReadFloats(call.env, call.args[1], &input) ||
        napi_get_value_bool(call.env, call.args[2], &want_surprise) != napi_ok ||
        napi_typeof(call.env, call.args[3], &type) != napi_ok || type != napi_function)
        return call.NoHandle(kInvalidArgument);
    if (input.length == 0 || input.length % layer->dim != 0)
        return call.NoHandle(TTT_DIMENSION_MISMATCH);
    uint64_t handle = 0;
    ReadHandle(call.env, call.args[0], &handle);
    std::unique_ptr<Job> made = MakeJob(*layer, handle, input, want_surprise);
    if (!made || napi_create_reference(call.env, call.args[3], 1, &made->callback) != napi_ok)
        return call.NoHandle(TTT_OUT_OF_MEMORY);
    Job *job = call.addon->jobs.Add(std::move(made));
    if (!Queue(call.env, job)) {
        napi_delete_reference(call.env, job->callback);
        call.addon->jobs.Remove(job->id);
        return call.NoHandle(TTT_OUT_OF_MEMORY);
    }
    layer->busy = true;
    AdjustMemory(call.env, job->bytes);
    return call.Number(static_cast<double>(job->id));
}

Job *FindJob(const Call &call)
{
    uint64_t id = 0;
    return ReadHandle(call.env, call.args[0], &id) ? call.addon->jobs.Find(id) : nullptr;
}

// cancelJob(job): status. The callback still comes, soon, with ABORTED or, if it was too late for
// that, another status.
napi_value CancelJob(const Call &call)
{
    Job *job = FindJob(call);
    if (!job) return call.Status(kDestroyed);
    job->cancelled = true;
    if (job->work) napi_cancel_async_work(call.env, job->work); // works only while it is queued
    return call.Status(TTT_OK);
}

// Hands out the results and lets the layer have the memory that the job has learned.
int Commit(Job *job, Layer *layer, const Span<float> &output, const Span<float> &surprise)
{
    if (job->status != TTT_OK) return job->status;
    if (output.length != job->dim * job->tokens ||
        (surprise.data && (!job->surprise || surprise.length != job->tokens)))
        return TTT_DIMENSION_MISMATCH;
    std::memcpy(output.data, job->output.get(), output.length * sizeof(float));
    if (surprise.data)
        std::memcpy(surprise.data, job->surprise.get(), surprise.length * sizeof(float));
    std::swap(job->model, layer->object);
    return TTT_OK;
}

// finishJob(job, output | undefined, surprise | undefined): status. After the callback's last
// call: commits the job or, without output or on failure, drops it; either way the job is gone
// and the layer is free again.
napi_value FinishJob(const Call &call)
{
    Job *job = FindJob(call);
    if (!job) return call.Status(kDestroyed);
    if (!job->ended) return call.Status(kBusy);
    Layer *layer = call.addon->layers.Find(job->layer);
    Span<float> output, surprise;
    int status = layer ? TTT_OK : kDestroyed;
    if (!ReadOptionalFloats(call.env, call.args[1], &output) ||
        !ReadOptionalFloats(call.env, call.args[2], &surprise))
        status = kInvalidArgument;
    if (status == TTT_OK && output.data) status = Commit(job, layer, output, surprise);
    if (layer) layer->busy = false;
    AdjustMemory(call.env, -job->bytes);
    napi_delete_reference(call.env, job->callback);
    call.addon->jobs.Remove(job->id);
    return call.Status(status);
}

} // namespace

Job::~Job()
{
    ttt_destroy(model);
}

void Job::RunLeg()
{
    auto end = std::chrono::steady_clock::now() + kLeg;
    size_t slice = SliceTokens(dim);
    while (done < tokens && !cancelled.load(std::memory_order_relaxed)) {
        size_t count = tokens - done < slice ? tokens - done : slice;
        size_t length = count * dim, at = done * dim;
        status = ttt_forward_ex(model, &input[at], length, count, &output[at], length,
                                surprise ? &surprise[done] : nullptr);
        if (status != TTT_OK) {
            status = WholeCallStatus(*this, status);
            return;
        }
        done += count;
        if (std::chrono::steady_clock::now() >= end) return;
    }
}

JobTable::~JobTable()
{
    for (auto &entry : jobs_) {
        if (!entry.second->work) continue;
        // A leg still runs: its completion frees the job.
        entry.second->table = nullptr;
        entry.second->cancelled = true;
        entry.second.release();
    }
}

Job *JobTable::Add(std::unique_ptr<Job> job)
{
    Job *added = job.get();
    added->table = this;
    added->id = ++last_id_;
    jobs_.emplace(added->id, std::move(job));
    return added;
}

Job *JobTable::Find(uint64_t id)
{
    auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : found->second.get();
}

void JobTable::Remove(uint64_t id)
{
    jobs_.erase(id);
}

void DefineJobFunctions(napi_env env, napi_value exports, Addon *addon)
{
    static const Method methods[] = {
        {"startJob", Enter<StartJob>},
        {"cancelJob", Enter<CancelJob>},
        {"finishJob", Enter<FinishJob>},
    };
    DefineMethods(env, exports, addon, methods, sizeof methods / sizeof methods[0]);
}
