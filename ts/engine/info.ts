/**
 * info.ts - the functions beside the class: getting an engine ready, and questions about it.
 * SPDX-License-Identifier: MIT
 */
import { describe } from '../common/brands.js';
import { errorOf, TTTError } from '../common/errors.js';
import { hex64 } from '../common/hex.js';
import { takeOptions } from '../common/named-options.js';
import { BACKEND, WITH_BACKEND } from '../common/option-names.js';
import type { BackendInfo, BackendOptions } from '../common/types.js';
import type { Resolved } from './choose.js';
import { resolveEngine } from './choose.js';
import { made, part } from './made.js';

/** The engine of a function's options. */
async function engineOf(options: unknown = {}): Promise<Resolved> {
  return resolveEngine(takeOptions(options, BACKEND, '', WITH_BACKEND));
}

/**
 * Loads an engine ahead of its first use; calling it again costs nothing. Never necessary, as
 * everything here waits for its engine by itself.
 *
 * @example
 * ```js
 * import { getInfo, init } from 'bit-ttt';
 *
 * await init({ backend: 'wasm' }); // what follows need not wait for it
 * console.log((await getInfo({ backend: 'wasm' })).backend);
 * ```
 *
 * ```text
 * wasm
 * ```
 */
export async function init(options?: BackendOptions): Promise<void> {
  await engineOf(options);
}

/**
 * The backend and kernel in use, the kernels that could be, and why the addon is not in use.
 *
 * @example
 * ```js
 * import { getInfo } from 'bit-ttt';
 *
 * const { backend, kernel, kernels } = await getInfo(); // such as `native` and `avx2`
 * console.log(kernel === kernels[0]); // the best that runs here
 * ```
 *
 * ```text
 * true
 * ```
 */
export async function getInfo(options?: BackendOptions): Promise<BackendInfo> {
  const { engine, fallback } = await engineOf(options);
  return { ...engine.info(), fallback };
}

/**
 * Runs layers of many sizes, objectives and splits and hashes all that comes out: 16 hexadecimal
 * digits, the same on every machine, backend and kernel.
 *
 * Takes a fraction of a second.
 *
 * @example
 * ```js
 * import { conformanceHash } from 'bit-ttt';
 *
 * console.log(await conformanceHash());
 * ```
 *
 * ```text
 * 30210ae558098deb
 * ```
 */
export async function conformanceHash(options?: BackendOptions): Promise<string> {
  const { engine } = await engineOf(options);
  return hex64(made(part(engine, 'layers').conformanceHash()));
}

/**
 * The same for layers with the rule `rls`.
 *
 * @example
 * ```js
 * import { rlsConformanceHash } from 'bit-ttt';
 *
 * console.log(await rlsConformanceHash());
 * ```
 *
 * ```text
 * 49220932e77144f2
 * ```
 */
export async function rlsConformanceHash(options?: BackendOptions): Promise<string> {
  const { engine } = await engineOf(options);
  return hex64(made(part(engine, 'layers').rlsConformanceHash()));
}

/**
 * The same for the language model: small ones of random weights go through everything that a
 * session does.
 *
 * @example
 * ```js
 * import { llamaConformanceHash } from 'bit-ttt';
 *
 * console.log(await llamaConformanceHash());
 * ```
 *
 * ```text
 * b0e97f8b4ce57d52
 * ```
 */
export async function llamaConformanceHash(options?: BackendOptions): Promise<string> {
  const { engine } = await engineOf(options);
  return hex64(made(part(engine, 'models').conformanceHash()));
}

/**
 * The same for recalls, such as those of sessions: sequences of many kinds are remembered, saved and foreseen.
 *
 * @example
 * ```js
 * import { recallConformanceHash } from 'bit-ttt';
 *
 * console.log(await recallConformanceHash());
 * ```
 *
 * ```text
 * 1af8c3b238364b8d
 * ```
 */
export async function recallConformanceHash(options?: BackendOptions): Promise<string> {
  const { engine } = await engineOf(options);
  return hex64(made(part(engine, 'recalls').conformanceHash()));
}

/**
 * Makes a kernel the active one for everything on an engine: a name of `getInfo().kernels`, or
 * `auto` for the best.
 *
 * It changes the speed, never the results. Codes: `UNKNOWN_KERNEL`, `UNSUPPORTED_KERNEL` (this
 * machine cannot run it).
 *
 * @example
 * ```js
 * import { conformanceHash, getInfo, setKernel } from 'bit-ttt';
 *
 * const before = await conformanceHash();
 * await setKernel((await getInfo()).kernels.at(-1)); // the slowest
 * console.log(before === (await conformanceHash()));
 * await setKernel('auto');
 * ```
 *
 * ```text
 * true
 * ```
 */
export async function setKernel(name: string, options?: BackendOptions): Promise<void> {
  if (typeof name !== 'string') {
    throw new TTTError(
      'INVALID_ARGUMENT',
      `a kernel's name must be a string, not ${describe(name)}`,
    );
  }
  const { engine } = await engineOf(options);
  const status = engine.setKernel(name);
  if (status === 0) return;
  const { compiledKernels, kernels } = engine.info();
  const problem = compiledKernels.includes(name)
    ? `this machine cannot run the kernel ${name}; it can run`
    : `no kernel ${JSON.stringify(name)}; there are`;
  throw errorOf(status, `${problem} ${['auto', ...kernels].join(', ')}`);
}
