// bit_llama.hpp - the language model for C++17: models and sessions that free themselves.
//
// A Model is immutable and may be used by any number of threads; sessions keep what they need of
// it. A Session is for one thread at a time. Both can be moved; using a moved-from object throws.
// A call succeeds whole or throws bit_ttt::error and changes nothing. Tokens are numbers; turning
// text into them is up to the caller, with tokenizer_json.
// SPDX-License-Identifier: MIT
#ifndef BIT_TTT_BIT_LLAMA_HPP
#define BIT_TTT_BIT_LLAMA_HPP

#include "bit_ttt.hpp"
#include "llama.h"

#include <map>

namespace bit_ttt {

struct Sampling : bitllama_sampling {
    Sampling() { bitllama_sampling_init(this); } // temperature, top_k, top_p, min_p, seed, ...
};

/* What a session remembers word for word: recall (tokens, 32768; 0: none), generated. */
struct SessionOptions : bitllama_session_options {
    SessionOptions() { bitllama_session_options_init(this); }
};

/* A word that may be meant, and the probability that it comes next. */
struct Suggestion {
    std::string text;
    float probability;
};

struct Reading {
    std::vector<float> logprobs, surprise; // of each token
};

/* Reads tokens and learns from each; see llama.h. */
class Session {
public:
    Reading read(const std::vector<uint32_t> &tokens)
    {
        Reading out{std::vector<float>(tokens.size()), std::vector<float>(tokens.size())};
        if (tokens.empty()) return out;
        detail::check(bitllama_session_read(get(), tokens.data(), tokens.size(),
                                            out.logprobs.data(), out.surprise.data()));
        return out;
    }
    /* Reads tokens that were drawn: the recall does not remember them, unless made so. */
    void write(const std::vector<uint32_t> &tokens)
    {
        if (!tokens.empty())
            detail::check(bitllama_session_write(get(), tokens.data(), tokens.size()));
    }
    uint32_t draw(const Sampling &sampling = Sampling())
    {
        uint32_t token = 0;
        detail::check(bitllama_session_draw(get(), &sampling, &token));
        return token;
    }
    /* Reads the prompt, then draws and reads up to `most` tokens; ends before a `stop`. */
    std::vector<uint32_t> generate(const std::vector<uint32_t> &prompt, size_t most,
                                   const Sampling &sampling = Sampling(),
                                   uint32_t stop = BITLLAMA_NO_TOKEN)
    {
        std::vector<uint32_t> drawn;
        read(prompt);
        for (uint32_t token; drawn.size() < most && (token = draw(sampling)) != stop;) {
            drawn.push_back(token);
            write({token});
        }
        return drawn;
    }
    /* Whole words that begin with `typed` (UTF-8) after the tokens `before`, which follow what was
     * read: at most `count`, the likeliest first. */
    std::vector<Suggestion> suggest(const std::vector<uint32_t> &before, const std::string &typed,
                                    uint32_t count = 3, float min_probability = 0.003f) const
    {
        bitllama_suggestion list[BITLLAMA_MAX_SUGGESTIONS];
        bitllama_suggesting how;
        uint32_t found = 0;
        bitllama_suggesting_init(&how);
        how.count = count;
        how.min_probability = min_probability;
        detail::check(bitllama_session_suggest(get(), before.data(), before.size(), typed.data(),
                                               typed.size(), &how, list, &found));
        std::vector<Suggestion> words;
        for (uint32_t i = 0; i < found; i++)
            words.push_back({std::string(list[i].text, list[i].length), list[i].probability});
        return words;
    }
    std::vector<float> logits() const
    {
        std::vector<float> all(vocab_);
        detail::check(bitllama_session_logits(get(), all.data()));
        return all;
    }
    std::vector<unsigned char> save() const
    {
        std::vector<unsigned char> state(bitllama_session_state_size(get()));
        detail::check(bitllama_session_save(get(), state.data(), state.size()));
        return state;
    }
    void load(const std::vector<unsigned char> &state)
    {
        if (state.empty()) detail::check(TTT_STATE_DAMAGED); // its data() may be null
        detail::check(bitllama_session_load(get(), state.data(), state.size()));
    }
    Session fork() const
    {
        bitllama_session *twin = nullptr;
        detail::check(bitllama_session_fork(get(), &twin));
        return Session(twin, vocab_);
    }
    void freeze(bool frozen = true) { detail::check(bitllama_session_freeze(get(), frozen)); }
    void reset() { detail::check(bitllama_session_reset(get())); }
    uint64_t tokens_seen() const { return bitllama_session_tokens(get()); }
    bitllama_session *get() const { return detail::use(c_); } // for functions of llama.h

private:
    friend class Model;
    Session(bitllama_session *made, size_t vocab) : c_(made), vocab_(vocab) {}
    struct release {
        void operator()(bitllama_session *p) const { bitllama_session_destroy(p); }
    };
    std::unique_ptr<bitllama_session, release> c_;
    size_t vocab_;
};

using Bytes = std::vector<unsigned char>;

/* A model from the bytes of a `.bitt` file, or of a `.safetensors` and its config.json; or from a
 * model.safetensors.index.json and the `.safetensors` files that it names. */
class Model {
public:
    explicit Model(const Bytes &file, const std::string &config = "",
                   const std::map<std::string, Bytes> &shards = {})
    {
        bitllama_model *made = nullptr;
        ttt_error why;
        const char *text = config.empty() ? nullptr : config.data();
        std::vector<bitllama_shard> all;
        for (const auto &[name, b] : shards) all.push_back({name.c_str(), data(b), b.size()});
        const void *bytes = data(file);
        int status = all.empty()
                         ? bitllama_open(bytes, file.size(), text, config.size(), &made, &why)
                         : bitllama_open_sharded(bytes, file.size(), all.data(), all.size(), text,
                                                 config.size(), &made, &why);
        if (status != TTT_OK) throw error(status, why.text);
        c_.reset(made);
    }
    Session session(const SessionOptions &options = SessionOptions()) const
    {
        bitllama_session *made = nullptr;
        detail::check(bitllama_session_create_with(get(), &options, &made));
        return Session(made, config().vocab_size);
    }
    bitllama_config config() const
    {
        bitllama_config shape;
        bitllama_get_config(get(), &shape);
        return shape;
    }
    std::string tokenizer_json() const // empty: the model has none
    {
        size_t length = 0;
        const char *text = bitllama_tokenizer_json(get(), &length);
        return length ? std::string(text, length) : std::string();
    }
    uint64_t parameters() const { return bitllama_parameters(get()); }
    bitllama_model *get() const { return detail::use(c_); } // for functions of llama.h

private:
    static const void *data(const Bytes &b)
    {
        return b.empty() ? static_cast<const void *>("") : b.data();
    }
    struct release {
        void operator()(bitllama_model *p) const { bitllama_release(p); }
    };
    std::unique_ptr<bitllama_model, release> c_;
};

} // namespace bit_ttt
#endif
