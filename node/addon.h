// addon.h - what one environment (the main thread or a worker) owns.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ADDON_H
#define BIT_TTT_NODE_ADDON_H

#include "args.h"
#include "errors.h"
#include "handle.h"
#include "job.h"
#include "llama.h"

#include <napi.h>

struct Addon {
    HandleTable<Layer> layers;
    JobTable jobs;
    HandleTable<Model> models;
    HandleTable<Session> sessions;
    HandleTable<Trainer> trainers;
};

// Each adds its functions to `exports`.
void DefineLayerFunctions(napi_env env, napi_value exports, Addon *addon);
void DefineJobFunctions(napi_env env, napi_value exports, Addon *addon);
void DefineLlamaFunctions(napi_env env, napi_value exports, Addon *addon);
void DefineSessionFunctions(napi_env env, napi_value exports, Addon *addon);
void DefineTrainerFunctions(napi_env env, napi_value exports, Addon *addon);

// One row of a function table.
struct Method {
    const char *name;
    napi_callback callback;
};
void DefineMethods(napi_env env, napi_value exports, Addon *addon, const Method *methods,
                   size_t count);

// Tells the garbage collector of memory that it cannot see; gives all that it then knows of.
int64_t AdjustMemory(napi_env env, int64_t change);

// The living, idle entry that the first argument names, or the status that says why not.
template <typename Entry> int FindIdle(const Call &call, HandleTable<Entry> &table, Entry **entry)
{
    uint64_t handle = 0;
    if (!ReadHandle(call.env, call.args[0], &handle)) return kInvalidArgument;
    *entry = table.Find(handle);
    if (!*entry) return kDestroyed;
    return (*entry)->busy ? kBusy : TTT_OK;
}

// A new handle, or the negative status of a full table; owns entry.object either way.
template <typename Entry>
napi_value NewHandle(const Call &call, HandleTable<Entry> &table, const Entry &entry)
{
    uint64_t handle = table.Add(entry);
    if (handle == 0) return call.NoHandle(TTT_OUT_OF_MEMORY);
    AdjustMemory(call.env, entry.bytes);
    return call.Number(static_cast<double>(handle));
}

// Frees the idle object that the first argument names.
template <typename Entry> napi_value FreeHandle(const Call &call, HandleTable<Entry> &table)
{
    Entry *entry = nullptr;
    int status = FindIdle(call, table, &entry);
    if (status != TTT_OK) return call.Status(status);
    uint64_t handle = 0;
    ReadHandle(call.env, call.args[0], &handle);
    Entry removed = table.Remove(handle);
    removed.Free();
    AdjustMemory(call.env, -removed.bytes);
    return call.Status(TTT_OK);
}

// Calls `use(object, data, length)` with the idle object that the first argument names and the bytes
// of the second; `empty` is the status of no bytes. For saving and loading states.
template <typename Entry, typename Use>
napi_value WithBytes(const Call &call, HandleTable<Entry> &table, int empty, Use use)
{
    Entry *entry = nullptr;
    Span<uint8_t> bytes;
    int status = FindIdle(call, table, &entry);
    if (status == TTT_OK && !ReadBytes(call.env, call.args[1], &bytes)) status = kInvalidArgument;
    if (status == TTT_OK && !bytes.data) status = empty;
    if (status == TTT_OK) status = use(entry->object, bytes.data, bytes.length);
    return call.Status(status);
}

#endif
