/**
 * public.ts - what every entry of the package exports.
 * SPDX-License-Identifier: MIT
 */
export { conformanceHash, getInfo, init, setKernel } from './api.js';
export { TTTError } from './errors.js';
export type { TTTErrorCode } from './errors.js';
export { TTT } from './ttt.js';
export type {
  AbortSignalLike,
  BackendInfo,
  BackendKind,
  BackendOptions,
  Bytes,
  Floats,
  ForwardAsyncOptions,
  Objective,
  Observation,
  ObserveAsyncOptions,
  ObserveInto,
  TTTOptions,
  TTTWeights,
  WasmSource,
} from './types.js';
