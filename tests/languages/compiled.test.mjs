// The headers for C++ as strict compilers see them, and both compiled examples under sanitizers.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { missing } from '../../scripts/toolchain.mjs';
import { installed, output, shell } from './support/installed.mjs';
import { sharded } from './support/sharded.mjs';

const warnings = '-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror';
const sanitizers = '-g -fsanitize=address,undefined -fno-sanitize-recover=all';
const headers = readdirSync('include/bit_ttt').filter((name) => name.endsWith('.hpp'));

/** The same model from a file and from shards, the names of which follow. */
const shards = `#include <bit_ttt/bit_llama.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
using namespace bit_ttt;
static Bytes read(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}
int main(int count, char **arguments)
{
    const std::string folder = arguments[1];
    const Bytes text = read(folder + "/config.json");
    const std::string config(text.begin(), text.end());
    std::map<std::string, Bytes> files;
    for (int i = 2; i < count; i++) files[arguments[i]] = read(folder + "/" + arguments[i]);
    const Model whole(read(folder + "/whole/model.safetensors"), config);
    const Model model(read(folder + "/model.safetensors.index.json"), config, files);
    const bool same = bitllama_fingerprint(whole.get()) == bitllama_fingerprint(model.get());
    std::puts(same ? "the same" : "another");
}
`;

const recalls = `#include <bit_ttt/bit_llama.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
using namespace bit_ttt;
int main(int, char **arguments)
{
    std::ifstream file(arguments[1], std::ios::binary);
    Model model(std::vector<unsigned char>{std::istreambuf_iterator<char>(file), {}});
    const std::vector<uint32_t> told = {300, 41, 7, 1999, 650, 88, 1200, 43, 911, 5, 2048, 77};
    SessionOptions none, small;
    none.recall = 0;
    small.recall = 256;
    small.generated = 1;
    Session session = model.session(), alone = model.session(none), own = model.session(small);
    for (Session *one : {&session, &alone, &own}) one->write(told);
    float sums[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++)
        for (float p : (i == 0 ? session : i == 1 ? alone : own).read(told).logprobs) sums[i] += p;
    std::puts(sums[2] > sums[0] / 2 && sums[2] > sums[1] / 2 ? "remembered" : "forgotten");
    for (const Suggestion &one : session.suggest({5}, "wal", 2))
        std::puts(one.text.compare(0, 3, "wal") == 0 && one.probability > 0 ? "wal" : "other");
    session.write({});
    for (int i = 0; i < 3; i++) {
        try {
            if (i == 0) alone.load(session.save());
            if (i == 1) session.suggest({}, "", 33);
            if (i == 2) small.recall = 100, model.session(small);
        } catch (const error &e) {
            std::printf("%d\\n", e.status);
        }
    }
}
`;

const misuse = `#include <bit_ttt/bit_llama.hpp>
#include <cmath>
#include <cstdio>
using namespace bit_ttt;
template <class F> void expect(int status, F f)
{
    try { f(); } catch (const error &e) {
        if (e.status == status && *e.what()) return;
        std::printf("status %d, expected %d: %s\\n", e.status, status, e.what());
        return;
    }
    std::printf("nothing was thrown, expected %d\\n", status);
}
int main()
{
    Layer layer;
    std::vector<float> bad(64, 1.0f);
    bad[5] = std::nanf("");
    expect(TTT_NON_FINITE, [&] { layer.forward(bad); });
    expect(TTT_DIMENSION_MISMATCH, [&] { layer.forward({}); });
    expect(TTT_DIMENSION_MISMATCH, [&] { layer.observe(std::vector<float>(65)); });
    expect(TTT_STATE_DAMAGED, [&] { layer.load({}); });
    expect(TTT_STATE_DAMAGED, [&] { layer.load({1, 2, 3}); });
    expect(TTT_DIMENSION_MISMATCH, [&] { layer.set_weights({1}, {1}); });
    expect(TTT_INVALID_WEIGHTS, [&] {
        layer.set_weights(std::vector<int8_t>(1024, 2), std::vector<int8_t>(1024));
    });
    Options none;
    none.hidden_dim = 3;
    expect(TTT_DIMENSION_MISMATCH, [&] { Layer made(none); });
    expect(TTT_MODEL_FORMAT, [&] { Model made(std::vector<unsigned char>{}); });
    expect(TTT_MODEL_FORMAT, [&] { Model made({'B', 'I', 'T', 'T'}); });
    expect(TTT_MODEL_FORMAT, [&] { Model made({}, "{}", {{"a", {}}}); });
    expect(TTT_MODEL_FORMAT, [&] { Model made({'{', '}'}, "", {{"a", {1, 2, 3}}}); });
    Layer taken = std::move(layer);
    expect(TTT_NULL_POINTER, [&] { layer.reset(); });
    expect(TTT_NULL_POINTER, [&] { layer.observe(std::vector<float>(64)); });
    auto [down, up] = taken.weights();
    taken.set_weights(down, up);
    std::puts("done");
}
`;

/** Layers with threads in a child of their process, which ends by an alarm if it hangs. */
const forks = `#include <bit_ttt/bit_llama.hpp>
#include <cstdio>
#include <memory>
#include <sys/wait.h>
#include <unistd.h>
using namespace bit_ttt;
int main()
{
    std::vector<float> x(70 * 512);
    for (size_t i = 0; i < x.size(); i++) x[i] = float(i * 7919 % 1000) / 500 - 1;
    for (unsigned threads : {1u, 2u, 4u})
        for (int used = 0; used < 2; used++) {
            Options options;
            options.hidden_dim = 512;
            options.threads = threads;
            auto layer = std::make_unique<Layer>(options);
            if (used) layer->forward(x);
            const auto expected = layer->clone().forward(x);
            for (int reads = 0; reads < 2; reads++) {
                pid_t child = fork();
                if (child == 0) {
                    alarm(100);
                    bool good = !reads || (layer->clone().forward(x) == expected &&
                                           layer->forward(x) == expected);
                    layer.reset(); // its destructor
                    _exit(good ? 0 : 1);
                }
                int status = -1;
                waitpid(child, &status, 0);
                if (status != 0)
                    std::printf("%u threads, used %d, reads %d: %d\\n", threads, used, reads, status);
            }
            if (layer->forward(x) != expected) std::puts("the parent reads otherwise");
        }
    std::puts("done");
}
`;

describe('C and C++', () => {
  const compilers = {
    gcc: ['gcc', 'g++', 'a C++ compiler'],
    clang: ['clang', 'clang++', 'clang', 'clang sanitizers'],
  };
  for (const [name, [cc, cxx, ...tools]] of Object.entries(compilers)) {
    const lacking = missing(['a C compiler', 'pkg-config', ...tools]);
    const test = lacking.length > 0 ? it.skip : it;
    const why = lacking.map((tool) => ` (no ${tool})`);

    /** Compiles against the installed library, and runs. */
    const build = (compiler, source, made, ...args) => {
      const { prefix, folder, env } = installed();
      const flags = `$(pkg-config --cflags --libs bit_ttt) -Wl,-rpath,"${prefix}/lib"`;
      const target = join(folder, `${name}-${made}`);
      output(`${compiler} ${warnings} ${sanitizers} "${source}" -o "${target}" ${flags}`, env);
      return shell(`"${target}" ${args.join(' ')}`, env);
    };
    const promised = (folder) =>
      /```text\n([^]*?)```/.exec(readFileSync(`examples/${folder}/README.md`, 'utf8'))[1];

    test(`examples are clean under ${name} and its sanitizers${why}`, () => {
      const c = build(`${cc} -std=c11`, 'examples/c/example.c', 'c');
      assert.deepEqual([c.status, c.stderr, c.stdout], [0, '', promised('c')]);
      const model = 'models/stories.bitt';
      const cpp = build(`${cxx} -std=c++17`, 'examples/cpp/example.cpp', 'cpp', model);
      assert.deepEqual([cpp.status, cpp.stderr, cpp.stdout], [0, '', promised('cpp')]);
      const none = build(`${cxx} -std=c++17`, 'examples/cpp/example.cpp', 'cpp', '/no/such/file');
      assert.deepEqual([none.status, none.stderr], [1, 'cannot open /no/such/file\n']);
    });

    test(`objects of C++ go with a fork() (${name})${why}`, () => {
      const source = join(installed().folder, 'forks.cpp');
      writeFileSync(source, forks);
      const { status, stderr, stdout } = build(`${cxx} -std=c++17`, source, 'forks');
      assert.deepEqual([status, stderr, stdout], [0, '', 'done\n']);
    });

    test(`a model comes from several files (${name})${why}`, () => {
      const source = join(installed().folder, 'shards.cpp');
      writeFileSync(source, shards);
      const folder = sharded();
      const names = readdirSync(folder).filter((file) => file.endsWith('.safetensors'));
      assert.equal(names.length, 3);
      const made = build(`${cxx} -std=c++17`, source, 'shards', `"${folder}"`, ...names);
      assert.deepEqual([made.status, made.stderr, made.stdout], [0, '', 'the same\n']);
    });

    test(`sessions of C++ remember and suggest (${name})${why}`, () => {
      const source = join(installed().folder, 'recalls.cpp');
      writeFileSync(source, recalls);
      const made = build(`${cxx} -std=c++17`, source, 'recalls', 'models/stories.bitt');
      const expected = 'remembered\nwal\nwal\n26\n31\n31\n';
      assert.deepEqual([made.status, made.stderr, made.stdout], [0, '', expected]);
    });

    test(`the C++ headers throw at misuse (${name})${why}`, () => {
      const source = join(installed().folder, 'misuse.cpp');
      writeFileSync(source, misuse);
      for (const standard of ['17', '20']) {
        const { status, stderr, stdout } = build(`${cxx} -std=c++${standard}`, source, 'misuse');
        assert.deepEqual([status, stderr, stdout], [0, '', 'done\n']);
      }
    });
  }

  it('the C++ headers have fewer than 200 lines', () => {
    assert.deepEqual(headers, ['bit_llama.hpp', 'bit_ttt.hpp']);
    for (const name of headers)
      assert.ok(readFileSync(`include/bit_ttt/${name}`, 'utf8').split('\n').length <= 200, name);
  });
});
