// job.h - reading tokens on a thread of libuv's pool.
//
// A job owns a copy of its input and computes on a clone of the layer, so the layer's memory
// changes only when JavaScript commits the finished job, and abort or failure leave no trace. It
// runs in legs of a fraction of a second: between legs the environment can end (a worker that is
// terminated, a process that exits) and other users of the pool get their turn.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_JOB_H
#define BIT_TTT_NODE_JOB_H

#include <napi.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

class JobTable;

struct Job {
    ~Job();

    // Owned by JavaScript's thread.
    JobTable *table = nullptr; // null once the environment's data is gone
    uint64_t id = 0, layer = 0;
    napi_async_work work = nullptr; // not null: a leg is queued or running
    napi_ref callback = nullptr;
    int64_t bytes = 0;  // reported to the garbage collector
    bool ended = false; // the callback has had its status

    // Touched by the pool's thread during a leg.
    void *model = nullptr; // the clone
    size_t dim = 0, tokens = 0, done = 0;
    std::unique_ptr<float[]> input, output, surprise; // surprise may be null
    int status = 0;

    std::atomic<bool> cancelled{false};

    // Computes until the tokens are used up, the job is cancelled or the leg has lasted enough.
    void RunLeg();
};

class JobTable {
public:
    JobTable() = default;
    JobTable(const JobTable &) = delete;
    JobTable &operator=(const JobTable &) = delete;
    ~JobTable();

    Job *Add(std::unique_ptr<Job> job); // gives it an id and the table
    Job *Find(uint64_t id);
    void Remove(uint64_t id); // frees the job; no leg may be under way

private:
    std::unordered_map<uint64_t, std::unique_ptr<Job>> jobs_;
    uint64_t last_id_ = 0;
};

#endif
