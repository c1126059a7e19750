// handle.h - the layers of one environment, reached through generation-counted integer handles.
//
// JavaScript holds numbers, never pointers: a forged, stale or borrowed handle finds no layer and
// is a clean error. Nothing is freed during garbage collection; what is left when the environment
// ends is freed with the table.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_HANDLE_H
#define BIT_TTT_NODE_HANDLE_H

#include <bit_ttt/ttt.h>

#include <cstddef>
#include <cstdint>
#include <vector>

struct Layer {
    void *model = nullptr; // null: the slot is free
    size_t dim = 0;
    int64_t bytes = 0; // about what the layer occupies outside the JavaScript heap
    uint64_t generation = 1;
    bool busy = false; // a job computes on a copy; the layer may only be asked for properties
};

class LayerTable {
  public:
    LayerTable() = default;
    LayerTable(const LayerTable &) = delete;
    LayerTable &operator=(const LayerTable &) = delete;
    ~LayerTable();

    // Takes ownership of model. 0 if the table is full; the model is then destroyed.
    uint64_t Add(void *model);
    // Frees the slot and returns its model, which is the caller's to destroy.
    void *Remove(uint64_t handle);

    // The living layer of a handle or null. The pointer is valid until the next Add.
    Layer *Find(uint64_t handle)
    {
        uint64_t index = handle & kIndexMask;
        if (index >= slots_.size()) return nullptr;
        Layer *slot = &slots_[index];
        return slot->model && slot->generation == handle >> kIndexBits ? slot : nullptr;
    }

  private:
    static constexpr unsigned kIndexBits = 20; // a million layers
    static constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
    static constexpr uint64_t kLastGeneration = (uint64_t{1} << 32) - 1;

    std::vector<Layer> slots_;
    std::vector<size_t> free_;
};

// An estimate of a layer's memory: its state, its packed weights and its work space.
int64_t LayerBytes(const void *model);

#endif
