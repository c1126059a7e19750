// test_headers.cc - the public headers from C++17: every function links, and RAII fits around them.
// SPDX-License-Identifier: MIT
#include <bit_ttt/ttt.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

int main()
{
    ttt_config config;
    ttt_config_init(&config);
    config.objective = TTT_PREDICT;
    void *made = nullptr;
    int status = ttt_create_from_config(&config, &made);
    std::unique_ptr<void, decltype(&ttt_destroy)> layer(made, ttt_destroy);
    const std::size_t dim = ttt_hidden_dim(layer.get());
    std::vector<float> x(2 * dim, 0.5f), y(x.size());
    std::vector<unsigned char> state(ttt_state_size(layer.get()));
    if (status == TTT_OK) status = ttt_forward(layer.get(), x.data(), 2, y.data());
    if (status == TTT_OK) status = ttt_save_state(layer.get(), state.data(), state.size());
    if (status == TTT_OK) status = ttt_load_state(layer.get(), state.data(), state.size());
    const bool good = status == TTT_OK && ttt_tokens_seen(layer.get()) == 2 &&
                      ttt_memory_dim(layer.get()) == dim / 4 &&
                      std::string(ttt_version()) == PROJECT_VERSION;
    std::printf("%s\n%d passed, %d failed\n", ttt_status_string(status), good, !good);
    return good ? 0 : 1;
}
