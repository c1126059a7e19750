// The headers for C++ as strict compilers see them, and both compiled examples under sanitizers.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { missing } from '../../node/toolchain.mjs';
import { installed, output, shell } from './support/installed.mjs';

const warnings = '-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror';
const sanitizers = '-g -fsanitize=address,undefined -fno-sanitize-recover=all';
const headers = readdirSync('include/bit_ttt').filter((name) => name.endsWith('.hpp'));

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
    Layer taken = std::move(layer);
    expect(TTT_NULL_POINTER, [&] { layer.reset(); });
    expect(TTT_NULL_POINTER, [&] { layer.observe(std::vector<float>(64)); });
    auto [down, up] = taken.weights();
    taken.set_weights(down, up);
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
      const model = 'models/bit-llama.bitt';
      const cpp = build(`${cxx} -std=c++17`, 'examples/cpp/example.cpp', 'cpp', model);
      assert.deepEqual([cpp.status, cpp.stderr, cpp.stdout], [0, '', promised('cpp')]);
      const none = build(`${cxx} -std=c++17`, 'examples/cpp/example.cpp', 'cpp', '/no/such/file');
      assert.deepEqual([none.status, none.stderr], [1, 'cannot open /no/such/file\n']);
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

  it('the C++ headers have fewer than 150 lines', () => {
    assert.deepEqual(headers, ['bit_llama.hpp', 'bit_ttt.hpp']);
    for (const name of headers)
      assert.ok(readFileSync(`include/bit_ttt/${name}`, 'utf8').split('\n').length <= 150, name);
  });
});
