/**
 * types.ts - the types that users of the package name; no code.
 * SPDX-License-Identifier: MIT
 */

/** What the memory learns: to reconstruct each token, or to predict it from the one before. */
export type Objective = 'reconstruct' | 'predict';

/**
 * How the memory learns: by one gradient step a token, or by recursive least squares with forgetting, which
 * knows a direction after a token or two and holds more of them apart. The surprise of `rls`, of both
 * objectives, is how much of a token's direction is new: 1 for one never seen, about 1/n after n times.
 */
export type Rule = 'gradient' | 'rls';

/** Where the engine runs: the native addon (Node only) or WebAssembly (everywhere). */
export type BackendKind = 'native' | 'wasm';

/**
 * Where to find the WebAssembly module: a URL, a path (Node), its bytes, or a compiled
 * `WebAssembly.Module`. The package carries its own, so this is for runtimes that forbid
 * compiling bytes, and for serving the file separately.
 */
export type WasmSource =
  | string
  | { readonly href: string }
  | ArrayBuffer
  | ArrayBufferView
  | object;

/** Which backend to use and where its parts are. */
export interface BackendOptions {
  /**
   * `auto` (the default) takes the addon where there is one and WebAssembly elsewhere. On Node the
   * environment variable `BIT_TTT_BACKEND` replaces `auto`.
   */
  backend?: 'auto' | BackendKind | undefined;
  /** Path of a `bit_ttt.node`, or the object that requiring one gave (Electron, own builds). */
  nativeBinding?: string | object | undefined;
  /** Another place for the WebAssembly module. */
  wasm?: WasmSource | undefined;
}

/** Ternary weights, each -1, 0 or 1, row-major ([in][out]). */
export interface TTTWeights {
  /** `[hiddenDim][memoryDim]` */
  down: Int8Array;
  /** `[memoryDim][hiddenDim]` */
  up: Int8Array;
}

/** What a layer is made from. */
export interface TTTOptions extends BackendOptions {
  /** Floats per token, an integer from 4 to 65536. */
  hiddenDim: number;
  /**
   * Learning rate of the memory, used as a 32-bit float. Stable from 0 to below 2. Default: 0.1
   * for `reconstruct`, 0.5 for `predict`. The rule `rls` does not use it.
   */
  innerLr?: number | undefined;
  /** Default: `reconstruct`. */
  objective?: Objective | undefined;
  /** How the memory learns. Default: `gradient`. */
  rule?: Rule | undefined;
  /**
   * Of `rls`: what a token's weight is multiplied by with each later one, above 0.9 and at most 1, used as
   * a 32-bit float. Default 0.9995; 1 forgets nothing.
   */
  forgetting?: number | undefined;
  /**
   * Of `rls`: the smaller, the faster a new direction is learnt. 1e-6 to 1e6, used as a 32-bit float.
   * Default 0.005.
   */
  ridge?: number | undefined;
  /** Seed of the ternary weights, 0 to 2^64 - 1. Default 1. Equal seeds give equal weights. */
  seed?: number | bigint | undefined;
  /**
   * Threads that one call may use, 1 to 64; 1 by default. They change the speed, never the
   * results. WebAssembly always uses one.
   */
  threads?: number | undefined;
  /** Own weights instead of those of the seed. They are copied. */
  weights?: TTTWeights | undefined;
}

/** A Float32Array on an ordinary ArrayBuffer, as every version of TypeScript's library calls it. */
export type Floats = ReturnType<typeof Float32Array.from>;

/** A Uint8Array on an ordinary ArrayBuffer. */
export type Bytes = ReturnType<typeof Uint8Array.from>;

/** Caller-owned arrays for `observe`; either may be left out. */
export interface ObserveInto {
  /** `seqLen * hiddenDim` floats; may be the input itself. */
  output?: Float32Array | undefined;
  /** `seqLen` floats. */
  surprise?: Float32Array | undefined;
}

/** What `observe` returns. */
export interface Observation {
  /** `seqLen * hiddenDim` floats. */
  output: Floats;
  /** One number per token: about 1 for one new to the memory, towards 0 as the memory learns it. */
  surprise: Floats;
}

/** The part of `AbortSignal` that is used; any standard signal fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Options of `forwardAsync`. */
export interface ForwardAsyncOptions {
  /** Stops the call; the promise is then rejected with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
  /** Gets the result when the promise is fulfilled, and is not touched otherwise. */
  output?: Float32Array | undefined;
}

/** Options of `observeAsync`. */
export interface ObserveAsyncOptions extends ForwardAsyncOptions {
  /** Gets the surprise when the promise is fulfilled, and is not touched otherwise. */
  surprise?: Float32Array | undefined;
}

/** What `getInfo` returns: the backend in use, and its kernels. */
export interface BackendInfo {
  /** Version of the core. */
  version: string;
  backend: BackendKind;
  /** The active kernel. */
  kernel: string;
  /** Kernels that this machine can run, best first. */
  kernels: string[];
  /** Kernels that are compiled in, best first. */
  compiledKernels: string[];
  /** Why the addon is not in use although `auto` was asked for; `null` if nothing went wrong. */
  fallback: string | null;
}

/** How far the reading of a file of a model is. */
export interface LoadProgress {
  /** Its path or URL; a model of several files is read one after the other. */
  file: string;
  /** Bytes of it that have been read, unpacked. */
  bytes: number;
  /** Bytes that it has; undefined where nobody says so before they are there. */
  total: number | undefined;
}
