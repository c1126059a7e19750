// job.cc - a layer that reads tokens on a thread of libuv's pool.
//
// A job owns a copy of its input and computes on a clone of the layer. So the layer changes only when
// JavaScript commits the finished job, and not at all on failure or abort.
// SPDX-License-Identifier: MIT
#include "addon.h"

#include <cstring>
#include <new>

struct Job : Work {
    std::shared_ptr<void> clone; // of the layer
    size_t dim = 0, tokens = 0, done = 0;
    std::unique_ptr<float[]> input, output, surprise; // surprise may be null

    bool RunSlice() override;

private:
    int WholeCallStatus(int status) const;
};

namespace {

// Tokens of a slice of a few milliseconds; at least one block of the library, as fewer would be slower.
size_t SliceTokens(size_t dim)
{
    size_t tokens = (size_t{1} << 27) / (dim * dim);
    return tokens < 64 ? 64 : tokens / 64 * 64;
}

// Makes a job with all its buffers; null when out of memory.
std::shared_ptr<Job> MakeJob(const Layer &layer, const Span<float> &input, bool want_surprise)
{
    auto job = std::make_shared<Job>();
    job->dim = layer.dim;
    job->tokens = input.length / layer.dim;
    job->input.reset(new (std::nothrow) float[input.length]);
    job->output.reset(new (std::nothrow) float[input.length]);
    if (want_surprise) job->surprise.reset(new (std::nothrow) float[job->tokens]);
    if (!job->input || !job->output || (want_surprise && !job->surprise)) return nullptr;
    job->clone = std::shared_ptr<void>(ttt_clone(layer.object.get()), ttt_destroy);
    if (!job->clone) return nullptr;
    std::memcpy(job->input.get(), input.data, input.length * sizeof(float));
    return job;
}

int64_t Footprint(const Job &job)
{
    size_t floats = 2 * job.dim * job.tokens + (job.surprise ? job.tokens : 0);
    return static_cast<int64_t>(ttt_footprint(job.clone.get()) + floats * sizeof(float));
}

// Starts the job and returns its handle, or the negative status.
napi_value StartOn(const Call &call, Layer *layer, const std::shared_ptr<Job> &job)
{
    JobEntry entry;
    entry.object = job;
    entry.bytes = Footprint(*job);
    ReadHandle(call.env, call.args[0], &entry.layer);
    uint64_t handle = AddEntry(call, call.addon->jobs, std::move(entry));
    if (handle == 0) return call.Negative(TTT_OUT_OF_MEMORY);
    int status = Work::Start(call, job, call.args[3]);
    if (status != TTT_OK) {
        RemoveEntry(call, call.addon->jobs, handle);
        return call.Negative(status);
    }
    layer->work = job;
    return call.Number(handle);
}

// startJob(layer, input, wantSurprise, done(status)): job or negative status. The layer is busy until
// finishJob.
napi_value StartJob(const Call &call)
{
    return Answer(call, call.addon->layers, [&](Layer &layer) {
        Span<float> input;
        bool want_surprise = false;
        int status = ReadArray(call.env, call.args[1], &input);
        if (status == TTT_OK) status = ReadBool(call.env, call.args[2], &want_surprise);
        if (status == TTT_OK) status = CheckFunction(call.env, call.args[3]);
        if (status == TTT_OK && (input.length == 0 || input.length % layer.dim != 0))
            status = TTT_DIMENSION_MISMATCH;
        if (status != TTT_OK) return call.Negative(status);
        std::shared_ptr<Job> job = MakeJob(layer, input, want_surprise);
        return job ? StartOn(call, &layer, job) : call.Negative(TTT_OUT_OF_MEMORY);
    });
}

// cancelJob(job): status. `done` is still called, soon, with ABORTED, or with another status if the job had
// already ended.
napi_value CancelJob(const Call &call)
{
    return Perform(call, call.addon->jobs, [&](const JobEntry &entry) {
        entry.object->Cancel(call.env);
        return TTT_OK;
    });
}

// Copies the results and replaces the layer by the job's clone.
int Commit(const Job &job, Layer *layer, const Span<float> &output, const Span<float> &surprise)
{
    if (job.status() != TTT_OK) return job.status();
    if (surprise.data && !job.surprise) return TTT_DIMENSION_MISMATCH;
    std::memcpy(output.data, job.output.get(), output.length * sizeof(float));
    if (surprise.data)
        std::memcpy(surprise.data, job.surprise.get(), surprise.length * sizeof(float));
    layer->object = job.clone;
    return TTT_OK;
}

// finishJob(job, output | undefined, surprise | undefined): status. To be called after `done`: commits the
// job or, without output or after a failure, drops it. Then the job no longer exists and the layer is idle.
napi_value FinishJob(const Call &call)
{
    return Perform(call, call.addon->jobs, [&](const JobEntry &entry) -> int {
        const Job &job = *entry.object;
        if (job.UnderWay()) return kBusy;
        Layer *layer = call.addon->layers.Find(entry.layer); // busy, thus never removed
        Span<float> output, surprise;
        int status = ReadOptional(call.env, call.args[1], job.dim * job.tokens, &output);
        if (status == TTT_OK) status = ReadOptional(call.env, call.args[2], job.tokens, &surprise);
        if (status == TTT_OK && output.data) status = Commit(job, layer, output, surprise);
        uint64_t handle = 0;
        ReadHandle(call.env, call.args[0], &handle);
        RemoveEntry(call, call.addon->jobs, handle);
        return status;
    });
}

} // namespace

bool Job::RunSlice()
{
    size_t slice = SliceTokens(dim), count = tokens - done < slice ? tokens - done : slice;
    size_t length = count * dim, at = done * dim;
    status_ = ttt_forward_ex(clone.get(), &input[at], length, count, &output[at], length,
                             surprise ? &surprise[done] : nullptr);
    if (status_ != TTT_OK) status_ = WholeCallStatus(status_);
    done += count;
    return status_ == TTT_OK && done < tokens;
}

// The status of a call on the whole sequence, which checks all input for non-finite values first; a slice
// may have failed by another check.
int Job::WholeCallStatus(int status) const
{
    for (size_t i = 0; i < dim * tokens; i++) {
        uint32_t bits;
        std::memcpy(&bits, &input[i], sizeof bits);
        if ((bits & 0x7f800000u) == 0x7f800000u) return TTT_NON_FINITE;
    }
    return status;
}

bool DefineJobFunctions(napi_env env, napi_value object, Addon *addon)
{
    static const Method methods[] = {
        {"startJob", Enter<StartJob>},
        {"cancelJob", Enter<CancelJob>},
        {"finishJob", Enter<FinishJob>},
    };
    return DefineMethods(env, object, addon, methods);
}
