// example.cpp - two memories that see the same start and part, and a language model drawing tokens.
// SPDX-License-Identifier: MIT
#include <bit_ttt/bit_llama.hpp>
#include <bit_ttt/bit_ttt.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>

using Floats = std::vector<float>;

static constexpr size_t dim = 64;

/* One of many patterns of 64 floats. */
static Floats pattern(size_t kind)
{
    Floats token(dim);
    for (size_t i = 0; i < dim; i++)
        token[i] = static_cast<float>((i * (2 * kind + 3) + kind) % 17) / 8 - 1;
    return token;
}

static float surprise_at(bit_ttt::Layer &layer, size_t kind)
{
    return layer.observe(pattern(kind)).surprise[0];
}

static void fork_a_memory()
{
    bit_ttt::Options options;
    options.hidden_dim = dim;
    options.inner_lr = 0.5f;
    bit_ttt::Layer one(options);
    for (int round = 0; round < 8; round++) surprise_at(one, 1);

    bit_ttt::Layer two = one.clone(); // from here on they learn apart
    for (int round = 0; round < 8; round++) surprise_at(two, 2);
    bit_ttt::Layer twice = two.clone();
    std::printf("pattern 2 surprises the first memory by %.3f, its clone by %.3f\n",
                surprise_at(one, 2), surprise_at(twice, 2));
    twice.load(two.save());
    std::printf("saved and loaded: %s\n", twice.memory() == two.memory() ? "equal" : "different");
}

static void refuse_nonsense()
{
    bit_ttt::Layer layer, moved = std::move(layer);
    try {
        moved.forward(Floats(63));
    } catch (const bit_ttt::error &e) {
        std::printf("error %d: %s\n", e.status, e.what());
    }
    try {
        layer.forward(Floats(64)); // on purpose
    } catch (const bit_ttt::error &e) {
        std::printf("error %d: %s\n", e.status, e.what());
    }
}

static void write_tokens(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) throw bit_ttt::error(TTT_MODEL_FORMAT, std::string("cannot open ") + path);
    std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(file), {}};
    bit_ttt::Session session = bit_ttt::Model(bytes).session(); // which outlives the model
    bit_ttt::Sampling sampling;
    sampling.seed = 7;
    std::printf("tokens:");
    for (uint32_t token : session.generate({0}, 8, sampling, 0)) std::printf(" %u", token);
    std::printf("\n");
}

int main(int count, char **arguments)
{
    try {
        fork_a_memory();
        refuse_nonsense();
        if (count > 1) write_tokens(arguments[1]);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
