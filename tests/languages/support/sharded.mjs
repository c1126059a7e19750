// A model of the original's in three files with their index, and the same in one file.
// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { originalModel } from '../../js/support/cli-llama.mjs';
import { cutIntoShards } from '../../js/support/shards.mjs';
import { installed } from './installed.mjs';

/** A folder with config.json, model.safetensors.index.json and shards; `whole` in it has the one file. */
export function sharded() {
  const folder = join(installed().folder, 'sharded');
  const [config, file] = originalModel('F32', 64);
  const { index, shards } = cutIntoShards(file, 3);
  mkdirSync(join(folder, 'whole'), { recursive: true });
  const write = (name, bytes) => writeFileSync(join(folder, name), bytes);
  write('config.json', `\ufeff${config}`);
  write('whole/config.json', config);
  write('whole/model.safetensors', file);
  write('model.safetensors.index.json', index);
  for (const { name, bytes } of shards) write(name, bytes);
  return folder;
}
