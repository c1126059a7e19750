// bit_ttt.hpp - the layer for C++17: it frees itself, and errors are thrown.
//
// A Layer owns its C counterpart; it can be moved, and using a moved-from one throws. A Layer is for
// one thread at a time; different ones may be used at once. A call succeeds whole or throws
// bit_ttt::error and changes nothing. The language model: bit_llama.hpp.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_BIT_TTT_HPP
#define BIT_TTT_BIT_TTT_HPP

#include "ttt.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bit_ttt {

/* A failed call. status is a ttt_status. */
struct error : std::runtime_error {
    int status;
    error(int code, const std::string &text) : std::runtime_error(text), status(code) {}
};

namespace detail {

inline void check(int status)
{
    if (status != TTT_OK) throw error(status, ttt_status_string(status));
}

/* The C object; throws for a moved-from owner. */
template <class T, class Free> T *use(const std::unique_ptr<T, Free> &owner)
{
    if (!owner) throw error(TTT_NULL_POINTER, "this object was moved away");
    return owner.get();
}

struct free_layer {
    void operator()(void *p) const { ttt_destroy(p); }
};

} // namespace detail

struct Options : ttt_config {
    Options() { ttt_config_init(this); } // the fields of ttt_config
};

struct Observation {
    std::vector<float> output, surprise;
};

/* A memory that learns with every token (hidden_dim floats) it reads; see ttt.h. */
class Layer {
public:
    explicit Layer(const Options &options = Options())
    {
        void *made = nullptr;
        detail::check(ttt_create_from_config(&options, &made));
        c_.reset(made);
    }
    std::vector<float> forward(const std::vector<float> &input) { return read(input, nullptr); }
    Observation observe(const std::vector<float> &input)
    {
        std::vector<float> surprise(input.size() / hidden_dim());
        std::vector<float> output = read(input, surprise.data());
        return {std::move(output), std::move(surprise)};
    }
    std::vector<unsigned char> save() const
    {
        std::vector<unsigned char> state(ttt_state_size(get()));
        detail::check(ttt_save_state(get(), state.data(), state.size()));
        return state;
    }
    void load(const std::vector<unsigned char> &state)
    {
        if (state.empty()) detail::check(TTT_STATE_DAMAGED); // its data() may be null
        detail::check(ttt_load_state(get(), state.data(), state.size()));
    }
    void reset() { detail::check(ttt_reset(get())); }
    Layer clone() const
    {
        void *twin = ttt_clone(get());
        if (!twin) detail::check(TTT_OUT_OF_MEMORY);
        return Layer(twin);
    }
    std::vector<float> memory() const
    {
        std::vector<float> w(ttt_memory_dim(get()) * ttt_memory_dim(get()));
        detail::check(ttt_get_memory(get(), w.data()));
        return w;
    }
    std::pair<std::vector<int8_t>, std::vector<int8_t>> weights() const
    {
        std::vector<int8_t> down(weight_count()), up(weight_count());
        detail::check(ttt_get_weights(get(), down.data(), up.data()));
        return {std::move(down), std::move(up)};
    }
    void set_weights(const std::vector<int8_t> &down, const std::vector<int8_t> &up)
    {
        if (down.size() != weight_count() || up.size() != weight_count())
            throw error(TTT_DIMENSION_MISMATCH,
                        "down and up must have " + std::to_string(weight_count()) + " weights");
        detail::check(ttt_set_weights(get(), down.data(), up.data()));
    }
    size_t hidden_dim() const { return ttt_hidden_dim(get()); }
    uint64_t tokens_seen() const { return ttt_tokens_seen(get()); }
    void *get() const { return detail::use(c_); } // for functions of ttt.h

private:
    explicit Layer(void *made) : c_(made) {}
    size_t weight_count() const { return hidden_dim() * ttt_memory_dim(get()); }
    std::vector<float> read(const std::vector<float> &input, float *surprise)
    {
        size_t dim = hidden_dim(), count = input.size() / dim;
        if (input.empty() || input.size() % dim != 0)
            throw error(TTT_DIMENSION_MISMATCH, "the input must be whole tokens of " +
                                                    std::to_string(dim) + " floats; it has " +
                                                    std::to_string(input.size()));
        std::vector<float> out(input.size());
        detail::check(ttt_forward_ex(get(), input.data(), input.size(), count, out.data(),
                                     out.size(), surprise));
        return out;
    }
    std::unique_ptr<void, detail::free_layer> c_;
};

} // namespace bit_ttt
#endif
