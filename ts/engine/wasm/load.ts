/**
 * load.ts - makes a WebAssembly backend from a source of the module.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../../common/errors.js';
import type { WasmSource } from '../../common/types.js';
import { VERSION } from '../../common/version.js';
import type { Files } from '../../files/place.js';
import { WasmBackend } from './layers.js';
import { instantiate, loadModule } from './module.js';

/** A backend on a fresh instance; undefined is the module that the package carries. */
export async function loadWasm(
  source: WasmSource | undefined,
  files: Files | undefined,
): Promise<WasmBackend> {
  const backend = new WasmBackend(await instantiate(await loadModule(source, files)));
  const { version } = backend.info();
  if (version !== VERSION) {
    throw new TTTError(
      'BACKEND_UNAVAILABLE',
      `the WebAssembly module is of version ${version}, this package of ${VERSION}`,
    );
  }
  return backend;
}
