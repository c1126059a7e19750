/**
 * info.ts - the functions beside the class: getting ready, and questions about the engine.
 * SPDX-License-Identifier: MIT
 */
import { describe } from '../common/brands.js';
import { errorOf, TTTError } from '../common/errors.js';
import { takeOptions } from '../common/named-options.js';
import { BACKEND, WITH_BACKEND } from '../common/option-names.js';
import { resolveBackend } from './choose.js';
import type { Resolved } from './choose.js';
import type { BackendInfo, BackendOptions } from '../common/types.js';

/** The backend of a function's options. */
async function backendOf(options: unknown = {}): Promise<Resolved> {
  return resolveBackend(takeOptions(options, BACKEND, '', WITH_BACKEND));
}

/**
 * Loads a backend ahead of its first use; calling it again costs nothing. Never necessary, as
 * everything here waits for its backend by itself.
 */
export async function init(options?: BackendOptions): Promise<void> {
  await backendOf(options);
}

/** Which backend and kernel are in use, which could be, and why the addon is not if it is not. */
export async function getInfo(options?: BackendOptions): Promise<BackendInfo> {
  const { backend, fallback } = await backendOf(options);
  return { ...backend.info(), fallback };
}

/**
 * Runs layers of many sizes, objectives and splits and hashes all that comes out: 16 hexadecimal
 * digits, the same on every machine, backend and kernel. Takes a fraction of a second.
 */
export async function conformanceHash(options?: BackendOptions): Promise<string> {
  const { backend } = await backendOf(options);
  return backend.conformanceHash().toString(16).padStart(16, '0');
}

/**
 * The same for the language model: small ones of random weights go through everything that a
 * session does.
 */
export async function llamaConformanceHash(options?: BackendOptions): Promise<string> {
  const { backend } = await backendOf(options);
  return backend.llama.conformanceHash().toString(16).padStart(16, '0');
}

/**
 * Makes a kernel the active one for all layers of a backend: a name of `getInfo().kernels`, or
 * `auto` for the best. It changes the speed, never the results. Codes: `UNKNOWN_KERNEL`,
 * `UNSUPPORTED_KERNEL` (this machine cannot run it).
 */
export async function setKernel(name: string, options?: BackendOptions): Promise<void> {
  if (typeof name !== 'string') {
    throw new TTTError(
      'INVALID_ARGUMENT',
      `a kernel's name must be a string, not ${describe(name)}`,
    );
  }
  const { backend } = await backendOf(options);
  const status = backend.setKernel(name);
  if (status === 0) return;
  const { compiledKernels, kernels } = backend.info();
  const problem = compiledKernels.includes(name)
    ? `this machine cannot run the kernel ${name}; it can run`
    : `no kernel ${JSON.stringify(name)}; there are`;
  throw errorOf(status, `${problem} ${['auto', ...kernels].join(', ')}`);
}
