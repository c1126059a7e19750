/**
 * engine.ts - which engine the library took, and whether that is what the environment asked for.
 * SPDX-License-Identifier: MIT
 */
import type { BackendInfo } from 'bit-ttt';
import { getInfo, TTTError } from 'bit-ttt';
import { variable } from '../../common/environment.js';
import { suggestion } from '../../common/suggestion.js';
import { Failure } from './failure.js';

/** What a variable asks for; undefined where it is empty or `auto`. */
function wishOf(name: string): string | undefined {
  const value = variable(name);
  return value === undefined || value === '' || value === 'auto' ? undefined : value;
}

/** The library's choice; an error names the variable that asked for an engine which cannot be had. */
async function chosenEngine(): Promise<BackendInfo> {
  try {
    return await getInfo();
  } catch (error) {
    if (!(error instanceof TTTError) || error.code !== 'BACKEND_UNAVAILABLE') throw error;
    const wish = wishOf('BIT_TTT_BACKEND');
    if (wish === undefined) throw error;
    throw new Failure(`BIT_TTT_BACKEND is "${wish}", but ${error.message}`, { cause: error });
  }
}

/**
 * The engine in use. Throws if BIT_TTT_BACKEND or BIT_TTT_KERNEL names one that cannot be had; the library
 * itself ignores a wrong kernel. WebAssembly always chooses its kernel itself.
 */
export async function engineInUse(): Promise<BackendInfo> {
  const info = await chosenEngine();
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

/** A warning if BIT_TTT_KERNEL asks for something of WebAssembly, which chooses its kernel itself. */
export function ignoredKernel({ backend, kernel }: BackendInfo): string | null {
  const wish = wishOf('BIT_TTT_KERNEL');
  if (backend !== 'wasm' || wish === undefined || wish === kernel) return null;
  return (
    `BIT_TTT_KERNEL is "${wish}", but WebAssembly is in use, which always takes the fastest kernel ` +
    `(here ${kernel}); only the addon lets one choose`
  );
}

/** Why this kernel, in a few words. */
export function kernelReason({ backend }: BackendInfo): string {
  if (backend === 'wasm') return 'the fastest that this engine can run';
  return wishOf('BIT_TTT_KERNEL') !== undefined
    ? 'chosen by BIT_TTT_KERNEL'
    : 'the fastest that this CPU can run';
}
