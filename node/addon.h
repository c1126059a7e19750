// addon.h - what one environment (the main thread or a worker) owns.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_ADDON_H
#define BIT_TTT_NODE_ADDON_H

#include "errors.h"
#include "handle.h"
#include "job.h"

#include <napi.h>

struct Addon {
    LayerTable layers;
    JobTable jobs;
};

// Each adds its functions to `exports`.
void DefineLayerFunctions(napi_env env, napi_value exports, Addon *addon);
void DefineJobFunctions(napi_env env, napi_value exports, Addon *addon);

// One row of a function table.
struct Method {
    const char *name;
    napi_callback callback;
};
void DefineMethods(napi_env env, napi_value exports, Addon *addon, const Method *methods,
                   size_t count);

// The living, idle layer that the first argument names, or the status that says why not.
int IdleLayer(const Call &call, Layer **layer);

// Tells the garbage collector of memory that it cannot see.
void AdjustMemory(napi_env env, int64_t change);

#endif
