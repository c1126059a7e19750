// handle.h - what an environment owns, reached through generation-counted integer handles.
//
// JavaScript holds numbers, never pointers: a forged, stale or borrowed handle finds nothing and
// is a clean error. Nothing is freed during garbage collection; what is left when the environment
// ends is freed with the tables.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_HANDLE_H
#define BIT_TTT_NODE_HANDLE_H

#include <bit_ttt/ttt.h>

#include <cstddef>
#include <cstdint>
#include <vector>

// The part of an entry that its table needs. An entry derives from this, and `void Free()` frees
// its object. Entries are copied; a copy does not own another object.
template <typename T> struct Slot {
    T *object = nullptr; // null: the slot is free
    int64_t bytes = 0;   // what the object occupies outside the JavaScript heap, when it was made
    uint64_t generation = 1;
    bool busy = false; // another thread works for it
};

template <typename Entry> class HandleTable {
public:
    HandleTable() = default;
    HandleTable(const HandleTable &) = delete;
    HandleTable &operator=(const HandleTable &) = delete;
    ~HandleTable()
    {
        for (Entry &slot : slots_)
            if (slot.object) slot.Free();
    }

    // Takes ownership of entry.object. 0 if the table is full; the object is then freed.
    uint64_t Add(Entry entry)
    {
        try {
            if (free_.empty()) {
                if (slots_.size() > kIndexMask) {
                    entry.Free();
                    return 0;
                }
                // Room to free every slot, so that Remove cannot fail.
                free_.reserve(slots_.size() + 1);
                slots_.emplace_back();
                free_.push_back(slots_.size() - 1);
            }
        } catch (...) {
            entry.Free();
            throw;
        }
        size_t index = free_.back();
        free_.pop_back();
        entry.generation = slots_[index].generation;
        slots_[index] = entry;
        return entry.generation << kIndexBits | index;
    }

    // Frees the slot and returns its entry, whose object is the caller's to free.
    Entry Remove(uint64_t handle)
    {
        Entry removed;
        Entry *slot = Find(handle);
        if (!slot) return removed;
        removed = *slot;
        slot->object = nullptr;
        // A slot whose generations are used up is retired: no handle ever means two objects.
        if (slot->generation < kLastGeneration) {
            slot->generation++;
            free_.push_back(static_cast<size_t>(slot - slots_.data()));
        }
        return removed;
    }

    // The living entry of a handle or null. The pointer is valid until the next Add.
    Entry *Find(uint64_t handle)
    {
        uint64_t index = handle & kIndexMask;
        if (index >= slots_.size()) return nullptr;
        Entry *slot = &slots_[index];
        return slot->object && slot->generation == handle >> kIndexBits ? slot : nullptr;
    }

private:
    static constexpr unsigned kIndexBits = 20; // a million objects
    static constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
    static constexpr uint64_t kLastGeneration = (uint64_t{1} << 32) - 1;

    std::vector<Entry> slots_;
    std::vector<size_t> free_;
};

// While a layer is busy, a job computes on a copy: it may only be asked for properties.
struct Layer : Slot<void> {
    size_t dim = 0;
    void Free() { ttt_destroy(object); }
};

#endif
