// handle.cc - the slot table behind integer handles.
// SPDX-License-Identifier: MIT
#include "handle.h"

LayerTable::~LayerTable()
{
    for (Layer &slot : slots_) ttt_destroy(slot.model);
}

uint64_t LayerTable::Add(void *model)
{
    try {
        if (free_.empty()) {
            if (slots_.size() > kIndexMask) {
                ttt_destroy(model);
                return 0;
            }
            // Room to free every slot, so that Remove cannot fail.
            free_.reserve(slots_.size() + 1);
            slots_.emplace_back();
            free_.push_back(slots_.size() - 1);
        }
    } catch (...) {
        ttt_destroy(model);
        throw;
    }
    size_t index = free_.back();
    free_.pop_back();
    Layer &slot = slots_[index];
    slot.model = model;
    slot.dim = ttt_hidden_dim(model);
    slot.bytes = LayerBytes(model);
    slot.busy = false;
    return slot.generation << kIndexBits | index;
}

void *LayerTable::Remove(uint64_t handle)
{
    Layer *slot = Find(handle);
    if (!slot) return nullptr;
    void *model = slot->model;
    slot->model = nullptr;
    // A slot whose generations are used up is retired: no handle ever means two layers.
    if (slot->generation < kLastGeneration) {
        slot->generation++;
        free_.push_back(static_cast<size_t>(slot - slots_.data()));
    }
    return model;
}

int64_t LayerBytes(const void *model)
{
    uint64_t dim = ttt_hidden_dim(model), work = 512 * dim;
    return static_cast<int64_t>(ttt_state_size(model) + dim * ttt_memory_dim(model) / 2 + work);
}
