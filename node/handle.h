// handle.h - tables of the objects that an environment owns, by integer handles with a generation number.
//
// JavaScript holds numbers, never pointers: a handle that is forged, out of date or of another environment
// finds nothing and is reported as an error. Garbage collection frees nothing; what is left when the
// environment ends is freed with the tables.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_NODE_HANDLE_H
#define BIT_TTT_NODE_HANDLE_H

#include "async.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// The base of all entries of tables. The object is shared with the asynchronous work that uses it, which
// may outlive the table.
template <typename T> struct Slot {
    std::shared_ptr<T> object; // null: the slot is free
    int64_t bytes = 0;         // size of the object outside the JavaScript heap, as it was reported
    uint64_t generation = 1;
    std::weak_ptr<Work> work; // the work that uses the object; expired: the object is idle
};

template <typename Entry> class HandleTable {
public:
    HandleTable() = default;
    HandleTable(const HandleTable &) = delete;
    HandleTable &operator=(const HandleTable &) = delete;

    // Returns the new handle, or 0 if the table is full; the object is then freed.
    uint64_t Add(Entry entry)
    {
        if (free_.empty()) {
            if (slots_.size() > kIndexMask) return 0;
            // Space for the indices of all slots, so that Remove cannot fail.
            free_.reserve(slots_.size() + 1);
            slots_.emplace_back();
            free_.push_back(slots_.size() - 1);
        }
        size_t index = free_.back();
        free_.pop_back();
        uint64_t generation = slots_[index].generation;
        slots_[index] = std::move(entry);
        slots_[index].generation = generation;
        return generation << kIndexBits | index;
    }

    // Frees the slot of a living entry, and its object unless somebody else owns it too.
    void Remove(uint64_t handle)
    {
        size_t index = static_cast<size_t>(handle & kIndexMask);
        uint64_t generation = slots_[index].generation;
        slots_[index] = Entry();
        // A slot whose generations are used up is retired: no handle ever means two objects.
        slots_[index].generation = generation + 1;
        if (generation < kLastGeneration) free_.push_back(index);
    }

    // The living entry of a handle, or null. The pointer is valid until the next Add.
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

#endif
