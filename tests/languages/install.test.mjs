// What `cmake --install` leaves behind, where it may be moved, and that programs find it.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { missing } from '../../scripts/toolchain.mjs';
import { installed, output, shell } from './support/installed.mjs';

const on = (tools) => {
  const lacking = missing(tools);
  return (title, run) =>
    (lacking.length > 0 ? it.skip : it)(`${title}${lacking.map((tool) => ` (no ${tool})`)}`, run);
};
const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const cmakeProject = (version, target) => `cmake_minimum_required(VERSION 3.18)
project(user C)
find_package(BitTTT ${version} REQUIRED)
add_executable(user user.c)
target_link_libraries(user PRIVATE BitTTT::${target})
`;
const program = `#include <bit_ttt/llama.h>
#include <bit_ttt/ttt.h>
#include <stdio.h>
int main(void)
{
    uint64_t hash;
    int status = ttt_conformance_hash(&hash);
    printf("%s %016llx %s\\n", ttt_version(), (unsigned long long)hash, ttt_status_string(status));
    return status;
}
`;

describe('cmake --install', () => {
  const version = /VERSION (\d+\.\d+\.\d+)/.exec(readFileSync('CMakeLists.txt', 'utf8'))[1];
  const golden = readFileSync('tests/golden/conformance.txt', 'utf8').trim();
  const expected = `${version} ${golden} ok\n`;
  let prefix, folder, env;
  before(() => ({ prefix, folder, env } = installed()));

  /** Builds the program with the CMake package under a prefix; its output. */
  function buildWithCmake(name, from, target, request = '') {
    const source = join(folder, name);
    output(`mkdir -p "${source}"`, env);
    writeFileSync(join(source, 'CMakeLists.txt'), cmakeProject(request, target));
    writeFileSync(join(source, 'user.c'), program);
    output(
      `cmake -S "${source}" -B "${source}/build" -DCMAKE_PREFIX_PATH="${from}"
      cmake --build "${source}/build"`,
      env,
    );
    return output(`"${source}/build/user"`, env);
  }

  function buildWithPkgConfig(name, from, link = '') {
    const file = join(folder, `${name}.c`),
      made = join(folder, name);
    writeFileSync(file, program);
    const path = { ...env, PKG_CONFIG_PATH: `${from}/lib/pkgconfig` };
    const flags = `$(pkg-config --cflags --libs ${link && '--static'} bit_ttt)`;
    output(`cc ${link} "${file}" -o "${made}" ${flags} -Wl,-rpath,"${from}/lib"`, path);
    return output(`"${made}"`, env);
  }

  it('gives the libraries, the headers, a CMake package and a pkg-config file', () => {
    const parts = ['Config', 'ConfigVersion', 'Targets-release', 'Targets'];
    const libraries = ['a', 'so', 'so.0', `so.${version}`];
    assert.deepEqual(
      files(prefix),
      [
        ...readdirSync('include/bit_ttt').map((name) => `include/bit_ttt/${name}`),
        ...parts.map((name) => `lib/cmake/BitTTT/BitTTT${name}.cmake`),
        ...libraries.map((suffix) => `lib/libBit_TTT.${suffix}`),
        'lib/pkgconfig/bit_ttt.pc',
      ].sort(),
    );
  });

  it('names no folder of the machine it was built on', () => {
    for (const name of files(prefix).filter((file) => /\.(cmake|pc|h|hpp)$/.test(file))) {
      const text = readFileSync(join(prefix, name), 'utf8');
      assert.ok(!text.includes(process.cwd()) && !text.includes(prefix), name);
    }
  });

  it('honours DESTDIR', () => {
    const stage = join(folder, 'stage');
    output('cmake --install build/shared --prefix /usr', { ...env, DESTDIR: stage });
    assert.deepEqual(files(join(stage, 'usr')), files(prefix));
    rmSync(stage, { recursive: true });
  });

  on(['a C compiler', 'pkg-config'])('is found by pkg-config, shared and static', () => {
    assert.equal(buildWithPkgConfig('user-shared', prefix), expected);
    assert.equal(buildWithPkgConfig('user-static', prefix, '-static'), expected);
  });

  on(['a C compiler', 'pkg-config'])('says its version to pkg-config', () => {
    assert.equal(output('pkg-config --modversion bit_ttt', env).trim(), version);
  });

  for (const target of ['Bit_TTT', 'static'])
    on(['a C compiler', 'CMake'])(`is found by CMake as BitTTT::${target}`, () => {
      const request = version.split('.').slice(0, 2).join('.');
      assert.equal(buildWithCmake(`cmake-${target}`, prefix, target, request), expected);
    });

  on(['a C compiler', 'CMake'])('refuses to be taken for another version', () => {
    const source = join(folder, 'newer');
    output(`mkdir -p "${source}"`, env);
    writeFileSync(join(source, 'CMakeLists.txt'), cmakeProject('0.999', 'Bit_TTT'));
    const { status, stderr } = shell(
      `cmake -S "${source}" -B "${source}/build" -DCMAKE_PREFIX_PATH="${prefix}"`,
      env,
    );
    assert.notEqual(status, 0);
    assert.match(stderr, /not\s+accepted|compatible with requested\s+version/);
  });

  on(['a C compiler', 'CMake', 'pkg-config'])('may be moved', () => {
    const copy = join(folder, 'copy'),
      moved = join(folder, 'deep', 'er', 'moved tree');
    cpSync(prefix, copy, { recursive: true, verbatimSymlinks: true });
    output(`mkdir -p "${dirname(moved)}"`, env);
    renameSync(copy, moved);
    assert.equal(buildWithCmake('cmake-moved', moved, 'Bit_TTT'), expected);
    const straight = join(folder, 'moved');
    renameSync(moved, straight); // $(pkg-config) in a shell cannot carry a space
    assert.equal(buildWithPkgConfig('user-moved', straight), expected);
  });

  on(['a C compiler', 'pkg-config'])('binds programs to the number of the ABI', () => {
    assert.ok(existsSync(join(prefix, 'lib/libBit_TTT.so.0')));
    const needed = output(`readelf -d "${join(folder, 'user-shared')}"`, env);
    assert.match(needed, /NEEDED.*\[libBit_TTT\.so\.0\]/);
    assert.doesNotMatch(output(`readelf -d "${join(folder, 'user-static')}"`, env), /Bit_TTT/);
  });

  on(['a C compiler', 'CMake'])('has the same targets as part of another project', () => {
    const source = join(folder, 'parent');
    output(`mkdir -p "${source}"`, env);
    const text = cmakeProject('', 'Bit_TTT').replace(
      /find_package.*/,
      `add_subdirectory("${process.cwd()}" bit_ttt EXCLUDE_FROM_ALL)`,
    );
    writeFileSync(join(source, 'CMakeLists.txt'), text);
    writeFileSync(join(source, 'user.c'), program);
    output(`cmake -S "${source}" -B "${source}/build" && cmake --build "${source}/build"`, env);
    assert.equal(output(`"${source}/build/user"`, env), expected);
  });
});
