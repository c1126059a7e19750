// addon.h - the data of one environment (the main thread or a worker), and helpers for the functions of
// all kinds of objects. The first argument of most functions is a handle (handle.h).
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ADDON_H
#define BIT_TTT_NODE_ADDON_H

#include "args.h"
#include "call.h"
#include "handle.h"

#include <bit_ttt/llama.h>
#include <bit_ttt/recall.h>
#include <bit_ttt/ttt.h>

#include <memory>
#include <utility>

// Busy while a job computes on a copy of it; only its properties may then be read.
struct Layer : Slot<void> {
    size_t dim = 0;
};

struct Job; // job.cc
struct JobEntry : Slot<Job> {
    uint64_t layer = 0; // handle of the layer, which is busy as long as the job exists
};

// Other environments may have the same model open. In the library, its sessions own it too.
struct Model : Slot<bitllama_model> {};

// Busy while tokens are read on another thread.
struct Session : Slot<bitllama_session> {
    size_t vocab = 0;
};

// Busy during a step on another thread.
struct Trainer : Slot<bitllama_trainer> {};

// Never busy: nothing of it runs on another thread.
struct Recall : Slot<ttt_recall> {};

struct Addon {
    HandleTable<Layer> layers;
    HandleTable<JobEntry> jobs;
    HandleTable<Model> models;
    HandleTable<Session> sessions;
    HandleTable<Trainer> trainers;
    HandleTable<Recall> recalls;
    // Asynchronous work holds a weak pointer, which expires when the environment's data is destroyed.
    std::shared_ptr<void> alive = std::make_shared<char>();
};

// One row of a table of functions.
struct Method {
    const char *name;
    napi_callback callback;
};

// Add functions to `object`; false if a JavaScript exception is pending.
bool DefineLayerFunctions(napi_env env, napi_value object, Addon *addon);
bool DefineJobFunctions(napi_env env, napi_value object, Addon *addon);
bool DefineModelFunctions(napi_env env, napi_value object, Addon *addon);
bool DefineSessionFunctions(napi_env env, napi_value object, Addon *addon);
bool DefineTrainerFunctions(napi_env env, napi_value object, Addon *addon);
bool DefineRecallFunctions(napi_env env, napi_value object, Addon *addon);
bool DefineMethods(napi_env env, napi_value object, Addon *addon, const Method *methods,
                   size_t count);
template <size_t count>
bool DefineMethods(napi_env env, napi_value object, Addon *addon, const Method (&methods)[count])
{
    return DefineMethods(env, object, addon, methods, count);
}

// Reports a change of memory outside the heap to the garbage collector; returns the sum of all reports.
int64_t AdjustMemory(napi_env env, int64_t change);

// The functions of sessions that are in suggest.cc.
napi_value Suggest(const Call &call);
napi_value SuggestAsync(const Call &call);

// A handle of the model, or the negative status. Takes over the caller's ownership.
napi_value NewModel(const Call &call, bitllama_model *model);

// Finds the entry of the handle in the first argument. Returns TTT_OK only if it is idle; sets *entry also
// if it is busy.
template <typename Entry> int FindIdle(const Call &call, HandleTable<Entry> &table, Entry **entry)
{
    uint64_t handle = 0;
    if (ReadHandle(call.env, call.args[0], &handle) != TTT_OK) return kInvalidArgument;
    *entry = table.Find(handle);
    if (!*entry) return kDestroyed;
    return (*entry)->work.expired() ? TTT_OK : kBusy;
}

// Calls `use(entry)`, which returns a status, and returns that status to JavaScript.
template <typename Entry, typename Use>
napi_value Perform(const Call &call, HandleTable<Entry> &table, Use use)
{
    Entry *entry = nullptr;
    int status = FindIdle(call, table, &entry);
    return call.Status(status == TTT_OK ? use(*entry) : status);
}

// Calls `ask(entry)`, which returns the result for JavaScript: a value or a negative status.
template <typename Entry, typename Ask>
napi_value Answer(const Call &call, HandleTable<Entry> &table, Ask ask)
{
    Entry *entry = nullptr;
    int status = FindIdle(call, table, &entry);
    return status == TTT_OK ? ask(*entry) : call.Negative(status);
}

// Returns a new handle, or 0 if there are too many objects.
template <typename Entry>
uint64_t AddEntry(const Call &call, HandleTable<Entry> &table, Entry entry)
{
    int64_t bytes = entry.bytes;
    uint64_t handle = table.Add(std::move(entry));
    if (handle != 0) AdjustMemory(call.env, bytes);
    return handle;
}

// Returns a new handle, or the negative status.
template <typename Entry>
napi_value NewHandle(const Call &call, HandleTable<Entry> &table, Entry entry)
{
    uint64_t handle = AddEntry(call, table, std::move(entry));
    return handle != 0 ? call.Number(handle) : call.Negative(TTT_OUT_OF_MEMORY);
}

// Removes a living entry.
template <typename Entry>
void RemoveEntry(const Call &call, HandleTable<Entry> &table, uint64_t handle)
{
    AdjustMemory(call.env, -table.Find(handle)->bytes);
    table.Remove(handle);
}

// Reports a living object's size again, after a call that may have changed it.
template <typename Entry> void Report(const Call &call, Entry &entry, size_t size)
{
    auto bytes = static_cast<int64_t>(size);
    if (bytes != entry.bytes) AdjustMemory(call.env, bytes - entry.bytes);
    entry.bytes = bytes;
}

// ---- wrappers: functions of the addon from functions of the library, for the objects of a table ---

// destroy(object): status.
template <auto table> napi_value Destroy(const Call &call)
{
    return Perform(call, call.addon->*table, [&](const auto &) {
        uint64_t handle = 0;
        ReadHandle(call.env, call.args[0], &handle);
        RemoveEntry(call, call.addon->*table, handle);
        return TTT_OK;
    });
}

// reset(object): status.
template <auto table, auto change> napi_value Change(const Call &call)
{
    return Perform(call, call.addon->*table,
                   [](const auto &entry) { return change(entry.object.get()); });
}

// save(object, bytes), load(object, bytes): status.
template <auto table, auto copy> napi_value CopyState(const Call &call)
{
    return Perform(call, call.addon->*table, [&](const auto &entry) {
        Span<uint8_t> bytes;
        int status = ReadArray(call.env, call.args[1], &bytes);
        return status == TTT_OK ? copy(entry.object.get(), bytes.data, bytes.length) : status;
    });
}

// A property, converted to a JavaScript value by `make`, or the negative status.
template <auto table, auto get, auto make = &Call::Number> napi_value Property(const Call &call)
{
    return Answer(call, call.addon->*table,
                  [&](const auto &entry) { return (call.*make)(get(entry.object.get())); });
}

// conformanceHash(): bigint or negative status.
template <auto compute> napi_value Hash(const Call &call)
{
    uint64_t hash = 0;
    int status = compute(&hash);
    return status == TTT_OK ? call.BigInt(hash) : call.Negative(status);
}

#endif
