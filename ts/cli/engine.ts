/**
 * engine.ts - which engine the library took, and whether that is what the environment asked for.
 * SPDX-License-Identifier: MIT
 */
import { getInfo } from '../index.js';
import type { BackendInfo } from '../index.js';
import { Failure } from './failure.js';
import { suggestion } from './options.js';

/** A variable that says nothing, or says to choose freely, wishes for nothing. */
function wishOf(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' || value === 'auto' ? undefined : value;
}

/**
 * The engine in use. Throws where BIT_TTT_BACKEND or BIT_TTT_KERNEL names one that cannot be had;
 * the library itself would pass over a wrong kernel in silence. WebAssembly chooses by itself, and
 * the variable says nothing about it.
 */
export async function engineInUse(): Promise<BackendInfo> {
  const info = await getInfo();
  const wish = wishOf('BIT_TTT_KERNEL');
  if (wish === undefined || info.backend === 'wasm' || info.kernels.includes(wish)) return info;
  const usable = info.kernels.join(', ');
  if (info.compiledKernels.includes(wish)) {
    throw new Failure(
      `BIT_TTT_KERNEL is "${wish}", which this CPU cannot run; it can run ${usable}`,
    );
  }
  const near = suggestion(wish, info.compiledKernels);
  throw new Failure(`BIT_TTT_KERNEL is "${wish}", which is no kernel${near} (there are ${usable})`);
}

/** Why this backend, in a few words. */
export function backendReason({ backend, fallback }: BackendInfo): string {
  if (wishOf('BIT_TTT_BACKEND') !== undefined) return 'chosen by BIT_TTT_BACKEND';
  if (fallback !== null) return `the addon cannot be used: ${fallback}`;
  return backend === 'native' ? 'the addon loads on this machine' : 'there is no addon here';
}

/** Why this kernel, in a few words. */
export function kernelReason({ backend }: BackendInfo): string {
  if (backend === 'wasm') {
    const other = wishOf('BIT_TTT_KERNEL') === undefined ? '' : '; BIT_TTT_KERNEL is for the addon only';
    return `the fastest that this engine can run${other}`;
  }
  return wishOf('BIT_TTT_KERNEL') !== undefined
    ? 'chosen by BIT_TTT_KERNEL'
    : 'the fastest that this CPU can run';
}
