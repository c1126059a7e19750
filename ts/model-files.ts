/**
 * model-files.ts - finds a model's files in the file system. Node only.
 * SPDX-License-Identifier: MIT
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ModelReader } from './model-source.js';

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file; with a `.safetensors`, or in a folder, also its config.json and tokenizer.json. */
export const readModelFiles: ModelReader = async (place) => {
  const path = typeof place === 'string' ? place : fileURLToPath(place);
  const isFolder = (await stat(path)).isDirectory();
  const file = await readFile(isFolder ? join(path, 'model.safetensors') : path);
  if (!isFolder && !path.endsWith('.safetensors')) {
    return { file, config: undefined, tokenizer: undefined };
  }
  const folder = isFolder ? path : dirname(path);
  const config = await readIfThere(join(folder, 'config.json'));
  const tokenizer = await readIfThere(join(folder, 'tokenizer.json'));
  return { file, config, tokenizer };
};
