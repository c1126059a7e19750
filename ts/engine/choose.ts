/**
 * choose.ts - chooses and caches engines. Each entry says once what its platform can do.
 * SPDX-License-Identifier: MIT
 */
import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import type { BackendKind, BackendOptions, WasmSource } from '../common/types.js';
import type { Files } from '../files/place.js';
import { hrefOf } from '../files/place.js';
import type { Engine } from './engine.js';

/** What an entry of the package offers. */
interface Platform {
  /** Loads the addon, or throws TTTError; missing: this entry never uses it. */
  loadNative?: (binding: string | object | undefined) => Engine;
  /** Makes a WebAssembly instance, or throws TTTError; missing: this entry never uses it. */
  loadWasm?: (source: WasmSource | undefined, files: Files | undefined) => Promise<Engine>;
  /** Why an engine is not offered. */
  missing: string;
  /** Finds files; missing: there is no file system. */
  files?: Files;
  /** An environment variable. */
  env?: (name: string) => string | undefined;
}

/** A caller's choice of an engine, not checked yet. */
export type BackendChoice = { readonly [name in keyof BackendOptions]: unknown };

/** An engine, and why it is not the one that `auto` prefers. */
export interface Resolved {
  engine: Engine;
  fallback: string | null;
}

type Choice = 'auto' | BackendKind;

let platform: Platform;

/** A cache of engines by source: paths and URLs by value, objects weakly (dropped with the object). */
class Loaded<T> {
  readonly #named = new Map<string | undefined, T>();
  readonly #held = new WeakMap<object, T>();

  get(source: string | object | undefined): T | undefined {
    return typeof source === 'object' ? this.#held.get(source) : this.#named.get(source);
  }

  set(source: string | object | undefined, loaded: T): void {
    if (typeof source === 'object') this.#held.set(source, loaded);
    else this.#named.set(source, loaded);
  }

  delete(source: string | object | undefined): void {
    if (typeof source === 'object') this.#held.delete(source);
    else this.#named.delete(source);
  }
}

const natives = new Loaded<Engine>();
const wasms = new Loaded<Promise<Engine>>();

/** Called once, by the entry. */
export function usePlatform(given: Platform): void {
  platform = given;
}

/** The platform's files, if it has any. */
export function platformFiles(): Files | undefined {
  return platform.files;
}

function checkChoice(value: unknown, name: string): Choice {
  if (value === undefined || value === '' || value === 'auto') return 'auto';
  if (value === 'native' || value === 'wasm') return value;
  throw new TTTError(
    'INVALID_ARGUMENT',
    `${name} must be 'auto', 'native' or 'wasm', not ${describe(value)}`,
  );
}

/** The caller's choice, else the environment's. */
function choose(options: BackendChoice): Choice {
  const choice = checkChoice(options.backend, 'backend');
  if (choice !== 'auto') return choice;
  return checkChoice(platform.env?.('BIT_TTT_BACKEND'), 'the environment variable BIT_TTT_BACKEND');
}

/** A path or `file:` URL as text, or the addon's exports; undefined is the packaged addon. */
function checkNativeBinding(given: unknown): string | object | undefined {
  if (given === undefined || (typeof given === 'string' && given !== '')) return given;
  if (typeof given === 'object' && given !== null) return hrefOf(given, 'nativeBinding') ?? given;
  const text = `nativeBinding must be a path, a file: URL or the addon's exports, not ${describe(given)}`;
  throw new TTTError('INVALID_ARGUMENT', text);
}

function getNative(options: BackendChoice): Engine {
  const binding = checkNativeBinding(options.nativeBinding);
  if (!platform.loadNative) throw new TTTError('BACKEND_UNAVAILABLE', platform.missing);
  let engine = natives.get(binding);
  if (!engine) {
    engine = platform.loadNative(binding);
    natives.set(binding, engine);
  }
  return engine;
}

/** A source of the module, as far as it can be checked without reading it. */
function checkWasm(given: unknown): WasmSource | undefined {
  if (given === undefined || typeof given === 'string') return given;
  if (typeof given === 'object' && given !== null) return given;
  const wanted = 'a URL, a string, the bytes of the module or a WebAssembly.Module';
  throw new TTTError('INVALID_ARGUMENT', `wasm must be ${wanted}, not ${describe(given)}`);
}

/** One instance per source, shared by all objects; a new one after a trap or a failure. */
async function getWasm(options: BackendChoice): Promise<Engine> {
  if (!platform.loadWasm) throw new TTTError('BACKEND_UNAVAILABLE', platform.missing);
  const given = checkWasm(options.wasm);
  const key = typeof given === 'object' ? (hrefOf(given, 'wasm') ?? given) : given;
  let made = wasms.get(key);
  if (made && (await made).poisoned) made = undefined;
  if (!made) {
    made = platform.loadWasm(key, platform.files);
    wasms.set(key, made);
    made.catch(() => wasms.delete(key));
  }
  return made;
}

/** The engine that the options ask for. Throws TTTError if it cannot be had. */
export async function resolveEngine(options: BackendChoice): Promise<Resolved> {
  const choice = choose(options);
  if (choice === 'native') return { engine: getNative(options), fallback: null };
  if (choice === 'wasm') return { engine: await getWasm(options), fallback: null };
  if (!platform.loadNative) return { engine: await getWasm(options), fallback: null };
  try {
    return { engine: getNative(options), fallback: null };
  } catch (error) {
    if (
      !platform.loadWasm ||
      !(error instanceof TTTError) ||
      error.code !== 'BACKEND_UNAVAILABLE'
    ) {
      throw error;
    }
    return { engine: await getInstead(options, error), fallback: error.message };
  }
}

/** WebAssembly where the addon cannot be had; if that cannot either, both reasons. */
async function getInstead(options: BackendChoice, reason: TTTError): Promise<Engine> {
  try {
    return await getWasm(options);
  } catch (cause) {
    if (!(cause instanceof TTTError) || cause.code !== 'BACKEND_UNAVAILABLE') throw cause;
    const text = `${reason.message}; and ${cause.message}`;
    throw new TTTError('BACKEND_UNAVAILABLE', text, { cause });
  }
}
