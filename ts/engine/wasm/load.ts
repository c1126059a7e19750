/**
 * load.ts - makes a WebAssembly engine from a source of the module.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../../common/errors.js';
import type { WasmSource } from '../../common/types.js';
import { VERSION } from '../../common/version.js';
import type { Files } from '../../files/place.js';
import type { Engine } from '../engine.js';
import { WasmEngine } from './engine.js';
import { instantiate, loadModule } from './module.js';

/** An engine on a fresh instance; undefined is the module that the package carries. Throws TTTError. */
export async function loadWasm(
  source: WasmSource | undefined,
  files: Files | undefined,
): Promise<Engine> {
  const engine = new WasmEngine(await instantiate(await loadModule(source, files)));
  const { version } = engine.info();
  if (version === VERSION) return engine;
  throw new TTTError(
    'BACKEND_UNAVAILABLE',
    `the WebAssembly module is of version ${version}, this package of ${VERSION}`,
  );
}
