// Finds the tools that building and testing need, and installs what is missing through apt-get.
//
//   node scripts/toolchain.mjs NAME...    installs these tools
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Where on PATH the first of these programs is; undefined if none is. */
export function programPath(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

export const onPath = (name) => programPath(name) !== undefined;

const anyOf =
  (...names) =>
  () =>
    names.some(onPath);

/** A tool: how to see that it is here, and the Debian packages that bring it. */
const tools = {
  'a C compiler': { here: anyOf('cc', 'gcc', 'clang'), packages: ['gcc', 'libc6-dev'] },
  'a C++ compiler': { here: anyOf('c++', 'g++', 'clang++'), packages: ['g++'] },
  CMake: { here: anyOf('cmake'), packages: ['cmake'] },
  make: { here: anyOf('make', 'gmake', 'ninja'), packages: ['make'] },
  Emscripten: { here: anyOf('emcc'), packages: ['emscripten'] },
  clang: { here: anyOf('clang'), packages: ['clang'] },
  'clang sanitizers': {
    here: () => clangRuntime(),
    packages: ['libclang-rt-14-dev'],
  },
  Chromium: {
    here: anyOf('chromium', 'chromium-browser', 'google-chrome'),
    packages: ['chromium'],
  },
  Firefox: { here: anyOf('firefox-esr', 'firefox'), packages: ['firefox-esr'] },
  'the WebKitGTK driver': {
    here: () => onPath('WebKitWebDriver') && onPath('Xvfb'),
    packages: ['webkit2gtk-driver', 'xvfb'],
  },
  'mono and its C# compiler': {
    here: () => onPath('mono') && onPath('mcs'),
    packages: ['mono-runtime', 'mono-mcs'],
  },
  zsh: { here: anyOf('zsh'), packages: ['zsh'] },
  fish: { here: anyOf('fish'), packages: ['fish'] },
  Python: { here: anyOf('python3'), packages: ['python3'] },
  NumPy: { here: () => pythonWith('numpy') !== null, packages: ['python3-numpy'] },
  // Debian's default BLAS is the reference one, which nobody should be compared with.
  PyTorch: { here: () => torchIsGood(), packages: ['python3-torch', 'libopenblas0-pthread'] },
  'pkg-config': { here: anyOf('pkg-config'), packages: ['pkg-config'] },
  xz: { here: anyOf('xz'), packages: ['xz-utils'] },
  bzip2: { here: anyOf('bzip2'), packages: ['bzip2'] },
  zstd: { here: anyOf('zstd'), packages: ['zstd'] },
  Brotli: { here: anyOf('brotli'), packages: ['brotli'] },
  '7-Zip': { here: anyOf('7zz', '7z', '7za'), packages: ['7zip'] },
  zpaq: { here: anyOf('zpaq'), packages: ['zpaq'] },
  'qemu-user': { here: anyOf('qemu-aarch64', 'qemu-aarch64-static'), packages: ['qemu-user'] },
  'an AArch64 compiler': {
    here: () => onPath('aarch64-linux-gnu-gcc') && onPath('aarch64-linux-gnu-g++'),
    packages: ['gcc-aarch64-linux-gnu', 'g++-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
  },
};

function clangRuntime() {
  const found = spawnSync('clang', ['-print-file-name=libclang_rt.asan-x86_64.a']);
  return found.status === 0 && existsSync(String(found.stdout).trim());
}

/** A Python that has a module, or null: the first on the path, or the system's. */
export function pythonWith(module) {
  const has = (python) => spawnSync(python, ['-c', `import ${module}`]).status === 0;
  return ['python3', '/usr/bin/python3'].find(has) ?? null;
}

/** Exits with 0 unless PyTorch takes its products from a reference BLAS. */
const HAS_FAST_BLAS = `
import ctypes, sys, torch
if "BLAS_INFO=generic" in torch.__config__.show():
    sys.exit(not hasattr(ctypes.CDLL("libblas.so.3"), "openblas_set_num_threads"))
`;

function torchIsGood() {
  const python = pythonWith('torch');
  return python !== null && spawnSync(python, ['-c', HAS_FAST_BLAS]).status === 0;
}

export const forAddon = ['a C compiler', 'a C++ compiler', 'CMake', 'make'];
export const forBuilding = [...forAddon, 'Emscripten'];
export const forTesting = [
  'clang',
  'clang sanitizers',
  'Chromium',
  'Firefox',
  'the WebKitGTK driver',
  'mono and its C# compiler',
  'zsh',
  'fish',
  'Python',
  'NumPy',
  'pkg-config',
  'qemu-user',
  'an AArch64 compiler',
];

export const missing = (names) => names.filter((name) => !tools[name].here());

const packagesOf = (names) => names.flatMap((name) => tools[name].packages);

/** How to become root without a question, or null. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = onPath('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0;
  return sudo ? ['sudo', '-n'] : null;
}

function aptGet(prefix, args) {
  const command = [...prefix, 'apt-get', '-o', 'DPkg::Lock::Timeout=500', ...args];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = spawnSync(command[0], command.slice(1), { env, encoding: 'utf8' });
  return { good: run.status === 0, output: `${run.stdout ?? ''}${run.stderr ?? ''}` };
}

/** Installs what is missing of `names`, in one go and then, if that fails, one by one. */
export function install(names) {
  const wanted = missing(names);
  if (wanted.length === 0) return [];
  const prefix = onPath('apt-get') ? rootPrefix() : null;
  if (prefix) {
    const dots = process.env.BIT_TTT_PARTS ? '.. ' : '';
    const packages = packagesOf(wanted).join(' ');
    console.log(`${dots}installing ${wanted.join(', ')} (${packages}): one to five minutes`);
    aptGet(prefix, ['update', '-qq']);
    const add = (list) => aptGet(prefix, ['install', '-y', '--no-install-recommends', ...list]);
    if (!add(packagesOf(wanted)).good) for (const name of wanted) add(packagesOf([name]));
  }
  return missing(names);
}

/** One sentence that says what a person must install. */
export function advice(names) {
  const packages = packagesOf(names).join(' ');
  return `Missing: ${names.join(', ')}; install with: sudo apt-get install ${packages}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) install(process.argv.slice(2));
